/** Comparing what two registers may hold, for pruning, and asking one for alignment. */
import { S32MAX, S32MIN, SMAX, SMIN, U32MAX, U32MIN, UMAX, UMIN, VALUE } from '../register.ts';
import { lessS, lessU, uword, word } from './int64.ts';
import { tnumIn } from './tnum.ts';

/** Whether all eight ranges of c lie within those of o: range_within(). */
export const rangeWithin = (w: Int32Array, o: number, v: Int32Array, c: number): boolean =>
  !lessU(v, c + UMIN, w, o + UMIN) &&
  !lessU(w, o + UMAX, v, c + UMAX) &&
  !lessS(v, c + SMIN, w, o + SMIN) &&
  !lessS(w, o + SMAX, v, c + SMAX) &&
  uword(w, o + U32MIN) <= uword(v, c + U32MIN) &&
  uword(w, o + U32MAX) >= uword(v, c + U32MAX) &&
  word(w, o + S32MIN) <= word(v, c + S32MIN) &&
  word(w, o + S32MAX) >= word(v, c + S32MAX);

/** Whether the known bits of o allow all that those of c do: tnum_in() of two registers. */
export const bitsWithin = (w: Int32Array, o: number, v: Int32Array, c: number): boolean =>
  tnumIn(w, o + VALUE, v, c + VALUE);

/** Whether bits and ranges are the same. */
export function sameValue(w: Int32Array, r: number, v: Int32Array, c: number): boolean {
  for (let i = VALUE; i <= U32MAX; i++) if (w[r + i] !== v[c + i]) return false;
  return true;
}

/** Whether a register's variable part plus a constant is a multiple of a power of two. */
export function alignmentOk(w: Int32Array, r: number, offset: number, size: number): boolean {
  if (size <= 1) return true;
  // Low bits of the sum depend on low bits alone; unknown ones may carry, but then the sum is not aligned anyway.
  const low = size - 1;
  return (word(w, r + VALUE + 2) & low) === 0 && ((word(w, r + VALUE) + offset) & low) === 0;
}
