/**
 * Writes to the stack: spills of registers, zeros, and data; at a fixed offset, or anywhere in a range of offsets.
 * Bounds and alignment are checked before. After check_stack_write of kernel/bpf/verifier.c.
 */
import { BPF_CLASS, BPF_MEM, BPF_MODE, BPF_ST } from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EINVAL } from '../errno.ts';
import { markPrecise, recordStackAccess } from '../explore/index.ts';
import { markStackWrite } from '../flow/index.ts';
import type { Frame } from '../frame.ts';
import { ID, REG_WORDS, TYPE } from '../register.ts';
import {
  NOT_INIT,
  PTR_TO_STACK,
  SCALAR_VALUE,
  STACK_DYNPTR,
  STACK_IRQ_FLAG,
  STACK_ITER,
  STACK_MISC,
  STACK_SPILL,
  STACK_ZERO,
} from '../register-types.ts';
import { hasKnownValue, isNull, markKnown, widthOf } from '../scalar/index.ts';
import { knownValue, signedMax, signedMin } from './numbers.ts';
import { isSpillablePointer, linkScalar, saveRegister } from './spilling.ts';
import {
  byteOf,
  checkFastcallStack,
  destroyDynptrAt,
  frameOf,
  isSpilled,
  SLOT_BYTES,
  scrubByte,
  slotOf,
} from './stack-slots.ts';

/**
 * @param off constant part of the offset, the register's included
 * @param valueReg register that is stored, -1 for any data, or for the constant of a BPF_ST
 */
export function writeStack(env: Env, regno: number, off: number, size: number, valueReg: number): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const target = frameOf(env, w, r);
  if (hasKnownValue(w, r)) writeAt(env, target, off + knownValue(w, r), size, valueReg);
  else writeRange(env, target, signedMin(w, r) + off, signedMax(w, r) + off + size, valueReg);
}

/** Whether the instruction stores a constant: any number if none is given. */
function storesConstant(env: Env, value?: number): boolean {
  const code = env.insns.code(env.insn);
  if (BPF_CLASS(code) !== BPF_ST || BPF_MODE(code) !== BPF_MEM) return false;
  return value === undefined || env.insns.imm(env.insn) === value;
}

/** The constant of a BPF_ST as a register. */
const scratch = new Int32Array(REG_WORDS);

function writeAt(env: Env, target: Frame, off: number, size: number, valueReg: number): void {
  const { frame } = env;
  const w = frame.words;
  const slot = slotOf(off);
  const isAligned = byteOf(off) === 0;
  const value = valueReg < 0 ? -1 : frame.register(valueReg);
  const type = value < 0 ? NOT_INIT : (w[value + TYPE] as number);

  destroyDynptrAt(env, target, slot);
  if (isAligned && size === SLOT_BYTES) markStackWrite(env, target.frameNumber, slot);
  checkFastcallStack(env, target, off);
  env.markSlotScratched(slot);

  if (isAligned && type === SCALAR_VALUE) {
    const fits = widthOf(w, value) <= size * 8;
    if (fits) linkScalar(env, w, value);
    saveRegister(target, slot, w, value, size);
    if (!fits) target.words[target.spilled(slot) + ID] = 0;
  } else if (isAligned && valueReg < 0 && storesConstant(env)) {
    const imm = env.insns.imm(env.insn);
    scratch.fill(0);
    markKnown(scratch, 0, imm, imm >> 31);
    scratch[TYPE] = SCALAR_VALUE;
    saveRegister(target, slot, scratch, 0, size);
  } else if (value >= 0 && isSpillablePointer(type)) {
    if (size !== SLOT_BYTES) env.reject(EACCES, 'memory/spill-size', undefined);
    if (target !== frame && type === PTR_TO_STACK) env.reject(EINVAL, 'memory/spill-caller', undefined);
    saveRegister(target, slot, w, value, size);
    env.kept.noteSpill(env.btfs, target, slot, w, value);
  } else {
    writeData(env, target, off, size, valueReg);
    return;
  }
  recordStackAccess(env, target.frameNumber, slot);
}

/** Bytes that are no spilled register: what was spilled there is lost. */
function writeData(env: Env, target: Frame, off: number, size: number, valueReg: number): void {
  const slot = slotOf(off);
  noteKept(env, valueReg);
  forgetSlot(target, slot);
  let type = STACK_MISC;
  if (isZero(env, valueReg)) {
    // A zero that is no spill relies on the register's value from here on.
    if (valueReg >= 0) markPrecise(env, valueReg);
    type = STACK_ZERO;
  }
  const first = byteOf(off);
  for (let byte = first; byte < first + size; byte++) target.setSlotType(slot, byte, type);
}

/** A part of the slot is overwritten: what it was as a whole, a register or an iterator, it is no more. */
function forgetSlot(target: Frame, slot: number): void {
  target.words[target.spilled(slot) + TYPE] = NOT_INIT;
  if (isSpecial(target.slotType(slot, 0))) for (let byte = 0; byte < SLOT_BYTES; byte++) scrubByte(target, slot, byte);
}

const isSpecial = (type: number): boolean =>
  type === STACK_SPILL || type === STACK_DYNPTR || type === STACK_ITER || type === STACK_IRQ_FLAG;

function isZero(env: Env, valueReg: number): boolean {
  if (valueReg < 0) return storesConstant(env, 0);
  const { frame } = env;
  return isNull(frame.words, frame.register(valueReg));
}

/** Any of the bytes may be written: all of them are data afterwards, but for zeros that stay zeros either way. */
function writeRange(env: Env, target: Frame, from: number, to: number, valueReg: number): void {
  const zero = isZero(env, valueReg);
  noteKept(env, valueReg);
  for (let off = from; off < to; off++) destroyDynptrAt(env, target, slotOf(off));
  checkFastcallStack(env, target, from);
  let usedZero = false;
  for (let off = from; off < to; off++) {
    const slot = slotOf(off);
    const byte = byteOf(off);
    env.markSlotScratched(slot);
    if (zero && target.slotType(slot, byte) === STACK_SPILL && isSpilledZero(target, slot)) {
      usedZero = true;
      continue;
    }
    forgetSlot(target, slot);
    if (zero && target.slotType(slot, byte) === STACK_ZERO) usedZero = true;
    else target.setSlotType(slot, byte, STACK_MISC);
  }
  if (usedZero && valueReg >= 0) markPrecise(env, valueReg);
}

/** A pointer that is written as data is a number from there on. */
function noteKept({ frame, btfs, kept }: Env, valueReg: number): void {
  if (valueReg >= 0) kept.note(btfs, frame.words, frame.register(valueReg));
}

function isSpilledZero(target: Frame, slot: number): boolean {
  return isSpilled(target, slot) && isNull(target.words, target.spilled(slot));
}
