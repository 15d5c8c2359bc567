/**
 * Whether the kernel makes a map with the BTF that the object gives it. Where it does not, libbpf makes the map without:
 * its values then have no locks, timers or kptrs.
 *
 * Facts: map_check_btf in kernel/bpf/syscall.c, array_map_check_btf in kernel/bpf/arraymap.c and
 * bpf_local_storage_map_check_btf in kernel/bpf/bpf_local_storage.c of Linux 6.12, and how 6.18 answers.
 */
import type { Btf } from '../../btf/index.ts';
import type { LinkedMap } from '../../object/index.ts';
import {
  BPF_F_RDONLY_PROG,
  BPF_F_WRONLY_PROG,
  BPF_MAP_TYPE_ARENA,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_BLOOM_FILTER,
  BPF_MAP_TYPE_CGROUP_STORAGE,
  BPF_MAP_TYPE_CGRP_STORAGE,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_STRUCT_OPS,
  BPF_MAP_TYPE_TASK_STORAGE,
} from '../../uapi/index.ts';
import type { FieldKind, MapFields } from '../fields.ts';

const LOCAL_STORAGES = [
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_TASK_STORAGE,
  BPF_MAP_TYPE_CGRP_STORAGE,
];
const SHARED = [BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_ARRAY];
const LOCKABLE = [BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_CGROUP_STORAGE, ...LOCAL_STORAGES];
const PER_CPU = [BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY];
const HOLDING = [...SHARED, ...PER_CPU, ...LOCAL_STORAGES];

/** Types of maps whose values may have a field of a kind. */
const mapsByField: Readonly<Partial<Record<FieldKind, readonly number[]>>> = {
  spin_lock: LOCKABLE,
  res_spin_lock: LOCKABLE,
  timer: SHARED,
  workqueue: SHARED,
  task_work: SHARED,
  kptr_unref: HOLDING,
  kptr_ref: HOLDING,
  kptr_percpu: HOLDING,
  refcount: HOLDING,
  uptr: [BPF_MAP_TYPE_TASK_STORAGE],
  list_head: SHARED,
  rb_root: SHARED,
};

/** The key is an index, or the descriptor of an object. */
const WITH_NUMBER_KEY: readonly number[] = [BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY, ...LOCAL_STORAGES];
/** What these want of their BTF has nothing to do with fields. */
const OTHERWISE: readonly number[] = [BPF_MAP_TYPE_STRUCT_OPS, BPF_MAP_TYPE_BLOOM_FILTER, BPF_MAP_TYPE_ARENA];

/** @param fields of the map's value; undefined if there are none, or some that the kernel cannot make out */
export function takesBtf(map: LinkedMap, btf: Btf, fields: MapFields | undefined): boolean {
  if (OTHERWISE.includes(map.type)) return true;
  if (!fitsKey(map, btf)) return false;
  if (btf.sizeOfType(map.btfValueTypeId) !== map.valueSize) return false;
  if (fields === undefined) return true;
  if ((map.flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) !== 0) return false;
  return fields.fields.every(({ kind }) => mapsByField[kind]?.includes(map.type) === true);
}

function fitsKey({ type, btfKeyTypeId, btfValueTypeId, keySize, maxEntries }: LinkedMap, btf: Btf): boolean {
  // Only sections of data have no key.
  if (btfKeyTypeId === 0)
    return type === BPF_MAP_TYPE_ARRAY && maxEntries === 1 && btf.type(btfValueTypeId).kind === 'datasec';
  if (btf.sizeOfType(btfKeyTypeId) !== keySize) return false;
  if (!WITH_NUMBER_KEY.includes(type)) return true;
  const key = btf.type(btf.skipModifiersAndTypedefs(btfKeyTypeId));
  return key.kind === 'int' && key.bits === 32 && key.bitOffset === 0;
}
