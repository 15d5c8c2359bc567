/**
 * Which maps a program of its kind may refer to at all, whatever it does with them.
 * After check_map_prog_compatibility() in kernel/bpf/verifier.c (Linux 6.18).
 */
import {
  BPF_MAP_TYPE_ARENA,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_CGROUP_STORAGE,
  BPF_MAP_TYPE_CGRP_STORAGE,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_RINGBUF,
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_STRUCT_OPS,
  BPF_MAP_TYPE_TASK_STORAGE,
  BPF_MAP_TYPE_USER_RINGBUF,
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_PERF_EVENT,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_TRACEPOINT,
} from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { E2BIG, EBUSY, EINVAL } from '../errno.ts';
import type { FieldKind } from '../fields.ts';
import type { VerifierMap } from '../program.ts';

const MAX_USED_MAPS = 64;

/** They run where nothing may be waited for, not even a lock. */
const TRACING: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_PERF_EVENT,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
]);

/** Their values stay while a sleepable program uses them. */
const SLEEPABLE: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_RINGBUF,
  BPF_MAP_TYPE_USER_RINGBUF,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_TASK_STORAGE,
  BPF_MAP_TYPE_CGRP_STORAGE,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_ARENA,
]);

/** The maps that a program was found to use so far. */
export class MapUses {
  readonly maps = new Set<VerifierMap>();
  readonly cgroupStorages = new Set<number>();
  hasArena = false;
}

export function checkMapUse(env: Env, map: VerifierMap, uses: MapUses): void {
  if (uses.maps.has(map)) return;
  if (uses.maps.size >= MAX_USED_MAPS) env.reject(E2BIG, 'too-many-maps', { limit: MAX_USED_MAPS });
  checkFields(env, map);
  if (map.type === BPF_MAP_TYPE_STRUCT_OPS) env.reject(EINVAL, 'struct-ops-map-in-program', undefined);
  if (env.sleepable && !SLEEPABLE.has(map.type)) env.reject(EINVAL, 'map-not-for-sleepable', undefined);
  if (map.type === BPF_MAP_TYPE_CGROUP_STORAGE || map.type === BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE) {
    if (uses.cgroupStorages.has(map.type)) env.reject(EBUSY, 'several-cgroup-storages', undefined);
    uses.cgroupStorages.add(map.type);
  }
  if (map.type === BPF_MAP_TYPE_ARENA) {
    if (uses.hasArena) env.reject(EBUSY, 'several-arenas', undefined);
    uses.hasArena = true;
  }
  uses.maps.add(map);
}

function checkFields(env: Env, map: VerifierMap): void {
  const has = (...kinds: readonly FieldKind[]): boolean =>
    map.fields?.fields.some(({ kind }) => kinds.includes(kind)) ?? false;
  const { type } = env.kind;
  const tracing = TRACING.has(type);
  if (tracing && has('list_head', 'rb_root')) env.reject(EINVAL, 'graph-root-in-tracing', undefined);
  if (has('spin_lock', 'res_spin_lock')) {
    if (type === BPF_PROG_TYPE_SOCKET_FILTER) env.reject(EINVAL, 'spin-lock-in-socket-filter', undefined);
    if (tracing) env.reject(EINVAL, 'spin-lock-in-tracing', undefined);
  }
  if (tracing && has('timer')) env.reject(EINVAL, 'timer-in-tracing', undefined);
  if (tracing && has('workqueue')) env.reject(EINVAL, 'workqueue-in-tracing', undefined);
}
