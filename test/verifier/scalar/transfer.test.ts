/** Transfer functions against execution: what an instruction can give must be what the register then allows. */
import { expect, describe as group, test } from 'vitest';
import {
  BPF_ADD,
  BPF_ALU,
  BPF_ALU64,
  BPF_AND,
  BPF_ARSH,
  BPF_DIV,
  BPF_END,
  BPF_LSH,
  BPF_MOD,
  BPF_MUL,
  BPF_NEG,
  BPF_OR,
  BPF_RSH,
  BPF_SUB,
  BPF_TO_BE,
  BPF_TO_LE,
  BPF_X,
  BPF_XOR,
} from '../../../src/isa/index.ts';
import { scalarAlu } from '../../../src/verifier/scalar/transfer.ts';
import { describe, M32, M64, misses, Random, registerOf, signed, signed32, syncedRegisterOf } from './values.ts';

type Operation = (a: bigint, b: bigint, bits: bigint) => bigint;

const signedOf = (a: bigint, bits: bigint): bigint => (bits === 64n ? signed(a) : signed32(a));

const operations: readonly (readonly [name: string, op: number, run: Operation])[] = [
  ['add', BPF_ADD, (a, b) => a + b],
  ['sub', BPF_SUB, (a, b) => a - b],
  ['mul', BPF_MUL, (a, b) => a * b],
  ['div', BPF_DIV, (a, b) => (b === 0n ? 0n : a / b)],
  ['mod', BPF_MOD, (a, b) => (b === 0n ? a : a % b)],
  ['or', BPF_OR, (a, b) => a | b],
  ['and', BPF_AND, (a, b) => a & b],
  ['xor', BPF_XOR, (a, b) => a ^ b],
  ['lsh', BPF_LSH, (a, b, bits) => a << (b & (bits - 1n))],
  ['rsh', BPF_RSH, (a, b, bits) => a >> (b & (bits - 1n))],
  ['arsh', BPF_ARSH, (a, b, bits) => signedOf(a, bits) >> (b & (bits - 1n))],
  ['neg', BPF_NEG, (a) => -a],
];

/** Result of the instruction: 32-bit ones clear the upper half. */
const execute = (run: Operation, wide: boolean, a: bigint, b: bigint): bigint =>
  wide ? run(a, b, 64n) & M64 : run(a & M32, b & M32, 32n) & M32;

const variants = operations.flatMap(([name, op, run]) => [
  { name: `${name}64`, code: BPF_ALU64 | BPF_X | op, wide: true, run },
  { name: `${name}32`, code: BPF_ALU | BPF_X | op, wide: false, run },
]);

function check(code: number, wide: boolean, run: Operation, a: readonly bigint[], b: readonly bigint[], facts: number) {
  const before = syncedRegisterOf(a, facts);
  const dst = before.slice();
  const src = syncedRegisterOf(b, facts);
  scalarAlu(code, 0, dst, 0, src, 0);
  for (const x of a)
    for (const y of b) {
      const missing = misses(dst, execute(run, wide, x, y));
      if (missing !== undefined) throw new Error(`${missing}\n  dst ${describe(before)}\n  src ${describe(src)}`);
    }
}

group('every result of execution is allowed', () => {
  test.each(variants)('of $name on all sets of small numbers', ({ code, wide, run }) => {
    // All tristate numbers of three bits, around 0, the sign of 32 and that of 64 bits.
    for (const base of [0n, -4n & M64, (1n << 31n) - 4n, (1n << 63n) - 4n, M32 - 3n])
      for (let a = 1; a < 27; a += 2)
        for (let b = 0; b < 27; b++) check(code, wide, run, trits(a, base), trits(b, 0n), 0x1f);
  });

  test.each(variants)('of $name on random sets', ({ code, wide, run }) => {
    const random = new Random(code);
    for (let round = 0; round < 3000; round++) {
      const amount = [BigInt(random.below(wide ? 64 : 32))];
      const shifts = (code & 0xf0) === BPF_LSH || (code & 0xf0) === BPF_RSH || (code & 0xf0) === BPF_ARSH;
      check(code, wide, run, random.values(), shifts ? amount : random.values(), random.below(32));
    }
  });

  test.each([
    ['bswap16', BPF_ALU64 | BPF_END | BPF_TO_LE, 16, true],
    ['bswap32', BPF_ALU64 | BPF_END | BPF_TO_LE, 32, true],
    ['bswap64', BPF_ALU64 | BPF_END | BPF_TO_LE, 64, true],
    ['le16', BPF_ALU | BPF_END | BPF_TO_LE, 16, false],
    ['le64', BPF_ALU | BPF_END | BPF_TO_LE, 64, false],
    ['be32', BPF_ALU | BPF_END | BPF_TO_BE, 32, true],
    ['be64', BPF_ALU | BPF_END | BPF_TO_BE, 64, true],
  ] as const)('of %s on random sets', (_, code, bits, swaps) => {
    const random = new Random(bits);
    for (let round = 0; round < 2000; round++) {
      const values = random.values();
      const w = syncedRegisterOf(values, random.below(32));
      scalarAlu(code, bits, w, 0, w, 0);
      for (const value of values) {
        let result = BigInt.asUintN(bits, value);
        if (swaps) {
          let swapped = 0n;
          for (let i = 0; i < bits; i += 8) swapped = (swapped << 8n) | ((result >> BigInt(i)) & 0xffn);
          result = swapped;
        }
        expect(misses(w, result)).toBeUndefined();
      }
    }
  });
});

test('a constant with a constant gives a constant, save for divisions', () => {
  const random = new Random(7);
  for (let round = 0; round < 2000; round++)
    for (const { code, wide, run } of variants) {
      const op = code & 0xf0;
      if (op === BPF_DIV || op === BPF_MOD) continue;
      const a = random.value();
      const shifts = op === BPF_LSH || op === BPF_RSH || op === BPF_ARSH;
      const b = shifts ? BigInt(random.below(wide ? 64 : 32)) : random.value();
      const w = registerOf([a], 0x1f);
      scalarAlu(code, 0, w, 0, registerOf([b], 0x1f), 0);
      expect(describe(w)).toBe(describe(registerOf([execute(run, wide, a, b)], 0x1f)));
    }
});

/** Values of the tristate number whose digits in base three are those of `n`: 2 is unknown. */
function trits(n: number, base: bigint): bigint[] {
  let values = [base];
  for (let bit = 0n, rest = n; bit < 3n; bit++, rest = Math.floor(rest / 3)) {
    const digit = rest % 3;
    if (digit === 1) values = values.map((value) => value + (1n << bit));
    if (digit === 2) values = values.flatMap((value) => [value, value + (1n << bit)]);
  }
  return values.map((value) => value & M64);
}
