/**
 * Loads and stores. The low word of a register is an offset in linear memory; where it went beyond, the engine traps,
 * which no verified program makes it do. Positive offsets of instructions become WebAssembly's, which are added without
 * a wrap; negative ones are added to the register.
 */
import { BPF_CLASS, BPF_MEMSX, BPF_MODE, BPF_ST } from '../isa/index.ts';
import type { FunctionCode } from './function-code.ts';
import { EMPTY, I32, I64, OP } from './opcodes.ts';
import { type AccessPlan, KERNEL_BASE_HIGH } from './plan.ts';
import { accessBytes, isFrameOffset, type StackSlot } from './stack-slots.ts';

const ARENA_PAGE_SHIFT = 12;

const LOAD: Readonly<Record<number, number>> = {
  1: OP['i64.load8_u'],
  2: OP['i64.load16_u'],
  4: OP['i64.load32_u'],
  8: OP['i64.load'],
};
const LOAD_SIGNED: Readonly<Record<number, number>> = {
  1: OP['i64.load8_s'],
  2: OP['i64.load16_s'],
  4: OP['i64.load32_s'],
};
const STORE: Readonly<Record<number, number>> = {
  1: OP['i64.store8'],
  2: OP['i64.store16'],
  4: OP['i64.store32'],
  8: OP['i64.store'],
};
const EXTEND: Readonly<Record<number, number>> = {
  1: OP['i64.extend8_s'],
  2: OP['i64.extend16_s'],
  4: OP['i64.extend32_s'],
};

const opcodeOf = (table: Readonly<Record<number, number>>, size: number): number => {
  const opcode = table[size];
  if (opcode === undefined) throw new RangeError(`an access of ${size} bytes`);
  return opcode;
};

export const loadOpcode = (size: number): number => opcodeOf(LOAD, size);
export const storeOpcode = (size: number): number => opcodeOf(STORE, size);

/** Where an access goes. */
export type Place =
  | { readonly kind: 'slot'; readonly slot: StackSlot; readonly offset: number }
  | { readonly kind: 'frame'; readonly distance: number }
  | { readonly kind: 'memory'; readonly base: number; readonly off: number; readonly plan: AccessPlan }
  /** Memory that can be accessed: an i32 local and a static offset. */
  | { readonly kind: 'tested'; readonly local: number; readonly offset: number };

export function placeOf(f: FunctionCode, insn: number, base: number): Place {
  const held = f.framePointers[base] as number; // r0-r10
  const off = f.insns.off(insn);
  if (!isFrameOffset(held)) return { kind: 'memory', base, off, plan: f.program.input.access(insn) };
  return frameOrSlot(f, held + off);
}

export function frameOrSlot(f: FunctionCode, distance: number): Place {
  const slot = f.layout.slotOf(distance);
  if (slot !== undefined) return { kind: 'slot', slot, offset: distance - slot.offset };
  return { kind: 'frame', distance };
}

/** BPF_LDX, and load-acquire. */
export function emitLoad(f: FunctionCode, insn: number): void {
  const { insns } = f;
  const code = insns.code(insn);
  const size = accessBytes(code);
  const isSigned = BPF_MODE(code) === BPF_MEMSX;
  const place = placeOf(f, insn, insns.src(insn));
  pushLoaded(f, place, size, isSigned);
  const givesAddress = place.kind === 'memory' && place.plan.kind === 'pointer32';
  f.set(insns.dst(insn), size < 8 && !isSigned && !givesAddress);
}

/** Pushes what is there, as 64 bits. */
export function pushLoaded(f: FunctionCode, place: Place, size: number, isSigned = false): void {
  const { code } = f;
  const opcode = opcodeOf(isSigned ? LOAD_SIGNED : LOAD, size);
  if (place.kind === 'slot') pushSlot(f, place.slot, place.offset, size, isSigned);
  else if (place.kind === 'frame') code.access(opcode, f.frameBase(place.distance));
  else if (place.kind === 'tested') {
    code.localGet(place.local);
    code.access(opcode, place.offset);
  } else
    switch (place.plan.kind) {
      case 'plain':
        code.access(opcode, pushBase(f, place.base, place.off));
        break;
      case 'pointer32': {
        const address = f.scratch('i64 address');
        code.access(OP['i64.load32_u'], pushBase(f, place.base, place.off));
        code.localTee(address);
        code.i64Const(0, KERNEL_BASE_HIGH);
        code.op(OP['i64.or']);
        code.i64ConstOf(0);
        code.localGet(address);
        code.op(OP['i64.eqz']);
        code.op(OP['i32.eqz']);
        code.op(OP.select);
        break;
      }
      default: {
        const { local, offset } = pushTested(f, place, size);
        code.begin(OP.if, I64);
        code.localGet(local);
        code.access(opcode, offset);
        code.op(OP.else);
        code.i64ConstOf(0);
        code.op(OP.end);
      }
    }
}

/** Pushes the base of an access; @returns its static offset. */
function pushBase(f: FunctionCode, register: number, off: number): number {
  f.getLow(register);
  if (off >= 0) return off;
  f.code.i32Const(off);
  f.code.op(OP['i32.add']);
  return 0;
}

/**
 * Does an operation unless it would go beyond an arena.
 * @param operation accesses the place it is given
 */
export function ifAccessible(f: FunctionCode, place: Place, size: number, operation: (place: Place) => void): void {
  if (place.kind !== 'memory' || place.plan.kind !== 'arena') {
    operation(place);
    return;
  }
  const { local, offset } = pushTested(f, place, size);
  f.code.begin(OP.if, EMPTY);
  operation({ kind: 'tested', local, offset });
  f.code.op(OP.end);
}

/** Pushes whether the place can be accessed; @returns the i32 local and static offset to do it with. */
function pushTested(
  f: FunctionCode,
  { base, off, plan }: Place & { readonly kind: 'memory' },
  size: number,
): { readonly local: number; readonly offset: number } {
  const { code } = f;
  const local = f.scratch('i32 tested');
  if (plan.kind === 'arena') {
    // In 64 bits: what is added must not lead from one end of 4 GiB to the other.
    const place = f.scratch('i64 distance');
    f.getLow(base);
    code.op(OP['i64.extend_i32_u']);
    const distance = off - plan.start;
    if (distance !== 0) {
      code.i64Const(distance, Math.floor(distance / 2 ** 32));
      code.op(OP['i64.add']);
    }
    code.localTee(place);
    code.op(OP['i32.wrap_i64']);
    code.localSet(local);
    code.localGet(place);
    code.i64Const(plan.limit - size, 0);
    code.op(OP['i64.le_u']);
    code.begin(OP.if, I32);
    pushIsAllocated(f, local, 0, plan.pages);
    if (size > 1) {
      pushIsAllocated(f, local, size - 1, plan.pages);
      code.op(OP['i32.and']);
    }
    code.op(OP.else);
    code.i32Const(0);
    code.op(OP.end);
    return { local, offset: plan.base };
  }
  // Distance to the first byte of memory, unsigned, against the last place where there is room.
  const distance = f.scratch('i64 distance');
  f.get(base);
  code.i64Const(off, (off >> 31) - KERNEL_BASE_HIGH);
  code.op(OP['i64.add']);
  code.localTee(distance);
  code.op(OP['i32.wrap_i64']);
  code.localSet(local);
  code.localGet(distance);
  code.op(OP['memory.size']);
  code.byte(0);
  code.op(OP['i64.extend_i32_u']);
  code.i64ConstOf(16);
  code.op(OP['i64.shl']);
  code.i64ConstOf(size);
  code.op(OP['i64.sub']);
  code.op(OP['i64.le_u']);
  return { local, offset: 0 };
}

/** Pushes the byte of the page in which that byte of an arena lies. */
function pushIsAllocated(f: FunctionCode, local: number, distance: number, pages: number): void {
  const { code } = f;
  code.localGet(local);
  if (distance > 0) {
    code.i32Const(distance);
    code.op(OP['i32.add']);
  }
  code.i32Const(ARENA_PAGE_SHIFT);
  code.op(OP['i32.shr_u']);
  code.access(OP['i32.load8_u'], pages);
}

/** BPF_ST and BPF_STX, and store-release. */
export function emitStore(f: FunctionCode, insn: number): void {
  const { insns } = f;
  const code = insns.code(insn);
  const imm = insns.imm(insn);
  storeTo(f, placeOf(f, insn, insns.dst(insn)), accessBytes(code), () => {
    if (BPF_CLASS(code) === BPF_ST) f.code.i64ConstOf(imm);
    else f.get(insns.src(insn));
  });
}

/** @param value pushes it, as 64 bits, and changes nothing */
export function storeTo(f: FunctionCode, place: Place, size: number, value: () => void): void {
  const { code } = f;
  const opcode = storeOpcode(size);
  if (place.kind === 'slot') {
    value();
    if (size < 8) cut(f, size);
    code.localSet(f.slotLocal(place.slot));
    return;
  }
  if (place.kind === 'frame') {
    const offset = f.frameBase(place.distance);
    value();
    code.access(opcode, offset);
    return;
  }
  if (place.kind === 'tested') {
    code.localGet(place.local);
    value();
    code.access(opcode, place.offset);
    return;
  }
  if (place.plan.kind === 'plain' || place.plan.kind === 'pointer32') {
    const offset = pushBase(f, place.base, place.off);
    value();
    code.access(opcode, offset);
    return;
  }
  const { local, offset } = pushTested(f, place, size);
  code.begin(OP.if, EMPTY);
  code.localGet(local);
  value();
  code.access(opcode, offset);
  code.op(OP.end);
}

/** Keeps the lowest bytes of what is on the stack. */
function cut(f: FunctionCode, size: number): void {
  const { code } = f;
  if (size === 4) {
    code.op(OP['i32.wrap_i64']);
    code.op(OP['i64.extend_i32_u']);
    return;
  }
  code.i64ConstOf(size === 1 ? 0xff : 0xffff);
  code.op(OP['i64.and']);
}

/** Slots hold their bytes as an unsigned number. */
function pushSlot(f: FunctionCode, slot: StackSlot, offset: number, size: number, isSigned: boolean): void {
  const { code } = f;
  code.localGet(f.slotLocal(slot));
  if (offset > 0) {
    code.i64ConstOf(offset * 8);
    code.op(OP['i64.shr_u']);
  }
  if (isSigned) code.op(opcodeOf(EXTEND, size));
  else if (offset + size < slot.size) cut(f, size);
}
