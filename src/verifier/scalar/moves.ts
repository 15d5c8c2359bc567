/**
 * Moves: constants, copies, copies of the low half, sign extensions, and casts between address spaces. A copy of a
 * scalar shares its id, so that what a comparison tells of one holds for the other.
 * After the BPF_MOV part of check_alu_op() of kernel/bpf/verifier.c (Linux 6.18).
 */
import { BPF_ADDR_SPACE_CAST, BPF_ALU64, BPF_CLASS, BPF_SRC, BPF_X } from '../../isa/index.ts';
import { BPF_MAP_TYPE_ARENA } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { ADD_CONST, copyRegister, ID, OFF, REG_WORDS, SUBREG_DEF, TYPE, VALUE } from '../register.ts';
import { PTR_TO_ARENA, SCALAR_VALUE } from '../register-types.ts';
import { syncBounds } from './bounds.ts';
import { word } from './int64.ts';
import { fitsU32, isPositiveOf, signExtend, signExtendLow, zeroExtend32 } from './narrow.ts';
import { readOperand, writeOperandKeeping } from './operands.ts';
import { tnumIsConst } from './tnum.ts';
import { markKnown, markUnknown } from './values.ts';

/** imm of a cast from address space 1 to 0: gives an arena pointer. */
const TO_ARENA = 1;
/** imm of one from 0 to 1. */
const FROM_ARENA = 1 << 16;

export function checkMove(env: Env): void {
  const { insns, insn } = env;
  const code = insns.code(insn);
  const dst = insns.dst(insn);
  const src = insns.src(insn);
  const off = insns.off(insn);
  const fromRegister = BPF_SRC(code) === BPF_X;
  const wide = BPF_CLASS(code) === BPF_ALU64;
  if (fromRegister) {
    checkFields(env, wide, off, insns.imm(insn));
    readOperand(env, src);
  } else if (src !== 0 || off !== 0) env.reject(EINVAL, 'reserved-fields', { instruction: 'BPF_MOV' });
  writeOperandKeeping(env, dst);

  const w = env.frame.words;
  const d = dst * REG_WORDS;
  const s = src * REG_WORDS;
  if (!fromRegister) {
    const imm = insns.imm(insn);
    markUnknown(w, d);
    markKnown(w, d, imm, wide ? imm >> 31 : 0);
  } else if (!wide) moveLow(env, w, d, s, off);
  else if (insns.imm(insn) !== 0) castAddressSpace(env, w, d, insns.imm(insn));
  else if (off === 0) {
    shareId(env, w, s);
    if (d !== s) copyRegister(w, d, w, s);
    w[d + SUBREG_DEF] = 0;
  } else if (w[s + TYPE] === SCALAR_VALUE) {
    moveExtending(env, w, d, s, off);
    signExtend(w, d, off >> 3);
    w[d + SUBREG_DEF] = 0;
  } else markUnknown(w, d);
}

function checkFields(env: Env, wide: boolean, off: number, imm: number): void {
  if (wide && off === BPF_ADDR_SPACE_CAST) {
    if (imm !== TO_ARENA && imm !== FROM_ARENA) env.reject(EINVAL, 'address-space-number', undefined);
    if (!env.maps.some(({ type }) => type === BPF_MAP_TYPE_ARENA))
      env.reject(EINVAL, 'address-space-no-arena', undefined);
    return;
  }
  const width = off === 0 || off === 8 || off === 16 || (wide && off === 32);
  if (!width || imm !== 0) env.reject(EINVAL, 'reserved-fields', { instruction: 'BPF_MOV' });
}

function castAddressSpace(env: Env, w: Int32Array, d: number, imm: number): void {
  markUnknown(w, d);
  if (imm !== TO_ARENA) return;
  w[d + TYPE] = PTR_TO_ARENA;
  // Arena pointers are 32 bits of offset.
  w[d + SUBREG_DEF] = env.insn + 1;
}

function moveLow(env: Env, w: Int32Array, d: number, s: number, off: number): void {
  if (w[s + TYPE] !== SCALAR_VALUE) markUnknown(w, d);
  else if (off === 0) {
    const same = fitsU32(w, s);
    if (same) shareId(env, w, s);
    if (d !== s) copyRegister(w, d, w, s);
    if (!same) forgetId(w, d);
    w[d + SUBREG_DEF] = env.insn + 1;
  } else {
    moveExtending(env, w, d, s, off);
    w[d + SUBREG_DEF] = env.insn + 1;
    signExtendLow(w, d, off >> 3);
  }
  zeroExtend32(w, d);
  syncBounds(w, d);
}

/** Copies; the copy is the same value if the extension will not change it. @param bits 8, 16 or 32 */
function moveExtending(env: Env, w: Int32Array, d: number, s: number, bits: number): void {
  const same = isPositiveOf(w, s, bits);
  if (same) shareId(env, w, s);
  if (d !== s) copyRegister(w, d, w, s);
  if (!same) forgetId(w, d);
}

/** Gives a scalar that is about to be copied an id. Its distance to others of its id is lost: there is one such only. */
function shareId(env: Env, w: Int32Array, s: number): void {
  if (w[s + TYPE] !== SCALAR_VALUE) return;
  if ((word(w, s + ID) & ADD_CONST) !== 0) forgetId(w, s);
  if (w[s + ID] === 0 && !tnumIsConst(w, s + VALUE)) w[s + ID] = env.newId();
}

/** The scalar is no longer tied to others. */
export function forgetId(w: Int32Array, r: number): void {
  w[r + ID] = 0;
  w[r + OFF] = 0;
}
