/** Comparing what two registers may hold, for pruning. */
import { S32MAX, S32MIN, SMAX, SMIN, U32MAX, U32MIN, UMAX, UMIN } from '../register.ts';
import { lessS, lessU, uword, word } from './int64.ts';

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
