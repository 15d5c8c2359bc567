/**
 * Batches: many elements with one call, as BPF_MAP_*_BATCH. Hashes are read bucket by bucket, and the position
 * between calls is a bucket's number; others are read from key to key, and it is the last key.
 * Source: kernel/bpf/{syscall,hashtab}.c (generic_map_*_batch, __htab_map_lookup_and_delete_batch), Linux 6.18.
 */
import * as uapi from '../../uapi/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { EINVAL, ENOENT, ENOSPC, ENOTSUPP, EPERM } from './errnos.ts';
import { HashTable } from './hash.ts';
import type { MapBase } from './map-base.ts';

/** What a batch has done, however it ended. */
export interface BatchResult {
  /** 0, or the negative errno: -ENOENT says that a walk has come to the map's end. */
  readonly result: number;
  /** Elements that were done; those of `keys` and `values` for look-ups. */
  readonly count: number;
  readonly keys: readonly Uint8Array[];
  readonly values: readonly Uint8Array[];
  /** Where the next look-up goes on; undefined if nothing was read. */
  readonly position: Uint8Array | undefined;
}

type Operation = 'lookup' | 'lookupAndDelete' | 'update' | 'delete';

const all: ReadonlySet<Operation> = new Set(['lookup', 'lookupAndDelete', 'update', 'delete']);
const withoutTaking: ReadonlySet<Operation> = new Set(['lookup', 'update', 'delete']);
const keysStay: ReadonlySet<Operation> = new Set(['lookup', 'update']);

const operationsByType: ReadonlyMap<number, ReadonlySet<Operation>> = new Map([
  [uapi.BPF_MAP_TYPE_HASH, all],
  [uapi.BPF_MAP_TYPE_LRU_HASH, all],
  [uapi.BPF_MAP_TYPE_PERCPU_HASH, all],
  [uapi.BPF_MAP_TYPE_LRU_PERCPU_HASH, all],
  [uapi.BPF_MAP_TYPE_HASH_OF_MAPS, all],
  [uapi.BPF_MAP_TYPE_LPM_TRIE, withoutTaking],
  [uapi.BPF_MAP_TYPE_ARRAY, keysStay],
  [uapi.BPF_MAP_TYPE_PERCPU_ARRAY, keysStay],
  [uapi.BPF_MAP_TYPE_ARRAY_OF_MAPS, keysStay],
]);

const failed = (errno: number): BatchResult => ({
  result: -errno,
  count: 0,
  keys: [],
  values: [],
  position: undefined,
});

/** @returns what stands in the way, as an errno */
function refusal(map: MapBase, operation: Operation, flags: number): number {
  const reads = operation === 'lookup' || operation === 'lookupAndDelete';
  const writes = operation !== 'lookup';
  if ((reads && !map.mayRead) || (writes && !map.mayWrite)) return EPERM;
  if (operationsByType.get(map.type)?.has(operation) !== true) return ENOTSUPP;
  if ((flags & ~uapi.BPF_F_LOCK) !== 0) return EINVAL;
  return (flags & uapi.BPF_F_LOCK) !== 0 && map.get(header.LOCK) === 0 ? EINVAL : 0;
}

/**
 * Reads up to that many elements.
 * @param position of an earlier result; undefined: from the beginning
 * @param take also deletes what it reads
 */
export function lookupBatch(
  map: MapBase,
  count: number,
  { position, flags = 0, take = false }: { position?: Uint8Array | undefined; flags?: number; take?: boolean } = {},
): BatchResult {
  const errno = refusal(map, take ? 'lookupAndDelete' : 'lookup', flags);
  if (errno !== 0) return failed(errno);
  if (count === 0) return { ...failed(0), result: 0 };
  if (map instanceof HashTable) return lookupBuckets(map, count, position, flags, take);
  return lookupKeys(map, count, position, flags);
}

/** Whole buckets, as long as there is room for all that is in the next. */
function lookupBuckets(
  map: HashTable,
  room: number,
  from: Uint8Array | undefined,
  flags: number,
  take: boolean,
): BatchResult {
  const keys: Uint8Array[] = [];
  const values: Uint8Array[] = [];
  let bucket = from === undefined ? 0 : new DataView(from.buffer, from.byteOffset).getUint32(0, true);
  if (bucket >= map.bucketCount) return failed(ENOENT);
  let result = -ENOENT;
  for (; bucket < map.bucketCount; bucket += 1) {
    const found = map.keysOfBucket(bucket);
    if (found.length > room - keys.length) {
      result = keys.length === 0 ? -ENOSPC : 0;
      break;
    }
    for (const key of found) {
      const value = map.tryLookup(key, flags);
      if (typeof value === 'number') continue;
      keys.push(key);
      values.push(value);
      if (take) map.tryDelete(key);
    }
  }
  const position = new Uint8Array(Uint32Array.of(bucket).buffer);
  return { result, count: keys.length, keys, values, position };
}

function lookupKeys(map: MapBase, room: number, from: Uint8Array | undefined, flags: number): BatchResult {
  const keys: Uint8Array[] = [];
  const values: Uint8Array[] = [];
  let position = from;
  let result = 0;
  while (keys.length < room) {
    const key = map.tryNextKey(position);
    if (typeof key === 'number') {
      result = key;
      break;
    }
    position = key;
    const value = map.tryLookup(key, flags);
    if (value === -ENOENT) continue;
    if (typeof value === 'number') return { result: value, count: 0, keys: [], values: [], position: undefined };
    keys.push(key);
    values.push(value);
  }
  return { result, count: keys.length, keys, values, position: keys.length === 0 ? undefined : position };
}

/** Updates in order, up to the first that fails. */
export function updateBatch(
  map: MapBase,
  entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[],
  flags = 0,
): BatchResult {
  const errno = refusal(map, 'update', flags);
  if (errno !== 0) return failed(errno);
  return inOrder(entries, ([key, value]) => map.tryUpdate(key, value, flags));
}

/** Deletes in order, up to the first that fails. */
export function deleteBatch(map: MapBase, keys: readonly Uint8Array[], flags = 0): BatchResult {
  const errno = refusal(map, 'delete', flags);
  if (errno !== 0) return failed(errno);
  return inOrder(keys, (key) => map.tryDelete(key));
}

function inOrder<T>(items: readonly T[], attempt: (item: T) => number): BatchResult {
  let count = 0;
  for (const item of items) {
    const result = attempt(item);
    if (result < 0) return { ...failed(-result), count };
    count += 1;
  }
  return { ...failed(0), result: 0, count };
}
