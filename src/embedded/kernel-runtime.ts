/**
 * The Runtime of one embedded kernel: which program runs, where its maps are, how its callbacks are called, and what is
 * to run later. What lies in memory is made elsewhere; here is only what JavaScript keeps of it.
 */
import type { Btf } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import type { WasmGlobal, WasmTable } from '../jit/index.ts';
import { LaterCalls } from './later-calls.ts';
import type { EmbeddedMap } from './maps/embedded-map.ts';
import { LocalStorageMap } from './maps/local-storage.ts';
import type { MapRegistry } from './maps/map-registry.ts';
import type { LinearMemory } from './memory/linear-memory.ts';
import type { Invocation, Machine, Runtime } from './runtime.ts';
import type { KernelObjects } from './sources/source.ts';

export interface RuntimeParts {
  readonly memory: LinearMemory;
  readonly btf: Btf;
  readonly maps: MapRegistry;
  readonly table: WasmTable;
  readonly stackPointer: WasmGlobal;
  readonly machine: Machine;
  /** Calls an entry of the table with the arguments in ARGUMENT_BLOCK. */
  readonly invoke: (tableIndex: number) => number;
  readonly trace: (text: string) => void;
}

export class KernelRuntime implements Runtime {
  readonly memory: LinearMemory;
  readonly btf: Btf;
  readonly table: WasmTable;
  readonly stackPointer: WasmGlobal;
  readonly machine: Machine;
  readonly invoke: (tableIndex: number) => number;
  readonly trace: (text: string) => void;
  /** Set once the source is open, which needs the memory first. */
  objects: KernelObjects | undefined;
  readonly #maps: MapRegistry;
  readonly #later = new LaterCalls();
  #invocation: Invocation | undefined;

  constructor(parts: RuntimeParts) {
    this.memory = parts.memory;
    this.btf = parts.btf;
    this.table = parts.table;
    this.stackPointer = parts.stackPointer;
    this.machine = parts.machine;
    this.invoke = parts.invoke;
    this.trace = parts.trace;
    this.#maps = parts.maps;
    // What %p shows is the same for as long as the kernel lives.
    parts.memory.runtime.format_seed(parts.machine.random());
  }

  get currentTask(): number {
    return this.objects?.currentTask ?? 0;
  }

  get invocation(): Invocation {
    if (this.#invocation === undefined) throw new Error('no program is running');
    return this.#invocation;
  }

  /** Runs something for a program; the functions that programs call find its invocation. */
  enter<T>(invocation: Invocation, action: () => T): T {
    const outer = this.#invocation;
    this.#invocation = invocation;
    try {
      return action();
    } finally {
      this.#invocation = outer;
    }
  }

  /** Runs a program on the context of its invocation: enter() without a function to be made for each object. */
  call(invocation: Invocation, entry: (context: number) => number): number {
    const outer = this.#invocation;
    this.#invocation = invocation;
    try {
      return entry(invocation.context);
    } finally {
      this.#invocation = outer;
    }
  }

  mapAt(address: number): EmbeddedMap | undefined {
    return this.#maps.at(address);
  }

  objectEnds(object: number): void {
    for (const map of this.#maps.all()) if (map instanceof LocalStorageMap) map.forget(object);
  }

  /** What is run later runs for the program that asked for it, on nothing of what that was given. */
  schedule(delayNs: number, action: () => void): () => void {
    const later = { ...this.invocation, context: 0, subject: undefined, objects: undefined };
    return this.#later.add(delayNs, () => {
      try {
        this.enter(later, action);
      } catch (error) {
        // Nobody waits for it; a program's failure must not end the process that runs it.
        if (!(error instanceof BpfiterError)) throw error;
        this.trace(`program '${later.programName}' failed later: ${error.message}`);
      }
    });
  }

  /** Runs what is due by now, without the event loop. */
  runDue(): void {
    this.#later.runDue();
  }

  /** Forgets what was to run later. */
  close(): void {
    this.#later.clear();
  }
}
