/**
 * Values cut to fewer bytes and brought back to 64 bits: by zeros (loads, 32-bit operations), or by the sign.
 * After the coerce functions of kernel/bpf/verifier.c (Linux 6.18).
 */
import { S32MAX, S32MIN, SMAX, SMIN, U32MAX, U32MIN, UMAX, UMIN, VALUE } from '../register.ts';
import { syncBounds } from './bounds.ts';
import { copy64, lessS, set64, word } from './int64.ts';
import { tnumIsConst, tnumRange, tnumSet, tnumTruncate } from './tnum.ts';
import { setKnownValue, U32_MAX_WORD, unbound32, unboundUnsigned32, unboundUnsigned64 } from './values.ts';

/** The whole becomes the low half with zeros above it. A sync has to follow. */
export function zeroExtend32(w: Int32Array, r: number): void {
  tnumTruncate(w, r + VALUE, 4);
  const min = word(w, r + S32MIN);
  const max = word(w, r + S32MAX);
  set64(w, r + UMIN, word(w, r + U32MIN), 0);
  set64(w, r + UMAX, word(w, r + U32MAX), 0);
  if (min >= 0 && max >= 0) {
    set64(w, r + SMIN, min, 0);
    set64(w, r + SMAX, max, 0);
  } else {
    set64(w, r + SMIN, 0, 0);
    set64(w, r + SMAX, U32_MAX_WORD, 0);
  }
}

/** Keeps the low bytes, the others become 0. @param size 1, 2 or 4 */
export function truncateTo(w: Int32Array, r: number, size: number): void {
  const mask = size === 4 ? -1 : (1 << (size * 8)) - 1;
  const minLo = word(w, r + UMIN);
  const maxLo = word(w, r + UMAX);
  tnumTruncate(w, r + VALUE, size);
  if (w[r + UMIN + 1] === w[r + UMAX + 1] && (minLo & ~mask) === (maxLo & ~mask)) {
    set64(w, r + UMIN, minLo & mask, 0);
    set64(w, r + UMAX, maxLo & mask, 0);
  } else {
    set64(w, r + UMIN, 0, 0);
    set64(w, r + UMAX, mask, 0);
  }
  copy64(w, r + SMIN, w, r + UMIN);
  copy64(w, r + SMAX, w, r + UMAX);
  if (size < 4) unbound32(w, r);
  syncBounds(w, r);
}

const extend = (lo: number, shift: number): number => (lo << shift) >> shift;

/** Makes the low bytes, with their sign, a value of 64 bits. No sync follows, as in the kernel. @param size 1, 2 or 4 */
export function signExtend(w: Int32Array, r: number, size: number): void {
  const shift = 32 - size * 8;
  if (tnumIsConst(w, r + VALUE)) {
    const value = extend(word(w, r + VALUE), shift);
    setKnownValue(w, r, value, value >> 31);
    return;
  }
  const minLo = word(w, r + SMIN);
  const maxLo = word(w, r + SMAX);
  const sameAbove = w[r + SMIN + 1] === w[r + SMAX + 1] && (size === 4 || minLo >> (size * 8) === maxLo >> (size * 8));
  if (sameAbove) {
    const first = extend(minLo, shift);
    const second = extend(maxLo, shift);
    const min = first < second ? first : second;
    const max = first < second ? second : first;
    if (min >= 0 === max >= 0) {
      w[r + S32MIN] = min;
      w[r + S32MAX] = max;
      w[r + U32MIN] = min;
      w[r + U32MAX] = max;
      set64(w, r + SMIN, min, min >> 31);
      set64(w, r + SMAX, max, max >> 31);
      copy64(w, r + UMIN, w, r + SMIN);
      copy64(w, r + UMAX, w, r + SMAX);
      tnumRange(w, r + VALUE, w, r + SMIN, r + SMAX);
      return;
    }
  }
  const min = extend(0x8000_0000 >>> shift, shift);
  w[r + S32MIN] = min;
  w[r + S32MAX] = ~min;
  set64(w, r + SMIN, min, -1);
  set64(w, r + SMAX, ~min, 0);
  unboundUnsigned32(w, r);
  unboundUnsigned64(w, r);
  tnumSet(w, r + VALUE, 0, 0, -1, -1);
}

/**
 * Makes the low bytes, with their sign, the low half; what is above is left for zeroExtend32(), which has to follow.
 * @param size 1 or 2
 */
export function signExtendLow(w: Int32Array, r: number, size: number): void {
  const shift = 32 - size * 8;
  if (tnumIsConst(w, r + VALUE)) {
    const value = extend(word(w, r + VALUE), shift);
    tnumSet(w, r + VALUE, value, value >> 31, 0, 0);
    w[r + S32MIN] = value;
    w[r + S32MAX] = value;
    w[r + U32MIN] = value;
    w[r + U32MAX] = value;
    return;
  }
  const from = word(w, r + S32MIN);
  const to = word(w, r + S32MAX);
  if (from >> (size * 8) === to >> (size * 8)) {
    const first = extend(from, shift);
    const second = extend(to, shift);
    const min = first < second ? first : second;
    const max = first < second ? second : first;
    if (min >= 0 === max >= 0) {
      w[r + S32MIN] = min;
      w[r + S32MAX] = max;
      w[r + U32MIN] = min;
      w[r + U32MAX] = max;
      const differ = min ^ max;
      const unknown = differ === 0 ? 0 : -1 >>> Math.clz32(differ);
      tnumSet(w, r + VALUE, min & ~unknown, 0, unknown, 0);
      return;
    }
  }
  const min = extend(0x8000_0000 >>> shift, shift);
  w[r + S32MIN] = min;
  w[r + S32MAX] = ~min;
  unboundUnsigned32(w, r);
  tnumSet(w, r + VALUE, 0, 0, -1, 0);
}

/** Whether the unsigned value is below 2^(bits - 1), so that extending the sign of so many bits changes nothing. */
export const isPositiveOf = (w: Int32Array, r: number, bits: number): boolean =>
  w[r + UMAX + 1] === 0 && word(w, r + UMAX) >>> (bits - 1) === 0;

/** Whether the value fits into 32 bits, unsigned. */
export const fitsU32 = (w: Int32Array, r: number): boolean => w[r + UMAX + 1] === 0;

/** Bits that hold the largest value, 0 to 64. */
export const widthOf = (w: Int32Array, r: number): number => {
  const hi = word(w, r + UMAX + 1);
  return hi === 0 ? 32 - Math.clz32(word(w, r + UMAX)) : 64 - Math.clz32(hi);
};

/** Narrows signed ranges of whole and low half to those of 32-bit numbers min to max (return values), and syncs. */
export function restrictToS32(w: Int32Array, r: number, min: number, max: number): void {
  if (word(w, r + S32MIN) < min) w[r + S32MIN] = min;
  if (word(w, r + S32MAX) > max) w[r + S32MAX] = max;
  set64(end, 0, min, min >> 31);
  if (lessS(w, r + SMIN, end, 0)) copy64(w, r + SMIN, end, 0);
  set64(end, 0, max, max >> 31);
  if (lessS(end, 0, w, r + SMAX)) copy64(w, r + SMAX, end, 0);
  syncBounds(w, r);
}
const end = new Int32Array(2);
