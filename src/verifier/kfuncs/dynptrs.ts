/**
 * Dynptrs: two slots of the stack that stand for memory elsewhere - local, in a ring buffer, of a packet -, or a
 * constant pointer to one that the kernel made. Slices of their memory are good as long as the dynptr is.
 * After process_dynptr_func() and the *_stack_slots_dynptr() functions in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EFAULT, EINVAL } from '../errno.ts';
import type { Frame } from '../frame.ts';
import { dynptrName } from '../log/index.ts';
import { checkMemoryAccess, destroyDynptrAt } from '../memory/index.ts';
import { DYNPTR_FIRST, DYNPTR_KIND, ID, PRECISE, REF_OBJ_ID, TYPE } from '../register.ts';
import {
  CONST_PTR_TO_DYNPTR,
  DYNPTR_TYPE_FILE,
  DYNPTR_TYPE_RINGBUF,
  PTR_TO_STACK,
  STACK_DYNPTR,
} from '../register-types.ts';
import { markKnownZero } from '../scalar/index.ts';
import { acquireReference, releaseReference } from './references.ts';
import { BEYOND_STACK, clearSlot, findSlot, frameOf, isWholly, noteRead, setSlot } from './stack-objects.ts';

const WHAT = 'dynptr';
const SLOTS = 2;
const SLOT_BYTES = 8;

export interface DynptrArgument {
  /** `make`: there is none yet; `read`: stays what it is; `change`: may be changed or ended. */
  readonly use: 'make' | 'read' | 'change';
  /** DYNPTR_TYPE_* that it must be or becomes, 0 for any. */
  readonly kind: number;
}

const ANY_DYNPTR: DynptrArgument = { use: 'read', kind: 0 };

export const isReferencedKind = (kind: number): boolean => (kind & (DYNPTR_TYPE_RINGBUF | DYNPTR_TYPE_FILE)) !== 0;

/**
 * Checks a dynptr argument of a helper or kfunc, and makes the dynptr where it wants none.
 * @param cloneReferenceId reference of the dynptr that is cloned, 0 if it has none
 */
export function processDynptr(
  env: Env,
  regno: number,
  { use, kind }: DynptrArgument = ANY_DYNPTR,
  cloneReferenceId = 0,
): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const arg = regno - 1;
  const isConst = w[r + TYPE] === CONST_PTR_TO_DYNPTR;
  if (w[r + TYPE] !== PTR_TO_STACK && !isConst) env.reject(EINVAL, 'dynptr/not-pointer', { arg });
  if (use === 'make') {
    if (isConst) env.reject(EINVAL, 'dynptr/initialized', undefined);
    const slot = findSlot(env, w, r, WHAT, SLOTS);
    if (slot < 0 && slot !== BEYOND_STACK) env.reject(EINVAL, 'dynptr/initialized', undefined);
    for (let i = 0; i < SLOTS; i++) checkMemoryAccess(env, regno, i * SLOT_BYTES, SLOT_BYTES, 'write', -1);
    make(env, w, r, kind, cloneReferenceId);
    return;
  }
  if (isConst && use === 'change') env.reject(EINVAL, 'dynptr/const', undefined);
  const slot = isConst ? 0 : initializedSlot(env, w, r);
  if (slot < 0) env.reject(EINVAL, 'dynptr/uninitialized', { arg });
  if (kind !== 0 && dynptrKind(env, regno) !== kind) env.reject(EINVAL, 'dynptr/type', { arg, type: dynptrName(kind) });
  if (!isConst) noteRead(env, frameOf(env, w, r), slot, SLOTS);
}

/** DYNPTR_TYPE_* of an argument that is an initialized dynptr. */
export const dynptrKind = (env: Env, regno: number): number => fieldOf(env, regno, DYNPTR_KIND);

/** Id that slices of an argument's memory carry. */
export const dynptrId = (env: Env, regno: number): number => fieldOf(env, regno, ID);

/** Reference that an argument holds, 0 if none. */
export const dynptrReferenceId = (env: Env, regno: number): number => fieldOf(env, regno, REF_OBJ_ID);

/** Makes a register the pointer to a dynptr that the kernel passes to a callback or global function. */
export function markConstDynptr(env: Env, w: Int32Array, r: number, kind: number): void {
  markDynptr(w, r, kind, true, env.newId());
}

/** Ends the dynptr that an argument points to; if it holds a reference, its clones and all slices too. */
export function releaseDynptr(env: Env, regno: number): void {
  const { frame: current } = env;
  const w = current.words;
  const r = current.register(regno);
  if (w[r + TYPE] === CONST_PTR_TO_DYNPTR)
    env.reject(EFAULT, 'verifier-bug', { what: 'CONST_PTR_TO_DYNPTR cannot be released' });
  const slot = findSlot(env, w, r, WHAT, SLOTS);
  if (slot < 0) env.rejectAsSaid(EINVAL);
  const frame = frameOf(env, w, r);
  const { words } = frame;
  if (!isReferencedKind(words[frame.spilled(slot) + DYNPTR_KIND] as number)) {
    // the slot exists
    clear(env, frame, slot);
    return;
  }
  const id = words[frame.spilled(slot) + REF_OBJ_ID] as number;
  releaseReference(env, id);
  for (let i = 1; i < frame.slots; i++) {
    const at = frame.spilled(i);
    if (words[at + REF_OBJ_ID] !== id) continue;
    if (frame.slotType(i, 0) !== STACK_DYNPTR) env.reject(EFAULT, 'verifier-bug', { what: 'misconfigured ref_obj_id' });
    if (words[at + DYNPTR_FIRST] !== 0) clear(env, frame, i);
  }
}

function make(env: Env, w: Int32Array, r: number, kind: number, cloneReferenceId: number): void {
  const slot = findSlot(env, w, r, WHAT, SLOTS);
  if (slot < 0) env.rejectAsSaid(EINVAL);
  const frame = frameOf(env, w, r);
  // The slots may be of two dynptrs, one half of each.
  destroyDynptrAt(env, frame, slot);
  destroyDynptrAt(env, frame, slot - 1);
  const id = env.newId();
  const { words } = frame;
  const reference = !isReferencedKind(kind)
    ? 0
    : cloneReferenceId !== 0
      ? cloneReferenceId
      : acquireReference(env, env.insn);
  for (let i = 0; i < SLOTS; i++) {
    const at = frame.spilled(slot - i);
    markDynptr(words, at, kind, i === 0, id);
    words[at + REF_OBJ_ID] = reference;
    setSlot(env, frame, slot - i, STACK_DYNPTR);
  }
}

function markDynptr(w: Int32Array, r: number, kind: number, isFirst: boolean, id: number): void {
  markKnownZero(w, r);
  w[r + TYPE] = CONST_PTR_TO_DYNPTR; // on the stack it says nothing
  w[r + PRECISE] = 0;
  w[r + ID] = id;
  w[r + DYNPTR_KIND] = kind;
  w[r + DYNPTR_FIRST] = isFirst ? 1 : 0;
}

function clear(env: Env, frame: Frame, slot: number): void {
  clearSlot(env, frame, slot);
  clearSlot(env, frame, slot - 1);
}

/** @returns the first slot of an initialized dynptr, or less than 0 */
function initializedSlot(env: Env, w: Int32Array, r: number): number {
  const slot = findSlot(env, w, r, WHAT, SLOTS);
  if (slot < 0) return slot;
  const frame = frameOf(env, w, r);
  if (frame.words[frame.spilled(slot) + DYNPTR_FIRST] === 0) return -1;
  return isWholly(frame, slot, STACK_DYNPTR) && isWholly(frame, slot - 1, STACK_DYNPTR) ? slot : -1;
}

function fieldOf(env: Env, regno: number, field: number): number {
  const { frame: current } = env;
  const w = current.words;
  const r = current.register(regno);
  if (w[r + TYPE] === CONST_PTR_TO_DYNPTR) return w[r + field] as number; // every register has it
  const slot = findSlot(env, w, r, WHAT, SLOTS);
  if (slot < 0) return 0;
  const frame = frameOf(env, w, r);
  return frame.words[frame.spilled(slot) + field] as number; // the slot exists
}
