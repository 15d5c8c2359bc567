/**
 * One step back over an instruction while looking for where precise values came from: from the registers and slots
 * that must be precise after it to those that must be before it.
 * After backtrack_insn() in kernel/bpf/verifier.c.
 */

import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_CLASS,
  BPF_END,
  BPF_EXIT,
  BPF_IND,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  BPF_LDX,
  BPF_LOAD_ACQ,
  BPF_MODE,
  BPF_MOV,
  BPF_NEG,
  BPF_OP,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_REG_10,
  BPF_SRC,
  BPF_ST,
  BPF_STX,
  BPF_X,
} from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { EFAULT } from '../errno.ts';
import { subprogramAt } from '../flow/index.ts';
import {
  HISTORY_FLAGS,
  INSN_F_DST_REG_STACK,
  INSN_F_FRAMENO_MASK,
  INSN_F_SPI_MASK,
  INSN_F_SPI_SHIFT,
  INSN_F_SRC_REG_STACK,
  INSN_F_STACK_ACCESS,
  type JumpHistory,
  linkedFrame,
  linkedIndex,
  linkedIsRegister,
} from '../jump-history.ts';
import { wanted } from './backtrack-state.ts';

const ARGUMENTS = 0b11_1110;
const BPF_FUNC_tail_call = 12;

function isCallOfSubprogram(env: Env, insn: number): boolean {
  return env.insns.code(insn) === (BPF_JMP | BPF_CALL) && env.insns.src(insn) === BPF_PSEUDO_CALL;
}

/**
 * @param entry of the history that belongs to the instruction, -1 if none
 * @param next instruction executed after it, -1 if none
 * @returns false if it cannot be told where the values came from
 */
export function backtrackInsn(env: Env, insn: number, next: number, history: JumpHistory, entry: number): boolean {
  const code = env.insns.code(insn);
  if (code === 0) return true;
  const flags = entry < 0 ? 0 : history.get(entry, HISTORY_FLAGS);
  // What changed together here is needed together, before the step as well as after.
  if (entry >= 0) addLinked(history, entry);
  if (!step(env, insn, next, code, flags)) return false;
  if (entry >= 0) addLinked(history, entry);
  return true;
}

function step(env: Env, insn: number, next: number, code: number, flags: number): boolean {
  const dst = env.insns.dst(insn);
  switch (BPF_CLASS(code)) {
    case BPF_ALU:
    case BPF_ALU64:
      if (wanted.has(dst)) backtrackAlu(code, dst, env.insns.src(insn));
      return true;
    case BPF_LDX:
      backtrackLoad(dst, flags);
      return true;
    case BPF_STX:
      if (BPF_MODE(code) === BPF_ATOMIC && env.insns.imm(insn) === BPF_LOAD_ACQ) {
        backtrackLoad(dst, flags);
        return true;
      }
      return backtrackStore(dst, flags, env.insns.src(insn));
    case BPF_ST:
      return backtrackStore(dst, flags, -1);
    case BPF_JMP:
    case BPF_JMP32:
      return backtrackJump(env, insn, next, code, flags);
    case BPF_LD: {
      if (!wanted.has(dst)) return true;
      wanted.clearRegister(dst);
      const mode = BPF_MODE(code);
      return mode !== BPF_IND && mode !== BPF_ABS;
    }
    default:
      return true;
  }
}

function backtrackAlu(code: number, dst: number, src: number): void {
  const operation = BPF_OP(code);
  if (operation === BPF_END || operation === BPF_NEG) return;
  if (operation === BPF_MOV) wanted.clearRegister(dst);
  if (BPF_SRC(code) === BPF_X && src !== BPF_REG_10) wanted.set(src);
}

function backtrackLoad(dst: number, flags: number): void {
  if (!wanted.has(dst)) return;
  wanted.clearRegister(dst);
  // From other memory than the stack nothing precise comes.
  if ((flags & INSN_F_STACK_ACCESS) !== 0) wanted.setSlot(frameOf(flags), slotOf(flags));
}

/** @param src -1 for a constant */
function backtrackStore(dst: number, flags: number, src: number): boolean {
  // A wanted scalar is no address: a difference of pointers got here.
  if (wanted.has(dst)) return false;
  if ((flags & INSN_F_STACK_ACCESS) === 0 || !wanted.hasSlot(frameOf(flags), slotOf(flags))) return true;
  wanted.clearSlot(frameOf(flags), slotOf(flags));
  if (src >= 0) wanted.set(src);
  return true;
}

const frameOf = (flags: number): number => flags & INSN_F_FRAMENO_MASK;
const slotOf = (flags: number): number => (flags >> INSN_F_SPI_SHIFT) & INSN_F_SPI_MASK;

function backtrackJump(env: Env, insn: number, next: number, code: number, flags: number): boolean {
  const operation = BPF_OP(code);
  if (operation === BPF_CALL) return backtrackCall(env, insn, next);
  if (operation === BPF_EXIT) {
    backtrackExit(env, next);
    return true;
  }
  if (BPF_SRC(code) !== BPF_X) return true;
  // Of two values that were compared, both are needed if one is.
  const dst = env.insns.dst(insn);
  const src = env.insns.src(insn);
  if (!wanted.has(dst) && !wanted.has(src)) return true;
  if ((flags & INSN_F_SRC_REG_STACK) === 0) wanted.set(src);
  if ((flags & INSN_F_DST_REG_STACK) === 0) wanted.set(dst);
  return true;
}

function backtrackCall(env: Env, insn: number, next: number): boolean {
  if (env.insns.src(insn) === BPF_PSEUDO_CALL) {
    const subprogram = env.subprograms[subprogramAt(env, insn + env.insns.imm(insn) + 1)];
    if (subprogram?.isGlobal === true) {
      if ((wanted.mask & ARGUMENTS) !== 0) confused(env, 'global subprog unexpected regs');
      wanted.clearRegister(0);
      return true;
    }
    if ((wanted.mask & ~ARGUMENTS) !== 0) confused(env, 'static subprog unexpected regs');
    if (wanted.hasSlots) confused(env, 'static subprog leftover stack slots');
    // The callee's arguments are the caller's registers.
    const needed = wanted.mask & ARGUMENTS;
    leaveFrame(env);
    wanted.registers[wanted.frame] = wanted.mask | needed;
    return true;
  }
  if (env.facts.callsCallback[insn] === 1 && insn !== next - 1) {
    // From the start of a callback back to its caller, who did not choose its arguments.
    if ((wanted.mask & ~ARGUMENTS) !== 0) confused(env, 'callback unexpected regs');
    if (wanted.hasSlots) confused(env, 'callback leftover stack slots');
    leaveFrame(env);
    return true;
  }
  if (env.insns.src(insn) === BPF_PSEUDO_KFUNC_CALL && env.insns.imm(insn) === 0) return false;
  wanted.clearRegister(0);
  if ((wanted.mask & ARGUMENTS) !== 0) confused(env, 'backtracking call unexpected regs');
  if (env.insns.src(insn) === 0 && env.insns.imm(insn) === BPF_FUNC_tail_call && next - insn !== 1) enterFrame(env);
  return true;
}

/** From after a call back into the function that returned, or from a later call of a callback into an earlier one. */
function backtrackExit(env: Env, next: number): void {
  if (next >= 0 && env.facts.callsCallback[next] === 1) wanted.registers[wanted.frame] = wanted.mask & ~ARGUMENTS;
  if ((wanted.mask & ARGUMENTS) !== 0) confused(env, 'backtracking exit unexpected regs');
  const result = next >= 1 && isCallOfSubprogram(env, next - 1) && wanted.has(0);
  wanted.clearRegister(0);
  enterFrame(env);
  if (result) wanted.set(0);
}

function enterFrame(env: Env): void {
  if (wanted.frame === wanted.registers.length - 1) confused(env, 'subprog enter from frame');
  wanted.frame += 1;
}

function leaveFrame(env: Env): void {
  wanted.registers[wanted.frame] = 0;
  if (wanted.frame === 0) confused(env, 'subprog exit from frame');
  wanted.frame -= 1;
}

function addLinked(history: JumpHistory, entry: number): void {
  const count = history.linkedCount(entry);
  let found = false;
  for (let i = 0; i < count && !found; i++) {
    const record = history.linked(entry, i);
    const frame = linkedFrame(record);
    found = linkedIsRegister(record)
      ? wanted.hasIn(frame, linkedIndex(record))
      : wanted.hasSlot(frame, linkedIndex(record));
  }
  if (!found) return;
  for (let i = 0; i < count; i++) {
    const record = history.linked(entry, i);
    if (linkedIsRegister(record)) wanted.setIn(linkedFrame(record), linkedIndex(record));
    else wanted.setSlot(linkedFrame(record), linkedIndex(record));
  }
}

/** Backtracking met what cannot be: the kernel calls this a bug of the verifier and refuses the program. */
function confused(env: Env, what: string): never {
  env.reject(EFAULT, 'verifier-bug', { what: `${what} ${(wanted.mask >>> 0).toString(16)}` });
}
