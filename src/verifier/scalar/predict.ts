/**
 * Whether a conditional jump is always or never taken, by what is known of its operands.
 * After is_branch_taken() of kernel/bpf/verifier.c (Linux 6.18).
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
} from '../../isa/index.ts';
import { isTrusted } from '../memory/index.ts';
import { MASK, RANGE, S32MAX, S32MIN, SMAX, SMIN, TYPE, U32MAX, U32MIN, UMAX, UMIN, VALUE } from '../register.ts';
import {
  baseType,
  CONST_PTR_TO_MAP,
  mayBeNull,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_UNTRUSTED,
  SCALAR_VALUE,
} from '../register-types.ts';
import { equal64, lessS, lessU, uword, word } from './int64.ts';
import { tnumIsConst, tnumOverlap } from './tnum.ts';
import { isConst, isConst32 } from './values.ts';

export const NEVER = 0;
export const ALWAYS = 1;
export const UNKNOWN = -1;
export type Prediction = typeof NEVER | typeof ALWAYS | typeof UNKNOWN;

/** RANGE of packet pointers that a comparison found at the end, or behind it. */
export const AT_PACKET_END = -1;
export const BEYOND_PACKET_END = -2;

/** `a op b` as `b op' a`. */
export function flipped(op: number): number {
  switch (op) {
    case BPF_JGE:
      return BPF_JLE;
    case BPF_JGT:
      return BPF_JLT;
    case BPF_JLE:
      return BPF_JGE;
    case BPF_JLT:
      return BPF_JGT;
    case BPF_JSGE:
      return BPF_JSLE;
    case BPF_JSGT:
      return BPF_JSLT;
    case BPF_JSLE:
      return BPF_JSGE;
    case BPF_JSLT:
      return BPF_JSGT;
    default:
      return op;
  }
}

/** @param narrow whether low halves are compared */
export function predict(op: number, narrow: boolean, w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  const aType = word(w, a + TYPE);
  const bType = word(v, b + TYPE);
  if (aType === SCALAR_VALUE && bType === SCALAR_VALUE) return predictScalars(op, narrow, w, a, v, b);
  if (!narrow && isPacketAny(aType) && isPacketAny(bType)) return predictPacket(op, w, a, v, b);
  // A pointer that is not NULL differs from 0.
  const known = narrow ? isConst32 : isConst;
  const swap = !known(v, b);
  const constant = swap ? w : v;
  const c = swap ? a : b;
  if (!known(constant, c) || !isNotNull(swap ? v : w, swap ? b : a)) return UNKNOWN;
  if (word(constant, c + VALUE) !== 0 || (!narrow && word(constant, c + VALUE + 1) !== 0)) return UNKNOWN;
  if (op === BPF_JEQ) return NEVER;
  return op === BPF_JNE ? ALWAYS : UNKNOWN;
}

const isPacketAny = (type: number): boolean =>
  baseType(type) === PTR_TO_PACKET || baseType(type) === PTR_TO_PACKET_META || type === PTR_TO_PACKET_END;

/** What a pointer may have been compared with the end before tells how it compares now. */
function predictPacket(op: number, w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  let range: number;
  if (v[b + TYPE] === PTR_TO_PACKET_END) range = word(w, a + RANGE);
  else if (w[a + TYPE] === PTR_TO_PACKET_END) {
    range = word(v, b + RANGE);
    op = flipped(op);
  } else return UNKNOWN;
  if (range >= 0) return UNKNOWN;
  if (op === BPF_JLE || op === BPF_JGT) {
    if (range !== BEYOND_PACKET_END) return UNKNOWN;
    return op === BPF_JGT ? ALWAYS : NEVER;
  }
  if (op === BPF_JLT || op === BPF_JGE) return op === BPF_JGE ? ALWAYS : NEVER;
  return UNKNOWN;
}

function isNotNull(w: Int32Array, r: number): boolean {
  const type = word(w, r + TYPE);
  if (mayBeNull(type)) return false;
  switch (baseType(type)) {
    case PTR_TO_SOCKET:
    case PTR_TO_TCP_SOCK:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MAP_KEY:
    case PTR_TO_SOCK_COMMON:
    case CONST_PTR_TO_MAP:
      return true;
    case PTR_TO_MEM:
      return (type & PTR_UNTRUSTED) === 0;
    case PTR_TO_BTF_ID:
      return isTrusted(w, r);
    default:
      return false;
  }
}

function predictScalars(op: number, narrow: boolean, w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  switch (op) {
    case BPF_JEQ:
      return narrow ? equal32(w, a, v, b) : equal(w, a, v, b);
    case BPF_JNE: {
      const same = narrow ? equal32(w, a, v, b) : equal(w, a, v, b);
      if (same === UNKNOWN) return UNKNOWN;
      return same === ALWAYS ? NEVER : ALWAYS;
    }
    case BPF_JSET:
      return anyBitSet(narrow, w, a, v, b);
    case BPF_JLT:
      return narrow ? lessU32(w, a, v, b) : lessUnsigned(w, a, v, b);
    case BPF_JGT:
      return narrow ? lessU32(v, b, w, a) : lessUnsigned(v, b, w, a);
    case BPF_JLE:
      return narrow ? lessEqualU32(w, a, v, b) : lessEqualUnsigned(w, a, v, b);
    case BPF_JGE:
      return narrow ? lessEqualU32(v, b, w, a) : lessEqualUnsigned(v, b, w, a);
    case BPF_JSLT:
      return narrow ? lessS32(w, a, v, b) : lessSigned(w, a, v, b);
    case BPF_JSGT:
      return narrow ? lessS32(v, b, w, a) : lessSigned(v, b, w, a);
    case BPF_JSLE:
      return narrow ? lessEqualS32(w, a, v, b) : lessEqualSigned(w, a, v, b);
    case BPF_JSGE:
      return narrow ? lessEqualS32(v, b, w, a) : lessEqualSigned(v, b, w, a);
    default:
      return UNKNOWN;
  }
}

/** Whether the ranges of the low halves have nothing in common. */
const apart32 = (w: Int32Array, a: number, v: Int32Array, b: number): boolean =>
  uword(w, a + U32MIN) > uword(v, b + U32MAX) ||
  uword(w, a + U32MAX) < uword(v, b + U32MIN) ||
  word(w, a + S32MIN) > word(v, b + S32MAX) ||
  word(w, a + S32MAX) < word(v, b + S32MIN);

function equal32(w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  if (w[a + MASK] === 0 && v[b + MASK] === 0) return w[a + VALUE] === v[b + VALUE] ? ALWAYS : NEVER;
  return tnumOverlap(w, a + VALUE, v, b + VALUE, 1) && !apart32(w, a, v, b) ? UNKNOWN : NEVER;
}

function equal(w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  if (tnumIsConst(w, a + VALUE) && tnumIsConst(v, b + VALUE))
    return equal64(w, a + VALUE, v, b + VALUE) ? ALWAYS : NEVER;
  const apart =
    !tnumOverlap(w, a + VALUE, v, b + VALUE, 2) ||
    lessU(v, b + UMAX, w, a + UMIN) ||
    lessU(w, a + UMAX, v, b + UMIN) ||
    lessS(v, b + SMAX, w, a + SMIN) ||
    lessS(w, a + SMAX, v, b + SMIN) ||
    apart32(w, a, v, b);
  return apart ? NEVER : UNKNOWN;
}

/** `a & b`, of which one has to be a constant. */
function anyBitSet(narrow: boolean, w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  const known = narrow ? isConst32 : isConst;
  const swap = !known(v, b);
  const constant = swap ? w : v;
  const c = (swap ? a : b) + VALUE;
  const other = swap ? v : w;
  const o = (swap ? b : a) + VALUE;
  if (!known(constant, c - VALUE)) return UNKNOWN;
  const bitsLo = word(constant, c);
  const bitsHi = narrow ? 0 : word(constant, c + 1);
  if (((word(other, o) & bitsLo) | (word(other, o + 1) & bitsHi)) !== 0) return ALWAYS;
  const possible =
    ((word(other, o) | word(other, o + 2)) & bitsLo) | ((word(other, o + 1) | word(other, o + 3)) & bitsHi);
  return possible === 0 ? NEVER : UNKNOWN;
}

function lessUnsigned(w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  if (lessU(w, a + UMAX, v, b + UMIN)) return ALWAYS;
  return lessU(w, a + UMIN, v, b + UMAX) ? UNKNOWN : NEVER;
}

function lessEqualUnsigned(w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  if (!lessU(v, b + UMIN, w, a + UMAX)) return ALWAYS;
  return lessU(v, b + UMAX, w, a + UMIN) ? NEVER : UNKNOWN;
}

function lessSigned(w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  if (lessS(w, a + SMAX, v, b + SMIN)) return ALWAYS;
  return lessS(w, a + SMIN, v, b + SMAX) ? UNKNOWN : NEVER;
}

function lessEqualSigned(w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  if (!lessS(v, b + SMIN, w, a + SMAX)) return ALWAYS;
  return lessS(v, b + SMAX, w, a + SMIN) ? NEVER : UNKNOWN;
}

function lessU32(w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  if (uword(w, a + U32MAX) < uword(v, b + U32MIN)) return ALWAYS;
  return uword(w, a + U32MIN) < uword(v, b + U32MAX) ? UNKNOWN : NEVER;
}

function lessEqualU32(w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  if (uword(w, a + U32MAX) <= uword(v, b + U32MIN)) return ALWAYS;
  return uword(w, a + U32MIN) > uword(v, b + U32MAX) ? NEVER : UNKNOWN;
}

function lessS32(w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  if (word(w, a + S32MAX) < word(v, b + S32MIN)) return ALWAYS;
  return word(w, a + S32MIN) < word(v, b + S32MAX) ? UNKNOWN : NEVER;
}

function lessEqualS32(w: Int32Array, a: number, v: Int32Array, b: number): Prediction {
  if (word(w, a + S32MAX) <= word(v, b + S32MIN)) return ALWAYS;
  return word(w, a + S32MIN) > word(v, b + S32MAX) ? NEVER : UNKNOWN;
}
