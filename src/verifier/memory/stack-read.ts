/**
 * Reads from the stack: fills of spilled registers whole and in part, zeros, and data; at a fixed offset, or anywhere
 * in a range of offsets. Bounds and alignment are checked before.
 * After check_stack_read of kernel/bpf/verifier.c. What was never written may be read, as root may.
 */
import type { Env } from '../environment.ts';
import { EACCES } from '../errno.ts';
import { recordStackAccess } from '../explore/index.ts';
import { markStackRead } from '../flow/index.ts';
import type { Frame } from '../frame.ts';
import { tnumText } from '../log/index.ts';
import { copyRegister, ID, SUBREG_DEF, TYPE, VALUE } from '../register.ts';
import { SCALAR_VALUE, STACK_INVALID, STACK_MISC, STACK_SPILL, STACK_ZERO } from '../register-types.ts';
import { hasKnownValue, isNull, markConst32, markUnknown, widthOf } from '../scalar/index.ts';
import { knownValue, signedMax, signedMin } from './numbers.ts';
import { checkStackRange } from './stack-range.ts';
import { byteOf, checkFastcallStack, frameOf, isSpilled, SLOT_BYTES, slotOf } from './stack-slots.ts';

/**
 * @param off constant part of the offset, the register's included
 * @param valueReg register that is loaded, -1 for none
 */
export function readStack(env: Env, regno: number, off: number, size: number, valueReg: number): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const source = frameOf(env, w, r);
  if (hasKnownValue(w, r)) {
    readAt(env, source, off + knownValue(w, r), size, valueReg);
    return;
  }
  if (valueReg < 0) env.reject(EACCES, 'memory/stack-variable-argument', { tnum: tnumText(w, r + VALUE), off, size });
  const from = signedMin(w, r) + off;
  const to = signedMax(w, r) + off + size;
  checkStackRange(env, regno, off, size, false, 'read', undefined);
  loadBytes(env, source, from, to, valueReg);
  checkFastcallStack(env, source, from);
}

function readAt(env: Env, source: Frame, off: number, size: number, valueReg: number): void {
  const slot = slotOf(off);
  env.markSlotScratched(slot);
  checkFastcallStack(env, env.frame, off);
  markStackRead(env, source.frameNumber, slot);
  if (!isSpilled(source, slot)) {
    for (let i = 0; i < size; i++) {
      env.kept.noteByte(source, slot, byteOf(off + i));
      checkReadable(env, source.slotType(slot, byteOf(off + i)), off, i, size);
    }
    if (valueReg >= 0) loadBytes(env, source, off, off + size, valueReg);
    return;
  }
  let spilledSize = 1;
  while (spilledSize < SLOT_BYTES && source.slotType(slot, spilledSize) === STACK_SPILL) spilledSize++;
  if (size === SLOT_BYTES && spilledSize === SLOT_BYTES) {
    if (valueReg >= 0) {
      const { frame } = env;
      copyRegister(frame.words, frame.register(valueReg), source.words, source.spilled(slot));
    }
  } else {
    for (let i = 0; i < size; i++) env.kept.noteByte(source, slot, byteOf(off + i));
    if (source.words[source.spilled(slot) + TYPE] !== SCALAR_VALUE) env.reject(EACCES, 'memory/fill-size', undefined);
    if (valueReg < 0 || !fillPart(env, source, off, size, spilledSize, valueReg)) return;
  }
  recordStackAccess(env, source.frameNumber, slot);
}

/**
 * Loads from a slot of which a part is a spilled scalar, or a part of one.
 * @returns whether what is loaded is as precise as what was spilled
 */
function fillPart(env: Env, source: Frame, off: number, size: number, spilledSize: number, valueReg: number): boolean {
  const slot = slotOf(off);
  const from = source.words;
  const spilled = source.spilled(slot);
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(valueReg);
  if (size <= spilledSize && byteOf(off) === 0) {
    // How the instruction writes its register is already noted.
    const subregDef = w[r + SUBREG_DEF] as number;
    copyRegister(w, r, from, spilled);
    w[r + SUBREG_DEF] = subregDef;
    // A part of the value is another value.
    if (widthOf(from, spilled) > size * 8) w[r + ID] = 0;
    return true;
  }
  let spills = 0;
  let zeros = 0;
  for (let i = 0; i < size; i++) {
    const type = source.slotType(slot, byteOf(off + i));
    if (type === STACK_SPILL) spills++;
    else if (type === STACK_ZERO) zeros++;
    else checkReadable(env, type, off, i, size);
  }
  if (spills === size && isNull(from, spilled)) {
    markConst32(w, r, 0);
    return true;
  }
  if (zeros === size) markConst32(w, r, 0);
  else markUnknown(w, r);
  return false;
}

/** Iterators, dynptrs and irq flags are for kfuncs only. */
function checkReadable(env: Env, type: number, off: number, byte: number, size: number): void {
  if (type === STACK_MISC || type === STACK_ZERO || type === STACK_INVALID) return;
  env.reject(EACCES, 'memory/stack-read', { off, byte, size });
}

/** Loads bytes that are no spilled register: zero if all that may be read are, else any number. */
function loadBytes(env: Env, source: Frame, from: number, to: number, valueReg: number): void {
  let off = from;
  while (off < to) {
    const slot = slotOf(off);
    env.markSlotScratched(slot);
    if (source.slotType(slot, byteOf(off)) !== STACK_ZERO) break;
    off++;
  }
  const { frame } = env;
  const r = frame.register(valueReg);
  if (off === to) markConst32(frame.words, r, 0);
  else markUnknown(frame.words, r);
}
