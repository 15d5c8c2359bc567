/**
 * HASH, LRU_HASH, PERCPU_HASH and LRU_PERCPU_HASH; the tables themselves are runtime-wasm/assembly/hash.ts.
 * Source: kernel/bpf/hashtab.c, Linux 6.18. Unlike there, memory for elements is taken as they come, whether
 * preallocated or not, and all processors share one list of least recently used elements.
 */
import {
  BPF_F_NO_COMMON_LRU,
  BPF_F_NO_PREALLOC,
  BPF_F_NUMA_NODE,
  BPF_F_ZERO_SEED,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_HASH,
} from '../../uapi/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { copyInPerCpu, copyOutPerCpu } from './array.ts';
import {
  ACCESS_FLAGS,
  accessIsClear,
  has,
  isPreallocated,
  LARGEST_ALLOCATION,
  LARGEST_PERCPU_VALUE,
  type MapAttributes,
  powerOfTwo,
  roundUp,
} from './attributes.ts';
import { E2BIG, EINVAL, ENOENT, ENOTSUPP } from './errnos.ts';
import { isErrno, MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

const CREATE_FLAGS = BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | ACCESS_FLAGS | BPF_F_ZERO_SEED;

/** Of an element beside key and value, in Linux. */
const LINUX_ELEMENT = 48;
const MOST_BUCKETS = 1 << 27;

const isPerCpu = (type: number) => type === BPF_MAP_TYPE_PERCPU_HASH || type === BPF_MAP_TYPE_LRU_PERCPU_HASH;
const isLru = (type: number) => type === BPF_MAP_TYPE_LRU_HASH || type === BPF_MAP_TYPE_LRU_PERCPU_HASH;

/** Also of hashes of maps. */
export function checkHash(attributes: MapAttributes): number {
  const { type, keySize, valueSize, maxEntries, flags } = attributes;
  const ownLists = has(attributes, BPF_F_NO_COMMON_LRU);
  if ((flags & ~CREATE_FLAGS) !== 0 || !accessIsClear(attributes)) return -EINVAL;
  if (!isLru(type) && ownLists) return -EINVAL;
  if (isLru(type) && !isPreallocated(attributes)) return -ENOTSUPP;
  if (has(attributes, BPF_F_NUMA_NODE) && (isPerCpu(type) || ownLists)) return -EINVAL;
  if (maxEntries === 0 || keySize === 0 || valueSize === 0) return -EINVAL;
  if (keySize + valueSize >= LARGEST_ALLOCATION - LINUX_ELEMENT) return -E2BIG;
  if (isPerCpu(type) && roundUp(valueSize, 8) > LARGEST_PERCPU_VALUE) return -E2BIG;
  return powerOfTwo(maxEntries) > MOST_BUCKETS ? -E2BIG : 0;
}

/** With lists of their own, each processor has as many elements. */
function withSizes(registry: MapRegistry, attributes: MapAttributes): MapAttributes {
  if (!has(attributes, BPF_F_NO_COMMON_LRU)) return attributes;
  return { ...attributes, maxEntries: roundUp(attributes.maxEntries, registry.possibleCpus) };
}

/** A table with whatever values; hashes of maps are one too. */
export abstract class HashTable extends MapBase {
  /** Bytes from one processor's value to the next. */
  readonly stride: number;

  constructor(
    registry: MapRegistry,
    attributes: MapAttributes,
    kind: number,
    buckets = powerOfTwo(withSizes(registry, attributes).maxEntries),
  ) {
    super(registry, withSizes(registry, attributes));
    this.stride = roundUp(this.valueSize, 8);
    const valueAt = header.ELEMENT_KEY + roundUp(this.keySize, 8);
    const elementSize = valueAt + this.stride * (isPerCpu(this.type) ? registry.possibleCpus : 1);
    this.put(header.KIND, kind);
    this.put(header.STRIDE, this.stride);
    this.put(header.VALUE_AT, valueAt);
    this.put(header.ELEMENT_SIZE, elementSize);
    // The first piece of memory for elements is small; the others grow.
    this.put(header.CHUNK_ELEMENTS, 8);
    this.put(header.MASK, buckets - 1);
    this.put(header.SEED, has(attributes, BPF_F_ZERO_SEED) ? 0 : registry.random());
    this.put(header.BASE, this.memory.allocate(4 * buckets));
  }

  get count(): number {
    return this.get(header.COUNT);
  }

  get bucketCount(): number {
    return this.get(header.MASK) + 1;
  }

  /** Copies of the keys in a bucket, in its order. */
  keysOfBucket(bucket: number): readonly Uint8Array[] {
    const { view, u8 } = this.memory;
    const keys: Uint8Array[] = [];
    let element = view.getUint32(this.get(header.BASE) + 4 * bucket, true);
    while (element !== 0) {
      const key = element + header.ELEMENT_KEY;
      keys.push(u8.slice(key, key + this.keySize));
      element = view.getUint32(element + header.ELEMENT_NEXT, true);
    }
    return keys;
  }

  override deleteElement(key: number): number {
    return this.memory.runtime.hash_delete(this.address, key);
  }

  protected override keyAfter(key: number): number {
    const { runtime } = this.memory;
    const at = key === 0 ? 0 : runtime.hash_find(this.address, key);
    const next = at === 0 ? runtime.hash_first(this.address, 0) : runtime.hash_next(this.address, at);
    return next === 0 ? -ENOENT : (next >>> 0) + header.ELEMENT_KEY;
  }

  /** Offset of a value without counting as use, 0 if there is no such key. */
  protected find(key: number): number {
    const element = this.memory.runtime.hash_find(this.address, key) >>> 0;
    return element === 0 ? 0 : element + this.get(header.VALUE_AT);
  }

  override *elements(): Generator<readonly [key: number, value: number]> {
    const { runtime, address } = { runtime: this.memory.runtime, address: this.address };
    const ownValue = isPerCpu(this.type) ? this.stride * this.registry.currentCpu : 0;
    const valueAt = this.get(header.VALUE_AT) + ownValue;
    for (let element = runtime.hash_first(address, 0) >>> 0; element !== 0; ) {
      yield [element + header.ELEMENT_KEY, element + valueAt];
      // Asked for only now: the program may have deleted it, which leaves its way on as it was.
      element = runtime.hash_next(address, element) >>> 0;
    }
  }

  protected override destroy(): void {
    this.clear();
    this.freeElements();
    this.memory.free(this.get(header.BASE));
  }

  /** Deletes everything. */
  protected clear(): void {
    const { runtime } = this.memory;
    for (;;) {
      const element = runtime.hash_first(this.address, 0) >>> 0;
      if (element === 0) return;
      this.deleteElement(element + header.ELEMENT_KEY);
    }
  }
}

export class HashMap extends HashTable {
  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes, attributes.type);
  }

  override lookupElement(key: number): number {
    const { runtime } = this.memory;
    if (this.type === BPF_MAP_TYPE_HASH) return runtime.hash_lookup(this.address, key) >>> 0;
    return runtime.lru_hash_lookup(this.address, key) >>> 0;
  }
  override updateElement(key: number, value: number, flags: number): number {
    return this.memory.runtime.hash_update(this.address, key, value, flags, 0);
  }

  protected override readValue(key: number): Uint8Array | number {
    const value = this.find(key);
    return value === 0 ? -ENOENT : this.copyOut(value);
  }

  protected override takeValue(key: number): Uint8Array | number {
    const value = this.readValue(key);
    if (typeof value !== 'number') this.deleteElement(key);
    return value;
  }
}

export class PerCpuHashMap extends HashMap {
  override get transferSize(): number {
    return this.stride * this.registry.possibleCpus;
  }

  override lookupElement(key: number): number {
    return this.memory.runtime.percpu_hash_lookup(this.address, key) >>> 0;
  }
  override updateElement(key: number, value: number, flags: number): number {
    return this.memory.runtime.percpu_hash_update(this.address, key, value, flags, 0);
  }

  protected override readValue(key: number): Uint8Array | number {
    const values = this.find(key);
    return values === 0 ? -ENOENT : copyOutPerCpu(this, values, this.stride);
  }

  protected override writeValue(key: number, value: number, flags: number): number {
    const values = this.memory.runtime.hash_place(this.address, key, flags);
    if (isErrno(values)) return values;
    copyInPerCpu(this, values >>> 0, value, this.stride);
    return 0;
  }
}
