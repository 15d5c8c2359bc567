/**
 * A compiled program becomes one that runs: its imports are given, its callbacks get places in the function table, and
 * what it throws becomes what Linux makes of it (bpf_throw) or a BpfiterError that says where it happened.
 */
import { checkObject } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import type { CompiledProgram } from './compile.ts';
import { failureOf } from './failure.ts';
import { RESULT_HIGH } from './plan.ts';
import { type WasmGlobal, type WasmMemory, type WasmModule, type WasmTable, webAssembly } from './web-assembly.ts';
import { invokeModule } from './wrappers.ts';

/** What all modules of a kernel share. */
export interface Environment {
  readonly memory: WasmMemory;
  readonly table: WasmTable;
  /** Mutable i32: stacks grow down from it. */
  readonly stackPointer: WasmGlobal;
  /** Milliseconds, for may_goto; performance.now() unless given. */
  readonly clock?: () => number;
}

export interface RunningProgram {
  /**
   * Runs it. @param contextOffset in linear memory, 0: none
   * @returns low word of r0, as a signed number; the upper one is at RESULT_HIGH
   * @throws BpfiterError for a trap, naming program and instruction; whatever a callee threw
   */
  readonly entry: (contextOffset: number) => number;
  /** Place of the program in the function table, of type (i64) -> i64: what tail calls go to. */
  readonly entryIndex: number;
  /** Place of a function that is called back, of type (i64 x 5) -> i64. @throws RangeError for other functions */
  functionIndex(subprogram: number): number;
  /** Gives its places in the table back; it must not run any more. */
  release(): void;
}

/** What bpf_throw() throws. */
class Exception {
  readonly low: number;
  readonly high: number;
  readonly thrower: object;

  constructor(low: number, high: number, thrower: object) {
    this.low = low;
    this.high = high;
    this.thrower = thrower;
  }
}

interface Exports {
  readonly entry: (context: number) => number;
  readonly stack: () => number;
  readonly exception?: (low: number, high: number) => number;
}

/** @param module of the compiled bytes, if it was made already (browsers want large ones made asynchronously) */
export function instantiate(
  compiled: CompiledProgram,
  environment: Environment,
  module: WasmModule = engineModule(compiled),
): RunningProgram {
  const { memory, table, stackPointer, clock = () => performance.now() } = environment;
  const base = takePlaces(table, compiled.inTable.length);
  const imports: Record<string, unknown> = {
    m: memory,
    t: table,
    sp: stackPointer,
    base: new webAssembly.Global({ value: 'i32', mutable: false }, base),
    clock,
    throw: (low: number, high: number) => {
      throw new Exception(low, high, exceptionHandler);
    },
  };
  for (const { name, callee } of compiled.imports) imports[name] = callee;
  const instance = new webAssembly.Instance(module, { e: imports });
  // The module exports just these; see wrappers.ts.
  const { entry, stack, exception } = instance.exports as unknown as Exports;
  const exceptionHandler = { run: exception };

  const afterThrow = (error: unknown): number => {
    if (!(error instanceof Exception)) throw failureOf(error, compiled);
    // Of the program that threw, which may be one that this program called as its tail.
    const { run } = error.thrower as typeof exceptionHandler;
    if (run !== undefined) return run(error.low, error.high);
    new Int32Array(memory.buffer)[RESULT_HIGH >> 2] = error.high;
    return error.low;
  };

  return {
    entry: (contextOffset) => {
      const sp = stack();
      try {
        return entry(contextOffset);
      } catch (error) {
        stackPointer.value = sp;
        return afterThrow(error);
      }
    },
    entryIndex: base,
    functionIndex: (subprogram) => {
      const place = compiled.inTable.indexOf(subprogram);
      if (place <= 0) throw new RangeError(`function ${subprogram} of '${compiled.name}' is not called back`);
      return base + place;
    },
    release: () => {
      for (let place = 0; place < compiled.inTable.length; place++) table.set(base + place, null);
      (freePlaces.get(table) as FreePlaces).push({ base, count: compiled.inTable.length });
    },
  };
}

/** Engines have limits: V8 takes functions of up to 7,654,321 bytes, which is about 700,000 instructions. */
function engineModule(compiled: CompiledProgram): WasmModule {
  checkObject('instantiate()', 'what compileProgram() gave', compiled, ['bytes', 'inTable']);
  const { bytes, name } = compiled;
  try {
    return new webAssembly.Module(bytes);
  } catch (cause) {
    const { message } = cause as Error; // the engine throws nothing else
    throw new BpfiterError('unsupported', `program '${name}' is too much for this JavaScript engine: ${message}`, {
      cause,
    });
  }
}

type FreePlaces = { readonly base: number; readonly count: number }[];
const freePlaces = new WeakMap<WasmTable, FreePlaces>();

/** @returns the first of so many places in the table; never 0, which stands for none */
function takePlaces(table: WasmTable, count: number): number {
  let free = freePlaces.get(table);
  if (free === undefined) {
    free = [];
    freePlaces.set(table, free);
  }
  const fitting = free.findIndex((each) => each.count === count);
  const [reused] = fitting < 0 ? [] : free.splice(fitting, 1);
  if (reused !== undefined) return reused.base;
  if (table.length === 0) table.grow(1);
  return table.grow(count);
}

/** Makes the function that Runtime.invoke is: (index in the function table) -> low word of r0. */
export function makeInvoke({ memory, table }: Pick<Environment, 'memory' | 'table'>): (tableIndex: number) => number {
  const instance = new webAssembly.Instance(new webAssembly.Module(invokeModule()), { e: { m: memory, t: table } });
  return instance.exports.invoke as (tableIndex: number) => number; // the only export
}
