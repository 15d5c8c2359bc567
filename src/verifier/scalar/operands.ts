/**
 * Registers as operands: whether an instruction may read or write them, and which results of 32-bit instructions are
 * read as 64 bits, so that a JIT has to clear their upper half.
 * After check_reg_arg() and is_reg64() of kernel/bpf/verifier.c (Linux 6.18).
 */
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_CALL,
  BPF_CLASS,
  BPF_DW,
  BPF_END,
  BPF_IMM,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  BPF_LDX,
  BPF_MEMSX,
  BPF_MODE,
  BPF_OP,
  BPF_PSEUDO_CALL,
  BPF_REG_10,
  BPF_SIZE,
  BPF_STX,
  MAX_BPF_REG,
} from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EINVAL } from '../errno.ts';
import { REG_WORDS, SUBREG_DEF, TYPE } from '../register.ts';
import { NOT_INIT, SCALAR_VALUE } from '../register-types.ts';
import { markUnknown } from './values.ts';

/** Whether the current instruction uses all of a register that it reads. */
function reads64(env: Env, type: number): boolean {
  const code = env.insns.code(env.insn);
  switch (BPF_CLASS(code)) {
    case BPF_ALU64:
      return !swapsNarrow(env, code);
    case BPF_ALU:
      return BPF_OP(code) === BPF_END && env.insns.imm(env.insn) === 64;
    case BPF_JMP32:
      return false;
    case BPF_STX:
      return type !== SCALAR_VALUE || BPF_SIZE(code) === BPF_DW;
    default:
      return code !== (BPF_JMP | BPF_CALL) || env.insns.src(env.insn) !== BPF_PSEUDO_CALL;
  }
}

/** Whether the current instruction defines all of a register that it writes. */
function writes64(env: Env): boolean {
  const code = env.insns.code(env.insn);
  switch (BPF_CLASS(code)) {
    case BPF_ALU64:
      return !swapsNarrow(env, code);
    case BPF_ALU:
      return BPF_OP(code) === BPF_END && env.insns.imm(env.insn) === 64;
    case BPF_JMP32:
      return false;
    case BPF_LDX:
      return BPF_SIZE(code) === BPF_DW || BPF_MODE(code) === BPF_MEMSX;
    case BPF_STX:
      return BPF_SIZE(code) === BPF_DW;
    case BPF_LD:
      return BPF_MODE(code) === BPF_IMM;
    default:
      return BPF_OP(code) !== BPF_CALL;
  }
}

const swapsNarrow = (env: Env, code: number): boolean => BPF_OP(code) === BPF_END && env.insns.imm(env.insn) < 64;

/** A register whose upper half matters was written by a 32-bit instruction: notes that for the JIT. */
function noteWideRead(env: Env, w: Int32Array, r: number): void {
  const definedBy = w[r + SUBREG_DEF] as number; // within the record
  if (definedBy === 0) return;
  env.facts.needsZeroExtension[definedBy - 1] = 1;
  w[r + SUBREG_DEF] = 0;
}

/** The current instruction reads a register. */
export function readOperand(env: Env, register: number): void {
  if (register >= MAX_BPF_REG) env.reject(EINVAL, 'register-invalid', { reg: register });
  env.markRegisterScratched(register);
  const w = env.frame.words;
  const r = register * REG_WORDS;
  if (w[r + TYPE] === NOT_INIT) env.reject(EACCES, 'register-not-readable', { reg: register });
  if (register === BPF_REG_10 || w[r + SUBREG_DEF] === 0) return;
  if (reads64(env, w[r + TYPE] as number)) noteWideRead(env, w, r); // within the record
}

/** The current instruction writes a register; what it held stays, for the caller to replace. */
export function writeOperandKeeping(env: Env, register: number): void {
  if (register >= MAX_BPF_REG) env.reject(EINVAL, 'register-invalid', { reg: register });
  env.markRegisterScratched(register);
  if (register === BPF_REG_10) env.reject(EACCES, 'frame-pointer-read-only', undefined);
  env.frame.words[register * REG_WORDS + SUBREG_DEF] = writes64(env) ? 0 : env.insn + 1;
}

/** The current instruction writes a register, which becomes an unknown scalar until the caller says more. */
export function writeOperand(env: Env, register: number): void {
  writeOperandKeeping(env, register);
  markUnknown(env.frame.words, register * REG_WORDS);
}
