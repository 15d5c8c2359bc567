/** Synchronising, narrowing and comparing of ranges, against sets of values. */
import { expect, test } from 'vitest';
import { UMAX, VALUE } from '../../../src/verifier/register.ts';
import { syncBounds } from '../../../src/verifier/scalar/bounds.ts';
import { rangeWithin } from '../../../src/verifier/scalar/compare.ts';
import { signExtend, signExtendLow, truncateTo, widthOf, zeroExtend32 } from '../../../src/verifier/scalar/narrow.ts';
import { tnumIn, tnumNext } from '../../../src/verifier/scalar/tnum.ts';
import { describe, get64, M32, M64, misses, put64, Random, registerOf, syncedRegisterOf } from './values.ts';

test('a sync loses no value, whatever is known before', () => {
  const random = new Random(1);
  for (let round = 0; round < 20_000; round++) {
    const values = random.values();
    const facts = random.below(32);
    const w = syncedRegisterOf(values, facts);
    for (const value of values) expect(misses(w, value), describe(registerOf(values, facts))).toBeUndefined();
  }
});

test('a sync never widens', () => {
  const random = new Random(2);
  for (let round = 0; round < 5_000; round++) {
    const values = random.values();
    const before = registerOf(values, random.below(32));
    const after = before.slice();
    syncBounds(after, 0);
    expect(rangeWithin(before, 0, after, 0)).toBe(true);
    expect(tnumIn(before, VALUE, after, VALUE)).toBe(true);
  }
});

test('an unsigned range of one value is known in every respect', () => {
  const random = new Random(3);
  for (let round = 0; round < 2_000; round++) {
    const value = random.value();
    expect(describe(syncedRegisterOf([value], 2))).toBe(describe(registerOf([value], 0x1f)));
    expect(describe(syncedRegisterOf([value], 1))).toBe(describe(registerOf([value], 0x1f)));
  }
});

test.each([1, 2, 4])('keeping %i bytes loses no value', (size) => {
  const random = new Random(10 + size);
  const bits = size * 8;
  for (let round = 0; round < 5_000; round++) {
    const values = random.values();
    const facts = random.below(32);
    const cut = syncedRegisterOf(values, facts);
    truncateTo(cut, 0, size);
    const extended = syncedRegisterOf(values, facts);
    signExtend(extended, 0, size);
    for (const value of values) {
      expect(misses(cut, BigInt.asUintN(bits, value))).toBeUndefined();
      expect(misses(extended, BigInt.asIntN(bits, value) & M64)).toBeUndefined();
    }
    if (size === 4) continue;
    const low = syncedRegisterOf(values, facts);
    signExtendLow(low, 0, size);
    zeroExtend32(low, 0);
    syncBounds(low, 0);
    for (const value of values) expect(misses(low, BigInt.asIntN(bits, value) & M32)).toBeUndefined();
  }
});

test('the next value of a tristate number is the smallest greater one', () => {
  const t = new Int32Array(4);
  const z = new Int32Array(2);
  const out = new Int32Array(2);
  // All tristate numbers and points of five bits, put across the words.
  for (const shift of [0n, 29n, 59n])
    for (let value = 0; value < 32; value++)
      for (let mask = 0; mask < 32; mask++) {
        if ((value & mask) !== 0) continue;
        const members: number[] = [];
        for (let x = 0; x < 32; x++) if ((x & ~mask) === value) members.push(x);
        put64(t, 0, BigInt(value) << shift);
        put64(t, 2, BigInt(mask) << shift);
        for (let point = 0; point < 32; point++) {
          put64(z, 0, BigInt(point) << shift);
          tnumNext(out, 0, t, 0, z, 0);
          const first = members[0] ?? 0;
          const expected = point < first ? first : (members.find((x) => x > point) ?? members.at(-1) ?? 0);
          expect(get64(out, 0)).toBe((BigInt(expected) << shift) & M64);
        }
      }
});

test('the width is that of the largest value', () => {
  for (const value of [0n, 1n, 255n, 256n, M32, M32 + 1n, M64]) {
    const w = registerOf([value], 0x1f);
    expect(widthOf(w, 0)).toBe(value.toString(2).length - (value === 0n ? 1 : 0));
    expect(get64(w, UMAX)).toBe(value);
  }
});
