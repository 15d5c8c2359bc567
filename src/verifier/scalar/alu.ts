/**
 * Arithmetic instructions: checks of fields and operands, then what becomes of the destination.
 * After check_alu_op() and adjust_reg_min_max_vals() of kernel/bpf/verifier.c (Linux 6.18).
 */
import {
  BPF_ADD,
  BPF_ALU64,
  BPF_AND,
  BPF_ARSH,
  BPF_CLASS,
  BPF_DIV,
  BPF_END,
  BPF_K,
  BPF_LSH,
  BPF_MOD,
  BPF_MOV,
  BPF_NEG,
  BPF_OP,
  BPF_OR,
  BPF_RSH,
  BPF_SRC,
  BPF_SUB,
  BPF_TO_LE,
  BPF_X,
} from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EINVAL } from '../errno.ts';
import { markPrecise, pushState } from '../explore/index.ts';
import {
  ADD_CONST,
  ADD_CONST32,
  ADD_CONST64,
  copyRegister,
  ID,
  OFF,
  PRECISE,
  REG_WORDS,
  S32MAX,
  S32MIN,
  SMAX,
  SMIN,
  SUBREG_DEF,
  TYPE,
  VALUE,
} from '../register.ts';
import { baseType, PTR_TO_ARENA, PTR_TO_BTF_ID, SCALAR_VALUE } from '../register-types.ts';
import { is64, isZero64, word } from './int64.ts';
import { checkMove, forgetId } from './moves.ts';
import { fitsU32 } from './narrow.ts';
import { readOperand, writeOperand, writeOperandKeeping } from './operands.ts';
import { operatorText } from './operators.ts';
import { pointerArithmetic } from './pointer-arithmetic.ts';
import { checkSanity } from './sanity.ts';
import { tnumIsConst } from './tnum.ts';
import { scalarAlu, swapsBytes } from './transfer.ts';
import { isConst, isConst32, markKnown, markUnknown, S32_MIN, setKnownLow } from './values.ts';

/** Checks the current instruction, of class ALU or ALU64, and does to the state what it does. */
export function checkAlu(env: Env): void {
  const { insns, insn } = env;
  const code = insns.code(insn);
  const op = BPF_OP(code);
  noteKept(env, code, op);
  if (op === BPF_MOV) checkMove(env);
  else if (op === BPF_NEG || op === BPF_END) checkUnary(env, code, op);
  else if (op > BPF_END) env.reject(EINVAL, 'alu-opcode', { opcode: op });
  else checkBinary(env, code, op);
  checkSanity(env, env.frame.words, insns.dst(insn) * REG_WORDS, 'alu');
}

/** Pointers that the current instruction makes a number of: but for copies and distances added, all that it reads. */
function noteKept({ insns, insn, frame, btfs, kept }: Env, code: number, op: number): void {
  const w = frame.words;
  const d = insns.dst(insn) * REG_WORDS;
  const s = insns.src(insn) * REG_WORDS;
  const wide = BPF_CLASS(code) === BPF_ALU64;
  const fromRegister = BPF_SRC(code) === BPF_X;
  if (op === BPF_MOV) {
    const copies = wide && insns.off(insn) === 0;
    if (fromRegister && !copies) kept.note(btfs, w, s);
    return;
  }
  const moves = wide && (op === BPF_ADD || op === BPF_SUB);
  const staysPointer = (pointer: number, other: number): boolean =>
    moves && baseType(word(w, pointer + TYPE)) === PTR_TO_BTF_ID && word(w, other + TYPE) === SCALAR_VALUE;
  if (fromRegister ? staysPointer(d, s) || staysPointer(s, d) : moves && baseType(word(w, d + TYPE)) === PTR_TO_BTF_ID)
    return;
  kept.note(btfs, w, d);
  if (fromRegister && op !== BPF_END) kept.note(btfs, w, s);
}

function checkUnary(env: Env, code: number, op: number): void {
  const { insns, insn } = env;
  const imm = insns.imm(insn);
  const dst = insns.dst(insn);
  const plain = insns.src(insn) === 0 && insns.off(insn) === 0;
  if (op === BPF_NEG) {
    if (!plain || BPF_SRC(code) !== BPF_K || imm !== 0)
      env.reject(EINVAL, 'reserved-fields', { instruction: 'BPF_NEG' });
  } else {
    const width = imm === 16 || imm === 32 || imm === 64;
    if (!plain || !width || (BPF_CLASS(code) === BPF_ALU64 && BPF_SRC(code) !== BPF_TO_LE))
      env.reject(EINVAL, 'reserved-fields', { instruction: 'BPF_END' });
  }
  readOperand(env, dst);
  const w = env.frame.words;
  const d = dst * REG_WORDS;
  if (w[d + TYPE] === SCALAR_VALUE) {
    writeOperandKeeping(env, dst);
    scalarAlu(code, imm, w, d, w, d);
    // le64 is the one that changes nothing.
    if (op !== BPF_END || imm !== 64 || swapsBytes(code)) forgetId(w, d);
  } else writeOperand(env, dst);
}

function checkBinary(env: Env, code: number, op: number): void {
  const { insns, insn } = env;
  const imm = insns.imm(insn);
  const src = insns.src(insn);
  const dst = insns.dst(insn);
  const off = insns.off(insn);
  const fromRegister = BPF_SRC(code) === BPF_X;
  const divides = op === BPF_DIV || op === BPF_MOD;
  // off 1 is signed division.
  if ((fromRegister ? imm : src) !== 0 || (off !== 0 && !(off === 1 && divides)))
    env.reject(EINVAL, 'reserved-fields', { instruction: 'BPF_ALU' });
  if (fromRegister) readOperand(env, src);
  readOperand(env, dst);
  if (!fromRegister) {
    if (divides && imm === 0) env.reject(EINVAL, 'division-by-zero', undefined);
    if (op === BPF_LSH || op === BPF_RSH || op === BPF_ARSH) {
      const width = BPF_CLASS(code) === BPF_ALU64 ? 64 : 32;
      if (imm < 0 || imm >= width) env.reject(EINVAL, 'shift-amount', { amount: imm });
    }
  }
  writeOperandKeeping(env, dst);
  compute(env, code, dst, fromRegister ? src : -1, imm);
}

const constant = new Int32Array(REG_WORDS);
constant[TYPE] = SCALAR_VALUE;
const operand = new Int32Array(REG_WORDS);

/** @param src number of the second operand's register, -1 for imm */
function compute(env: Env, code: number, dst: number, src: number, imm: number): void {
  const w = env.frame.words;
  const d = dst * REG_WORDS;
  const s = src * REG_WORDS;
  const op = BPF_OP(code);
  if (w[d + TYPE] === PTR_TO_ARENA || (src >= 0 && w[s + TYPE] === PTR_TO_ARENA)) {
    if (w[d + TYPE] !== PTR_TO_ARENA) copyRegister(w, d, w, s);
    w[d + SUBREG_DEF] = env.insn + 1;
    if (BPF_CLASS(code) === BPF_ALU64) env.facts.arenaArithmetic[env.insn] = 1;
    return;
  }
  const isPointer = w[d + TYPE] !== SCALAR_VALUE;
  if (src < 0) {
    markKnown(constant, 0, imm, imm >> 31);
    if (isPointer) pointerArithmetic(env, code, dst, w, d, constant, 0);
    else computeScalar(env, code, w, d, constant, 0, false);
    return;
  }
  if (w[s + TYPE] !== SCALAR_VALUE) {
    if (isPointer) {
      // Two pointers make no pointer; their distance is a number.
      if (op !== BPF_SUB) env.reject(EACCES, 'pointer-with-pointer', { reg: dst, operator: operatorText(op) });
      markUnknown(w, d);
      return;
    }
    markPrecise(env, dst);
    pointerArithmetic(env, code, dst, w, s, w, d);
  } else if (isPointer) {
    markPrecise(env, src);
    pointerArithmetic(env, code, dst, w, d, w, s);
  } else {
    if (w[d + PRECISE] !== 0) markPrecise(env, src);
    // The destination changes while the operand is read.
    if (s === d) {
      copyRegister(operand, 0, w, s);
      computeScalar(env, code, w, d, operand, 0, true);
    } else computeScalar(env, code, w, d, w, s, false);
  }
}

/** @param self whether the operand is the destination */
function computeScalar(
  env: Env,
  code: number,
  w: Int32Array,
  d: number,
  v: Int32Array,
  s: number,
  self: boolean,
): void {
  const op = BPF_OP(code);
  const narrow = BPF_CLASS(code) !== BPF_ALU64;
  if ((op === BPF_AND || op === BPF_OR) && tnumIsConst(v, s + VALUE)) forkMask(env, w, d);
  const wasNarrow = fitsU32(w, d);
  scalarAlu(code, 0, w, d, v, s);
  const linked =
    (op === BPF_ADD || op === BPF_SUB) &&
    w[d + ID] !== 0 &&
    !self &&
    (narrow ? wasNarrow && isConst32(v, s) : isConst(v, s)) &&
    moveAway(w, d, narrow, op === BPF_SUB, word(v, s + VALUE), word(v, s + VALUE + 1));
  if (!linked) forgetId(w, d);
}

/**
 * A copy of another register that a constant is added to stays tied to it, by its distance.
 * @returns false if it cannot: it is at a distance already, or that is too large
 */
function moveAway(w: Int32Array, d: number, narrow: boolean, subtracts: boolean, lo: number, hi: number): boolean {
  const id = word(w, d + ID);
  if ((id & ADD_CONST) !== 0 || (!narrow && hi !== lo >> 31) || (subtracts && lo === S32_MIN)) return false;
  w[d + ID] = id | (narrow ? ADD_CONST32 : ADD_CONST64);
  w[d + OFF] = subtracts ? -lo : lo;
  return true;
}

/**
 * A value that is 0 or -1 is a condition made a mask. With a constant mask the two cases are walked apart: now -1, and
 * later, from this instruction on again, 0.
 */
function forkMask(env: Env, w: Int32Array, d: number): void {
  const wide = is64(w, d + SMIN, -1, -1) && isZero64(w, d + SMAX);
  if (!wide && !(w[d + S32MIN] === -1 && w[d + S32MAX] === 0)) return;
  const { words } = pushState(env, env.insn, env.insn).frame;
  if (wide) {
    markKnown(words, d, 0, 0);
    markKnown(w, d, -1, -1);
  } else {
    setKnownLow(words, d, 0);
    setKnownLow(w, d, -1);
  }
}
