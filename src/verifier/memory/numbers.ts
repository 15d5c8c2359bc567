/**
 * The ranges of registers as numbers, for comparisons with offsets and sizes. Beyond 2^53 they are rounded, which no
 * comparison with what fits in 32 bits can notice. The kernel passes such sums on as `int`: use the low words for that.
 */
import { MASK, SMAX, SMIN, UMAX, UMIN, VALUE } from '../register.ts';

const TWO_32 = 0x1_0000_0000;

/** Offsets of pointers that are larger than this are not tracked (BPF_MAX_VAR_OFF). */
export const MAX_VARIABLE_OFFSET = 1 << 29;
/** Sizes from here on are no sizes (BPF_MAX_VAR_SIZ). */
export const MAX_VARIABLE_SIZE = 1 << 29;

const signed = (w: Int32Array, i: number): number => (w[i + 1] as number) * TWO_32 + ((w[i] as number) >>> 0);
const unsigned = (w: Int32Array, i: number): number => ((w[i + 1] as number) >>> 0) * TWO_32 + ((w[i] as number) >>> 0);

export const signedMin = (w: Int32Array, r: number): number => signed(w, r + SMIN);
export const signedMax = (w: Int32Array, r: number): number => signed(w, r + SMAX);
export const unsignedMin = (w: Int32Array, r: number): number => unsigned(w, r + UMIN);
export const unsignedMax = (w: Int32Array, r: number): number => unsigned(w, r + UMAX);
/** The known bits of the value, or of the variable part of an offset. */
export const knownValue = (w: Int32Array, r: number): number => signed(w, r + VALUE);

export const isNegative = (w: Int32Array, r: number): boolean => (w[r + SMIN + 1] as number) < 0;

/** Whether the variable part of an offset is known to be 0. */
export const isUnmoved = (w: Int32Array, r: number): boolean =>
  ((w[r + VALUE] as number) | (w[r + VALUE + 1] as number) | (w[r + MASK] as number) | (w[r + MASK + 1] as number)) ===
  0;
