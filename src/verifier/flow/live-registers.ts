/**
 * Which registers may be read after each instruction before they are written, by looking at the code alone: a backward
 * analysis until nothing changes. After compute_live_registers() in kernel/bpf/verifier.c (Linux 6.18).
 */
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_CLASS,
  BPF_CMPXCHG,
  BPF_END,
  BPF_EXIT,
  BPF_FETCH,
  BPF_JA,
  BPF_JCOND,
  BPF_JMP,
  BPF_JMP32,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_LOAD_ACQ,
  BPF_MODE,
  BPF_MOV,
  BPF_OP,
  BPF_SRC,
  BPF_ST,
  BPF_STORE_REL,
  BPF_STX,
  LD_IMM64,
} from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { instructionText, LOG_INSTRUCTIONS } from '../log/index.ts';
import { bitRange, summarizeCall } from './call-summary.ts';

const ALL = 0xffff;
const CALLER_SAVED = 0x3f;
const FRAME_POINTER = 10;

export function findLiveRegisters(env: Env): void {
  const { count, facts } = env;
  const { successors, predecessors, predecessorStart, postorder, postorderStart } = env.flow;
  const { liveRegisters } = facts;
  const reads = new Uint16Array(count);
  const writes = new Uint16Array(count);
  for (let insn = 0; insn < count; insn++) {
    reads[insn] = registersRead(env, insn);
    writes[insn] = registersWritten(env, insn);
  }
  // Taken from the end, so in postorder: an instruction depends on those after it.
  const reachable = postorderStart[env.subprograms.length] as number; // one more than functions
  const waiting = postorder.slice(0, reachable).reverse();
  const isWaiting = new Uint8Array(count);
  for (const insn of waiting) isWaiting[insn] = 1;
  for (let left = reachable; left > 0; ) {
    left -= 1;
    const insn = waiting[left] as number; // left was not 0
    isWaiting[insn] = 0;
    let after = 0;
    for (let s = insn * 2; s < insn * 2 + 2; s++) {
      const next = successors[s] as number; // two for each instruction
      if (next >= 0) after |= liveRegisters[next] as number;
    }
    const before = (after & ~(writes[insn] as number)) | (reads[insn] as number);
    if (before === liveRegisters[insn]) continue;
    liveRegisters[insn] = before;
    const end = predecessorStart[insn + 1] as number; // one more than instructions
    for (let i = predecessorStart[insn] as number; i < end; i++) {
      const previous = predecessors[i] as number;
      if (isWaiting[previous] === 1) continue;
      isWaiting[previous] = 1;
      waiting[left++] = previous; // each waits once, so that there is room
    }
  }
}

function registersRead(env: Env, insn: number): number {
  const { insns } = env;
  const code = insns.code(insn);
  const src = 1 << insns.src(insn);
  const dst = 1 << insns.dst(insn);
  switch (BPF_CLASS(code)) {
    case BPF_LD:
      return code === LD_IMM64 ? 0 : ALL;
    case BPF_LDX:
      return src;
    case BPF_ST:
      return dst;
    case BPF_STX:
      if (BPF_MODE(code) !== BPF_ATOMIC) return dst | src;
      if (insns.imm(insn) === BPF_CMPXCHG) return 1 | dst | src;
      return insns.imm(insn) === BPF_LOAD_ACQ ? src : dst | src;
    case BPF_ALU:
    case BPF_ALU64:
      if (BPF_OP(code) === BPF_END) return dst;
      if (BPF_OP(code) === BPF_MOV) return BPF_SRC(code) === BPF_K ? 0 : src;
      return BPF_SRC(code) === BPF_K ? dst : dst | src;
    case BPF_JMP:
    case BPF_JMP32:
      switch (BPF_OP(code)) {
        case BPF_JA:
        case BPF_JCOND:
          return 0;
        case BPF_EXIT:
          return 1;
        case BPF_CALL: {
          const summary = summarizeCall(env, insn);
          return summary === undefined ? CALLER_SAVED & ~1 : bitRange(1, summary.parameters);
        }
        default:
          return BPF_SRC(code) === BPF_K ? dst : dst | src;
      }
    default:
      return ALL;
  }
}

function registersWritten(env: Env, insn: number): number {
  const { insns } = env;
  const code = insns.code(insn);
  const dst = 1 << insns.dst(insn);
  switch (BPF_CLASS(code)) {
    case BPF_LD:
      return code === LD_IMM64 ? dst : 0;
    case BPF_LDX:
    case BPF_ALU:
    case BPF_ALU64:
      return dst;
    case BPF_STX:
      if (BPF_MODE(code) !== BPF_ATOMIC) return 0;
      switch (insns.imm(insn)) {
        case BPF_CMPXCHG:
          return 1;
        case BPF_LOAD_ACQ:
          return dst;
        case BPF_STORE_REL:
          return 0;
        default:
          return (insns.imm(insn) & BPF_FETCH) !== 0 ? 1 << insns.src(insn) : 0;
      }
    case BPF_JMP:
    case BPF_JMP32:
      return BPF_OP(code) === BPF_CALL ? CALLER_SAVED : 0;
    default:
      return 0;
  }
}

/** At log level 2: loop, index, live registers and text of each instruction. */
export function logLiveRegisters(env: Env): void {
  if ((env.log.level & LOG_INSTRUCTIONS) === 0) return;
  env.log.write('Live regs before insn:\n');
  for (let insn = 0; insn < env.count; insn += env.insns.slots(insn)) {
    const component = env.facts.component[insn] as number; // instructions are in range
    const live = env.facts.liveRegisters[insn] as number;
    let registers = '';
    for (let register = 0; register < FRAME_POINTER; register++)
      registers += (live & (1 << register)) === 0 ? '.' : String(register);
    const loop = component === 0 ? '   ' : String(component).padStart(3);
    env.log.write(`${loop} ${String(insn).padStart(3)}: ${registers} ${instructionText(env, insn)}\n`);
  }
}
