/**
 * Slots of the stack: where an offset lies in them, what they hold, and what a write does to dynptrs.
 *
 * Offsets are from the frame pointer, negative. Slot 0 is fp-8 to fp-1, byte 0 of a slot has its lowest address. A
 * spilled register lies in the low bytes of its slot, so byte 0 tells whether there is one.
 * After the slot functions and destroy_if_dynptr_stack_slot of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { markStackWrite } from '../flow/index.ts';
import { type Frame, MAX_REGISTERS } from '../frame.ts';
import { DYNPTR_FIRST, DYNPTR_ID, DYNPTR_KIND, FRAME, ID, TYPE } from '../register.ts';
import {
  DYNPTR_TYPE_FILE,
  DYNPTR_TYPE_RINGBUF,
  PTR_MAYBE_NULL,
  PTR_TO_MEM,
  STACK_DYNPTR,
  STACK_INVALID,
  STACK_MISC,
  STACK_SPILL,
  STACK_ZERO,
} from '../register-types.ts';
import { markUnknown, resetRegister } from '../scalar/index.ts';

export const SLOT_BYTES = 8;

export const slotOf = (off: number): number => (-off - 1) >> 3;
/** Byte of its slot that has this offset. */
export const byteOf = (off: number): number => off & 7;

/** Frame that a stack pointer points into. */
export function frameOf(env: Env, w: Int32Array, r: number): Frame {
  const frame = env.state.frames[w[r + FRAME] as number];
  if (frame === undefined) throw new RangeError(`stack pointer into frame ${w[r + FRAME]}, which does not exist`);
  return frame;
}

export const isSpilled = (frame: Frame, slot: number): boolean => frame.slotType(slot, 0) === STACK_SPILL;

/** Makes slots exist down to an offset, and notes the function's depth. */
export function growStack(env: Env, frame: Frame, bytes: number): void {
  const slots = (bytes + SLOT_BYTES - 1) >> 3;
  if (slots <= frame.slots) return;
  frame.growTo(slots);
  const subprogram = env.subprograms[frame.subprogram];
  if (subprogram !== undefined && subprogram.stackDepth < slots * SLOT_BYTES)
    subprogram.stackDepth = slots * SLOT_BYTES;
}

/** A byte that was part of something else is now any data; what was never written stays so. */
export function scrubByte(frame: Frame, slot: number, byte: number): void {
  if (frame.slotType(slot, byte) !== STACK_INVALID) frame.setSlotType(slot, byte, STACK_MISC);
}

/** The same, but zeros stay zeros: for bytes beside a spilled half. */
export function markByteMisc(frame: Frame, slot: number, byte: number): void {
  const type = frame.slotType(slot, byte);
  if (type !== STACK_INVALID && type !== STACK_ZERO) frame.setSlotType(slot, byte, STACK_MISC);
}

/**
 * Accesses that are not part of a pattern of saving registers around a call of a bpf_fastcall function take away the
 * freedom to drop the pattern, if they reach into what it saves.
 */
export function checkFastcallStack(env: Env, frame: Frame, off: number): void {
  const subprogram = env.subprograms[frame.subprogram];
  const { facts } = env;
  if (subprogram === undefined || subprogram.fastcallStackOffset <= off || facts.fastcallPattern[env.insn] !== 0)
    return;
  subprogram.fastcallStackOffset = S16_MIN;
  facts.fastcallSpills.fill(0, subprogram.start, subprogram.end);
  facts.fastcallPattern.fill(0, subprogram.start, subprogram.end);
}

/** Less than any offset in a stack. */
const S16_MIN = -0x8000;

const isReferenced = (kind: number): boolean => (kind & (DYNPTR_TYPE_RINGBUF | DYNPTR_TYPE_FILE)) !== 0;

/** A slot is about to be written: a dynptr in it and the next is no more, nor are slices of it. */
export function destroyDynptrAt(env: Env, frame: Frame, slot: number): void {
  if (frame.slotType(slot, SLOT_BYTES - 1) !== STACK_DYNPTR) return;
  const { words } = frame;
  const first = words[frame.spilled(slot) + DYNPTR_FIRST] === 0 ? slot + 1 : slot;
  const second = first - 1;
  const at = frame.spilled(first);
  if (isReferenced(words[at + DYNPTR_KIND] as number)) env.reject(EINVAL, 'memory/dynptr-overwrite', undefined);
  env.markSlotScratched(first);
  env.markSlotScratched(second);
  frame.fillSlotType(first, STACK_INVALID);
  frame.fillSlotType(second, STACK_INVALID);
  forgetSlices(env, words[at + ID] as number);
  resetRegister(words, at);
  resetRegister(words, frame.spilled(second));
  markStackWrite(env, frame.frameNumber, second);
  markStackWrite(env, frame.frameNumber, first);
}

function forgetSlices(env: Env, dynptrId: number): void {
  for (const frame of env.state.frames) {
    for (let register = 0; register < MAX_REGISTERS; register++)
      forgetSlice(frame.words, frame.register(register), dynptrId);
    for (let slot = 0; slot < frame.slots; slot++)
      if (isSpilled(frame, slot)) forgetSlice(frame.words, frame.spilled(slot), dynptrId);
  }
}

function forgetSlice(w: Int32Array, r: number, dynptrId: number): void {
  const type = w[r + TYPE] as number;
  if (type !== PTR_TO_MEM && type !== (PTR_TO_MEM | PTR_MAYBE_NULL)) return;
  if (w[r + DYNPTR_ID] === dynptrId) markUnknown(w, r);
}
