/**
 * Tristate numbers: of each bit of a 64-bit value, whether it is 0, 1 or not known. Four words: the value's low and
 * high word, then those of the mask, whose bits are 1 where the value is not known (the value's are 0 there). That is
 * the layout of VALUE and MASK in a register's record, so that operations work there in place.
 *
 * Facts: include/linux/tnum.h and kernel/bpf/tnum.c (Linux 6.18); Vishwanathan et al., "Sound, Precise, and Fast
 * Abstract Interpretation with Tristate Numbers" (CGO 2022), for why addition and subtraction are exact.
 */
import { copy64, lessU, multiplyLow64, shiftLeft64, shiftRight64, shiftRightSigned64, uword, word } from './int64.ts';

/** Words of a tristate number. */
const TNUM_WORDS = 4;

export function tnumSet(
  t: Int32Array,
  i: number,
  valueLo: number,
  valueHi: number,
  maskLo: number,
  maskHi: number,
): void {
  t[i] = valueLo;
  t[i + 1] = valueHi;
  t[i + 2] = maskLo;
  t[i + 3] = maskHi;
}

export function tnumCopy(t: Int32Array, i: number, u: Int32Array, j: number): void {
  copy64(t, i, u, j);
  copy64(t, i + 2, u, j + 2);
}

export const tnumConst = (t: Int32Array, i: number, lo: number, hi: number): void => tnumSet(t, i, lo, hi, 0, 0);

export const tnumUnknown = (t: Int32Array, i: number): void => tnumSet(t, i, 0, 0, -1, -1);

export const tnumIsConst = (t: Int32Array, i: number): boolean => (word(t, i + 2) | word(t, i + 3)) === 0;

export const tnumEqualsConst = (t: Int32Array, i: number, lo: number, hi: number): boolean =>
  tnumIsConst(t, i) && t[i] === lo && t[i + 1] === hi;

/** The smallest tristate number that holds a range: the bits that its ends share are known. */
export function tnumRange(t: Int32Array, i: number, w: Int32Array, min: number, max: number): void {
  const differLo = word(w, min) ^ word(w, max);
  const differHi = word(w, min + 1) ^ word(w, max + 1);
  let maskLo = -1;
  let maskHi = 0;
  if (differHi !== 0) maskHi = -1 >>> Math.clz32(differHi);
  else maskLo = differLo === 0 ? 0 : -1 >>> Math.clz32(differLo);
  tnumSet(t, i, word(w, min) & ~maskLo, word(w, min + 1) & ~maskHi, maskLo, maskHi);
}

export function tnumShiftLeft(t: Int32Array, i: number, bits: number): void {
  shiftLeft64(t, i, bits);
  shiftLeft64(t, i + 2, bits);
}

export function tnumShiftRight(t: Int32Array, i: number, bits: number): void {
  shiftRight64(t, i, bits);
  shiftRight64(t, i + 2, bits);
}

/** An unknown sign bit makes all that comes in unknown. */
export function tnumShiftRightSigned(t: Int32Array, i: number, bits: number): void {
  shiftRightSigned64(t, i, bits);
  shiftRightSigned64(t, i + 2, bits);
}

/**
 * t += u. The unknown bits are those whose sum differs between the smallest and the largest value, and those unknown
 * in either operand.
 */
export function tnumAdd(t: Int32Array, i: number, u: Int32Array, j: number): void {
  const maskLo = uword(t, i + 2) + uword(u, j + 2);
  const maskHi = word(t, i + 3) + word(u, j + 3) + (maskLo > 0xffff_ffff ? 1 : 0);
  const valueLo = uword(t, i) + uword(u, j);
  const valueHi = (word(t, i + 1) + word(u, j + 1) + (valueLo > 0xffff_ffff ? 1 : 0)) | 0;
  const sumLo = (maskLo >>> 0) + (valueLo >>> 0);
  const sumHi = (maskHi + valueHi + (sumLo > 0xffff_ffff ? 1 : 0)) | 0;
  const unknownLo = (sumLo ^ valueLo) | word(t, i + 2) | word(u, j + 2);
  const unknownHi = (sumHi ^ valueHi) | word(t, i + 3) | word(u, j + 3);
  tnumSet(t, i, valueLo & ~unknownLo, valueHi & ~unknownHi, unknownLo, unknownHi);
}

/** t -= u, on the same thought as addition. */
export function tnumSub(t: Int32Array, i: number, u: Int32Array, j: number): void {
  const lo = uword(t, i) - uword(u, j);
  const hi = (word(t, i + 1) - word(u, j + 1) - (lo < 0 ? 1 : 0)) | 0;
  const mostLo = (lo >>> 0) + uword(t, i + 2);
  const mostHi = (hi + word(t, i + 3) + (mostLo > 0xffff_ffff ? 1 : 0)) | 0;
  const leastLo = (lo >>> 0) - uword(u, j + 2);
  const leastHi = (hi - word(u, j + 3) - (leastLo < 0 ? 1 : 0)) | 0;
  const unknownLo = (mostLo ^ leastLo) | word(t, i + 2) | word(u, j + 2);
  const unknownHi = (mostHi ^ leastHi) | word(t, i + 3) | word(u, j + 3);
  tnumSet(t, i, lo & ~unknownLo, hi & ~unknownHi, unknownLo, unknownHi);
}

const zero = new Int32Array(TNUM_WORDS);
const scratch = new Int32Array(TNUM_WORDS);

/** t = -t. */
export function tnumNegate(t: Int32Array, i: number): void {
  tnumCopy(scratch, 0, t, i);
  tnumCopy(t, i, zero, 0);
  tnumSub(t, i, scratch, 0);
}

export function tnumAnd(t: Int32Array, i: number, u: Int32Array, j: number): void {
  const lo = word(t, i) & word(u, j);
  const hi = word(t, i + 1) & word(u, j + 1);
  const possibleLo = (word(t, i) | word(t, i + 2)) & (word(u, j) | word(u, j + 2));
  const possibleHi = (word(t, i + 1) | word(t, i + 3)) & (word(u, j + 1) | word(u, j + 3));
  tnumSet(t, i, lo, hi, possibleLo & ~lo, possibleHi & ~hi);
}

export function tnumOr(t: Int32Array, i: number, u: Int32Array, j: number): void {
  const lo = word(t, i) | word(u, j);
  const hi = word(t, i + 1) | word(u, j + 1);
  tnumSet(t, i, lo, hi, (word(t, i + 2) | word(u, j + 2)) & ~lo, (word(t, i + 3) | word(u, j + 3)) & ~hi);
}

export function tnumXor(t: Int32Array, i: number, u: Int32Array, j: number): void {
  const maskLo = word(t, i + 2) | word(u, j + 2);
  const maskHi = word(t, i + 3) | word(u, j + 3);
  const lo = word(t, i) ^ word(u, j);
  const hi = word(t, i + 1) ^ word(u, j + 1);
  tnumSet(t, i, lo & ~maskLo, hi & ~maskHi, maskLo, maskHi);
}

/** What holds of a value that one or the other describes. */
function tnumUnion(t: Int32Array, i: number, u: Int32Array, j: number): void {
  const maskLo = (word(t, i) ^ word(u, j)) | word(t, i + 2) | word(u, j + 2);
  const maskHi = (word(t, i + 1) ^ word(u, j + 1)) | word(t, i + 3) | word(u, j + 3);
  tnumSet(t, i, word(t, i) & word(u, j) & ~maskLo, word(t, i + 1) & word(u, j + 1) & ~maskHi, maskLo, maskHi);
}

/** What both say of one value. Where they contradict each other the bit becomes a known 1, as in the kernel. */
export function tnumIntersect(t: Int32Array, i: number, u: Int32Array, j: number): void {
  const maskLo = word(t, i + 2) & word(u, j + 2);
  const maskHi = word(t, i + 3) & word(u, j + 3);
  const lo = (word(t, i) | word(u, j)) & ~maskLo;
  const hi = (word(t, i + 1) | word(u, j + 1)) & ~maskHi;
  tnumSet(t, i, lo, hi, maskLo, maskHi);
}

const multiplier = new Int32Array(TNUM_WORDS);
const multiplicand = new Int32Array(TNUM_WORDS);
const either = new Int32Array(TNUM_WORDS);

/** t *= u, as on paper: for each bit of t, u shifted is added, not added, or either. */
export function tnumMultiply(t: Int32Array, i: number, u: Int32Array, j: number): void {
  if (tnumIsConst(t, i) && tnumIsConst(u, j)) {
    multiplyLow64(t, i, u, j);
    return;
  }
  tnumCopy(multiplier, 0, t, i);
  tnumCopy(multiplicand, 0, u, j);
  tnumSet(t, i, 0, 0, 0, 0);
  while ((word(multiplier, 0) | word(multiplier, 1) | word(multiplier, 2) | word(multiplier, 3)) !== 0) {
    if (word(multiplier, 0) & 1) tnumAdd(t, i, multiplicand, 0);
    else if (word(multiplier, 2) & 1) {
      tnumCopy(either, 0, t, i);
      tnumAdd(either, 0, multiplicand, 0);
      tnumUnion(t, i, either, 0);
    }
    tnumShiftRight(multiplier, 0, 1);
    tnumShiftLeft(multiplicand, 0, 1);
  }
}

/** Keeps the low bytes (1, 2 or 4; 8 changes nothing), the others become 0. */
export function tnumTruncate(t: Int32Array, i: number, size: number): void {
  if (size >= 8) return;
  const mask = size === 4 ? -1 : (1 << (size * 8)) - 1;
  tnumSet(t, i, word(t, i) & mask, 0, word(t, i + 2) & mask, 0);
}

/** Whether every value that u describes t describes as well. */
export const tnumIn = (t: Int32Array, i: number, u: Int32Array, j: number): boolean =>
  (word(u, j + 2) & ~word(t, i + 2)) === 0 &&
  (word(u, j + 3) & ~word(t, i + 3)) === 0 &&
  word(t, i) === (word(u, j) & ~word(t, i + 2)) &&
  word(t, i + 1) === (word(u, j + 1) & ~word(t, i + 3));

/** Whether some value is described by both. @param words 2 for the whole, 1 for the low half alone */
export function tnumOverlap(t: Int32Array, i: number, u: Int32Array, j: number, words: 1 | 2): boolean {
  if (((word(t, i) ^ word(u, j)) & ~word(t, i + 2) & ~word(u, j + 2)) !== 0) return false;
  return words === 1 || ((word(t, i + 1) ^ word(u, j + 1)) & ~word(t, i + 3) & ~word(u, j + 3)) === 0;
}

const swap32 = (x: number): number => (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);
const swap16 = (x: number): number => ((x & 0xff) << 8) | ((x >>> 8) & 0xff);

/** Swaps the low bytes; what is above them becomes 0. @param bits 16, 32 or 64 */
export function tnumByteSwap(t: Int32Array, i: number, bits: number): void {
  for (let at = i; at < i + TNUM_WORDS; at += 2) {
    const lo = word(t, at);
    const hi = word(t, at + 1);
    t[at] = bits === 16 ? swap16(lo) : swap32(bits === 32 ? lo : hi);
    t[at + 1] = bits === 64 ? swap32(lo) : 0;
  }
}

const largest = new Int32Array(2);

/**
 * out = the smallest value of t greater than z; t's smallest if z is below it, its largest if there is none greater.
 * `out` may be where z is.
 */
export function tnumNext(out: Int32Array, o: number, t: Int32Array, i: number, w: Int32Array, z: number): void {
  largest[0] = word(t, i) | word(t, i + 2);
  largest[1] = word(t, i + 1) | word(t, i + 3);
  if (!lessU(w, z, largest, 0)) {
    copy64(out, o, largest, 0);
    return;
  }
  if (lessU(w, z, t, i)) {
    copy64(out, o, t, i);
    return;
  }
  // Fill the known bits with ones between the free ones, so that adding one to the free bits carries through them.
  const zLo = word(w, z);
  const zHi = word(w, z + 1);
  const nearestLo = word(t, i) | (zLo & word(t, i + 2));
  const nearestHi = word(t, i + 1) | (zHi & word(t, i + 3));
  const wrongHi = zHi ^ nearestHi;
  const wrongLo = zLo ^ nearestLo;
  // Above the highest known bit that z has wrong, free bits are as in z; from there down all is free to choose.
  let keepLo = -1;
  let keepHi = -1;
  if (wrongHi !== 0) {
    keepLo = 0;
    keepHi = ~(-1 >>> Math.clz32(wrongHi));
  } else if (wrongLo !== 0) keepLo = ~(-1 >>> Math.clz32(wrongLo));
  const freeLo = word(t, i + 2) & keepLo;
  const freeHi = word(t, i + 3) & keepHi;
  const above = nearestHi >>> 0 > zHi >>> 0 || (nearestHi === zHi && nearestLo >>> 0 > zLo >>> 0);
  let lo = zLo & freeLo;
  let hi = zHi & freeHi;
  if (!above) {
    // The nearest is z or below it: count one up in the free bits that are kept.
    const sum = (lo >>> 0) + (~freeLo >>> 0) + 1;
    const carry = sum > 0xffff_ffff ? 1 : 0;
    lo = sum & freeLo;
    hi = (hi + ~freeHi + carry) & freeHi;
  }
  out[o] = word(t, i) | lo;
  out[o + 1] = word(t, i + 1) | hi;
}
