/**
 * BPF_MAP_CREATE: which class makes maps of which type, and what it refuses.
 */
import { BpfiterError } from '../../errors.ts';
import * as uapi from '../../uapi/index.ts';
import { failure } from '../failure.ts';
import { ArenaMap, checkArena } from './arena.ts';
import { ArrayMap, checkArray, PerCpuArrayMap } from './array.ts';
import { checkAll, type MapAttributes } from './attributes.ts';
import { BloomFilterMap, checkBloomFilter } from './bloom-filter.ts';
import { CgroupStorageMap, checkCgroupStorage } from './cgroup-storage.ts';
import { EINVAL, ENOMEM } from './errnos.ts';
import { checkHash, HashMap, PerCpuHashMap } from './hash.ts';
import { checkLocalStorage, LocalStorageMap } from './local-storage.ts';
import { checkLpmTrie, LpmTrieMap } from './lpm-trie.ts';
import type { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';
import { ArrayOfMapsMap, checkArrayOfMaps, checkHashOfMaps, HashOfMapsMap } from './maps-of-maps.ts';
import {
  checkReuseportSockArray,
  checkSockHash,
  checkSockMap,
  checkXskMap,
  SocketArrayMap,
  SockHashMap,
} from './object-maps.ts';
import { PerfEventArrayMap } from './perf-event-array.ts';
import { checkQueueStack, QueueStackMap } from './queue-stack.ts';
import { checkCpuMap, checkDevMap, DevMapHash, RedirectArrayMap } from './redirect-maps.ts';
import { checkRingBuffer, RingBufferMap, UserRingBufferMap } from './ring-buffer.ts';
import { CgroupArrayMap, checkSlots, ProgArrayMap } from './slots.ts';
import { checkStackTrace, StackTraceMap } from './stack-trace.ts';
import { checkStructOps, StructOpsMap } from './struct-ops.ts';

interface MapKind {
  /** What the type refuses. @returns 0 or a negative errno */
  check(attributes: MapAttributes): number;
  readonly Map: new (registry: MapRegistry, attributes: MapAttributes) => MapBase;
}

const kinds: ReadonlyMap<number, MapKind> = new Map<number, MapKind>([
  [uapi.BPF_MAP_TYPE_HASH, { check: checkHash, Map: HashMap }],
  [uapi.BPF_MAP_TYPE_ARRAY, { check: checkArray, Map: ArrayMap }],
  [uapi.BPF_MAP_TYPE_PROG_ARRAY, { check: checkSlots, Map: ProgArrayMap }],
  [uapi.BPF_MAP_TYPE_PERF_EVENT_ARRAY, { check: checkSlots, Map: PerfEventArrayMap }],
  [uapi.BPF_MAP_TYPE_PERCPU_HASH, { check: checkHash, Map: PerCpuHashMap }],
  [uapi.BPF_MAP_TYPE_PERCPU_ARRAY, { check: checkArray, Map: PerCpuArrayMap }],
  [uapi.BPF_MAP_TYPE_STACK_TRACE, { check: checkStackTrace, Map: StackTraceMap }],
  [uapi.BPF_MAP_TYPE_CGROUP_ARRAY, { check: checkSlots, Map: CgroupArrayMap }],
  [uapi.BPF_MAP_TYPE_LRU_HASH, { check: checkHash, Map: HashMap }],
  [uapi.BPF_MAP_TYPE_LRU_PERCPU_HASH, { check: checkHash, Map: PerCpuHashMap }],
  [uapi.BPF_MAP_TYPE_LPM_TRIE, { check: checkLpmTrie, Map: LpmTrieMap }],
  [uapi.BPF_MAP_TYPE_ARRAY_OF_MAPS, { check: checkArrayOfMaps, Map: ArrayOfMapsMap }],
  [uapi.BPF_MAP_TYPE_HASH_OF_MAPS, { check: checkHashOfMaps, Map: HashOfMapsMap }],
  [uapi.BPF_MAP_TYPE_DEVMAP, { check: checkDevMap, Map: RedirectArrayMap }],
  [uapi.BPF_MAP_TYPE_SOCKMAP, { check: checkSockMap, Map: SocketArrayMap }],
  [uapi.BPF_MAP_TYPE_CPUMAP, { check: checkCpuMap, Map: RedirectArrayMap }],
  [uapi.BPF_MAP_TYPE_XSKMAP, { check: checkXskMap, Map: SocketArrayMap }],
  [uapi.BPF_MAP_TYPE_SOCKHASH, { check: checkSockHash, Map: SockHashMap }],
  [uapi.BPF_MAP_TYPE_CGROUP_STORAGE, { check: checkCgroupStorage, Map: CgroupStorageMap }],
  [uapi.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, { check: checkReuseportSockArray, Map: SocketArrayMap }],
  [uapi.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, { check: checkCgroupStorage, Map: CgroupStorageMap }],
  [uapi.BPF_MAP_TYPE_QUEUE, { check: checkQueueStack, Map: QueueStackMap }],
  [uapi.BPF_MAP_TYPE_STACK, { check: checkQueueStack, Map: QueueStackMap }],
  [uapi.BPF_MAP_TYPE_SK_STORAGE, { check: checkLocalStorage, Map: LocalStorageMap }],
  [uapi.BPF_MAP_TYPE_DEVMAP_HASH, { check: checkDevMap, Map: DevMapHash }],
  [uapi.BPF_MAP_TYPE_STRUCT_OPS, { check: checkStructOps, Map: StructOpsMap }],
  [uapi.BPF_MAP_TYPE_RINGBUF, { check: checkRingBuffer, Map: RingBufferMap }],
  [uapi.BPF_MAP_TYPE_INODE_STORAGE, { check: checkLocalStorage, Map: LocalStorageMap }],
  [uapi.BPF_MAP_TYPE_TASK_STORAGE, { check: checkLocalStorage, Map: LocalStorageMap }],
  [uapi.BPF_MAP_TYPE_BLOOM_FILTER, { check: checkBloomFilter, Map: BloomFilterMap }],
  [uapi.BPF_MAP_TYPE_USER_RINGBUF, { check: checkRingBuffer, Map: UserRingBufferMap }],
  [uapi.BPF_MAP_TYPE_CGRP_STORAGE, { check: checkLocalStorage, Map: LocalStorageMap }],
  [uapi.BPF_MAP_TYPE_ARENA, { check: checkArena, Map: ArenaMap }],
]);

/** @returns the map, or the negative errno that bpf(2) would give */
export function tryCreateMap(registry: MapRegistry, attributes: MapAttributes): MapBase | number {
  const kind = kinds.get(attributes.type);
  if (kind === undefined) return -EINVAL;
  const error = checkAll(attributes) || kind.check(attributes);
  if (error !== 0) return error;
  const before = registry.newest;
  try {
    return new kind.Map(registry, attributes);
  } catch (cause) {
    const half = registry.newest;
    if (half !== before && half !== undefined) registry.remove(half);
    if (cause instanceof BpfiterError && cause.errno === ENOMEM) return -ENOMEM;
    throw cause;
  }
}

/** @throws BpfiterError `refused` with the errno; `unsupported` for types that this kernel does not have */
export function createMap(registry: MapRegistry, attributes: MapAttributes): MapBase {
  const { name, type } = attributes;
  if (!kinds.has(type)) {
    throw new BpfiterError(
      'unsupported',
      `map '${name}': the embedded kernel has no maps of type ${uapi.mapTypeName(type) ?? type}`,
    );
  }
  const made = tryCreateMap(registry, attributes);
  if (typeof made === 'number') throw failure(-made, `create map '${name}'`);
  return made;
}
