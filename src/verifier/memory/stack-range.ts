/**
 * Ranges of the stack: whether an access stays inside of it, and whether what a helper or kfunc is given may be read or
 * overwritten. After check_stack_access_within_bounds and check_stack_range_initialized of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EACCES, EFAULT, EINVAL } from '../errno.ts';
import { markStackRead } from '../flow/index.ts';
import { type Frame, MAX_STACK_BYTES } from '../frame.ts';
import { tnumText } from '../log/index.ts';
import { VALUE } from '../register.ts';
import { STACK_DYNPTR, STACK_INVALID, STACK_MISC, STACK_ZERO } from '../register-types.ts';
import { hasKnownValue, markUnknown } from '../scalar/index.ts';
import { knownValue, MAX_VARIABLE_OFFSET, signedMax, signedMin } from './numbers.ts';
import { byteOf, frameOf, growStack, isSpilled, SLOT_BYTES, scrubByte, slotOf } from './stack-slots.ts';

export type AccessKind = 'read' | 'write';

/** What checks of a helper's or kfunc's memory arguments note for the call; calls/ and kfuncs/ have more in theirs. */
export interface MemoryNotes {
  /** The memory need not be initialised: the helper fills it. */
  readonly rawMode: boolean;
  /** Raw memory on the stack that the helper will write: the register that points to it, and its bytes. */
  rawRegister: number;
  rawSize: number;
  /** Largest size, for helpers whose result is at most that. */
  sizeMaxLo: number;
  sizeMaxHi: number;
}

/**
 * Refuses accesses that leave the stack, and makes the slots exist.
 * @param off constant part of the offset, the register's included
 */
export function checkStackBounds(env: Env, regno: number, off: number, size: number, kind: AccessKind): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const access = kind === 'read' ? ' read from' : ' write to';
  const fixed = hasKnownValue(w, r);
  let from: number;
  let to: number;
  if (fixed) {
    from = knownValue(w, r) + off;
    to = from + size;
  } else {
    const least = signedMin(w, r);
    const most = signedMax(w, r);
    if (most >= MAX_VARIABLE_OFFSET || least <= -MAX_VARIABLE_OFFSET)
      env.reject(EACCES, 'memory/stack-unbounded', { access, reg: regno });
    from = least + off;
    to = most + off + size;
  }
  const errno = from < -MAX_STACK_BYTES || from > -1 ? EACCES : to > 0 ? EINVAL : size < 0 ? EFAULT : 0;
  if (errno !== 0) {
    const facts = { access, reg: regno, off, size };
    if (fixed) env.reject(errno, 'memory/stack-bounds', facts);
    env.reject(errno, 'memory/stack-variable-bounds', { ...facts, tnum: tnumText(w, r + VALUE) });
  }
  growStack(env, frameOf(env, w, r), -from);
}

/**
 * Checks the stack memory that a helper or kfunc gets, or that is loaded from an offset that varies.
 * @param off constant part of the offset, the register's included
 * @param notes of the call; without any, or at an offset that varies, the memory must be initialised
 */
export function checkStackRange(
  env: Env,
  regno: number,
  off: number,
  size: number,
  zeroSizeAllowed: boolean,
  kind: AccessKind,
  notes: MemoryNotes | undefined,
): void {
  if (size === 0 && !zeroSizeAllowed) env.reject(EACCES, 'memory/zero-sized', undefined);
  checkStackBounds(env, regno, off, size, kind);
  const w = env.frame.words;
  const r = env.frame.register(regno);
  const target = frameOf(env, w, r);
  const fixed = hasKnownValue(w, r);
  const from = off + (fixed ? knownValue(w, r) : signedMin(w, r));
  const to = off + (fixed ? knownValue(w, r) : signedMax(w, r)) + size;
  if (notes?.rawMode === true && fixed) {
    checkNoDynptr(env, target, from, to);
    notes.rawRegister = regno;
    notes.rawSize = size;
    return;
  }
  let readSlot = -1;
  for (let at = from; at < to; at++) {
    const slot = slotOf(at);
    if (!env.kept.skipsMemory) noteByte(env, target, slot, byteOf(at));
    if (!touchByte(target, slot, byteOf(at), kind === 'write')) {
      const facts = { reg: regno, byte: at - from, size };
      if (fixed) env.reject(EACCES, 'memory/stack-read-by', { ...facts, off: from });
      env.reject(EACCES, 'memory/stack-read-variable', { ...facts, tnum: tnumText(w, r + VALUE) });
    }
    // That it is overwritten cannot be relied on: it stays read.
    if (slot !== readSlot) markStackRead(env, target.frameNumber, slot);
    readSlot = slot;
  }
}

/** Somebody gets a byte of a slot. */
function noteByte({ btfs, kept }: Env, target: Frame, slot: number, byte: number): void {
  kept.noteByte(target, slot, byte);
  if (isSpilled(target, slot)) kept.note(btfs, target.words, target.spilled(slot));
}

/** The call will write byte by byte; a dynptr that is passed along must not be among them. */
function checkNoDynptr(env: Env, target: Frame, from: number, to: number): void {
  for (let at = from; at < to; at++) {
    const slot = slotOf(at);
    if (slot < target.slots && target.slotType(slot, byteOf(at)) === STACK_DYNPTR)
      env.reject(EACCES, 'memory/dynptr-write', { off: at });
  }
}

/** @returns whether the byte may be read; if it may be overwritten too, what it held is forgotten */
function touchByte(target: Frame, slot: number, byte: number, write: boolean): boolean {
  const type = target.slotType(slot, byte);
  if (type === STACK_MISC) return true;
  if (type === STACK_ZERO || type === STACK_INVALID) {
    if (write) target.setSlotType(slot, byte, STACK_MISC);
    return true;
  }
  if (!isSpilled(target, slot)) return false;
  if (write) {
    markUnknown(target.words, target.spilled(slot));
    for (let i = 0; i < SLOT_BYTES; i++) scrubByte(target, slot, i);
  }
  return true;
}
