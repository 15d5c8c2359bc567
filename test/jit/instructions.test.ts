/** Every operation on every pair of edge values, compiled, against the plain reference. */
import { describe, expect, test } from 'vitest';
import {
  type AluOperation,
  type AtomicOperation,
  encodeAll,
  type Instruction,
  type JumpCondition,
} from '../../src/isa/index.ts';
import { Reference } from './reference.ts';
import { DATA, prepare } from './run.ts';

const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x0123_4567_89ab_cdefn,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_8000_0000n,
  0xffff_ffff_ffff_fffen,
  0xffff_ffff_ffff_ffffn,
];
const IMMEDIATES = [0, 1, 2, 7, 31, -1, -2, 0x7fff_ffff, -0x8000_0000];

const ALU: readonly AluOperation[] = [
  ...(['add', 'sub', 'mul', 'div', 'sdiv', 'or', 'and', 'lsh', 'rsh', 'mod', 'smod', 'xor', 'mov', 'arsh'] as const),
];
const CONDITIONS: readonly JumpCondition[] = [
  ...(['eq', 'gt', 'ge', 'set', 'ne', 'sgt', 'sge', 'lt', 'le', 'slt', 'sle'] as const),
];
const ATOMICS: readonly AtomicOperation[] = [
  ...(['add', 'or', 'and', 'xor', 'fetch_add', 'fetch_or', 'fetch_and', 'fetch_xor', 'xchg', 'cmpxchg'] as const),
];
const WIDTHS = [32, 64] as const;
const EXIT: Instruction = { kind: 'exit' };

/** r2 and r3 from the context; then the instruction; then r0 to r3 back into the context. */
function around(...middle: readonly Instruction[]): Uint8Array {
  const load = (dst: number): Instruction => ({ kind: 'load', size: 8, signed: false, dst, base: 1, off: dst * 8 });
  const store = (register: number): Instruction => ({
    kind: 'store',
    size: 8,
    base: 9,
    off: register * 8,
    source: { register },
  });
  return encodeAll([
    { kind: 'alu', width: 64, op: 'mov', dst: 9, source: { register: 1 } },
    ...[0, 2, 3].map(load),
    ...middle,
    ...[0, 2, 3].map(store),
    EXIT,
  ]);
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** Runs a program on r2 = a, r3 = b, r0 = c, both ways. */
function compare(insns: Uint8Array, values: readonly (readonly [a: bigint, b: bigint, c?: bigint])[]): void {
  const { machine, run } = prepare(insns);
  // Collected, as expect() costs more than all else here.
  const wrong: string[] = [];
  for (const [a, b, c = 7n] of values) {
    const context = new Uint8Array(32);
    const view = new DataView(context.buffer);
    for (const [register, value] of [c, 0n, a, b].entries()) view.setBigUint64(register * 8, value, true);
    const here = new Uint8Array(machine.memory.buffer, DATA, context.length);
    here.set(context);
    const expected = new Reference(insns, context).run();
    const actual = run(DATA);
    if (actual !== expected || here.some((byte, index) => byte !== context[index]))
      wrong.push(`${hex(a)} ${hex(b)} ${hex(c)}: ${hex(actual)} ${here}, not ${hex(expected)} ${context}`);
  }
  expect(wrong).toEqual([]);
}

const PAIRS = EDGES.flatMap((a) => EDGES.map((b) => [a, b] as const));
const SINGLES = EDGES.map((a) => [a, 0n] as const);

describe.each(WIDTHS)('arithmetic of %i bits', (width) => {
  test.each(ALU)('%s of two registers', (op) => {
    compare(around({ kind: 'alu', width, op, dst: 2, source: { register: 3 } }), PAIRS);
  });
  test.each(ALU)('%s of a register with itself', (op) => {
    compare(around({ kind: 'alu', width, op, dst: 2, source: { register: 2 } }), SINGLES);
  });
  test.each(ALU)('%s of a register and a constant', (op) => {
    for (const immediate of IMMEDIATES)
      compare(around({ kind: 'alu', width, op, dst: 2, source: { immediate } }), SINGLES);
  });
  test('neg', () => {
    compare(around({ kind: 'neg', width, dst: 2 }), SINGLES);
  });
  test.each([8, 16, 32] as const)('sign extension from %i bits', (from) => {
    if (width === 32 && from === 32) return;
    compare(around({ kind: 'movsx', width, from, dst: 2, src: 3 }), PAIRS);
  });
});

describe.each(['le', 'be', 'swap'] as const)('byte order %s', (order) => {
  test.each([16, 32, 64] as const)('of %i bits', (bits) => {
    compare(around({ kind: 'endian', order, bits, dst: 2 }), SINGLES);
  });
});

describe.each(WIDTHS)('jumps on %i bits', (width) => {
  const SET: Instruction = { kind: 'alu', width: 64, op: 'mov', dst: 0, source: { immediate: 1 } };
  test.each(CONDITIONS)('%s of two registers', (condition) => {
    compare(around({ kind: 'jump', width, condition, dst: 2, source: { register: 3 }, off: 1 }, SET), PAIRS);
  });
  test.each(CONDITIONS)('%s of a register and a constant', (condition) => {
    for (const immediate of IMMEDIATES)
      compare(around({ kind: 'jump', width, condition, dst: 2, source: { immediate }, off: 1 }, SET), SINGLES);
  });
});

/** In a slot that is a local; and, as its address is stored, in one that is memory. */
const STACKS = {
  'a slot': [],
  memory: [{ kind: 'store', size: 8, base: 10, off: -16, source: { register: 10 } }],
} as const;

describe.each(Object.keys(STACKS) as (keyof typeof STACKS)[])('in %s', (kind) => {
  const leak: readonly Instruction[] = STACKS[kind];
  const put: Instruction = { kind: 'store', size: 8, base: 10, off: -8, source: { register: 2 } };
  const get: Instruction = { kind: 'load', size: 8, signed: false, dst: 2, base: 10, off: -8 };

  describe.each([4, 8] as const)('atomic operations on %i bytes', (size) => {
    test.each(ATOMICS)('%s', (op) => {
      const insns = around(...leak, put, { kind: 'atomic', op, size, base: 10, off: -8, src: 3 }, get);
      compare(insns, op === 'cmpxchg' ? PAIRS.flatMap(([a, b]) => [0n, a, b].map((c) => [a, b, c] as const)) : PAIRS);
    });
    test('of a 4-byte slot next to another', () => {
      const at = (off: number): Instruction => ({ kind: 'store', size: 4, base: 10, off, source: { register: 2 } });
      compare(
        around(...leak, at(-8), at(-4), { kind: 'atomic', op: 'fetch_add', size: 4, base: 10, off: -4, src: 3 }, get),
        PAIRS,
      );
    });
  });

  describe.each([1, 2, 4, 8] as const)('%i bytes', (size) => {
    test('stores of registers and constants, loads', () => {
      for (const source of [{ register: 3 }, { immediate: -2 }, { immediate: 0x1234_5678 }])
        for (const part of [put, undefined])
          compare(
            around(
              ...leak,
              ...(part === undefined ? [] : [part]),
              { kind: 'store', size, base: 10, off: -8, source },
              { kind: 'load', size, signed: false, dst: 3, base: 10, off: -8 },
              ...(part === undefined ? [] : [get]),
            ),
            PAIRS,
          );
    });
    test('loads of every part of 8 bytes, with and without sign', () => {
      for (let off = -8; off <= -size; off += size)
        for (const isSigned of size === 8 ? [false] : [false, true])
          compare(around(...leak, put, { kind: 'load', size, signed: isSigned, dst: 3, base: 10, off }), SINGLES);
    });
    test('load-acquire and store-release', () => {
      compare(
        around(
          ...leak,
          put,
          { kind: 'store_release', size, base: 10, off: -8, src: 3 },
          { kind: 'load_acquire', size, dst: 3, base: 10, off: -8 },
          get,
        ),
        PAIRS,
      );
    });
  });
});

test('constants of 64 bits', () => {
  for (const value of EDGES)
    compare(around({ kind: 'ld_imm64', dst: 2, source: { kind: 'value', value } }), [[0n, 0n]]);
});
