/**
 * Conditional jumps: checks of fields and operands, which way the path can go, and what is known on either way. Both are
 * walked if both are possible: the path goes on after the jump, its copy is put off.
 * After check_cond_jmp_op() of kernel/bpf/verifier.c (Linux 6.18).
 */
import { BPF_CLASS, BPF_JA, BPF_JCOND, BPF_JEQ, BPF_JMP32, BPF_JNE, BPF_OP, BPF_SRC, BPF_X } from '../../isa/index.ts';
import { BPF_F_TEST_REG_INVARIANTS } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EFAULT, EINVAL } from '../errno.ts';
import { markPrecise, pushState, recordJump } from '../explore/index.ts';
import { INSN_F_DST_REG_STACK, INSN_F_SRC_REG_STACK } from '../jump-history.ts';
import { LOG_BRANCHES, LOG_INSTRUCTIONS, printInstructionState } from '../log/index.ts';
import { markNotNull } from '../memory/index.ts';
import { copyRegister, ID, REG_WORDS, TYPE } from '../register.ts';
import { baseType, mayBeNull, PTR_TO_BTF_ID, PTR_TO_STACK, SCALAR_VALUE } from '../register-types.ts';
import type { State } from '../state.ts';
import { syncBounds } from './bounds.ts';
import { word } from './int64.ts';
import { LinkedRegisters } from './linked.ts';
import { markNull } from './null-marks.ts';
import { readOperand } from './operands.ts';
import { learnPacketRange } from './packet-ranges.ts';
import { ALWAYS, predict, UNKNOWN } from './predict.ts';
import { negated, refine } from './refine.ts';
import { checkSanity } from './sanity.ts';
import { isNull, markKnown } from './values.ts';

/** imm as a register, once for each way. */
const constant = new Int32Array(REG_WORDS);
constant[TYPE] = SCALAR_VALUE;
const constantOfJump = new Int32Array(REG_WORDS);
const linked = new LinkedRegisters();

/** Checks the current instruction, a conditional jump other than may_goto; sets env.insn to the one before the next. */
export function checkConditionalJump(env: Env): void {
  const { insns, insn, state } = env;
  const code = insns.code(insn);
  const op = BPF_OP(code);
  const narrow = BPF_CLASS(code) === BPF_JMP32;
  const fromRegister = BPF_SRC(code) === BPF_X;
  const dst = insns.dst(insn);
  const src = insns.src(insn);
  const imm = insns.imm(insn);
  if (op === BPF_JA || op > BPF_JCOND) env.reject(EINVAL, 'jump-opcode', { opcode: op });
  readOperand(env, dst);
  if ((fromRegister ? imm : src) !== 0) env.reject(EINVAL, 'reserved-fields', { instruction: 'BPF_JMP/JMP32' });
  if (fromRegister) readOperand(env, src);
  else markKnown(constant, 0, imm, imm >> 31);

  const w = state.frame.words;
  const d = dst * REG_WORDS;
  const v = fromRegister ? w : constant;
  const s = fromRegister ? src * REG_WORDS : 0;
  noteKept(env, w, d, v, s, narrow);
  const stackFlags =
    (w[d + TYPE] === PTR_TO_STACK ? INSN_F_DST_REG_STACK : 0) |
    (v[s + TYPE] === PTR_TO_STACK ? INSN_F_SRC_REG_STACK : 0);
  if (stackFlags !== 0) recordJump(env, stackFlags);

  const prediction = predict(op, narrow, w, d, v, s);
  if (prediction !== UNKNOWN) {
    if (w[d + TYPE] === SCALAR_VALUE) markPrecise(env, dst);
    if (fromRegister && w[s + TYPE] === SCALAR_VALUE) markPrecise(env, src);
    if (isTraced(env)) printInstructionState(env, state);
    if (prediction === ALWAYS) env.insn += insns.off(insn);
    return;
  }

  linked.clear();
  if (fromRegister && isLinked(w, s)) linked.collect(env, word(w, s + ID));
  if (isLinked(w, d)) linked.collect(env, word(w, d + ID));
  if (linked.count > 1) recordJump(env, 0, linked.records, linked.count);

  const jump = pushState(env, insn + insns.off(insn) + 1, insn, EFAULT);
  learnFromScalars(env, op, narrow, jump, d, v, s, fromRegister);
  if (fromRegister && isLinked(w, s)) syncLinked(state, jump, s);
  if (isLinked(w, d)) syncLinked(state, jump, d);
  if (!narrow) learnFromPointers(env, op, jump, dst, src, imm, fromRegister);
  if (isTraced(env)) printInstructionState(env, state);
}

/** A pointer that is compared with a number other than NULL is found out, or compared with one that was kept. */
function noteKept({ btfs, kept }: Env, w: Int32Array, d: number, v: Int32Array, s: number, narrow: boolean): void {
  const isNumber = (words: Int32Array, r: number): boolean =>
    words[r + TYPE] === SCALAR_VALUE && (narrow || !isNull(words, r));
  if (isNumber(v, s)) kept.note(btfs, w, d);
  if (isNumber(w, d)) kept.note(btfs, v, s);
}

const isTraced = ({ log }: Env): boolean => (log.level & (LOG_BRANCHES | LOG_INSTRUCTIONS)) !== 0;

const isLinked = (w: Int32Array, r: number): boolean => w[r + TYPE] === SCALAR_VALUE && w[r + ID] !== 0;

function syncLinked(stay: State, jump: State, r: number): void {
  linked.sync(stay, stay.frame.words, r);
  linked.sync(jump, jump.frame.words, r);
}

/**
 * Refines both operands on both ways.
 * @param d of the register in the frames of both
 * @param v record of the second operand where the jump is not taken, with `s`
 */
function learnFromScalars(
  env: Env,
  op: number,
  narrow: boolean,
  jump: State,
  d: number,
  v: Int32Array,
  s: number,
  fromRegister: boolean,
): void {
  const stayWords = env.frame.words;
  if (stayWords[d + TYPE] !== SCALAR_VALUE || v[s + TYPE] !== SCALAR_VALUE) return;
  const jumpWords = jump.frame.words;
  let jumpV = jumpWords;
  if (!fromRegister) {
    copyRegister(constantOfJump, 0, v, s);
    jumpV = constantOfJump;
  }
  // What becomes of a constant matters to no one but the kernel's own checks.
  const both = fromRegister || env.log.enabled || (env.program.flags & BPF_F_TEST_REG_INVARIANTS) !== 0;
  refine(negated(op), narrow, stayWords, d, v, s);
  syncBounds(stayWords, d);
  if (both) syncBounds(v, s);
  refine(op, narrow, jumpWords, d, jumpV, s);
  syncBounds(jumpWords, d);
  if (both) syncBounds(jumpV, s);
  checkSanity(env, jumpWords, d, 'true_reg1');
  if (both) checkSanity(env, jumpV, s, 'true_reg2');
  checkSanity(env, stayWords, d, 'false_reg1');
  if (both) checkSanity(env, v, s, 'false_reg2');
}

function learnFromPointers(
  env: Env,
  op: number,
  jump: State,
  dst: number,
  src: number,
  imm: number,
  fromRegister: boolean,
): void {
  const stay = env.state;
  const w = stay.frame.words;
  const dstType = word(w, dst * REG_WORDS + TYPE);
  if (!fromRegister) {
    if (imm === 0 && mayBeNull(dstType) && (op === BPF_JEQ || op === BPF_JNE)) {
      markNull(env, stay, dst, op === BPF_JNE);
      markNull(env, jump, dst, op === BPF_JEQ);
    }
    return;
  }
  const srcType = word(w, src * REG_WORDS + TYPE);
  if (dstType === SCALAR_VALUE || srcType === SCALAR_VALUE) return;
  if (
    mayBeNull(dstType) !== mayBeNull(srcType) &&
    (op === BPF_JEQ || op === BPF_JNE) &&
    // Even a BTF pointer that is not marked may be NULL.
    baseType(dstType) !== PTR_TO_BTF_ID &&
    baseType(srcType) !== PTR_TO_BTF_ID
  )
    markNotNull(env, (op === BPF_JEQ ? jump : stay).frame.words, (mayBeNull(srcType) ? src : dst) * REG_WORDS);
  learnPacketRange(op, dst, src, stay, jump);
}
