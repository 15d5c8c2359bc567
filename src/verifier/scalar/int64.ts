/**
 * 64-bit integers in place: two words of an Int32Array, low word first. Values are named by the pair (words, offset);
 * results are written, flags returned, nothing is allocated.
 * Leaves what the values mean to the other files of the room.
 */

export const word = (w: Int32Array, i: number): number => w[i] as number; // callers stay within their arrays
export const uword = (w: Int32Array, i: number): number => (w[i] as number) >>> 0; // likewise

/** Flags of an addition or subtraction: the unsigned result wrapped; the signed one did. */
export const CARRY = 1;
export const OVERFLOW = 2;

export function set64(w: Int32Array, i: number, lo: number, hi: number): void {
  w[i] = lo;
  w[i + 1] = hi;
}

export function copy64(w: Int32Array, i: number, v: Int32Array, j: number): void {
  w[i] = word(v, j);
  w[i + 1] = word(v, j + 1);
}

export const equal64 = (w: Int32Array, i: number, v: Int32Array, j: number): boolean =>
  w[i] === v[j] && w[i + 1] === v[j + 1];

export const isZero64 = (w: Int32Array, i: number): boolean => (word(w, i) | word(w, i + 1)) === 0;

export const is64 = (w: Int32Array, i: number, lo: number, hi: number): boolean => w[i] === lo && w[i + 1] === hi;

/** a < b, unsigned. */
export function lessU(w: Int32Array, i: number, v: Int32Array, j: number): boolean {
  const a = uword(w, i + 1);
  const b = uword(v, j + 1);
  return a < b || (a === b && uword(w, i) < uword(v, j));
}

/** a < b, signed. */
export function lessS(w: Int32Array, i: number, v: Int32Array, j: number): boolean {
  const a = word(w, i + 1);
  const b = word(v, j + 1);
  return a < b || (a === b && uword(w, i) < uword(v, j));
}

/** a = max(a, b), unsigned. */
export function raiseU(w: Int32Array, i: number, v: Int32Array, j: number): void {
  if (lessU(w, i, v, j)) copy64(w, i, v, j);
}

/** a = min(a, b), unsigned. */
export function lowerU(w: Int32Array, i: number, v: Int32Array, j: number): void {
  if (lessU(v, j, w, i)) copy64(w, i, v, j);
}

/** a = max(a, b), signed. */
export function raiseS(w: Int32Array, i: number, v: Int32Array, j: number): void {
  if (lessS(w, i, v, j)) copy64(w, i, v, j);
}

/** a = min(a, b), signed. */
export function lowerS(w: Int32Array, i: number, v: Int32Array, j: number): void {
  if (lessS(v, j, w, i)) copy64(w, i, v, j);
}

/** out = a + b. @returns CARRY and OVERFLOW flags */
export function add64(out: Int32Array, o: number, w: Int32Array, i: number, v: Int32Array, j: number): number {
  const a = word(w, i + 1);
  const b = word(v, j + 1);
  const lo = uword(w, i) + uword(v, j);
  const hi = (a >>> 0) + (b >>> 0) + (lo > 0xffff_ffff ? 1 : 0);
  const sum = hi | 0;
  out[o] = lo | 0;
  out[o + 1] = sum;
  return (hi > 0xffff_ffff ? CARRY : 0) | (((a ^ sum) & (b ^ sum)) < 0 ? OVERFLOW : 0);
}

/** out = a - b. @returns CARRY (a borrow) and OVERFLOW flags */
export function sub64(out: Int32Array, o: number, w: Int32Array, i: number, v: Int32Array, j: number): number {
  const a = word(w, i + 1);
  const b = word(v, j + 1);
  const lo = uword(w, i) - uword(v, j);
  const hi = (a >>> 0) - (b >>> 0) - (lo < 0 ? 1 : 0);
  const difference = hi | 0;
  out[o] = lo | 0;
  out[o + 1] = difference;
  return (hi < 0 ? CARRY : 0) | (((a ^ b) & (a ^ difference)) < 0 ? OVERFLOW : 0);
}

/** a <<= bits, 0 to 63. */
export function shiftLeft64(w: Int32Array, i: number, bits: number): void {
  const lo = word(w, i);
  if (bits >= 32) {
    w[i] = 0;
    w[i + 1] = lo << (bits - 32);
  } else if (bits !== 0) {
    w[i] = lo << bits;
    w[i + 1] = (word(w, i + 1) << bits) | (lo >>> (32 - bits));
  }
}

/** a >>= bits, 0 to 63, zeros coming in. */
export function shiftRight64(w: Int32Array, i: number, bits: number): void {
  const hi = word(w, i + 1);
  if (bits >= 32) {
    w[i] = hi >>> (bits - 32);
    w[i + 1] = 0;
  } else if (bits !== 0) {
    w[i] = (word(w, i) >>> bits) | (hi << (32 - bits));
    w[i + 1] = hi >>> bits;
  }
}

/** a >>= bits, 0 to 63, the sign coming in. */
export function shiftRightSigned64(w: Int32Array, i: number, bits: number): void {
  const hi = word(w, i + 1);
  if (bits >= 32) {
    w[i] = hi >> (bits - 32);
    w[i + 1] = hi >> 31;
  } else if (bits !== 0) {
    w[i] = (word(w, i) >>> bits) | (hi << (32 - bits));
    w[i + 1] = hi >> bits;
  }
}

function negate64(w: Int32Array, i: number): void {
  const lo = -word(w, i) | 0;
  w[i + 1] = ~word(w, i + 1) + (lo === 0 ? 1 : 0);
  w[i] = lo;
}

/** Upper half of the product of two 32-bit numbers, unsigned. */
function multiplyHigh32(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const rest = aLow * bHigh + (middle % 0x1_0000);
  return aHigh * bHigh + Math.floor(middle / 0x1_0000) + Math.floor(rest / 0x1_0000);
}

/** a *= b, keeping the low 64 bits. */
export function multiplyLow64(w: Int32Array, i: number, v: Int32Array, j: number): void {
  const aLow = word(w, i);
  const bLow = word(v, j);
  const cross = Math.imul(word(w, i + 1), bLow) + Math.imul(aLow, word(v, j + 1));
  w[i] = Math.imul(aLow, bLow);
  w[i + 1] = (multiplyHigh32(aLow >>> 0, bLow >>> 0) + cross) | 0;
}

/** out = a * b, unsigned. @returns whether it does not fit; out then holds no meaningful value */
export function multiplyU64(out: Int32Array, o: number, w: Int32Array, i: number, v: Int32Array, j: number): boolean {
  const aLow = uword(w, i);
  const aHigh = uword(w, i + 1);
  const bLow = uword(v, j);
  const bHigh = uword(v, j + 1);
  if (aHigh !== 0 && bHigh !== 0) return true;
  // One of these products is 0. The other is exact, or so large that rounding does not matter.
  const high = aHigh * bLow + aLow * bHigh + multiplyHigh32(aLow, bLow);
  out[o] = Math.imul(aLow, bLow);
  out[o + 1] = high | 0;
  return high > 0xffff_ffff;
}

const magnitudes = new Int32Array(4);

/** out = a * b, signed. @returns whether it does not fit; out then holds no meaningful value */
export function multiplyS64(out: Int32Array, o: number, w: Int32Array, i: number, v: Int32Array, j: number): boolean {
  const negative = (word(w, i + 1) ^ word(v, j + 1)) < 0;
  copy64(magnitudes, 0, w, i);
  copy64(magnitudes, 2, v, j);
  if (word(magnitudes, 1) < 0) negate64(magnitudes, 0);
  if (word(magnitudes, 3) < 0) negate64(magnitudes, 2);
  if (multiplyU64(out, o, magnitudes, 0, magnitudes, 2)) return true;
  if (negative) {
    if (word(out, o + 1) < 0 && !is64(out, o, 0, -0x8000_0000)) return true;
    negate64(out, o);
    return false;
  }
  return word(out, o + 1) < 0;
}
