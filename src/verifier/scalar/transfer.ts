/**
 * What an arithmetic instruction makes of two scalars: scalarAlu(). Divisions by anything, and shifts by an unknown
 * amount, give an unknown scalar, as in Linux 6.18.
 * After adjust_scalar_min_max_vals() in kernel/bpf/verifier.c.
 */
import {
  BPF_ADD,
  BPF_ALU64,
  BPF_AND,
  BPF_ARSH,
  BPF_CLASS,
  BPF_END,
  BPF_LSH,
  BPF_MUL,
  BPF_NEG,
  BPF_OP,
  BPF_OR,
  BPF_RSH,
  BPF_SRC,
  BPF_SUB,
  BPF_TO_BE,
  BPF_XOR,
} from '../../isa/index.ts';
import { MASK, REG_WORDS, S32MAX, S32MIN, SMAX, SMIN, U32MAX, U32MIN, UMAX, UMIN, VALUE } from '../register.ts';
import { addScalar, multiplyScalar, subtractScalar } from './arithmetic.ts';
import { andScalar, orScalar, xorScalar } from './bitwise.ts';
import { syncBounds } from './bounds.ts';
import { equal64, word } from './int64.ts';
import { truncateTo, zeroExtend32 } from './narrow.ts';
import { shiftLeft, shiftLeftLow, shiftRight, shiftRightLow, shiftRightSigned, shiftRightSignedLow } from './shifts.ts';
import { tnumByteSwap, tnumCopy, tnumNegate } from './tnum.ts';
import { markKnown, markUnknown, setUnboundedRanges } from './values.ts';

const negated = new Int32Array(REG_WORDS);

/**
 * d = d op s, for scalars.
 * @param code of the instruction
 * @param imm of the instruction: the width of byte swaps
 * @param s a record other than d; not used by negation and byte swaps
 */
export function scalarAlu(code: number, imm: number, w: Int32Array, d: number, v: Int32Array, s: number): void {
  const narrow = BPF_CLASS(code) !== BPF_ALU64;
  const op = BPF_OP(code);
  switch (op) {
    case BPF_ADD:
      addScalar(w, d, v, s);
      break;
    case BPF_SUB:
      subtractScalar(w, d, v, s);
      break;
    case BPF_NEG:
      for (let i = VALUE; i <= U32MAX; i++) negated[i] = word(w, d + i);
      markKnown(w, d, 0, 0);
      subtractScalar(w, d, negated, 0);
      tnumCopy(w, d + VALUE, negated, VALUE);
      tnumNegate(w, d + VALUE);
      break;
    case BPF_MUL:
      multiplyScalar(w, d, v, s);
      break;
    case BPF_AND:
      andScalar(w, d, v, s);
      break;
    case BPF_OR:
      orScalar(w, d, v, s);
      break;
    case BPF_XOR:
      xorScalar(w, d, v, s);
      break;
    case BPF_LSH:
    case BPF_RSH:
    case BPF_ARSH: {
      const amount = shiftAmount(narrow, v, s);
      if (amount < 0) {
        markUnknown(w, d);
        return;
      }
      shift(op, narrow, w, d, amount);
      break;
    }
    case BPF_END:
      swapBytes(code, imm, w, d);
      syncBounds(w, d);
      return;
    default:
      markUnknown(w, d);
      return;
  }
  if (narrow) zeroExtend32(w, d);
  syncBounds(w, d);
}

/** -1 if it is not known, or not less than the width. */
function shiftAmount(narrow: boolean, v: Int32Array, s: number): number {
  const amount = word(v, s + VALUE);
  if (narrow) {
    const known = word(v, s + MASK) === 0 && v[s + S32MIN] === v[s + S32MAX] && v[s + U32MIN] === v[s + U32MAX];
    return known && v[s + UMAX + 1] === 0 && word(v, s + UMAX) >>> 0 < 32 ? amount : -1;
  }
  const known =
    (word(v, s + MASK) | word(v, s + MASK + 1)) === 0 &&
    equal64(v, s + SMIN, v, s + SMAX) &&
    equal64(v, s + UMIN, v, s + UMAX);
  return known && v[s + UMAX + 1] === 0 && word(v, s + UMAX) >>> 0 < 64 ? amount : -1;
}

function shift(op: number, narrow: boolean, w: Int32Array, d: number, amount: number): void {
  if (op === BPF_LSH) (narrow ? shiftLeftLow : shiftLeft)(w, d, amount);
  else if (op === BPF_RSH) (narrow ? shiftRightLow : shiftRight)(w, d, amount);
  else (narrow ? shiftRightSignedLow : shiftRightSigned)(w, d, amount);
}

/** Programs run little-endian: to_le only truncates, to_be and bswap swap. */
export const swapsBytes = (code: number): boolean => BPF_CLASS(code) === BPF_ALU64 || BPF_SRC(code) === BPF_TO_BE;

function swapBytes(code: number, imm: number, w: Int32Array, d: number): void {
  if (swapsBytes(code)) {
    tnumByteSwap(w, d + VALUE, imm);
    setUnboundedRanges(w, d);
  }
  if (imm !== 64) truncateTo(w, d, imm / 8);
}
