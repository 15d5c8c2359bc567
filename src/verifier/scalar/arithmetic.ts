/**
 * Ranges and bits of sums, differences and products. Each function changes d in place to what `d op s` may be; d and s
 * are different records. A sync has to follow.
 *
 * Facts: scalar_min_max_add/sub/mul of Linux 6.18. Where every result wraps, or none does, a wrapped range is a range.
 */
import { S32MAX, S32MIN, SMAX, SMIN, U32MAX, U32MIN, UMAX, UMIN, VALUE } from '../register.ts';
import { add64, CARRY, copy64, lessS, multiplyS64, multiplyU64, OVERFLOW, sub64, uword, word } from './int64.ts';
import { tnumAdd, tnumMultiply, tnumSub } from './tnum.ts';
import { S32_MAX, S32_MIN, unboundSigned32, unboundSigned64, unboundUnsigned32, unboundUnsigned64 } from './values.ts';

const fitsS32 = (x: number): boolean => x === (x | 0);
const fitsU32 = (x: number): boolean => x >= 0 && x <= 0xffff_ffff;

export function addScalar(w: Int32Array, d: number, v: Int32Array, s: number): void {
  const smin = word(w, d + S32MIN) + word(v, s + S32MIN);
  const smax = word(w, d + S32MAX) + word(v, s + S32MAX);
  if (fitsS32(smin) && fitsS32(smax)) {
    w[d + S32MIN] = smin;
    w[d + S32MAX] = smax;
  } else unboundSigned32(w, d);
  const umin = uword(w, d + U32MIN) + uword(v, s + U32MIN);
  const umax = uword(w, d + U32MAX) + uword(v, s + U32MAX);
  if (fitsU32(umin) && !fitsU32(umax)) unboundUnsigned32(w, d);
  else {
    w[d + U32MIN] = umin;
    w[d + U32MAX] = umax;
  }

  const least = add64(w, d + SMIN, w, d + SMIN, v, s + SMIN);
  const most = add64(w, d + SMAX, w, d + SMAX, v, s + SMAX);
  if (((least | most) & OVERFLOW) !== 0) unboundSigned64(w, d);
  const leastU = add64(w, d + UMIN, w, d + UMIN, v, s + UMIN);
  const mostU = add64(w, d + UMAX, w, d + UMAX, v, s + UMAX);
  if ((leastU & CARRY) === 0 && (mostU & CARRY) !== 0) unboundUnsigned64(w, d);

  tnumAdd(w, d + VALUE, v, s + VALUE);
}

export function subtractScalar(w: Int32Array, d: number, v: Int32Array, s: number): void {
  const smin = word(w, d + S32MIN) - word(v, s + S32MAX);
  const smax = word(w, d + S32MAX) - word(v, s + S32MIN);
  if (fitsS32(smin) && fitsS32(smax)) {
    w[d + S32MIN] = smin;
    w[d + S32MAX] = smax;
  } else unboundSigned32(w, d);
  const umin = uword(w, d + U32MIN) - uword(v, s + U32MAX);
  const umax = uword(w, d + U32MAX) - uword(v, s + U32MIN);
  if (!fitsU32(umin) && fitsU32(umax)) unboundUnsigned32(w, d);
  else {
    w[d + U32MIN] = umin;
    w[d + U32MAX] = umax;
  }

  const least = sub64(w, d + SMIN, w, d + SMIN, v, s + SMAX);
  const most = sub64(w, d + SMAX, w, d + SMAX, v, s + SMIN);
  if (((least | most) & OVERFLOW) !== 0) unboundSigned64(w, d);
  const leastU = sub64(w, d + UMIN, w, d + UMIN, v, s + UMAX);
  const mostU = sub64(w, d + UMAX, w, d + UMAX, v, s + UMIN);
  if ((leastU & CARRY) !== 0 && (mostU & CARRY) === 0) unboundUnsigned64(w, d);

  tnumSub(w, d + VALUE, v, s + VALUE);
}

const product = new Int32Array(2);
const least = new Int32Array(2);
const most = new Int32Array(2);

export function multiplyScalar(w: Int32Array, d: number, v: Int32Array, s: number): void {
  tnumMultiply(w, d + VALUE, v, s + VALUE);
  multiplyUnsigned32(w, d, v, s);
  multiplySigned32(w, d, v, s);
  const most = multiplyU64(w, d + UMAX, w, d + UMAX, v, s + UMAX);
  const least = multiplyU64(w, d + UMIN, w, d + UMIN, v, s + UMIN);
  if (most || least) unboundUnsigned64(w, d);
  multiplySigned64(w, d, v, s);
}

function multiplyUnsigned32(w: Int32Array, d: number, v: Int32Array, s: number): void {
  // Beyond 2^53 products are rounded, but far beyond 32 bits anyway.
  const most = uword(w, d + U32MAX) * uword(v, s + U32MAX);
  const least = uword(w, d + U32MIN) * uword(v, s + U32MIN);
  if (fitsU32(most) && fitsU32(least)) {
    w[d + U32MIN] = least;
    w[d + U32MAX] = most;
  } else unboundUnsigned32(w, d);
}

function multiplySigned32(w: Int32Array, d: number, v: Int32Array, s: number): void {
  const dMin = word(w, d + S32MIN);
  const dMax = word(w, d + S32MAX);
  const sMin = word(v, s + S32MIN);
  const sMax = word(v, s + S32MAX);
  const a = dMin * sMin;
  const b = dMin * sMax;
  const c = dMax * sMin;
  const e = dMax * sMax;
  const min = Math.min(a, b, c, e);
  const max = Math.max(a, b, c, e);
  if (min >= S32_MIN && max <= S32_MAX) {
    w[d + S32MIN] = min;
    w[d + S32MAX] = max;
  } else unboundSigned32(w, d);
}

/** The ends of the product are among the products of the ends. */
function multiplySigned64(w: Int32Array, d: number, v: Int32Array, s: number): void {
  for (let corner = 0; corner < 4; corner++) {
    const from = d + (corner < 2 ? SMIN : SMAX);
    const by = s + ((corner & 1) === 0 ? SMIN : SMAX);
    if (multiplyS64(product, 0, w, from, v, by)) {
      unboundSigned64(w, d);
      return;
    }
    if (corner === 0 || lessS(product, 0, least, 0)) copy64(least, 0, product, 0);
    if (corner === 0 || lessS(most, 0, product, 0)) copy64(most, 0, product, 0);
  }
  copy64(w, d + SMIN, least, 0);
  copy64(w, d + SMAX, most, 0);
}
