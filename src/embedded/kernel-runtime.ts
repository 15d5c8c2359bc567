/**
 * The Runtime of one embedded kernel: which program runs, where its maps are, how its callbacks are called, and what is
 * to run later. What lies in memory is made elsewhere; here is only what JavaScript keeps of it.
 */
import type { Btf } from '../btf/index.ts';
import type { WasmGlobal, WasmTable } from '../jit/index.ts';
import type { EmbeddedMap } from './maps/embedded-map.ts';
import type { KernelMemory } from './memory/kernel-memory.ts';
import type { Invocation, Machine, Runtime } from './runtime.ts';

export interface RuntimeParts {
  readonly memory: KernelMemory;
  readonly btf: Btf;
  readonly table: WasmTable;
  readonly stackPointer: WasmGlobal;
  readonly machine: Machine;
  /** Calls an entry of the table with the arguments in ARGUMENT_BLOCK. */
  readonly invoke: (tableIndex: number) => number;
  readonly trace: (text: string) => void;
}

/** Ends after the timer has run, or when it is cancelled. */
interface Pending {
  readonly handle: unknown;
  readonly action: () => void;
}

export class KernelRuntime implements Runtime {
  readonly memory: KernelMemory;
  readonly btf: Btf;
  readonly table: WasmTable;
  readonly stackPointer: WasmGlobal;
  readonly machine: Machine;
  readonly invoke: (tableIndex: number) => number;
  readonly trace: (text: string) => void;
  currentTask = 0;
  readonly #maps = new Map<number, EmbeddedMap>();
  readonly #pending = new Set<Pending>();
  #invocation: Invocation | undefined;

  constructor(parts: RuntimeParts) {
    this.memory = parts.memory;
    this.btf = parts.btf;
    this.table = parts.table;
    this.stackPointer = parts.stackPointer;
    this.machine = parts.machine;
    this.invoke = parts.invoke;
    this.trace = parts.trace;
  }

  get invocation(): Invocation {
    if (this.#invocation === undefined) throw new Error('no program is running');
    return this.#invocation;
  }

  /** Runs a program; what it calls finds the invocation. The stack is as before, whatever happens. */
  enter<T>(invocation: Invocation, action: () => T): T {
    const outer = this.#invocation;
    const stack: number = this.stackPointer.value;
    this.#invocation = invocation;
    try {
      return action();
    } finally {
      this.#invocation = outer;
      this.stackPointer.value = stack;
    }
  }

  mapAt(address: number): EmbeddedMap | undefined {
    return this.#maps.get(address);
  }

  maps(): Iterable<EmbeddedMap> {
    return this.#maps.values();
  }

  addMap(map: EmbeddedMap): void {
    this.#maps.set(map.address, map);
  }

  removeMap(map: EmbeddedMap): void {
    this.#maps.delete(map.address);
  }

  schedule(delayNs: number, action: () => void): () => void {
    const run = () => {
      this.#pending.delete(pending);
      action();
    };
    const handle = setTimeout(run, Math.ceil(delayNs / 1e6));
    const pending: Pending = { handle, action };
    this.#pending.add(pending);
    return () => {
      clearTimeout(handle);
      this.#pending.delete(pending);
    };
  }

  /** Forgets what was to run later. */
  close(): void {
    for (const { handle } of this.#pending) clearTimeout(handle as number);
    this.#pending.clear();
  }
}
