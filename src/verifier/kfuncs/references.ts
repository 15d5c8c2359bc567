/**
 * What a path has acquired and must release: references, locks, saved irq flags. The list of a state is replaced, never
 * changed, as copies of the state share it.
 * After acquire_reference_state() and its kin in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EACCES, EFAULT } from '../errno.ts';
import { REF_OBJ_ID, TYPE } from '../register.ts';
import { MEM_RCU, NON_OWN_REF } from '../register-types.ts';
import { markUnknown } from '../scalar/index.ts';
import type { Reference, ReferenceKind, State } from '../state.ts';
import { fieldsOf, hasField } from './fields.ts';
import { eachRegister, isNonOwning } from './registers.ts';

export type LockKind = Extract<ReferenceKind, 'lock' | 'res_lock' | 'res_lock_irq'>;

/** @param insn where, for messages. @returns the new reference's id */
export function acquireReference(env: Env, insn: number): number {
  const id = env.newId();
  add(env.state, { kind: 'ptr', id, insn, object: 0 });
  return id;
}

export function findReference(state: State, id: number): Reference | undefined {
  return state.references.find((reference) => reference.id === id);
}

/**
 * Releases a reference; copies of its pointer hold nothing any more.
 * @returns false if it is not held
 */
export function releaseReference(env: Env, id: number): boolean {
  if (!forgetReference(env.state, id)) return false;
  eachRegister(env.state, (w, r) => {
    if (w[r + REF_OBJ_ID] === id) markUnknown(w, r);
  });
  return true;
}

/** Takes a reference from the list, but lets registers be. @returns false if it is not held */
export function forgetReference(state: State, id: number): boolean {
  const index = state.references.findIndex((reference) => reference.kind === 'ptr' && reference.id === id);
  if (index < 0) return false;
  remove(state, index);
  return true;
}

export function acquireLock(env: Env, insn: number, kind: LockKind, id: number, object: number): void {
  const { state } = env;
  add(state, { kind, id, insn, object });
  state.activeLocks += 1;
  state.activeLockId = id;
  state.activeLockObject = object;
}

export function findLock(
  state: State,
  isKind: (kind: ReferenceKind) => boolean,
  id: number,
  object: number,
): Reference | undefined {
  return state.references.find(
    (reference) => isKind(reference.kind) && reference.id === id && reference.object === object,
  );
}

export const isLockKind = (kind: ReferenceKind): boolean => kind !== 'ptr' && kind !== 'irq';

/** @returns false if it is not held */
export function releaseLock(state: State, kind: LockKind, id: number, object: number): boolean {
  let previous: Reference | undefined;
  for (const [index, reference] of state.references.entries()) {
    if (reference.kind === kind && reference.id === id && reference.object === object) {
      remove(state, index);
      state.activeLocks -= 1;
      state.activeLockId = previous?.id ?? 0;
      state.activeLockObject = previous?.object ?? 0;
      return true;
    }
    if (isLockKind(reference.kind)) previous = reference;
  }
  return false;
}

/** Interrupts are off from here. @returns id of the saved flags */
export function acquireIrq(env: Env, insn: number): number {
  const id = env.newId();
  add(env.state, { kind: 'irq', id, insn, object: 0 });
  env.state.activeIrqId = id;
  return id;
}

/** Refuses flags that are not those saved last. */
export function releaseIrq(env: Env, id: number): void {
  const { state } = env;
  if (id !== state.activeIrqId)
    env.reject(EACCES, 'irq/order', {
      id: state.activeIrqId,
      insn: findReference(state, state.activeIrqId)?.insn ?? 0,
    });
  let previous = 0;
  for (const [index, reference] of state.references.entries()) {
    if (reference.kind !== 'irq') continue;
    if (reference.id === id) {
      remove(state, index);
      state.activeIrqId = previous;
      return;
    }
    previous = reference.id;
  }
}

/** A node that a list or tree owns now: the pointer is good as long as the lock is held. */
export function setNonOwning(env: Env, w: Int32Array, r: number): void {
  if (env.state.activeLocks === 0) env.reject(EFAULT, 'verifier-bug', { what: 'ref_set_non_owning w/o active lock' });
  const type = (w[r + TYPE] as number) | NON_OWN_REF; // every register has one
  w[r + TYPE] = hasField(fieldsOf(env, w, r), 'refcount') ? type | MEM_RCU : type;
}

/** All pointers of a reference become non-owning. @returns false if it is not held */
export function convertToNonOwning(env: Env, id: number): boolean {
  if (id === 0 || findReference(env.state, id) === undefined) return false;
  eachRegister(env.state, (w, r) => {
    if (w[r + REF_OBJ_ID] !== id) return;
    w[r + REF_OBJ_ID] = 0;
    setNonOwning(env, w, r);
  });
  return true;
}

/** When a lock is released, nodes of what it protects may be freed by others. */
export function invalidateNonOwning(state: State): void {
  eachRegister(state, (w, r) => {
    if (isNonOwning(w[r + TYPE] as number)) markUnknown(w, r); // every register has a type
  });
}

function add(state: State, reference: Reference): void {
  state.references = [...state.references, reference];
}

function remove(state: State, index: number): void {
  state.references = state.references.toSpliced(index, 1);
}
