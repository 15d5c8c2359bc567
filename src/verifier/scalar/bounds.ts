/**
 * What ranges and the tristate number of a register tell each other: syncBounds() after any of them changed. The steps
 * and their order are the kernel's, as programs depend on what it does *not* find out as well, and on what remains
 * where they contradict each other (paths that cannot be taken).
 *
 * Facts: reg_bounds_sync() of Linux 6.18 (kernel/bpf/verifier.c) and what the running 6.18 prints.
 */
import { S32MAX, S32MIN, SMAX, SMIN, U32MAX, U32MIN, UMAX, UMIN, VALUE } from '../register.ts';
import { copy64, equal64, is64, lessS, lessU, set64, uword, word } from './int64.ts';
import { tnumIntersect, tnumNext, tnumRange } from './tnum.ts';
import { S32_MAX, S32_MIN, setKnownValue } from './values.ts';

const limit = new Int32Array(2);
const next = new Int32Array(2);
const afterNext = new Int32Array(2);
const bits = new Int32Array(4);

/** Whether a range was narrowed since this was last set to false: a step that finds nothing need not be repeated. */
let narrowed = false;

function raiseS32(w: Int32Array, r: number, value: number): void {
  if (word(w, r + S32MIN) >= value) return;
  w[r + S32MIN] = value;
  narrowed = true;
}

function lowerS32(w: Int32Array, r: number, value: number): void {
  if (word(w, r + S32MAX) <= value) return;
  w[r + S32MAX] = value;
  narrowed = true;
}

function raiseU32(w: Int32Array, r: number, value: number): void {
  if (uword(w, r + U32MIN) >= value >>> 0) return;
  w[r + U32MIN] = value;
  narrowed = true;
}

function lowerU32(w: Int32Array, r: number, value: number): void {
  if (uword(w, r + U32MAX) <= value >>> 0) return;
  w[r + U32MAX] = value;
  narrowed = true;
}

function raiseUnsigned(w: Int32Array, r: number, v: Int32Array, i: number): void {
  if (!lessU(w, r + UMIN, v, i)) return;
  copy64(w, r + UMIN, v, i);
  narrowed = true;
}

function lowerUnsigned(w: Int32Array, r: number, v: Int32Array, i: number): void {
  if (!lessU(v, i, w, r + UMAX)) return;
  copy64(w, r + UMAX, v, i);
  narrowed = true;
}

function raiseSigned(w: Int32Array, r: number, v: Int32Array, i: number): void {
  if (!lessS(w, r + SMIN, v, i)) return;
  copy64(w, r + SMIN, v, i);
  narrowed = true;
}

function lowerSigned(w: Int32Array, r: number, v: Int32Array, i: number): void {
  if (!lessS(v, i, w, r + SMAX)) return;
  copy64(w, r + SMAX, v, i);
  narrowed = true;
}

/** Ranges of the low half, from its known bits. */
export function boundsFromBits32(w: Int32Array, r: number): void {
  const value = word(w, r + VALUE);
  const mask = word(w, r + VALUE + 2);
  raiseS32(w, r, value | (mask & S32_MIN));
  lowerS32(w, r, value | (mask & S32_MAX));
  raiseU32(w, r, value);
  lowerU32(w, r, value | mask);
}

/** Ranges of the whole, from its known bits; a single value of the bits within the range is the value. */
function boundsFromBits64(w: Int32Array, r: number): void {
  const lo = word(w, r + VALUE);
  const hi = word(w, r + VALUE + 1);
  const maskLo = word(w, r + VALUE + 2);
  const maskHi = word(w, r + VALUE + 3);
  set64(limit, 0, lo, hi | (maskHi & S32_MIN));
  raiseSigned(w, r, limit, 0);
  set64(limit, 0, lo | maskLo, hi | (maskHi & S32_MAX));
  lowerSigned(w, r, limit, 0);
  raiseUnsigned(w, r, w, r + VALUE);
  set64(limit, 0, lo | maskLo, hi | maskHi);
  lowerUnsigned(w, r, limit, 0);

  // `limit` is the largest value of the bits from here on.
  const leastFits = (word(w, r + UMIN) & ~maskLo) === lo && (word(w, r + UMIN + 1) & ~maskHi) === hi;
  // Most often a value follows directly: its lowest bit is free and still 0.
  if (leastFits && (maskLo & 1) !== 0 && (word(w, r + UMIN) & 1) === 0 && lessU(w, r + UMIN, w, r + UMAX)) return;
  tnumNext(next, 0, w, r + VALUE, w, r + UMIN);
  if (leastFits) {
    if (lessU(w, r + UMAX, next, 0)) setKnownValue(w, r, word(w, r + UMIN), word(w, r + UMIN + 1));
  } else if (equal64(next, 0, limit, 0)) setKnownValue(w, r, word(limit, 0), word(limit, 1));
  else if (!lessU(w, r + UMAX, next, 0)) {
    tnumNext(afterNext, 0, w, r + VALUE, next, 0);
    if (lessU(w, r + UMAX, afterNext, 0)) setKnownValue(w, r, word(next, 0), word(next, 1));
  }
}

export function boundsFromBits(w: Int32Array, r: number): void {
  boundsFromBits32(w, r);
  boundsFromBits64(w, r);
}

/** Ranges of the low half, from those of the whole and from each other. */
function deduce32(w: Int32Array, r: number): void {
  const uminLo = word(w, r + UMIN);
  const umaxLo = word(w, r + UMAX);
  const sminLo = word(w, r + SMIN);
  const smaxLo = word(w, r + SMAX);
  const uminHi = word(w, r + UMIN + 1);
  const umaxHi = word(w, r + UMAX + 1);
  const sminHi = word(w, r + SMIN + 1);
  const smaxHi = word(w, r + SMAX + 1);
  // One upper half in the whole range: the low halves form a range too.
  if (uminHi === umaxHi) {
    raiseU32(w, r, uminLo);
    lowerU32(w, r, umaxLo);
    if (uminLo <= umaxLo) {
      raiseS32(w, r, uminLo);
      lowerS32(w, r, umaxLo);
    }
  }
  if (sminHi === smaxHi) {
    if (sminLo >>> 0 <= smaxLo >>> 0) {
      raiseU32(w, r, sminLo);
      lowerU32(w, r, smaxLo);
    }
    if (sminLo <= smaxLo) {
      raiseS32(w, r, sminLo);
      lowerS32(w, r, smaxLo);
    }
  }
  // The upper half counts up by one while the lower goes from negative to positive: a signed range.
  if (((uminHi + 1) | 0) === umaxHi && uminLo < 0 && umaxLo >= 0) {
    raiseS32(w, r, uminLo);
    lowerS32(w, r, umaxLo);
  }
  if (((sminHi + 1) | 0) === smaxHi && sminLo < 0 && smaxLo >= 0) {
    raiseS32(w, r, sminLo);
    lowerS32(w, r, smaxLo);
  }
  const umin = word(w, r + U32MIN);
  const umax = word(w, r + U32MAX);
  if (umin <= umax) {
    raiseS32(w, r, umin);
    lowerS32(w, r, umax);
  }
  const smin = word(w, r + S32MIN);
  const smax = word(w, r + S32MAX);
  if (smin >>> 0 <= smax >>> 0) {
    raiseU32(w, r, smin);
    lowerU32(w, r, smax);
  } else if (umax >>> 0 < smin >>> 0) {
    // The signed range is two unsigned ones, at both ends; the unsigned range meets only the lower of them.
    w[r + S32MIN] = umin;
    lowerU32(w, r, smax);
    narrowed = true;
  } else if (smax >>> 0 < umin >>> 0) {
    w[r + S32MAX] = umax;
    raiseU32(w, r, smin);
    narrowed = true;
  }
}

/** Signed and unsigned ranges of the whole, from each other. */
function deduce64(w: Int32Array, r: number): void {
  if (!lessS(w, r + UMAX, w, r + UMIN)) {
    raiseSigned(w, r, w, r + UMIN);
    lowerSigned(w, r, w, r + UMAX);
  }
  if (!lessU(w, r + SMAX, w, r + SMIN)) {
    raiseUnsigned(w, r, w, r + SMIN);
    lowerUnsigned(w, r, w, r + SMAX);
  } else if (lessU(w, r + UMAX, w, r + SMIN)) {
    copy64(w, r + SMIN, w, r + UMIN);
    lowerUnsigned(w, r, w, r + SMAX);
    narrowed = true;
  } else if (lessU(w, r + SMAX, w, r + UMIN)) {
    copy64(w, r + SMAX, w, r + UMAX);
    raiseUnsigned(w, r, w, r + SMIN);
    narrowed = true;
  }
}

/** Ranges of the whole, from those of the low half. */
function deduceMixed(w: Int32Array, r: number): void {
  const umin = word(w, r + U32MIN);
  const umax = word(w, r + U32MAX);
  set64(limit, 0, umin, word(w, r + UMIN + 1));
  raiseUnsigned(w, r, limit, 0);
  set64(limit, 0, umax, word(w, r + UMAX + 1));
  lowerUnsigned(w, r, limit, 0);
  set64(limit, 0, umin, word(w, r + SMIN + 1));
  raiseSigned(w, r, limit, 0);
  set64(limit, 0, umax, word(w, r + SMAX + 1));
  lowerSigned(w, r, limit, 0);

  // After a sign extension the upper half is all ones or all zeros. With a low half that is not negative, and a range
  // within what 32 bits can say, it can only be zeros.
  const s32min = word(w, r + S32MIN);
  if (s32min >= 0 && fitsFromS32Min(w, r + SMIN) && fitsToS32Max(w, r + SMAX)) {
    const s32max = word(w, r + S32MAX);
    const above = s32max >> 31;
    if (
      !is64(w, r + SMIN, s32min, 0) ||
      !is64(w, r + SMAX, s32max, above) ||
      !is64(w, r + UMIN, s32min, 0) ||
      !is64(w, r + UMAX, s32max, above)
    ) {
      set64(w, r + SMIN, s32min, 0);
      set64(w, r + SMAX, s32max, above);
      set64(w, r + UMIN, s32min, 0);
      set64(w, r + UMAX, s32max, above);
      narrowed = true;
    }
    tnumRange(bits, 0, w, r + SMIN, r + SMAX);
    tnumIntersect(w, r + VALUE, bits, 0);
  }
}

/** value >= -2^31 */
const fitsFromS32Min = (w: Int32Array, i: number): boolean =>
  word(w, i + 1) >= 0 || (w[i + 1] === -1 && word(w, i) < 0);

/** value < 2^31 */
const fitsToS32Max = (w: Int32Array, i: number): boolean => word(w, i + 1) < 0 || (w[i + 1] === 0 && word(w, i) >= 0);

function deduce(w: Int32Array, r: number): void {
  deduce32(w, r);
  deduce64(w, r);
  deduceMixed(w, r);
}

/** Known bits, from the unsigned ranges. */
function bitsFromBounds(w: Int32Array, r: number): void {
  tnumRange(bits, 0, w, r + UMIN, r + UMAX);
  tnumIntersect(w, r + VALUE, bits, 0);
  const differ = word(w, r + U32MIN) ^ word(w, r + U32MAX);
  const unknown = differ === 0 ? 0 : -1 >>> Math.clz32(differ);
  const mask = word(w, r + VALUE + 2) & unknown;
  w[r + VALUE] = (word(w, r + VALUE) | (word(w, r + U32MIN) & ~unknown)) & ~mask;
  w[r + VALUE + 2] = mask;
}

/** Makes ranges and known bits say all that the kernel finds out from one another. */
export function syncBounds(w: Int32Array, r: number): void {
  if (isOneValue(w, r)) return;
  boundsFromBits(w, r);
  const valueLo = word(w, r + VALUE);
  const valueHi = word(w, r + VALUE + 1);
  const maskLo = word(w, r + VALUE + 2);
  const maskHi = word(w, r + VALUE + 3);
  narrowed = false;
  deduce(w, r);
  const found = narrowed;
  if (found) {
    narrowed = false;
    deduce(w, r);
    if (narrowed) deduce(w, r);
  }
  bitsFromBounds(w, r);
  if (found || !is64(w, r + VALUE, valueLo, valueHi) || !is64(w, r + VALUE + 2, maskLo, maskHi)) boundsFromBits(w, r);
}

/** Whether bits and ranges all say the same one value: then there is nothing to find. */
function isOneValue(w: Int32Array, r: number): boolean {
  if ((word(w, r + VALUE + 2) | word(w, r + VALUE + 3)) !== 0) return false;
  const lo = word(w, r + VALUE);
  const hi = word(w, r + VALUE + 1);
  return (
    is64(w, r + SMIN, lo, hi) &&
    is64(w, r + SMAX, lo, hi) &&
    is64(w, r + UMIN, lo, hi) &&
    is64(w, r + UMAX, lo, hi) &&
    w[r + S32MIN] === lo &&
    w[r + S32MAX] === lo &&
    w[r + U32MIN] === lo &&
    w[r + U32MAX] === lo
  );
}
