/**
 * Ranges and bits of shifts by a known amount. Each function changes d in place to what it may be after the shift. A
 * sync has to follow; after those of the low half a zero extension before it.
 *
 * Facts: scalar_min_max_lsh/rsh/arsh of Linux 6.18.
 */
import { S32MAX, S32MIN, SMAX, SMIN, U32MAX, U32MIN, UMAX, UMIN, VALUE } from '../register.ts';
import { boundsFromBits, boundsFromBits32 } from './bounds.ts';
import { lessU, set64, shiftLeft64, shiftRight64, shiftRightSigned64, uword, word } from './int64.ts';
import { tnumShiftLeft, tnumShiftRight, tnumShiftRightSigned, tnumTruncate } from './tnum.ts';
import {
  unbound32,
  unbound64,
  unboundSigned32,
  unboundSigned64,
  unboundUnsigned32,
  unboundUnsigned64,
} from './values.ts';

const limit = new Int32Array(2);

function shiftLeftRanges32(w: Int32Array, d: number, bits: number): void {
  unboundSigned32(w, d);
  if (bits > 31 || uword(w, d + U32MAX) > (1 << (31 - bits)) >>> 0) unboundUnsigned32(w, d);
  else {
    w[d + U32MIN] = word(w, d + U32MIN) << bits;
    w[d + U32MAX] = word(w, d + U32MAX) << bits;
  }
}

export function shiftLeft(w: Int32Array, d: number, bits: number): void {
  // The pair << 32, s>> 32 is how compilers extend the sign.
  if (bits === 32) {
    set64(w, d + SMAX, 0, word(w, d + S32MAX));
    set64(w, d + SMIN, 0, word(w, d + S32MIN));
  } else unboundSigned64(w, d);
  set64(limit, 0, 1, 0);
  shiftLeft64(limit, 0, 63 - bits);
  if (lessU(limit, 0, w, d + UMAX)) unboundUnsigned64(w, d);
  else {
    shiftLeft64(w, d + UMIN, bits);
    shiftLeft64(w, d + UMAX, bits);
  }
  shiftLeftRanges32(w, d, bits);
  tnumShiftLeft(w, d + VALUE, bits);
  boundsFromBits(w, d);
}

export function shiftLeftLow(w: Int32Array, d: number, bits: number): void {
  shiftLeftRanges32(w, d, bits);
  tnumTruncate(w, d + VALUE, 4);
  tnumShiftLeft(w, d + VALUE, bits);
  tnumTruncate(w, d + VALUE, 4);
  unbound64(w, d);
  boundsFromBits32(w, d);
}

export function shiftRight(w: Int32Array, d: number, bits: number): void {
  unboundSigned64(w, d);
  tnumShiftRight(w, d + VALUE, bits);
  shiftRight64(w, d + UMIN, bits);
  shiftRight64(w, d + UMAX, bits);
  unbound32(w, d);
  boundsFromBits(w, d);
}

export function shiftRightLow(w: Int32Array, d: number, bits: number): void {
  unboundSigned32(w, d);
  tnumTruncate(w, d + VALUE, 4);
  tnumShiftRight(w, d + VALUE, bits);
  w[d + U32MIN] = word(w, d + U32MIN) >>> bits;
  w[d + U32MAX] = word(w, d + U32MAX) >>> bits;
  unbound64(w, d);
  boundsFromBits32(w, d);
}

export function shiftRightSigned(w: Int32Array, d: number, bits: number): void {
  shiftRightSigned64(w, d + SMIN, bits);
  shiftRightSigned64(w, d + SMAX, bits);
  tnumShiftRightSigned(w, d + VALUE, bits);
  unboundUnsigned64(w, d);
  unbound32(w, d);
  boundsFromBits(w, d);
}

export function shiftRightSignedLow(w: Int32Array, d: number, bits: number): void {
  w[d + S32MIN] = word(w, d + S32MIN) >> bits;
  w[d + S32MAX] = word(w, d + S32MAX) >> bits;
  set64(w, d + VALUE, word(w, d + VALUE) >> bits, 0);
  set64(w, d + VALUE + 2, word(w, d + VALUE + 2) >> bits, 0);
  unboundUnsigned32(w, d);
  unbound64(w, d);
  boundsFromBits32(w, d);
}
