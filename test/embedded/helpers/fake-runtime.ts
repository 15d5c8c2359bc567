/** A Runtime with real memory and no kernel around it, so that functions can be called without a program. */
import { Btf, BtfBuilder } from '../../../src/btf/index.ts';
import { findFunction } from '../../../src/embedded/functions.ts';
import type { EmbeddedMap } from '../../../src/embedded/maps/embedded-map.ts';
import type { Invocation, Machine, Runtime } from '../../../src/embedded/runtime.ts';
import { ARGUMENT_BLOCK, type Callee, KERNEL_BASE_HIGH, RESULT_HIGH } from '../../../src/jit/index.ts';
import { FakeMemory } from '../fake-memory.ts';

/** Structs as offsets of their fields; all fields are numbers of 8 bytes. */
export type Layouts = Readonly<Record<string, Readonly<Record<string, number>>>>;

function btfOf(layouts: Layouts): Btf {
  const builder = new BtfBuilder();
  const type = builder.add({
    kind: 'int',
    name: 'long unsigned int',
    size: 8,
    signed: false,
    char: false,
    bool: false,
    bits: 64,
    bitOffset: 0,
  });
  for (const [name, fields] of Object.entries(layouts)) {
    const members = Object.entries(fields).map(([field, offset]) => ({
      name: field,
      type,
      bitOffset: offset * 8,
      bitFieldSize: 0,
    }));
    const size = Math.max(0, ...Object.values(fields)) + 8;
    builder.add({ kind: 'struct', name, size, members });
  }
  return Btf.parse(builder.bytes());
}

/** Remembers what was given back, and keeps it, so that tests can look at it. */
class WatchedMemory extends FakeMemory {
  readonly freed: number[] = [];

  override free(offset: number): void {
    this.freed.push(offset);
  }
}

export class FakeRuntime implements Runtime {
  readonly memory = new WatchedMemory();
  btf: Btf;
  readonly machine: Machine = {
    monotonic: (into) => {
      into[0] = Number(this.nowNs & 0xffffffffn);
      into[1] = Number(this.nowNs >> 32n);
    },
    bootOffset: 1_000_000_007n,
    taiOffset: 1_795_000_000_123_456_789n,
    random: () => 0x89abcdef,
    possibleCpus: 4,
  };
  nowNs = 0n;
  currentTask = 0;
  readonly lines: string[] = [];
  readonly callbacks: ((...words: bigint[]) => number)[] = [];
  readonly scheduled: { readonly delayNs: number; readonly action: () => void; cancelled: boolean }[] = [];
  readonly invocation: Invocation = {
    programType: 26,
    expectedAttachType: 28,
    programName: 'test',
    context: 0,
    subject: undefined,
  };

  constructor(layouts: Layouts = {}) {
    this.btf = btfOf(layouts);
    this.memory.runtime.format_seed(this.machine.random());
  }

  /** The maps that there are. */
  map: (address: number) => EmbeddedMap | undefined = () => undefined;

  mapAt(address: number): EmbeddedMap | undefined {
    return this.map(address);
  }

  objectEnds(): void {}

  /** Index of a function that gets the words of ARGUMENT_BLOCK. */
  callback(action: (...words: bigint[]) => number): number {
    return this.callbacks.push(action) - 1;
  }

  invoke(tableIndex: number): number {
    const words = [0, 1, 2, 3, 4].map((i) => this.memory.view.getBigUint64(ARGUMENT_BLOCK + i * 8, true));
    const callback = this.callbacks[tableIndex];
    if (callback === undefined) throw new Error(`no callback ${tableIndex}`);
    return callback(...words);
  }

  trace(text: string): void {
    this.lines.push(text);
  }

  schedule(delayNs: number, action: () => void): () => void {
    const entry = { delayNs, action, cancelled: false };
    this.scheduled.push(entry);
    return () => {
      entry.cancelled = true;
    };
  }

  function(name: string): Callee {
    const definition = findFunction(name);
    if (definition === undefined) throw new Error(`no function ${name}`);
    return definition.make(this);
  }

  /** Calls a function whose result is a pair, and puts its words together, signed. */
  pair(name: string, ...words: number[]): bigint {
    const low: number = this.function(name)(...words);
    return BigInt.asIntN(64, (BigInt(this.memory.view.getUint32(RESULT_HIGH, true)) << 32n) | BigInt(low >>> 0));
  }

  /** Places bytes in memory, with a NUL behind text. */
  place(bytes: string | Uint8Array): number {
    const data = typeof bytes === 'string' ? new TextEncoder().encode(`${bytes}\0`) : bytes;
    const at = this.memory.allocate(data.length);
    this.memory.u8.set(data, at);
    return at;
  }

  words(...values: bigint[]): number {
    const at = this.memory.allocate(Math.max(values.length * 8, 8));
    values.forEach((value, i) => {
      this.memory.view.setBigInt64(at + i * 8, value, true);
    });
    return at;
  }
}

/** The words of a kernel address, as a callee gets it for a parameter of kind `pair`. */
export const pairOf = (value: bigint): [number, number] => [
  Number(BigInt.asIntN(32, value)),
  Number(BigInt.asIntN(32, value >> 32n)),
];

export const pointerPair = (offset: number): [number, number] => [offset, KERNEL_BASE_HIGH];
