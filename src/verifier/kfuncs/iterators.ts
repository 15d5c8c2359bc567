/**
 * Open-coded iterators: bpf_iter_<type>_new, _next, _destroy on a struct on the stack, and kfuncs that take one.
 *
 * An iterator fills the slots of its struct; the one with the lowest address holds the reference. A call of next forks
 * the path: on this one the iterator is drained and NULL returned, on the one put off there was an element. Scalars
 * that nothing needs precise are forgotten on the way into the next round, so that the rounds converge.
 * After process_iter_arg() and process_iter_next_call() in kernel/bpf/verifier.c; facts/iterators.md section 4.
 */
import { BPF_PROG_TYPE_LSM, BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EFAULT, EINVAL, EPROTO } from '../errno.ts';
import { findPreviousEntry, pushState, sameCallsites, widenImpreciseScalars } from '../explore/index.ts';
import type { Frame } from '../frame.ts';
import { iterName } from '../log/index.ts';
import { checkMemoryAccess, inRcuSection } from '../memory/index.ts';
import {
  FRAME,
  ITER_BTF,
  ITER_BTF_ID,
  ITER_DEPTH,
  ITER_STATE,
  ITER_STATE_ACTIVE,
  ITER_STATE_DRAINED,
  PRECISE,
  REF_OBJ_ID,
  TYPE,
} from '../register.ts';
import { MEM_RCU, PTR_MAYBE_NULL, PTR_TO_STACK, PTR_UNTRUSTED, STACK_ITER } from '../register-types.ts';
import { markConst32, markKnownZero } from '../scalar/index.ts';
import type { State } from '../state.ts';
import type { KfuncCall } from './call-facts.ts';
import { ITER_DESTROY, ITER_NEW, RCU_PROTECTED } from './prototype.ts';
import { acquireReference, releaseReference } from './references.ts';
import {
  BEYOND_STACK,
  clearSlot,
  findSlot,
  frameOf,
  isPartly,
  isWholly,
  NO_SLOT,
  noteRead,
  setSlot,
} from './stack-objects.ts';

const WHAT = 'iter';
const SLOT_BYTES = 8;

const R0 = 0;

/** Checks an iterator argument, makes the iterator for new, ends it for destroy. */
export function checkIterator(env: Env, call: KfuncCall, regno: number): void {
  const { kfunc } = call;
  const frame = env.frame;
  const w = frame.words;
  const r = frame.register(regno);
  const arg = regno - 1;
  if (kfunc.special === 'bpf_iter_css_task_new' && !mayWalkCssTasks(env))
    env.reject(EINVAL, 'iter/css-task', undefined);
  if (w[r + TYPE] !== PTR_TO_STACK) env.reject(EINVAL, 'iter/not-on-stack', { arg });
  const parameter = kfunc.parameters[arg];
  if (parameter === undefined || parameter.iteratorSlots === 0) env.reject(EINVAL, 'iter/not-iterator', { arg });
  const { iteratorSlots: slots, pointee: struct } = parameter;
  const iter = (): string => iterName(kfunc.btf, struct);
  if ((kfunc.flags & ITER_NEW) !== 0) {
    if (!isFree(env, w, r, slots)) env.reject(EINVAL, 'iter/initialized', { arg, iter: iter() });
    for (let i = 0; i < slots; i++) checkMemoryAccess(env, regno, i * SLOT_BYTES, SLOT_BYTES, 'write', -1);
    make(env, call, w, r, struct, slots);
    return;
  }
  const slot = findSlot(env, w, r, WHAT, slots);
  if (slot < 0) env.reject(EINVAL, 'iter/uninitialized', { arg, iter: iter() });
  const holder = frameOf(env, w, r);
  const found = condition(holder, slot, slots, kfunc.btfIndex, struct);
  if (found === 'untrusted') env.reject(EPROTO, 'iter/rcu-left', { name: kfunc.name });
  if (found === 'invalid') env.reject(EINVAL, 'iter/uninitialized', { arg, iter: iter() });
  noteRead(env, holder, slot, slots);
  call.iterFrame = w[r + FRAME] as number; // every register has one
  call.iterSlot = slot;
  call.referenceId = holder.words[holder.spilled(slot) + REF_OBJ_ID] as number; // the slot exists
  if ((kfunc.flags & ITER_DESTROY) !== 0) destroy(env, holder, slot, slots);
}

/** Whether the iterator that next was called on gives pointers that RCU protects. */
export function givesRcuPointers(env: Env, call: KfuncCall): boolean {
  const [w, r] = iteratorOf(env.state, call);
  return ((w[r + TYPE] as number) & MEM_RCU) !== 0; // it is a record
}

/** The fork at next, to be done when r0 has been set to an element that may be NULL. */
export function forkAtNext(env: Env, call: KfuncCall): void {
  const { state } = env;
  const [w, r] = iteratorOf(state, call);
  const iterState = w[r + ITER_STATE];
  if (iterState !== ITER_STATE_ACTIVE && iterState !== ITER_STATE_DRAINED)
    env.reject(EFAULT, 'verifier-bug', { what: `unexpected iterator state ${iterState} (<invalid>)` });
  if (iterState === ITER_STATE_ACTIVE) {
    const { parent } = state;
    if (parent === undefined || parent.insn !== env.insn || !sameCallsites(parent, state))
      env.reject(EFAULT, 'verifier-bug', { what: 'bad parent state for iter next call' });
    const previous = findPreviousEntry(env, parent, env.insn);
    const element = pushState(env, env.insn + 1, env.insn);
    const [iter, at] = iteratorOf(element, call);
    iter[at + ITER_STATE] = ITER_STATE_ACTIVE;
    iter[at + ITER_DEPTH] = (iter[at + ITER_DEPTH] as number) + 1; // it is a record
    if (previous !== undefined) widenImpreciseScalars(previous, element);
    const registers = element.frame.words;
    registers[R0 + TYPE] = (registers[R0 + TYPE] as number) & ~PTR_MAYBE_NULL; // every frame has r0
  }
  w[r + ITER_STATE] = ITER_STATE_DRAINED;
  markConst32(env.frame.words, R0, 0);
}

function iteratorOf(state: State, call: KfuncCall): readonly [Int32Array, number] {
  const frame = state.frames[call.iterFrame] as Frame; // the iterator is in one of its frames
  return [frame.words, frame.spilled(call.iterSlot)];
}

/** css_task iterators take a lock that not all hooks may be under. */
function mayWalkCssTasks(env: Env): boolean {
  const { type, expectedAttachType } = env.kind;
  if (type === BPF_PROG_TYPE_LSM) return true;
  return (type === BPF_PROG_TYPE_TRACING && expectedAttachType === BPF_TRACE_ITER) || env.state.inSleepable;
}

/** Whether there is no iterator yet in the slots. */
function isFree(env: Env, w: Int32Array, r: number, slots: number): boolean {
  const slot = findSlot(env, w, r, WHAT, slots);
  if (slot === BEYOND_STACK) return true;
  if (slot === NO_SLOT) return false;
  const frame = frameOf(env, w, r);
  for (let i = 0; i < slots; i++) if (isPartly(frame, slot - i, STACK_ITER)) return false;
  return true;
}

function make(env: Env, call: KfuncCall, w: Int32Array, r: number, struct: number, slots: number): void {
  const { kfunc } = call;
  const slot = findSlot(env, w, r, WHAT, slots);
  if (slot < 0) env.rejectAsSaid(EINVAL);
  const id = acquireReference(env, env.insn);
  const frame = frameOf(env, w, r);
  let type = PTR_TO_STACK; // has no type of its own
  if ((kfunc.flags & RCU_PROTECTED) !== 0) type |= inRcuSection(env) ? MEM_RCU : PTR_UNTRUSTED;
  for (let i = 0; i < slots; i++) {
    const { words } = frame;
    const at = frame.spilled(slot - i);
    markKnownZero(words, at);
    words[at + TYPE] = type;
    words[at + PRECISE] = 0;
    words[at + REF_OBJ_ID] = i === 0 ? id : 0;
    words[at + ITER_BTF] = kfunc.btfIndex;
    words[at + ITER_BTF_ID] = struct;
    words[at + ITER_STATE] = ITER_STATE_ACTIVE;
    words[at + ITER_DEPTH] = 0;
    setSlot(env, frame, slot - i, STACK_ITER);
  }
}

function destroy(env: Env, frame: Frame, slot: number, slots: number): void {
  releaseReference(env, frame.words[frame.spilled(slot) + REF_OBJ_ID] as number); // the slot exists
  for (let i = 0; i < slots; i++) clearSlot(env, frame, slot - i);
}

function condition(
  frame: Frame,
  slot: number,
  slots: number,
  btfIndex: number,
  struct: number,
): 'good' | 'untrusted' | 'invalid' {
  const { words } = frame;
  for (let i = 0; i < slots; i++) {
    const at = frame.spilled(slot - i);
    if (((words[at + TYPE] as number) & PTR_UNTRUSTED) !== 0) return 'untrusted'; // the slot exists
    if ((words[at + REF_OBJ_ID] !== 0) !== (i === 0)) return 'invalid';
    if (words[at + ITER_BTF] !== btfIndex || words[at + ITER_BTF_ID] !== struct) return 'invalid';
    if (!isWholly(frame, slot - i, STACK_ITER)) return 'invalid';
  }
  return 'good';
}
