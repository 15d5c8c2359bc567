/**
 * Which bytes of a function's stack frame become locals. Registers that hold r10 plus a constant are followed through
 * the flow graph; a slot becomes a local if its address goes nowhere but into loads and stores that agree on its width.
 *
 * An address that a helper is given makes all bytes from there up memory, as helpers only count upwards from it. One
 * that goes anywhere else (memory, another function, arithmetic that is not constant) makes the whole frame memory.
 */
import {
  BPF_ADD,
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_CLASS,
  BPF_JMP,
  BPF_K,
  BPF_LDX,
  BPF_LOAD_ACQ,
  BPF_MODE,
  BPF_MOV,
  BPF_OP,
  BPF_SIZE,
  BPF_SRC,
  BPF_ST,
  BPF_STORE_REL,
  BPF_STX,
  BPF_SUB,
  BPF_X,
  type InstructionView,
} from '../isa/index.ts';
import type { FlowGraph } from './flow-graph.ts';
import { registersWritten } from './registers.ts';

/** A register's distance to r10, or one of: */
export const NO_FRAME_POINTER = 0x7fff_ffff;
/** Maybe into the frame; nobody knows where. */
const SOMEWHERE = 0x7fff_fffe;
/** No path has come here yet. */
const UNREACHED = 0x7fff_fffd;
const LARGEST_DISTANCE = 1 << 20;
const REGISTERS = 11;
const FRAME_POINTER = 10;

export const isFrameOffset = (value: number): boolean => value < UNREACHED;

/** What a call does with addresses in r1-r5. */
export interface StackUse {
  /** Registers whose pointees are accessed from there upwards. */
  readonly upwards: number;
  /** Registers that may be used in any way. */
  readonly anyhow: number;
  /** r2 is read as a u32. */
  readonly readsKey: boolean;
  /** How many bytes of memory r1 leads to, if that is known; they are memory then, and nothing above them is. */
  readonly bytesAtR1?: number;
}

export interface StackSlot {
  readonly offset: number;
  readonly size: number;
}

export interface StackLayout {
  /** Bytes of the frame that are memory; 0: it needs none. */
  readonly size: number;
  /** The slot that an access of the program at this offset is in, if that is no memory. */
  slotOf(offset: number): StackSlot | undefined;
  /** Copies what registers hold at the start of a block. */
  enter(block: number, registers: Int32Array): void;
}

export const accessBytes = (code: number): number => [4, 2, 1, 8][BPF_SIZE(code) >> 3] as number; // two bits

/** What registers hold after an instruction that is no branch. */
export function followFramePointers(insns: InstructionView, insn: number, registers: Int32Array): void {
  const code = insns.code(insn);
  const dst = insns.dst(insn);
  if (BPF_CLASS(code) === BPF_ALU64) {
    const operation = BPF_OP(code);
    const before = registers[dst] as number; // eleven registers
    if (code === (BPF_ALU64 | BPF_MOV | BPF_X) && insns.off(insn) === 0) {
      registers[dst] = registers[insns.src(insn)] as number;
      return;
    }
    if (BPF_SRC(code) === BPF_K && (operation === BPF_ADD || operation === BPF_SUB) && before !== NO_FRAME_POINTER) {
      const after = before + (operation === BPF_ADD ? insns.imm(insn) : -insns.imm(insn));
      registers[dst] = isFrameOffset(before) && Math.abs(after) < LARGEST_DISTANCE ? after : SOMEWHERE;
      return;
    }
    const isMixed =
      before !== NO_FRAME_POINTER || (BPF_SRC(code) === BPF_X && holdsPointer(registers, insns.src(insn)));
    registers[dst] = isMixed && operation !== BPF_MOV ? SOMEWHERE : NO_FRAME_POINTER;
    return;
  }
  const written = registersWritten(insns, insn);
  for (let register = 0; written >> register !== 0; register++)
    if (((written >> register) & 1) === 1) registers[register] = NO_FRAME_POINTER;
  if (code === (BPF_JMP | BPF_CALL)) registers.fill(NO_FRAME_POINTER, 0, 6);
}

const holdsPointer = (registers: Int32Array, register: number): boolean => registers[register] !== NO_FRAME_POINTER;

export function layOutStack(
  insns: InstructionView,
  graph: FlowGraph,
  stackDepth: number,
  useOf: (insn: number) => StackUse,
): StackLayout {
  const { count, start, end } = graph;
  const entries = findEntries(insns, graph);
  const enter = (block: number, registers: Int32Array): void => copyEntry(entries, block, registers);
  const frame = new FrameAccesses(stackDepth);
  const registers = new Int32Array(REGISTERS);
  for (let block = 0; block < count; block++) {
    enter(block, registers);
    for (let insn = start[block] as number; insn < (end[block] as number); insn += insns.slots(insn)) {
      noteAccess(insns, insn, registers, frame, useOf);
      followFramePointers(insns, insn, registers);
    }
  }
  const slots = frame.slots();
  return { size: frame.size(), slotOf: (offset) => slots.get(offset), enter };
}

function copyEntry(entries: Int32Array, block: number, registers: Int32Array): void {
  for (let register = 0; register < REGISTERS; register++)
    registers[register] = entries[block * REGISTERS + register] as number; // in range
}

/** What the registers hold at the start of each block. */
function findEntries(insns: InstructionView, { count, start, end, next, taken }: FlowGraph): Int32Array {
  const entries = new Int32Array(count * REGISTERS).fill(UNREACHED);
  entries.fill(NO_FRAME_POINTER, 0, REGISTERS);
  entries[FRAME_POINTER] = 0;
  const pending = new Uint8Array(count);
  const registers = new Int32Array(REGISTERS);
  let changed = count > 0;
  pending[0] = 1;
  const flow = (to: number): void => {
    if (to < 0) return;
    for (let register = 0; register < REGISTERS; register++) {
      const at = to * REGISTERS + register;
      const before = entries[at] as number; // in range
      const coming = registers[register] as number;
      if (before === coming || before === SOMEWHERE) continue;
      entries[at] = before === UNREACHED ? coming : SOMEWHERE;
      pending[to] = 1;
      changed = true;
    }
  };
  while (changed) {
    changed = false;
    for (let block = 0; block < count; block++) {
      if (pending[block] === 0) continue;
      pending[block] = 0;
      copyEntry(entries, block, registers);
      for (let insn = start[block] as number; insn < (end[block] as number); insn += insns.slots(insn))
        followFramePointers(insns, insn, registers);
      flow(next[block] as number);
      flow(taken[block] as number);
    }
  }
  return entries;
}

function noteAccess(
  insns: InstructionView,
  insn: number,
  registers: Int32Array,
  frame: FrameAccesses,
  useOf: (insn: number) => StackUse,
): void {
  const code = insns.code(insn);
  const dst = insns.dst(insn);
  const src = insns.src(insn);
  const held = (register: number): number => registers[register] as number; // eleven registers
  const leak = (register: number): void => {
    if (held(register) !== NO_FRAME_POINTER) frame.leakAll();
  };
  const access = (register: number, writes: boolean): void => {
    if (isFrameOffset(held(register))) frame.access(held(register) + insns.off(insn), accessBytes(code), writes);
    else leak(register);
  };
  switch (BPF_CLASS(code)) {
    case BPF_ALU64: {
      const operation = BPF_OP(code);
      const isCopy = operation === BPF_MOV && insns.off(insn) === 0;
      const isConstant = BPF_SRC(code) === BPF_K && (operation === BPF_ADD || operation === BPF_SUB);
      if (isCopy || isConstant) return;
      if (operation !== BPF_MOV) leak(dst);
      if (BPF_SRC(code) === BPF_X) leak(src);
      return;
    }
    case BPF_ALU:
      if (BPF_OP(code) !== BPF_MOV) leak(dst);
      if (BPF_SRC(code) === BPF_X) leak(src);
      return;
    case BPF_LDX:
      access(src, false);
      return;
    case BPF_ST:
      access(dst, true);
      return;
    case BPF_STX: {
      if (BPF_MODE(code) === BPF_ATOMIC && insns.imm(insn) === BPF_LOAD_ACQ) {
        access(src, false);
        return;
      }
      if (BPF_MODE(code) === BPF_ATOMIC && insns.imm(insn) !== BPF_STORE_REL) access(dst, false);
      access(dst, true);
      leak(src);
      if (BPF_MODE(code) === BPF_ATOMIC) leak(0);
      return;
    }
    default: {
      if (BPF_CLASS(code) !== BPF_JMP || BPF_OP(code) !== BPF_CALL) return;
      const use = useOf(insn);
      for (let register = 1; register <= 5; register++) {
        if (held(register) === NO_FRAME_POINTER) continue;
        if (((use.anyhow >> register) & 1) === 1) frame.leakAll();
        else if (((use.upwards >> register) & 1) === 1) {
          if (isFrameOffset(held(register))) frame.leakFrom(held(register));
          else frame.leakAll();
        }
      }
      if (use.bytesAtR1 !== undefined && held(1) !== NO_FRAME_POINTER) {
        if (isFrameOffset(held(1))) frame.keepInMemory(held(1), use.bytesAtR1);
        else frame.leakAll();
      }
      if (use.readsKey && held(2) !== NO_FRAME_POINTER) {
        if (isFrameOffset(held(2))) frame.access(held(2), 4, false);
        else frame.leakAll();
      }
    }
  }
}

/** Deepest that programs may go. */
const MAX_DEPTH = 512;

/** Sizes (1, 2, 4 and 8 as bits) of the accesses to each byte of the frame, from the deepest. */
class FrameAccesses {
  readonly #stackDepth: number;
  readonly #reads = new Uint8Array(MAX_DEPTH);
  readonly #writes = new Uint8Array(MAX_DEPTH);
  /** 1: its address is used for more than loads and stores of the function. */
  readonly #kept = new Uint8Array(MAX_DEPTH);
  /** Bytes from here up are memory. */
  #leaked = 0;
  /** Deepest byte that is memory for another reason. */
  #lowest = 0;

  constructor(stackDepth: number) {
    this.#stackDepth = stackDepth;
  }

  access(offset: number, size: number, writes: boolean): void {
    if (offset < -MAX_DEPTH || offset + size > 0) {
      this.leakAll();
      return;
    }
    const sizes = writes ? this.#writes : this.#reads;
    sizes[offset + MAX_DEPTH] = (sizes[offset + MAX_DEPTH] as number) | size;
  }

  keepInMemory(offset: number, size: number): void {
    if (offset < -MAX_DEPTH || offset + size > 0) {
      this.leakAll();
      return;
    }
    this.#kept.fill(1, offset + MAX_DEPTH, offset + size + MAX_DEPTH);
    this.#lowest = Math.min(this.#lowest, offset);
  }

  leakFrom(offset: number): void {
    this.#leaked = Math.min(this.#leaked, offset);
  }

  leakAll(): void {
    this.#leaked = Number.NEGATIVE_INFINITY;
  }

  /** By the offset of each access that is in one. To be called once. */
  slots(): Map<number, StackSlot> {
    const slots = new Map<number, StackSlot>();
    for (let at = 0; at < MAX_DEPTH; ) {
      if (this.#sizesAt(at) === 0) {
        at += 1;
        continue;
      }
      // All that overlap, directly or not.
      let end = at;
      let written = 0;
      for (let each = at; each === at || each < end; each++) {
        end = Math.max(end, each + largest(this.#sizesAt(each)));
        written |= this.#writes[each] as number; // within the frame
      }
      const size = end - at;
      const offset = at - MAX_DEPTH;
      const agrees = size <= 8 && (written === 0 || written === size);
      const isLocal = agrees && offset + size <= this.#leaked && !this.#kept.subarray(at, end).includes(1);
      if (!isLocal) this.#lowest = Math.min(this.#lowest, offset);
      else
        for (let each = at; each < end; each++)
          if (this.#sizesAt(each) !== 0) slots.set(each - MAX_DEPTH, { offset, size });
      at = end;
    }
    return slots;
  }

  #sizesAt(at: number): number {
    return ((this.#reads[at] ?? 0) | (this.#writes[at] ?? 0)) & 15;
  }

  /** Aligned, so that frames stay aligned. To be called after slots(). */
  size(): number {
    const leaked = this.#leaked === Number.NEGATIVE_INFINITY ? -this.#stackDepth : this.#leaked;
    return (-Math.min(this.#lowest, leaked) + 15) & ~15;
  }
}

const largest = (sizes: number): number => (sizes === 0 ? 0 : 1 << (31 - Math.clz32(sizes)));
