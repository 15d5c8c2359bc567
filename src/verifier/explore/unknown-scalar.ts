/** The record of a scalar of which nothing is known, for comparisons. */
import { MASK, REG_WORDS, S32MAX, S32MIN, SMAX, SMIN, TYPE, U32MAX, UMAX } from '../register.ts';
import { SCALAR_VALUE } from '../register-types.ts';

const LOWEST = -0x8000_0000;
const HIGHEST = 0x7fff_ffff;

function unknownScalar(): Int32Array {
  const record = new Int32Array(REG_WORDS);
  record[TYPE] = SCALAR_VALUE;
  record.fill(-1, MASK, MASK + 2);
  record[SMIN + 1] = LOWEST;
  record[SMAX] = -1;
  record[SMAX + 1] = HIGHEST;
  record.fill(-1, UMAX, UMAX + 2);
  record[S32MIN] = LOWEST;
  record[S32MAX] = HIGHEST;
  record[U32MAX] = -1;
  return record;
}

export const UNKNOWN_SCALAR = unknownScalar();
