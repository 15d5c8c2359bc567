/**
 * Special fields behind a pointer: locks, list heads, tree roots, timers, ... of map values and allocated objects.
 * After reg_btf_record() and btf_record_find() in kernel/bpf.
 */
import type { Env } from '../environment.ts';
import type { FieldKind, MapFields, SpecialField } from '../fields.ts';
import { BTF, BTF_ID, MAP, OFF, TYPE, VALUE } from '../register.ts';
import { PTR_TO_MAP_VALUE } from '../register-types.ts';
import { isAllocated } from './registers.ts';

const PROGRAM_BTF = 1;

/** The kernel's name of a field's type. */
export const fieldName: Readonly<Record<FieldKind, string>> = {
  spin_lock: 'bpf_spin_lock',
  res_spin_lock: 'bpf_res_spin_lock',
  timer: 'bpf_timer',
  workqueue: 'bpf_wq',
  task_work: 'bpf_task_work',
  kptr_unref: 'kptr',
  kptr_ref: 'kptr',
  kptr_percpu: 'percpu_kptr',
  uptr: 'uptr',
  list_head: 'bpf_list_head',
  list_node: 'bpf_list_node',
  rb_root: 'bpf_rb_root',
  rb_node: 'bpf_rb_node',
  refcount: 'bpf_refcount',
};

/** @returns undefined if there are none */
export function fieldsOf(env: Env, w: Int32Array, r: number): MapFields | undefined {
  const type = w[r + TYPE] as number; // every register has these words
  if (type === PTR_TO_MAP_VALUE) return env.maps[w[r + MAP] as number]?.fields;
  if (isAllocated(type) && w[r + BTF] === PROGRAM_BTF) {
    const fields = env.allocatedTypes.get(w[r + BTF_ID] as number)?.fields;
    return fields !== undefined && fields.fields.length > 0 ? fields : undefined;
  }
  return undefined;
}

/** The first field of a kind: types have at most one lock, timer, ... each. */
export function findField(fields: MapFields | undefined, kind: FieldKind): SpecialField | undefined {
  return fields?.fields.find((field) => field.kind === kind);
}

export function findFieldAt(fields: MapFields | undefined, kind: FieldKind, off: number): SpecialField | undefined {
  return fields?.fields.find((field) => field.kind === kind && field.offset === off);
}

export const hasField = (fields: MapFields | undefined, kind: FieldKind): boolean =>
  findField(fields, kind) !== undefined;

/** Whether the object has a lock, so that pointers to it must be told apart by their ids. */
export function mayPointToLock(env: Env, w: Int32Array, r: number): boolean {
  const fields = fieldsOf(env, w, r);
  return hasField(fields, 'spin_lock') || hasField(fields, 'res_spin_lock');
}

/** Offset from the beginning of the object, for a pointer whose variable part is known; 32 bits. */
export const constantOffset = (w: Int32Array, r: number): number =>
  ((w[r + OFF] as number) + (w[r + VALUE] as number)) | 0; // every register has these words
