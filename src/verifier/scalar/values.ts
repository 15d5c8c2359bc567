/**
 * Setting a register's value: known, unknown, reset; and asking whether it is known.
 * After the mark functions of kernel/bpf/verifier.c (Linux 6.18).
 */
import { MASK, PRECISE, S32MAX, S32MIN, SMAX, SMIN, TYPE, U32MAX, U32MIN, UMAX, UMIN, VALUE } from '../register.ts';
import { NOT_INIT, SCALAR_VALUE } from '../register-types.ts';
import { set64, word } from './int64.ts';
import { tnumConst, tnumUnknown } from './tnum.ts';

export const S32_MIN = -0x8000_0000;
export const S32_MAX = 0x7fff_ffff;
/** As a word: all bits set. */
export const U32_MAX_WORD = -1;

export function unbound64(w: Int32Array, r: number): void {
  set64(w, r + SMIN, 0, S32_MIN);
  set64(w, r + SMAX, -1, S32_MAX);
  set64(w, r + UMIN, 0, 0);
  set64(w, r + UMAX, -1, -1);
}

export function unboundSigned64(w: Int32Array, r: number): void {
  set64(w, r + SMIN, 0, S32_MIN);
  set64(w, r + SMAX, -1, S32_MAX);
}

export function unboundUnsigned64(w: Int32Array, r: number): void {
  set64(w, r + UMIN, 0, 0);
  set64(w, r + UMAX, -1, -1);
}

export function unbound32(w: Int32Array, r: number): void {
  unboundSigned32(w, r);
  unboundUnsigned32(w, r);
}

export function unboundSigned32(w: Int32Array, r: number): void {
  w[r + S32MIN] = S32_MIN;
  w[r + S32MAX] = S32_MAX;
}

export function unboundUnsigned32(w: Int32Array, r: number): void {
  w[r + U32MIN] = 0;
  w[r + U32MAX] = U32_MAX_WORD;
}

/** All eight ranges say nothing; the tristate number stays. */
export function setUnboundedRanges(w: Int32Array, r: number): void {
  unbound64(w, r);
  unbound32(w, r);
}

/** The value, or the variable part of a pointer's offset, is known; nothing else changes. */
export function setKnownValue(w: Int32Array, r: number, lo: number, hi: number): void {
  tnumConst(w, r + VALUE, lo, hi);
  set64(w, r + SMIN, lo, hi);
  set64(w, r + SMAX, lo, hi);
  set64(w, r + UMIN, lo, hi);
  set64(w, r + UMAX, lo, hi);
  w[r + S32MIN] = lo;
  w[r + S32MAX] = lo;
  w[r + U32MIN] = lo;
  w[r + U32MAX] = lo;
}

/** The low half is known; the ranges of the whole stay, a sync has to follow. */
export function setKnownLow(w: Int32Array, r: number, lo: number): void {
  w[r + VALUE] = lo;
  w[r + MASK] = 0;
  w[r + S32MIN] = lo;
  w[r + S32MAX] = lo;
  w[r + U32MIN] = lo;
  w[r + U32MAX] = lo;
}

/**
 * Known value, no offset, no ids, and nothing of what the type needs (map, size, ...). The type itself stays, as do
 * PRECISE and SUBREG_DEF: what makes a scalar of something else is `markUnknown` before or the type set after.
 */
export function markKnown(w: Int32Array, r: number, lo: number, hi: number): void {
  for (let i = r + TYPE + 1; i < r + VALUE; i++) w[i] = 0;
  setKnownValue(w, r, lo, hi);
}

/** For pointers: the variable part of the offset is 0, the fixed part too. */
export function markKnownZero(w: Int32Array, r: number): void {
  markKnown(w, r, 0, 0);
}

/** A scalar of a 32-bit constant, zero-extended. */
export function markConst32(w: Int32Array, r: number, value: number): void {
  markKnown(w, r, value | 0, 0);
  w[r + TYPE] = SCALAR_VALUE;
  w[r + PRECISE] = 0;
}

/** A scalar of which nothing is known. SUBREG_DEF stays. */
export function markUnknown(w: Int32Array, r: number): void {
  for (let i = r; i < r + VALUE; i++) w[i] = 0;
  w[r + TYPE] = SCALAR_VALUE;
  tnumUnknown(w, r + VALUE);
  setUnboundedRanges(w, r);
  w[r + PRECISE] = 0;
}

/** Nothing was written yet, or what was there may not be used any more. */
export function resetRegister(w: Int32Array, r: number): void {
  markUnknown(w, r);
  w[r + TYPE] = NOT_INIT;
}

/** Whether it is a scalar of one value. */
export const isConst = (w: Int32Array, r: number): boolean =>
  w[r + TYPE] === SCALAR_VALUE && (word(w, r + MASK) | word(w, r + MASK + 1)) === 0;

/** Whether it is a scalar whose low half has one value. */
export const isConst32 = (w: Int32Array, r: number): boolean => w[r + TYPE] === SCALAR_VALUE && w[r + MASK] === 0;

/** Low word of a constant's value. */
export const constLo = (w: Int32Array, r: number): number => word(w, r + VALUE);
export const constHi = (w: Int32Array, r: number): number => word(w, r + VALUE + 1);

/** Whether it is the scalar 0, the value of NULL. */
export const isNull = (w: Int32Array, r: number): boolean => isConst(w, r) && (constLo(w, r) | constHi(w, r)) === 0;

/** Whether the variable part of the value or offset has one value, whatever the type. */
export const hasKnownValue = (w: Int32Array, r: number): boolean => (word(w, r + MASK) | word(w, r + MASK + 1)) === 0;
