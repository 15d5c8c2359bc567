/**
 * Map types (enum bpf_map_type): number, name, first kernel.
 * Facts: include/uapi/linux/bpf.h (Linux 7.2), names as libbpf's libbpf_bpf_map_type_str().
 */
import { byId, byName, type UapiEntry } from './table.ts';

export const BPF_MAP_TYPE_UNSPEC = 0;
export const BPF_MAP_TYPE_HASH = 1;
export const BPF_MAP_TYPE_ARRAY = 2;
export const BPF_MAP_TYPE_PROG_ARRAY = 3;
export const BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4;
export const BPF_MAP_TYPE_PERCPU_HASH = 5;
export const BPF_MAP_TYPE_PERCPU_ARRAY = 6;
export const BPF_MAP_TYPE_STACK_TRACE = 7;
export const BPF_MAP_TYPE_CGROUP_ARRAY = 8;
export const BPF_MAP_TYPE_LRU_HASH = 9;
export const BPF_MAP_TYPE_LRU_PERCPU_HASH = 10;
export const BPF_MAP_TYPE_LPM_TRIE = 11;
export const BPF_MAP_TYPE_ARRAY_OF_MAPS = 12;
export const BPF_MAP_TYPE_HASH_OF_MAPS = 13;
export const BPF_MAP_TYPE_DEVMAP = 14;
export const BPF_MAP_TYPE_SOCKMAP = 15;
export const BPF_MAP_TYPE_CPUMAP = 16;
export const BPF_MAP_TYPE_XSKMAP = 17;
export const BPF_MAP_TYPE_SOCKHASH = 18;
export const BPF_MAP_TYPE_CGROUP_STORAGE = 19;
export const BPF_MAP_TYPE_REUSEPORT_SOCKARRAY = 20;
export const BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE = 21;
export const BPF_MAP_TYPE_QUEUE = 22;
export const BPF_MAP_TYPE_STACK = 23;
export const BPF_MAP_TYPE_SK_STORAGE = 24;
export const BPF_MAP_TYPE_DEVMAP_HASH = 25;
export const BPF_MAP_TYPE_STRUCT_OPS = 26;
export const BPF_MAP_TYPE_RINGBUF = 27;
export const BPF_MAP_TYPE_INODE_STORAGE = 28;
export const BPF_MAP_TYPE_TASK_STORAGE = 29;
export const BPF_MAP_TYPE_BLOOM_FILTER = 30;
export const BPF_MAP_TYPE_USER_RINGBUF = 31;
export const BPF_MAP_TYPE_CGRP_STORAGE = 32;
export const BPF_MAP_TYPE_ARENA = 33;
export const BPF_MAP_TYPE_INSN_ARRAY = 34;
export const BPF_MAP_TYPE_RHASH = 35;

/** In the order of their numbers; gaps do not occur. */
export const mapTypes: readonly UapiEntry[] = [
  { id: BPF_MAP_TYPE_UNSPEC, name: 'unspec' },
  { id: BPF_MAP_TYPE_HASH, name: 'hash', since: '3.19' },
  { id: BPF_MAP_TYPE_ARRAY, name: 'array', since: '3.19' },
  { id: BPF_MAP_TYPE_PROG_ARRAY, name: 'prog_array', since: '4.2' },
  { id: BPF_MAP_TYPE_PERF_EVENT_ARRAY, name: 'perf_event_array', since: '4.3' },
  { id: BPF_MAP_TYPE_PERCPU_HASH, name: 'percpu_hash', since: '4.6' },
  { id: BPF_MAP_TYPE_PERCPU_ARRAY, name: 'percpu_array', since: '4.6' },
  { id: BPF_MAP_TYPE_STACK_TRACE, name: 'stack_trace', since: '4.6' },
  { id: BPF_MAP_TYPE_CGROUP_ARRAY, name: 'cgroup_array', since: '4.8' },
  { id: BPF_MAP_TYPE_LRU_HASH, name: 'lru_hash', since: '4.10' },
  { id: BPF_MAP_TYPE_LRU_PERCPU_HASH, name: 'lru_percpu_hash', since: '4.10' },
  { id: BPF_MAP_TYPE_LPM_TRIE, name: 'lpm_trie', since: '4.11' },
  { id: BPF_MAP_TYPE_ARRAY_OF_MAPS, name: 'array_of_maps', since: '4.12' },
  { id: BPF_MAP_TYPE_HASH_OF_MAPS, name: 'hash_of_maps', since: '4.12' },
  { id: BPF_MAP_TYPE_DEVMAP, name: 'devmap', since: '4.14' },
  { id: BPF_MAP_TYPE_SOCKMAP, name: 'sockmap', since: '4.14' },
  { id: BPF_MAP_TYPE_CPUMAP, name: 'cpumap', since: '4.15' },
  { id: BPF_MAP_TYPE_XSKMAP, name: 'xskmap', since: '4.18' },
  { id: BPF_MAP_TYPE_SOCKHASH, name: 'sockhash', since: '4.18' },
  { id: BPF_MAP_TYPE_CGROUP_STORAGE, name: 'cgroup_storage', since: '4.19' },
  { id: BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, name: 'reuseport_sockarray', since: '4.19' },
  { id: BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, name: 'percpu_cgroup_storage', since: '4.20' },
  { id: BPF_MAP_TYPE_QUEUE, name: 'queue', since: '4.20' },
  { id: BPF_MAP_TYPE_STACK, name: 'stack', since: '4.20' },
  { id: BPF_MAP_TYPE_SK_STORAGE, name: 'sk_storage', since: '5.2' },
  { id: BPF_MAP_TYPE_DEVMAP_HASH, name: 'devmap_hash', since: '5.4' },
  { id: BPF_MAP_TYPE_STRUCT_OPS, name: 'struct_ops', since: '5.6' },
  { id: BPF_MAP_TYPE_RINGBUF, name: 'ringbuf', since: '5.8' },
  { id: BPF_MAP_TYPE_INODE_STORAGE, name: 'inode_storage', since: '5.10' },
  { id: BPF_MAP_TYPE_TASK_STORAGE, name: 'task_storage', since: '5.11' },
  { id: BPF_MAP_TYPE_BLOOM_FILTER, name: 'bloom_filter', since: '5.16' },
  { id: BPF_MAP_TYPE_USER_RINGBUF, name: 'user_ringbuf', since: '6.1' },
  { id: BPF_MAP_TYPE_CGRP_STORAGE, name: 'cgrp_storage', since: '6.2' },
  { id: BPF_MAP_TYPE_ARENA, name: 'arena', since: '6.9' },
  { id: BPF_MAP_TYPE_INSN_ARRAY, name: 'insn_array', since: '6.19' },
  { id: BPF_MAP_TYPE_RHASH, name: 'rhash', since: '7.2' },
];

const names = byId(mapTypes);
const ids = byName(mapTypes);

/** `hash` for 1; undefined for a number that the table does not have. */
export const mapTypeName = (id: number): string | undefined => names.get(id);
export const mapTypeId = (name: string): number | undefined => ids.get(name);
