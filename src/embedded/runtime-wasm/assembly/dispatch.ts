/** Operations on a map that only the running program knows: by the type in its header. */
import { KIND } from '../map-header.ts';
import {
  array_lookup,
  array_of_maps_lookup,
  array_update,
  percpu_array_lookup,
  percpu_array_lookup_on,
  percpu_array_update,
} from './array.ts';
import { bloom_filter_peek, bloom_filter_push } from './bloom-filter.ts';
import { EINVAL, EOPNOTSUPP } from './errno.ts';
import {
  hash_delete,
  hash_lookup,
  hash_of_maps_lookup,
  hash_update,
  lru_hash_lookup,
  percpu_hash_lookup,
  percpu_hash_lookup_on,
  percpu_hash_update,
} from './hash.ts';
import { get } from './header.ts';
import { lookup, remove, update } from './imports.ts';
import { lpm_trie_delete, lpm_trie_lookup, lpm_trie_update } from './lpm-trie.ts';
import { queue_stack_peek, queue_stack_pop, queue_stack_push } from './queue-stack.ts';

const HASH: u32 = 1;
const ARRAY: u32 = 2;
const PERCPU_HASH: u32 = 5;
const PERCPU_ARRAY: u32 = 6;
const LRU_HASH: u32 = 9;
const LRU_PERCPU_HASH: u32 = 10;
const ARRAY_OF_MAPS: u32 = 12;
const LPM_TRIE: u32 = 11;
const HASH_OF_MAPS: u32 = 13;
const QUEUE: u32 = 22;
const STACK: u32 = 23;
const BLOOM_FILTER: u32 = 30;

export function map_lookup_elem(map: u32, key: u32): u32 {
  switch (get(map, KIND)) {
    case HASH:
      return hash_lookup(map, key);
    case ARRAY:
      return array_lookup(map, key);
    case PERCPU_HASH:
    case LRU_PERCPU_HASH:
      return percpu_hash_lookup(map, key);
    case PERCPU_ARRAY:
      return percpu_array_lookup(map, key);
    case LRU_HASH:
      return lru_hash_lookup(map, key);
    case ARRAY_OF_MAPS:
      return array_of_maps_lookup(map, key);
    case LPM_TRIE:
      return lpm_trie_lookup(map, key);
    case HASH_OF_MAPS:
      return hash_of_maps_lookup(map, key);
    default:
      return lookup(map, key);
  }
}

/** @param flags the lower half @param upper the upper half, of which no bit may be set */
export function map_update_elem(map: u32, key: u32, value: u32, flags: u32, upper: u32): i32 {
  switch (get(map, KIND)) {
    case HASH:
    case LRU_HASH:
      return hash_update(map, key, value, flags, upper);
    case ARRAY:
      return array_update(map, key, value, flags, upper);
    case PERCPU_HASH:
    case LRU_PERCPU_HASH:
      return percpu_hash_update(map, key, value, flags, upper);
    case PERCPU_ARRAY:
      return percpu_array_update(map, key, value, flags, upper);
    case LPM_TRIE:
      return lpm_trie_update(map, key, value, flags, upper);
    default:
      return upper === 0 ? update(map, key, value, flags) : EINVAL;
  }
}

export function map_delete_elem(map: u32, key: u32): i32 {
  switch (get(map, KIND)) {
    case HASH:
    case LRU_HASH:
    case PERCPU_HASH:
    case LRU_PERCPU_HASH:
      return hash_delete(map, key);
    case ARRAY:
    case PERCPU_ARRAY:
      return EINVAL;
    case LPM_TRIE:
      return lpm_trie_delete(map, key);
    default:
      return remove(map, key);
  }
}

export function map_lookup_percpu_elem(map: u32, key: u32, cpu: u32): u32 {
  switch (get(map, KIND)) {
    case PERCPU_ARRAY:
      return percpu_array_lookup_on(map, key, cpu);
    case PERCPU_HASH:
    case LRU_PERCPU_HASH:
      return percpu_hash_lookup_on(map, key, cpu);
    default:
      return 0;
  }
}

export function map_push_elem(map: u32, value: u32, flags: u32, upper: u32): i32 {
  if (get(map, KIND) === BLOOM_FILTER) return bloom_filter_push(map, value, flags, upper);
  return queue_stack_push(map, value, flags, upper);
}

export function map_pop_elem(map: u32, into: u32): i32 {
  const kind = get(map, KIND);
  return kind === QUEUE || kind === STACK ? queue_stack_pop(map, into) : EOPNOTSUPP;
}

export function map_peek_elem(map: u32, into: u32): i32 {
  return get(map, KIND) === BLOOM_FILTER ? bloom_filter_peek(map, into) : queue_stack_peek(map, into);
}
