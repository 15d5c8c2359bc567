/**
 * Which helpers take which maps: a map type lists the helpers that know it, or a helper the only maps that it knows.
 * After check_map_func_compatibility() of kernel/bpf/verifier.c.
 */
import {
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_BLOOM_FILTER,
  BPF_MAP_TYPE_CGROUP_ARRAY,
  BPF_MAP_TYPE_CGROUP_STORAGE,
  BPF_MAP_TYPE_CGRP_STORAGE,
  BPF_MAP_TYPE_CPUMAP,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_INSN_ARRAY,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_REUSEPORT_SOCKARRAY,
  BPF_MAP_TYPE_RINGBUF,
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_STACK_TRACE,
  BPF_MAP_TYPE_TASK_STORAGE,
  BPF_MAP_TYPE_USER_RINGBUF,
  BPF_MAP_TYPE_XSKMAP,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_LOOKUP,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_SOCK_OPS,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_XDP,
  BPF_TRACE_ITER,
} from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { type HelperCall, NO_MAP } from './call.ts';
import * as id from './helper-ids.ts';

type Lists = ReadonlyMap<number, ReadonlySet<number>>;

const lists = (rows: readonly (readonly [keys: readonly number[], values: readonly number[]])[]): Lists =>
  new Map(rows.flatMap(([keys, values]) => keys.map((key) => [key, new Set(values)])));

const SOCKMAP_HELPERS = [id.BPF_FUNC_sk_select_reuseport, id.BPF_FUNC_map_lookup_elem];
const QUEUE_HELPERS = [id.BPF_FUNC_map_peek_elem, id.BPF_FUNC_map_pop_elem, id.BPF_FUNC_map_push_elem];
const PERF_HELPERS = [
  id.BPF_FUNC_perf_event_read,
  id.BPF_FUNC_perf_event_output,
  id.BPF_FUNC_skb_output,
  id.BPF_FUNC_perf_event_read_value,
  id.BPF_FUNC_xdp_output,
];
const RINGBUF_HELPERS = [
  id.BPF_FUNC_ringbuf_output,
  id.BPF_FUNC_ringbuf_reserve,
  id.BPF_FUNC_ringbuf_query,
  id.BPF_FUNC_ringbuf_reserve_dynptr,
  id.BPF_FUNC_ringbuf_submit_dynptr,
  id.BPF_FUNC_ringbuf_discard_dynptr,
];
const CGROUP_STORAGES = [BPF_MAP_TYPE_CGROUP_STORAGE, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE];

/** Map types that only these helpers take. */
const HELPERS_OF_MAP: Lists = lists([
  [[BPF_MAP_TYPE_PROG_ARRAY], [id.BPF_FUNC_tail_call]],
  [[BPF_MAP_TYPE_PERF_EVENT_ARRAY], PERF_HELPERS],
  [[BPF_MAP_TYPE_RINGBUF], RINGBUF_HELPERS],
  [[BPF_MAP_TYPE_USER_RINGBUF], [id.BPF_FUNC_user_ringbuf_drain]],
  [[BPF_MAP_TYPE_STACK_TRACE], [id.BPF_FUNC_get_stackid]],
  [[BPF_MAP_TYPE_CGROUP_ARRAY], [id.BPF_FUNC_skb_under_cgroup, id.BPF_FUNC_current_task_under_cgroup]],
  [CGROUP_STORAGES, [id.BPF_FUNC_get_local_storage]],
  [
    [BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_XSKMAP],
    [id.BPF_FUNC_redirect_map, id.BPF_FUNC_map_lookup_elem],
  ],
  [[BPF_MAP_TYPE_CPUMAP], [id.BPF_FUNC_redirect_map]],
  [[BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS], [id.BPF_FUNC_map_lookup_elem]],
  [
    [BPF_MAP_TYPE_SOCKMAP],
    [id.BPF_FUNC_sk_redirect_map, id.BPF_FUNC_sock_map_update, id.BPF_FUNC_msg_redirect_map, ...SOCKMAP_HELPERS],
  ],
  [
    [BPF_MAP_TYPE_SOCKHASH],
    [id.BPF_FUNC_sk_redirect_hash, id.BPF_FUNC_sock_hash_update, id.BPF_FUNC_msg_redirect_hash, ...SOCKMAP_HELPERS],
  ],
  [[BPF_MAP_TYPE_REUSEPORT_SOCKARRAY], [id.BPF_FUNC_sk_select_reuseport]],
  [[BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK], QUEUE_HELPERS],
  [[BPF_MAP_TYPE_SK_STORAGE], [id.BPF_FUNC_sk_storage_get, id.BPF_FUNC_sk_storage_delete, id.BPF_FUNC_kptr_xchg]],
  [
    [BPF_MAP_TYPE_INODE_STORAGE],
    [id.BPF_FUNC_inode_storage_get, id.BPF_FUNC_inode_storage_delete, id.BPF_FUNC_kptr_xchg],
  ],
  [[BPF_MAP_TYPE_TASK_STORAGE], [id.BPF_FUNC_task_storage_get, id.BPF_FUNC_task_storage_delete, id.BPF_FUNC_kptr_xchg]],
  [[BPF_MAP_TYPE_CGRP_STORAGE], [id.BPF_FUNC_cgrp_storage_get, id.BPF_FUNC_cgrp_storage_delete, id.BPF_FUNC_kptr_xchg]],
  [[BPF_MAP_TYPE_BLOOM_FILTER], [id.BPF_FUNC_map_peek_elem, id.BPF_FUNC_map_push_elem]],
  [[BPF_MAP_TYPE_INSN_ARRAY], []],
]);

/** Helpers that take only these map types. */
const MAPS_OF_HELPER: Lists = lists([
  [[id.BPF_FUNC_tail_call], [BPF_MAP_TYPE_PROG_ARRAY]],
  [PERF_HELPERS, [BPF_MAP_TYPE_PERF_EVENT_ARRAY]],
  [RINGBUF_HELPERS, [BPF_MAP_TYPE_RINGBUF]],
  [[id.BPF_FUNC_user_ringbuf_drain], [BPF_MAP_TYPE_USER_RINGBUF]],
  [[id.BPF_FUNC_get_stackid], [BPF_MAP_TYPE_STACK_TRACE]],
  [[id.BPF_FUNC_current_task_under_cgroup, id.BPF_FUNC_skb_under_cgroup], [BPF_MAP_TYPE_CGROUP_ARRAY]],
  [
    [id.BPF_FUNC_redirect_map],
    [BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_XSKMAP],
  ],
  [[id.BPF_FUNC_sk_redirect_map, id.BPF_FUNC_msg_redirect_map, id.BPF_FUNC_sock_map_update], [BPF_MAP_TYPE_SOCKMAP]],
  [
    [id.BPF_FUNC_sk_redirect_hash, id.BPF_FUNC_msg_redirect_hash, id.BPF_FUNC_sock_hash_update],
    [BPF_MAP_TYPE_SOCKHASH],
  ],
  [[id.BPF_FUNC_get_local_storage], CGROUP_STORAGES],
  [[id.BPF_FUNC_sk_select_reuseport], [BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_SOCKHASH]],
  [[id.BPF_FUNC_map_pop_elem], [BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK]],
  [
    [id.BPF_FUNC_map_peek_elem, id.BPF_FUNC_map_push_elem],
    [BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK, BPF_MAP_TYPE_BLOOM_FILTER],
  ],
  [
    [id.BPF_FUNC_map_lookup_percpu_elem],
    [BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH],
  ],
  [[id.BPF_FUNC_sk_storage_get, id.BPF_FUNC_sk_storage_delete], [BPF_MAP_TYPE_SK_STORAGE]],
  [[id.BPF_FUNC_inode_storage_get, id.BPF_FUNC_inode_storage_delete], [BPF_MAP_TYPE_INODE_STORAGE]],
  [[id.BPF_FUNC_task_storage_get, id.BPF_FUNC_task_storage_delete], [BPF_MAP_TYPE_TASK_STORAGE]],
  [[id.BPF_FUNC_cgrp_storage_get, id.BPF_FUNC_cgrp_storage_delete], [BPF_MAP_TYPE_CGRP_STORAGE]],
]);

/** Program types that never run with a socket locked, so that they may change what is in a sockmap. */
const SOCKMAP_UPDATERS: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_XDP,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_SK_LOOKUP,
]);

/** Refuses a map that the helper does not take. */
export function checkMapCompatibility(env: Env, call: HelperCall): void {
  if (call.map === NO_MAP) return;
  const type = env.maps[call.map]?.type ?? 0;
  const helpers = HELPERS_OF_MAP.get(type);
  const known = helpers === undefined || helpers.has(call.id) || (isSockmap(type) && mayUpdateSockmap(env, call));
  const maps = MAPS_OF_HELPER.get(call.id);
  if (!known || maps?.has(type) === false)
    env.reject(EINVAL, 'helper/map-type', { type, name: call.name, id: call.id });
}

const isSockmap = (type: number): boolean => type === BPF_MAP_TYPE_SOCKMAP || type === BPF_MAP_TYPE_SOCKHASH;

function mayUpdateSockmap(env: Env, { id: helper }: HelperCall): boolean {
  const deletes = helper === id.BPF_FUNC_map_delete_elem;
  if (!deletes && helper !== id.BPF_FUNC_map_update_elem) return false;
  const { type, expectedAttachType } = env.program;
  if (type === BPF_PROG_TYPE_TRACING && expectedAttachType === BPF_TRACE_ITER) return true;
  if (type === BPF_PROG_TYPE_SOCK_OPS && deletes) return true;
  if (SOCKMAP_UPDATERS.has(type)) return true;
  env.say('helper/sockmap-update', undefined);
  return false;
}
