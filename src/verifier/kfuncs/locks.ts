/**
 * bpf_spin_lock and bpf_res_spin_lock: which lock is taken and released, told apart by the map value or allocation that
 * it lies in.
 * After process_spin_lock() in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { BTF, ID, MAP, OFF, TYPE, VALUE } from '../register.ts';
import { PTR_TO_MAP_VALUE } from '../register-types.ts';
import { hasKnownValue } from '../scalar/index.ts';
import type { ReferenceKind } from '../state.ts';
import { fieldsOf, findField } from './fields.ts';
import { acquireLock, findLock, invalidateNonOwning, type LockKind, releaseLock } from './references.ts';

export interface LockOperation {
  readonly locks: boolean;
  readonly resilient: boolean;
  /** With interrupts off. */
  readonly irq: boolean;
}

const isSpinLock = (kind: ReferenceKind): boolean => kind === 'lock';
const isResilient = (kind: ReferenceKind): boolean => kind === 'res_lock' || kind === 'res_lock_irq';

/** What a pointer's object is, for comparing: the map, or the BTF of an allocation's type. */
export function lockObject(w: Int32Array, r: number): number {
  return w[r + TYPE] === PTR_TO_MAP_VALUE ? (w[r + MAP] as number) + 1 : -(w[r + BTF] as number) - 1; // every register has these
}

/** @param regno pointer to the lock, in a map value or an allocated object */
export function processSpinLock(env: Env, regno: number, { locks, resilient, irq }: LockOperation): void {
  const { frame, state } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const lock = resilient ? 'bpf_res_spin' : 'bpf_spin';
  if (!hasKnownValue(w, r)) env.reject(EINVAL, 'lock/variable', { reg: regno, lock });
  const map = w[r + TYPE] === PTR_TO_MAP_VALUE ? env.maps[w[r + MAP] as number] : undefined; // every register has one
  if (map !== undefined && map.btfValueTypeId === 0) env.reject(EINVAL, 'lock/no-btf', { map: map.name, lock });
  const field = findField(fieldsOf(env, w, r), resilient ? 'res_spin_lock' : 'spin_lock');
  if (field === undefined)
    env.reject(EINVAL, 'lock/none', { where: map ? 'map' : 'local', what: map ? map.name : 'kptr', lock });
  const off = (w[r + OFF] as number) + (w[r + VALUE] as number); // every register has these
  if (off !== field.offset) env.reject(EINVAL, 'lock/offset', { off: String(off), lock, lockOff: field.offset });
  const kind: LockKind = !resilient ? 'lock' : irq ? 'res_lock_irq' : 'res_lock';
  const id = w[r + ID] as number;
  const object = lockObject(w, r);
  if (locks) {
    if (state.activeLocks > 0) {
      if (!resilient && findLock(state, isSpinLock, 0, 0) !== undefined) env.reject(EINVAL, 'lock/two', undefined);
      if (resilient && findLock(state, isResilient, id, object) !== undefined)
        env.reject(EINVAL, 'lock/same', undefined);
    }
    acquireLock(env, env.insn, kind, id, object);
    return;
  }
  if (state.activeLocks === 0) env.reject(EINVAL, 'lock/not-taken', { lock });
  if (findLock(state, (held) => held === kind, id, object) === undefined) env.reject(EINVAL, 'lock/other', { lock });
  if (id !== state.activeLockId || object !== state.activeLockObject) env.reject(EINVAL, 'lock/order', { lock });
  releaseLock(state, kind, id, object);
  invalidateNonOwning(state);
}
