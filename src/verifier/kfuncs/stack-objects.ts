/**
 * Things of the kernel that live on a program's stack - iterators, dynptrs, saved irq flags - and how a pointer to one
 * names its slots. One of several slots is named by the slot with the lowest address, which has the highest number.
 * After stack_slot_obj_get_spi() and mark_stack_slot_obj_read() in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { markStackRead, markStackWrite } from '../flow/index.ts';
import type { Frame } from '../frame.ts';
import { FRAME } from '../register.ts';
import { STACK_INVALID } from '../register-types.ts';
import { hasKnownValue, resetRegister } from '../scalar/index.ts';
import { constantOffset } from './fields.ts';

const SLOT_BYTES = 8;

/** Not yet a slot of the frame. */
export const BEYOND_STACK = -1;
/** Refused, and said why. */
export const NO_SLOT = -2;

/** The frame that a pointer to the stack points into. */
export function frameOf(env: Env, w: Int32Array, r: number): Frame {
  return env.state.frames[w[r + FRAME] as number] as Frame; // such pointers do not outlive their frame
}

/**
 * @param w,r pointer to the stack
 * @param what for messages: `iter`, `dynptr`, `irq_flag`
 * @returns the slot, BEYOND_STACK or NO_SLOT
 */
export function findSlot(env: Env, w: Int32Array, r: number, what: string, slots: number): number {
  if (!hasKnownValue(w, r)) {
    env.say('kfunc/stack-variable', { what });
    return NO_SLOT;
  }
  const off = constantOffset(w, r);
  const slot = Math.trunc((-off - 1) / SLOT_BYTES);
  if (off % SLOT_BYTES !== 0 || slot + 1 < slots) {
    env.say('kfunc/stack-offset', { what, off });
    return NO_SLOT;
  }
  return slot < frameOf(env, w, r).slots ? slot : BEYOND_STACK;
}

/** Notes that a kfunc reads what is in `slots` slots from this one on upwards. */
export function noteRead(env: Env, frame: Frame, slot: number, slots: number): void {
  for (let i = slot; i > slot - slots; i--) {
    markStackRead(env, frame.frameNumber, i);
    env.markSlotScratched(i);
  }
}

/** Sets the type of all bytes of a slot. */
export function setSlot(env: Env, frame: Frame, slot: number, type: number): void {
  frame.fillSlotType(slot, type);
  markStackWrite(env, frame.frameNumber, slot);
  env.markSlotScratched(slot);
}

/** Nothing is in the slot any more. */
export function clearSlot(env: Env, frame: Frame, slot: number): void {
  resetRegister(frame.words, frame.spilled(slot));
  setSlot(env, frame, slot, STACK_INVALID);
}

/** Whether all bytes of a slot are of a type. */
export function isWholly(frame: Frame, slot: number, type: number): boolean {
  for (let byte = 0; byte < SLOT_BYTES; byte++) if (frame.slotType(slot, byte) !== type) return false;
  return true;
}

/** Whether any byte of a slot is of a type. */
export function isPartly(frame: Frame, slot: number, type: number): boolean {
  for (let byte = 0; byte < SLOT_BYTES; byte++) if (frame.slotType(slot, byte) === type) return true;
  return false;
}
