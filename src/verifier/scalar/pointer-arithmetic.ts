/**
 * A pointer plus or minus a scalar: which pointers may be moved, how far, and where they point then. Known amounts add
 * to the fixed part of the offset, others to the variable one.
 * After adjust_ptr_min_max_vals() of kernel/bpf/verifier.c (Linux 6.18).
 */
import { BPF_ADD, BPF_ALU64, BPF_AND, BPF_CLASS, BPF_OP, BPF_OR, BPF_SUB, BPF_XOR } from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EINVAL } from '../errno.ts';
import { typeName } from '../log/index.ts';
import { BTF, BTF_ID, copyRegister, ID, OFF, REG_WORDS, SMAX, SMIN, TYPE, UMAX, UMIN, VALUE } from '../register.ts';
import {
  baseType,
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TO_TP_BUFFER,
  PTR_UNTRUSTED,
} from '../register-types.ts';
import { syncBounds } from './bounds.ts';
import { add64, CARRY, copy64, is64, isZero64, lessS, lessU, OVERFLOW, sub64, uword, word } from './int64.ts';
import { operatorText } from './operators.ts';
import { tnumAdd, tnumCopy, tnumSub } from './tnum.ts';
import { hasKnownValue, markUnknown, S32_MIN, unbound32, unboundSigned64, unboundUnsigned64 } from './values.ts';

/** Offsets reach at most this far to either side (BPF_MAX_VAR_OFF). */
const MAX_OFFSET = 1 << 29;

const pointer = new Int32Array(REG_WORDS);
const amount = new Int32Array(REG_WORDS);

/**
 * dst = p op o, for a pointer p and a scalar o, of which one may be dst.
 * @param code of the instruction
 * @param dst number of the register
 */
export function pointerArithmetic(
  env: Env,
  code: number,
  dst: number,
  w: Int32Array,
  p: number,
  v: Int32Array,
  o: number,
): void {
  const d = dst * REG_WORDS;
  const op = BPF_OP(code);
  const scalarFirst = p !== d;
  copyRegister(pointer, 0, w, p);
  copyRegister(amount, 0, v, o);
  const known = hasKnownValue(amount, 0);
  if (
    (known && !(sameEnds(SMIN, SMAX) && sameEnds(UMIN, UMAX))) ||
    lessS(amount, SMAX, amount, SMIN) ||
    lessU(amount, UMAX, amount, UMIN)
  ) {
    // A dead path.
    markUnknown(w, d);
    return;
  }
  const type = word(pointer, TYPE);
  if (BPF_CLASS(code) !== BPF_ALU64) {
    if (op !== BPF_SUB) env.reject(EACCES, 'pointer-arithmetic-32', { reg: dst });
    markUnknown(w, d);
    return;
  }
  if ((type & PTR_MAYBE_NULL) !== 0)
    env.reject(EACCES, 'pointer-arithmetic-maybe-null', { reg: dst, type: typeName(type) });
  // Loads through it are checked at run time anyway.
  if (baseType(type) === PTR_TO_MEM && (type & PTR_UNTRUSTED) !== 0) return;
  if (!mayMove(type, known, op)) env.reject(EACCES, 'pointer-arithmetic-type', { reg: dst, type: typeName(type) });

  w[d + TYPE] = type;
  w[d + ID] = word(pointer, ID);
  checkSaneOffset(env, amount, 0, type);
  checkSaneOffset(env, pointer, 0, type);
  unbound32(w, d);
  switch (op) {
    case BPF_ADD:
      add(env, w, d, known);
      break;
    case BPF_SUB:
      if (scalarFirst) env.reject(EACCES, 'pointer-subtracted-from-scalar', { reg: dst });
      if (type === PTR_TO_STACK) env.reject(EACCES, 'stack-pointer-subtraction', { reg: dst });
      subtract(env, w, d, known);
      break;
    case BPF_AND:
    case BPF_OR:
    case BPF_XOR:
      env.reject(EACCES, 'pointer-bitwise', { reg: dst, operator: operatorText(op) });
      break;
    default:
      env.reject(EACCES, 'pointer-operator', { reg: dst, operator: operatorText(op) });
  }
  checkSaneOffset(env, w, d, type);
  syncBounds(w, d);
}

const sameEnds = (min: number, max: number): boolean =>
  amount[min] === amount[max] && amount[min + 1] === amount[max + 1];

function mayMove(type: number, known: boolean, op: number): boolean {
  switch (baseType(type)) {
    case PTR_TO_CTX:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MAP_KEY:
    case PTR_TO_STACK:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET:
    case PTR_TO_TP_BUFFER:
    case PTR_TO_BTF_ID:
    case PTR_TO_MEM:
    case PTR_TO_BUF:
    case PTR_TO_FUNC:
    case CONST_PTR_TO_DYNPTR:
      return true;
    case PTR_TO_FLOW_KEYS:
      return known;
    case CONST_PTR_TO_MAP:
      return known && op === BPF_ADD && isZero64(amount, SMIN);
    default:
      return false;
  }
}

const isPacket = (type: number): boolean => baseType(type) === PTR_TO_PACKET || baseType(type) === PTR_TO_PACKET_META;

/** Fixed offset plus a known amount, NaN if that does not fit into the field. */
function fixedOffset(sign: 1 | -1): number {
  const hi = word(amount, SMIN + 1);
  const sum = word(pointer, OFF) + sign * (hi * 0x1_0000_0000 + uword(amount, SMIN));
  return sum === (sum | 0) ? sum : Number.NaN;
}

/** Ranges, bits, and what else comes with the pointer; the fixed offset aside. */
function takePointer(w: Int32Array, d: number): void {
  copy64(w, d + SMIN, pointer, SMIN);
  copy64(w, d + SMAX, pointer, SMAX);
  copy64(w, d + UMIN, pointer, UMIN);
  copy64(w, d + UMAX, pointer, UMAX);
  tnumCopy(w, d + VALUE, pointer, VALUE);
  w[d + OFF] = word(pointer, OFF);
  // The two words of what the type says: map, BTF type, size, packet range.
  w[d + BTF_ID] = word(pointer, BTF_ID);
  w[d + BTF] = word(pointer, BTF);
}

function forgetRange(w: Int32Array, d: number): void {
  w[d + BTF_ID] = 0;
  w[d + BTF] = 0;
}

function add(env: Env, w: Int32Array, d: number, known: boolean): void {
  takePointer(w, d);
  const offset = known ? fixedOffset(1) : Number.NaN;
  if (!Number.isNaN(offset)) {
    w[d + OFF] = offset;
    return;
  }
  const least = add64(w, d + SMIN, w, d + SMIN, amount, SMIN);
  const most = add64(w, d + SMAX, w, d + SMAX, amount, SMAX);
  if (((least | most) & OVERFLOW) !== 0) unboundSigned64(w, d);
  const leastU = add64(w, d + UMIN, w, d + UMIN, amount, UMIN);
  const mostU = add64(w, d + UMAX, w, d + UMAX, amount, UMAX);
  if (((leastU | mostU) & CARRY) !== 0) unboundUnsigned64(w, d);
  tnumAdd(w, d + VALUE, amount, VALUE);
  if (isPacket(word(pointer, TYPE))) {
    // Only pointers that were moved together know of each other's distance to the end.
    w[d + ID] = env.newId();
    forgetRange(w, d);
  }
}

function subtract(env: Env, w: Int32Array, d: number, known: boolean): void {
  takePointer(w, d);
  const offset = known ? fixedOffset(-1) : Number.NaN;
  if (!Number.isNaN(offset)) {
    w[d + OFF] = offset;
    return;
  }
  const least = sub64(w, d + SMIN, w, d + SMIN, amount, SMAX);
  const most = sub64(w, d + SMAX, w, d + SMAX, amount, SMIN);
  if (((least | most) & OVERFLOW) !== 0) unboundSigned64(w, d);
  if (lessU(pointer, UMIN, amount, UMAX)) unboundUnsigned64(w, d);
  else {
    sub64(w, d + UMIN, pointer, UMIN, amount, UMAX);
    sub64(w, d + UMAX, pointer, UMAX, amount, UMIN);
  }
  tnumSub(w, d + VALUE, amount, VALUE);
  if (isPacket(word(pointer, TYPE))) {
    w[d + ID] = env.newId();
    // Going back leaves what is known of the distance to the end.
    if (word(amount, SMIN + 1) < 0) forgetRange(w, d);
  }
}

/** Rounded beyond 2^53, where only the order of magnitude is asked. */
const signedNumber = (w: Int32Array, i: number): number => word(w, i + 1) * 0x1_0000_0000 + uword(w, i);

const signedValue = (w: Int32Array, i: number): bigint => (BigInt(word(w, i + 1)) << 32n) | BigInt(uword(w, i));

const isTooLarge = (value: number): boolean => value >= MAX_OFFSET || value <= -MAX_OFFSET;

function checkSaneOffset(env: Env, w: Int32Array, r: number, type: number): void {
  if (hasKnownValue(w, r) && isTooLarge(signedNumber(w, r + VALUE)))
    env.reject(EINVAL, 'pointer-with-constant', { type: typeName(type), value: signedValue(w, r + VALUE) });
  if (isTooLarge(word(w, r + OFF)))
    env.reject(EINVAL, 'pointer-offset', { type: typeName(type), offset: word(w, r + OFF) });
  if (is64(w, r + SMIN, 0, S32_MIN)) env.reject(EINVAL, 'pointer-with-unbounded', { type: typeName(type) });
  if (isTooLarge(signedNumber(w, r + SMIN)))
    env.reject(EINVAL, 'pointer-with-large', { type: typeName(type), value: signedValue(w, r + SMIN) });
}
