/**
 * What a comparison that holds tells of its operands, if both are scalars. A sync has to follow.
 *
 * Operands may be one register (`if r1 < r1`): reads and writes come in the kernel's order, as what contradicts itself
 * then has to do so in the same way.
 * After regs_refine_cond_op() of kernel/bpf/verifier.c (Linux 6.18).
 */
import {
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
  BPF_X,
} from '../../isa/index.ts';
import { MASK, S32MAX, S32MIN, SMAX, SMIN, U32MAX, U32MIN, UMAX, UMIN, VALUE } from '../register.ts';
import { copy64, is64, lowerS, lowerU, raiseS, raiseU, set64, uword, word } from './int64.ts';
import { flipped } from './predict.ts';
import { tnumCopy, tnumIntersect } from './tnum.ts';
import { isConst, isConst32, setUnboundedRanges } from './values.ts';

/** No bit of the mask is set: the opposite of JSET, for which there is no instruction. */
const NOT_JSET = BPF_JSET | BPF_X;

/** The comparison that holds where `op` does not. */
export function negated(op: number): number {
  switch (op) {
    case BPF_JEQ:
      return BPF_JNE;
    case BPF_JNE:
      return BPF_JEQ;
    case BPF_JSET:
      return NOT_JSET;
    case BPF_JGE:
      return BPF_JLT;
    case BPF_JGT:
      return BPF_JLE;
    case BPF_JLE:
      return BPF_JGT;
    case BPF_JLT:
      return BPF_JGE;
    case BPF_JSGE:
      return BPF_JSLT;
    case BPF_JSGT:
      return BPF_JSLE;
    case BPF_JSLE:
      return BPF_JSGT;
    case BPF_JSLT:
      return BPF_JSGE;
    default:
      return 0;
  }
}

/** `a op b` holds. @param narrow whether low halves are compared */
export function refine(op: number, narrow: boolean, w: Int32Array, a: number, v: Int32Array, b: number): void {
  switch (op) {
    case BPF_JGE:
    case BPF_JGT:
    case BPF_JSGE:
    case BPF_JSGT:
      refine(flipped(op), narrow, v, b, w, a);
      return;
    case BPF_JEQ:
      if (narrow) refineEqual32(w, a, v, b);
      else refineEqual64(w, a, v, b);
      return;
    case BPF_JNE:
    case BPF_JSET:
    case NOT_JSET: {
      const known = narrow ? isConst32 : isConst;
      if (known(v, b)) refineByConstant(op, narrow, w, a, word(v, b + VALUE), word(v, b + VALUE + 1));
      else if (known(w, a)) refineByConstant(op, narrow, v, b, word(w, a + VALUE), word(w, a + VALUE + 1));
      return;
    }
    default:
      if (narrow) refineOrder32(op, w, a, v, b);
      else refineOrder64(op, w, a, v, b);
  }
}

function refineEqual32(w: Int32Array, a: number, v: Int32Array, b: number): void {
  if (uword(v, b + U32MIN) > uword(w, a + U32MIN)) w[a + U32MIN] = word(v, b + U32MIN);
  if (uword(v, b + U32MAX) < uword(w, a + U32MAX)) w[a + U32MAX] = word(v, b + U32MAX);
  if (word(v, b + S32MIN) > word(w, a + S32MIN)) w[a + S32MIN] = word(v, b + S32MIN);
  if (word(v, b + S32MAX) < word(w, a + S32MAX)) w[a + S32MAX] = word(v, b + S32MAX);
  for (let i = S32MIN; i <= U32MAX; i++) v[b + i] = word(w, a + i);
  const mask = word(w, a + MASK) & word(v, b + MASK);
  const value = (word(w, a + VALUE) | word(v, b + VALUE)) & ~mask;
  w[a + VALUE] = value;
  w[a + MASK] = mask;
  v[b + VALUE] = value;
  v[b + MASK] = mask;
}

function refineEqual64(w: Int32Array, a: number, v: Int32Array, b: number): void {
  raiseU(w, a + UMIN, v, b + UMIN);
  lowerU(w, a + UMAX, v, b + UMAX);
  raiseS(w, a + SMIN, v, b + SMIN);
  lowerS(w, a + SMAX, v, b + SMAX);
  copy64(v, b + UMIN, w, a + UMIN);
  copy64(v, b + UMAX, w, a + UMAX);
  copy64(v, b + SMIN, w, a + SMIN);
  copy64(v, b + SMAX, w, a + SMAX);
  tnumIntersect(w, a + VALUE, v, b + VALUE);
  tnumCopy(v, b + VALUE, w, a + VALUE);
}

const moved = new Int32Array(2);

/** out = value + 1, wrapping. */
function increment(out: Int32Array, o: number, w: Int32Array, i: number): void {
  const lo = (word(w, i) + 1) | 0;
  const hi = word(w, i + 1) + (lo === 0 ? 1 : 0);
  set64(out, o, lo, hi);
}

/** out = value - 1, wrapping. */
function decrement(out: Int32Array, o: number, w: Int32Array, i: number): void {
  const lo = word(w, i);
  const hi = word(w, i + 1) - (lo === 0 ? 1 : 0);
  set64(out, o, lo - 1, hi);
}

function refineByConstant(op: number, narrow: boolean, w: Int32Array, r: number, lo: number, hi: number): void {
  if (op === BPF_JNE) {
    // A constant at an end of a range moves it.
    if (narrow) {
      if (w[r + U32MIN] === lo) w[r + U32MIN] = lo + 1;
      if (w[r + U32MAX] === lo) w[r + U32MAX] = lo - 1;
      if (w[r + S32MIN] === lo) w[r + S32MIN] = lo + 1;
      if (w[r + S32MAX] === lo) w[r + S32MAX] = lo - 1;
    } else {
      if (is64(w, r + UMIN, lo, hi)) increment(w, r + UMIN, w, r + UMIN);
      if (is64(w, r + UMAX, lo, hi)) decrement(w, r + UMAX, w, r + UMAX);
      if (is64(w, r + SMIN, lo, hi)) increment(w, r + SMIN, w, r + SMIN);
      if (is64(w, r + SMAX, lo, hi)) decrement(w, r + SMAX, w, r + SMAX);
    }
    return;
  }
  const bitsHi = narrow ? 0 : hi;
  if (op === BPF_JSET) {
    // Of several bits it is not known which is set.
    if (isPowerOfTwo(lo, bitsHi)) setBits(w, r, lo, bitsHi);
    return;
  }
  setUnboundedRanges(w, r);
  w[r + VALUE] = word(w, r + VALUE) & ~lo;
  w[r + MASK] = word(w, r + MASK) & ~lo;
  w[r + VALUE + 1] = word(w, r + VALUE + 1) & ~bitsHi;
  w[r + MASK + 1] = word(w, r + MASK + 1) & ~bitsHi;
}

function isPowerOfTwo(lo: number, hi: number): boolean {
  if (hi === 0) return lo !== 0 && (lo & (lo - 1)) === 0;
  return lo === 0 && (hi & (hi - 1)) === 0;
}

function setBits(w: Int32Array, r: number, lo: number, hi: number): void {
  w[r + VALUE] = word(w, r + VALUE) | lo;
  w[r + MASK] = word(w, r + MASK) & ~lo;
  w[r + VALUE + 1] = word(w, r + VALUE + 1) | hi;
  w[r + MASK + 1] = word(w, r + MASK + 1) & ~hi;
}

function refineOrder32(op: number, w: Int32Array, a: number, v: Int32Array, b: number): void {
  const strict = op === BPF_JLT || op === BPF_JSLT ? 1 : 0;
  if (op === BPF_JLE || op === BPF_JLT) {
    const max = (word(v, b + U32MAX) - strict) >>> 0;
    if (max < uword(w, a + U32MAX)) w[a + U32MAX] = max;
    const min = (word(w, a + U32MIN) + strict) >>> 0;
    if (min > uword(v, b + U32MIN)) v[b + U32MIN] = min;
  } else if (op === BPF_JSLE || op === BPF_JSLT) {
    const max = (word(v, b + S32MAX) - strict) | 0;
    if (max < word(w, a + S32MAX)) w[a + S32MAX] = max;
    const min = (word(w, a + S32MIN) + strict) | 0;
    if (min > word(v, b + S32MIN)) v[b + S32MIN] = min;
  }
}

function refineOrder64(op: number, w: Int32Array, a: number, v: Int32Array, b: number): void {
  switch (op) {
    case BPF_JLE:
      lowerU(w, a + UMAX, v, b + UMAX);
      raiseU(v, b + UMIN, w, a + UMIN);
      break;
    case BPF_JLT:
      decrement(moved, 0, v, b + UMAX);
      lowerU(w, a + UMAX, moved, 0);
      increment(moved, 0, w, a + UMIN);
      raiseU(v, b + UMIN, moved, 0);
      break;
    case BPF_JSLE:
      lowerS(w, a + SMAX, v, b + SMAX);
      raiseS(v, b + SMIN, w, a + SMIN);
      break;
    case BPF_JSLT:
      decrement(moved, 0, v, b + SMAX);
      lowerS(w, a + SMAX, moved, 0);
      increment(moved, 0, w, a + SMIN);
      raiseS(v, b + SMIN, moved, 0);
      break;
  }
}
