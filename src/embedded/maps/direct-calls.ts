/**
 * Calls of helpers whose map is always the same: they go to the function for that type of map, which then need not be
 * found out at each call, and get the map as a constant.
 */
import type { CallPlan } from '../../jit/index.ts';
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_BLOOM_FILTER,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_STACK,
} from '../../uapi/index.ts';
import type { RuntimeExports } from '../runtime-wasm/runtime-wasm.ts';
import type { MapBase } from './map-base.ts';
import { MAP_SIGNATURES } from './map-signatures.ts';

type Callees = Readonly<Record<string, keyof RuntimeExports | undefined>>;

const hash: Callees = {
  bpf_map_lookup_elem: 'hash_lookup',
  bpf_map_update_elem: 'hash_update',
  bpf_map_delete_elem: 'hash_delete',
};
const perCpuHash: Callees = {
  bpf_map_lookup_elem: 'percpu_hash_lookup',
  bpf_map_update_elem: 'percpu_hash_update',
  bpf_map_delete_elem: 'hash_delete',
  bpf_map_lookup_percpu_elem: 'percpu_hash_lookup_on',
};
const queue: Callees = {
  bpf_map_push_elem: 'queue_stack_push',
  bpf_map_pop_elem: 'queue_stack_pop',
  bpf_map_peek_elem: 'queue_stack_peek',
};

const calleesByType: ReadonlyMap<number, Callees> = new Map<number, Callees>([
  [BPF_MAP_TYPE_HASH, hash],
  [BPF_MAP_TYPE_LRU_HASH, { ...hash, bpf_map_lookup_elem: 'lru_hash_lookup' }],
  [BPF_MAP_TYPE_PERCPU_HASH, perCpuHash],
  [BPF_MAP_TYPE_LRU_PERCPU_HASH, perCpuHash],
  // Arrays look up inline.
  [BPF_MAP_TYPE_ARRAY, { bpf_map_update_elem: 'array_update' }],
  [
    BPF_MAP_TYPE_PERCPU_ARRAY,
    {
      bpf_map_lookup_elem: 'percpu_array_lookup',
      bpf_map_update_elem: 'percpu_array_update',
      bpf_map_lookup_percpu_elem: 'percpu_array_lookup_on',
    },
  ],
  [BPF_MAP_TYPE_ARRAY_OF_MAPS, { bpf_map_lookup_elem: 'array_of_maps_lookup' }],
  [BPF_MAP_TYPE_HASH_OF_MAPS, { bpf_map_lookup_elem: 'hash_of_maps_lookup' }],
  [
    BPF_MAP_TYPE_LPM_TRIE,
    {
      bpf_map_lookup_elem: 'lpm_trie_lookup',
      bpf_map_update_elem: 'lpm_trie_update',
      bpf_map_delete_elem: 'lpm_trie_delete',
    },
  ],
  [BPF_MAP_TYPE_QUEUE, queue],
  [BPF_MAP_TYPE_STACK, queue],
  [BPF_MAP_TYPE_BLOOM_FILTER, { bpf_map_push_elem: 'bloom_filter_push', bpf_map_peek_elem: 'bloom_filter_peek' }],
]);

/** Look-ups in hashes by the size of keys, which then is no question at run time either. */
const lookupsBySize: ReadonlyMap<number, keyof RuntimeExports> = new Map<number, keyof RuntimeExports>([
  [4, 'hash_lookup_4'],
  [8, 'hash_lookup_8'],
  [16, 'hash_lookup_16'],
]);

/** @param helper with the `bpf_` prefix */
export function directCall(map: MapBase, helper: string): CallPlan | undefined {
  let name = calleesByType.get(map.type)?.[helper];
  const signature = MAP_SIGNATURES[helper];
  if (name === undefined || signature === undefined) return undefined;
  if (name === 'hash_lookup') name = lookupsBySize.get(map.keySize) ?? name;
  return {
    kind: 'import',
    name,
    signature,
    callee: map.memory.runtime[name],
    constants: new Map([[0, map.address]]),
  };
}
