/** The functions and variables that programs of one kernel can use: made when first needed, and then kept. */
import type { Btf } from '../btf/index.ts';
import type { Callee } from '../jit/index.ts';
import { findFunction } from './functions.ts';
import type { FunctionDefinition } from './helpers/definition.ts';
import type { ProgramFunctions } from './plans.ts';
import type { Runtime } from './runtime.ts';
import type { KernelObjects } from './sources/source.ts';

export class FunctionTable implements ProgramFunctions {
  readonly runtime: Runtime;
  readonly #objects: KernelObjects;
  readonly #addresses = new Map<string, number>();
  readonly #made = new Map<FunctionDefinition, Callee>();

  constructor(runtime: Runtime, objects: KernelObjects) {
    this.runtime = runtime;
    this.#objects = objects;
  }

  get btf(): Btf {
    return this.runtime.btf;
  }

  definition(name: string): FunctionDefinition | undefined {
    return findFunction(name);
  }

  callee(definition: FunctionDefinition): Callee {
    let made = this.#made.get(definition);
    if (made === undefined) {
      made = definition.make(this.runtime);
      this.#made.set(definition, made);
    }
    return made;
  }

  variable(name: string): number | undefined {
    return this.#objects.symbol(name) ?? this.#addressOf(name);
  }

  /** A place that stands for a function: programs look whether it is there, and cannot call it by address. */
  #addressOf(name: string): number | undefined {
    let address = this.#addresses.get(name);
    if (address === undefined && findFunction(name) !== undefined) {
      address = this.runtime.memory.allocate(8);
      this.#addresses.set(name, address);
    }
    return address;
  }
}
