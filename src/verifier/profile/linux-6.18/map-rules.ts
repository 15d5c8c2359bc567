/**
 * Which types of maps helpers take, and which maps programs of each kind may use.
 *
 * Measured on Linux 6.18.44 by scripts/measure-profile.mjs: every helper that takes a map is called with every type of
 * map, and the check of the two is the last that a call meets. A refusal is `cannot pass map_type N into func F#N`.
 * What is refused to nobody here may be used by every kind of program. Left out: helpers that the measuring machine
 * cannot be asked for (elsewhere.ts), and what a map may be created with.
 */
import type { FieldRow, MapTypesByHelper } from '../map-rules.ts';

/** Names of helpers are without `bpf_`. */
export const mapTypesOfHelpers: MapTypesByHelper = {
  map_lookup_elem: `
      hash array percpu_hash percpu_array lru_hash lru_percpu_hash lpm_trie array_of_maps hash_of_maps devmap
      sockmap xskmap sockhash devmap_hash
    `,
  map_update_elem: 'hash array percpu_hash percpu_array lru_hash lru_percpu_hash lpm_trie sockmap sockhash',
  map_delete_elem: 'hash array percpu_hash percpu_array lru_hash lru_percpu_hash lpm_trie sockmap sockhash',
  map_push_elem: 'queue stack bloom_filter',
  map_pop_elem: 'queue stack',
  map_peek_elem: 'queue stack bloom_filter',
  map_lookup_percpu_elem: 'percpu_hash percpu_array lru_percpu_hash',
  tail_call: 'prog_array',
  perf_event_read: 'perf_event_array',
  perf_event_read_value: 'perf_event_array',
  perf_event_output: 'perf_event_array',
  skb_output: 'perf_event_array',
  get_stackid: 'stack_trace',
  skb_under_cgroup: 'cgroup_array',
  current_task_under_cgroup: 'cgroup_array',
  redirect_map: 'devmap cpumap xskmap devmap_hash',
  sk_redirect_map: 'sockmap',
  sk_redirect_hash: 'sockhash',
  msg_redirect_map: 'sockmap',
  msg_redirect_hash: 'sockhash',
  sock_map_update: 'sockmap',
  sock_hash_update: 'sockhash',
  get_local_storage: 'cgroup_storage percpu_cgroup_storage',
  sk_select_reuseport: 'sockmap sockhash reuseport_sockarray',
  sk_storage_get: 'sk_storage',
  sk_storage_delete: 'sk_storage',
  task_storage_get: 'task_storage',
  task_storage_delete: 'task_storage',
  cgrp_storage_get: 'cgrp_storage',
  cgrp_storage_delete: 'cgrp_storage',
  ringbuf_output: 'ringbuf',
  ringbuf_reserve: 'ringbuf',
  ringbuf_query: 'ringbuf',
  ringbuf_reserve_dynptr: 'ringbuf',
  for_each_map_elem: 'hash array percpu_hash percpu_array lru_hash lru_percpu_hash',
  user_ringbuf_drain: 'user_ringbuf',
};

/** Types of maps that no program may use, with what the kernel says. */
export const refusedTypes: Readonly<Record<string, string>> = {
  struct_ops: 'bpf_struct_ops map cannot be used in prog',
};

/** Types of maps that sleepable programs may use. */
export const sleepableMapTypes = `
      hash array percpu_hash percpu_array lru_hash lru_percpu_hash array_of_maps hash_of_maps queue stack
      sk_storage ringbuf inode_storage task_storage user_ringbuf cgrp_storage arena
    `;

/** What sleepable programs are told that use another. */
export const sleepableRefusal = 'Sleepable programs can only use array, hash, ringbuf and local storage maps';

/** Special fields of map values that programs of some kinds may not use. */
export const refusedFields: readonly FieldRow[] = [
  {
    fields: 'list_head rb_root',
    programs: 'kprobe tracepoint perf_event raw_tracepoint raw_tracepoint_writable',
    message: 'tracing progs cannot use bpf_{list_head,rb_root} yet',
  },
  {
    fields: 'spin_lock res_spin_lock',
    programs: 'socket_filter',
    message: 'socket filter progs cannot use bpf_spin_lock yet',
  },
  {
    fields: 'spin_lock res_spin_lock',
    programs: 'kprobe tracepoint perf_event raw_tracepoint raw_tracepoint_writable',
    message: 'tracing progs cannot use bpf_spin_lock yet',
  },
  {
    fields: 'timer',
    programs: 'kprobe tracepoint perf_event raw_tracepoint raw_tracepoint_writable',
    message: 'tracing progs cannot use bpf_timer yet',
  },
  {
    fields: 'workqueue',
    programs: 'kprobe tracepoint perf_event raw_tracepoint raw_tracepoint_writable',
    message: 'tracing progs cannot use bpf_wq yet',
  },
];
