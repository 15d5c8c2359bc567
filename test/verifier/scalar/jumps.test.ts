/** Predictions and refinements of conditional jumps, against comparing values. */
import { expect, test } from 'vitest';
import {
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
} from '../../../src/isa/index.ts';
import { syncBounds } from '../../../src/verifier/scalar/bounds.ts';
import { ALWAYS, NEVER, predict, UNKNOWN } from '../../../src/verifier/scalar/predict.ts';
import { negated, refine } from '../../../src/verifier/scalar/refine.ts';
import { M32, misses, Random, registerOf, signed, signed32, syncedRegisterOf } from './values.ts';

type Compare = (a: bigint, b: bigint, signed: (x: bigint) => bigint) => boolean;

const comparisons: readonly (readonly [name: string, op: number, holds: Compare])[] = [
  ['jeq', BPF_JEQ, (a, b) => a === b],
  ['jne', BPF_JNE, (a, b) => a !== b],
  ['jset', BPF_JSET, (a, b) => (a & b) !== 0n],
  ['jgt', BPF_JGT, (a, b) => a > b],
  ['jge', BPF_JGE, (a, b) => a >= b],
  ['jlt', BPF_JLT, (a, b) => a < b],
  ['jle', BPF_JLE, (a, b) => a <= b],
  ['jsgt', BPF_JSGT, (a, b, s) => s(a) > s(b)],
  ['jsge', BPF_JSGE, (a, b, s) => s(a) >= s(b)],
  ['jslt', BPF_JSLT, (a, b, s) => s(a) < s(b)],
  ['jsle', BPF_JSLE, (a, b, s) => s(a) <= s(b)],
];
const variants = comparisons.flatMap(([name, op, holds]) => [
  { name: `${name}64`, op, narrow: false, holds: (a: bigint, b: bigint) => holds(a, b, signed) },
  { name: `${name}32`, op, narrow: true, holds: (a: bigint, b: bigint) => holds(a & M32, b & M32, signed32) },
]);

test.each(variants)('$name: no value goes where it was said that it does not', ({ op, narrow, holds }) => {
  const random = new Random(op + (narrow ? 1 : 0));
  const seen = { [NEVER]: 0, [ALWAYS]: 0, [UNKNOWN]: 0 };
  for (let round = 0; round < 6_000; round++) {
    const a = random.values();
    // Constants are what is compared with most, often one of the values.
    const b = random.below(2) === 0 ? random.values() : [(a[random.below(a.length)] ?? 0n) ^ BigInt(random.below(2))];
    const facts = random.below(32);
    const aRegister = syncedRegisterOf(a, facts);
    const bRegister = b.length === 1 ? registerOf(b, 0x1f) : syncedRegisterOf(b, facts);
    const prediction = predict(op, narrow, aRegister, 0, bRegister, 0);
    seen[prediction] += 1;
    const yes = [aRegister.slice(), bRegister.slice()] as const;
    const no = [aRegister.slice(), bRegister.slice()] as const;
    refine(op, narrow, yes[0], 0, yes[1], 0);
    refine(negated(op), narrow, no[0], 0, no[1], 0);
    for (const w of [...yes, ...no]) syncBounds(w, 0);
    for (const x of a)
      for (const y of b) {
        const taken = holds(x, y);
        if (prediction !== UNKNOWN) expect(prediction === ALWAYS).toBe(taken);
        const [aAfter, bAfter] = taken ? yes : no;
        expect(misses(aAfter, x)).toBeUndefined();
        expect(misses(bAfter, y)).toBeUndefined();
      }
  }
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
});
