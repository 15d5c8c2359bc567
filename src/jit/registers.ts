/**
 * Which of r0-r9 an instruction reads and writes, as bits. Calls read what their plans say, and write r0 alone: what is
 * left in r1-r5 nobody may read.
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
  BPF_IND,
  BPF_JA,
  BPF_JCOND,
  BPF_LD,
  BPF_LDX,
  BPF_LOAD_ACQ,
  BPF_MODE,
  BPF_MOV,
  BPF_NEG,
  BPF_OP,
  BPF_SRC,
  BPF_ST,
  BPF_STORE_REL,
  BPF_STX,
  BPF_X,
  type InstructionView,
  LD_IMM64,
} from '../isa/index.ts';

const bit = (register: number): number => 1 << register;

export function registersRead(insns: InstructionView, insn: number, readByCall: (insn: number) => number): number {
  const code = insns.code(insn);
  const dst = bit(insns.dst(insn));
  const src = bit(insns.src(insn));
  switch (BPF_CLASS(code)) {
    case BPF_ALU:
    case BPF_ALU64: {
      const operation = BPF_OP(code);
      if (operation === BPF_NEG || operation === BPF_END) return dst;
      return (operation === BPF_MOV ? 0 : dst) | (BPF_SRC(code) === BPF_X ? src : 0);
    }
    case BPF_LDX:
      return src;
    case BPF_ST:
      return dst;
    case BPF_STX:
      if (BPF_MODE(code) !== BPF_ATOMIC) return dst | src;
      if (insns.imm(insn) === BPF_LOAD_ACQ) return src;
      return dst | src | (insns.imm(insn) === BPF_CMPXCHG ? bit(0) : 0);
    case BPF_LD:
      if (code === LD_IMM64) return 0;
      return bit(6) | (BPF_MODE(code) === BPF_IND ? src : 0);
    default:
      switch (BPF_OP(code)) {
        case BPF_CALL:
          return readByCall(insn);
        case BPF_EXIT:
          return bit(0);
        case BPF_JA:
        case BPF_JCOND:
          return 0;
        default:
          return dst | (BPF_SRC(code) === BPF_X ? src : 0);
      }
  }
}

export function registersWritten(insns: InstructionView, insn: number): number {
  const code = insns.code(insn);
  switch (BPF_CLASS(code)) {
    case BPF_ALU:
    case BPF_ALU64:
    case BPF_LDX:
      return bit(insns.dst(insn));
    case BPF_LD:
      return code === LD_IMM64 ? bit(insns.dst(insn)) : bit(0);
    case BPF_STX: {
      const imm = insns.imm(insn);
      if (BPF_MODE(code) !== BPF_ATOMIC || imm === BPF_STORE_REL) return 0;
      if (imm === BPF_LOAD_ACQ) return bit(insns.dst(insn));
      if (imm === BPF_CMPXCHG) return bit(0);
      return (imm & BPF_FETCH) !== 0 ? bit(insns.src(insn)) : 0;
    }
    case BPF_ST:
      return 0;
    default:
      return BPF_OP(code) === BPF_CALL ? bit(0) : 0;
  }
}

/** Which registers the code of a function reads before it writes them. */
export function liveAtEntry(
  insns: InstructionView,
  graph: {
    readonly count: number;
    readonly start: Int32Array;
    readonly end: Int32Array;
    readonly next: Int32Array;
    readonly taken: Int32Array;
  },
  readByCall: (insn: number) => number,
): number {
  const { count, start, end, next, taken } = graph;
  const read = new Uint16Array(count);
  const written = new Uint16Array(count);
  for (let block = 0; block < count; block++) {
    let reads = 0;
    let writes = 0;
    for (let insn = start[block] as number; insn < (end[block] as number); insn += insns.slots(insn)) {
      reads |= registersRead(insns, insn, readByCall) & ~writes;
      writes |= registersWritten(insns, insn);
    }
    read[block] = reads;
    written[block] = writes;
  }
  const live = new Uint16Array(count);
  for (let changed = true; changed; ) {
    changed = false;
    for (let block = count - 1; block >= 0; block--) {
      const after = liveAt(live, next[block] as number) | liveAt(live, taken[block] as number);
      const before = (read[block] as number) | (after & ~(written[block] as number));
      if (before === live[block]) continue;
      live[block] = before;
      changed = true;
    }
  }
  return live[0] ?? 0;
}

const liveAt = (live: Uint16Array, block: number): number => (block < 0 ? 0 : (live[block] as number));
