/**
 * Ranges and bits of and, or, xor. Each function changes d in place to what `d op s` may be; d and s are different
 * records. A sync has to follow. The bits are exact; ranges come from them and from the operands' ranges.
 *
 * Facts: scalar_min_max_and/or/xor of Linux 6.18.
 */
import { MASK, S32MAX, S32MIN, SMAX, SMIN, U32MAX, U32MIN, UMAX, UMIN, VALUE } from '../register.ts';
import { boundsFromBits } from './bounds.ts';
import { copy64, lessS, lowerU, raiseU, set64, uword, word } from './int64.ts';
import { tnumAnd, tnumIsConst, tnumOr, tnumXor } from './tnum.ts';
import { markKnown, setKnownLow, unboundSigned32, unboundSigned64 } from './values.ts';

export function andScalar(w: Int32Array, d: number, v: Int32Array, s: number): void {
  tnumAnd(w, d + VALUE, v, s + VALUE);
  if (bothLowKnown(w, d, v, s)) setKnownLow(w, d, word(w, d + VALUE));
  else {
    w[d + U32MIN] = word(w, d + VALUE);
    if (uword(v, s + U32MAX) < uword(w, d + U32MAX)) w[d + U32MAX] = word(v, s + U32MAX);
    signedFromUnsigned32(w, d);
  }
  if (bothKnown(w, d, v, s)) markKnown(w, d, word(w, d + VALUE), word(w, d + VALUE + 1));
  else {
    copy64(w, d + UMIN, w, d + VALUE);
    lowerU(w, d + UMAX, v, s + UMAX);
    signedFromUnsigned64(w, d);
    boundsFromBits(w, d);
  }
}

export function orScalar(w: Int32Array, d: number, v: Int32Array, s: number): void {
  tnumOr(w, d + VALUE, v, s + VALUE);
  if (bothLowKnown(w, d, v, s)) setKnownLow(w, d, word(w, d + VALUE));
  else {
    if (uword(v, s + U32MIN) > uword(w, d + U32MIN)) w[d + U32MIN] = word(v, s + U32MIN);
    w[d + U32MAX] = word(w, d + VALUE) | word(w, d + MASK);
    signedFromUnsigned32(w, d);
  }
  if (bothKnown(w, d, v, s)) markKnown(w, d, word(w, d + VALUE), word(w, d + VALUE + 1));
  else {
    raiseU(w, d + UMIN, v, s + UMIN);
    largestOfBits(w, d);
    signedFromUnsigned64(w, d);
    boundsFromBits(w, d);
  }
}

export function xorScalar(w: Int32Array, d: number, v: Int32Array, s: number): void {
  tnumXor(w, d + VALUE, v, s + VALUE);
  if (bothLowKnown(w, d, v, s)) setKnownLow(w, d, word(w, d + VALUE));
  else {
    w[d + U32MIN] = word(w, d + VALUE);
    w[d + U32MAX] = word(w, d + VALUE) | word(w, d + MASK);
    signedFromUnsigned32(w, d);
  }
  if (bothKnown(w, d, v, s)) markKnown(w, d, word(w, d + VALUE), word(w, d + VALUE + 1));
  else {
    copy64(w, d + UMIN, w, d + VALUE);
    largestOfBits(w, d);
    signedFromUnsigned64(w, d);
    boundsFromBits(w, d);
  }
}

// As in the kernel, d's bits are those of the result when this is asked.
const bothKnown = (w: Int32Array, d: number, v: Int32Array, s: number): boolean =>
  tnumIsConst(v, s + VALUE) && tnumIsConst(w, d + VALUE);

const bothLowKnown = (w: Int32Array, d: number, v: Int32Array, s: number): boolean =>
  word(v, s + MASK) === 0 && word(w, d + MASK) === 0;

function largestOfBits(w: Int32Array, d: number): void {
  const lo = word(w, d + VALUE) | word(w, d + MASK);
  set64(w, d + UMAX, lo, word(w, d + VALUE + 1) | word(w, d + MASK + 1));
}

/** An unsigned range that does not cross the sign is the signed one. */
function signedFromUnsigned32(w: Int32Array, d: number): void {
  const min = word(w, d + U32MIN);
  const max = word(w, d + U32MAX);
  if (min <= max) {
    w[d + S32MIN] = min;
    w[d + S32MAX] = max;
  } else unboundSigned32(w, d);
}

function signedFromUnsigned64(w: Int32Array, d: number): void {
  if (lessS(w, d + UMAX, w, d + UMIN)) unboundSigned64(w, d);
  else {
    copy64(w, d + SMIN, w, d + UMIN);
    copy64(w, d + SMAX, w, d + UMAX);
  }
}
