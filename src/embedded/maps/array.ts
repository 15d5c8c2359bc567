/**
 * ARRAY and PERCPU_ARRAY: all elements are there from the beginning, keys are 0 to max_entries - 1.
 * Source: kernel/bpf/arraymap.c, Linux 6.18.
 */
import type { CallPlan } from '../../jit/index.ts';
import {
  BPF_EXIST,
  BPF_F_INNER_MAP,
  BPF_F_LOCK,
  BPF_F_MMAPABLE,
  BPF_F_NUMA_NODE,
  BPF_F_PRESERVE_ELEMS,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_NOEXIST,
} from '../../uapi/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { ACCESS_FLAGS, accessIsClear, has, LARGEST_PERCPU_VALUE, type MapAttributes, roundUp } from './attributes.ts';
import { E2BIG, EEXIST, EINVAL, ENOENT } from './errnos.ts';
import { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

const CREATE_FLAGS = BPF_F_NUMA_NODE | BPF_F_MMAPABLE | ACCESS_FLAGS | BPF_F_PRESERVE_ELEMS | BPF_F_INNER_MAP;

/** Also of the arrays of descriptors. */
export function checkArray(attributes: MapAttributes): number {
  const { type, keySize, valueSize, maxEntries, flags } = attributes;
  const perCpu = type === BPF_MAP_TYPE_PERCPU_ARRAY;
  if (maxEntries === 0 || keySize !== 4 || valueSize === 0) return -EINVAL;
  if ((flags & ~CREATE_FLAGS) !== 0 || !accessIsClear(attributes)) return -EINVAL;
  if (perCpu && has(attributes, BPF_F_NUMA_NODE)) return -EINVAL;
  if (type !== BPF_MAP_TYPE_ARRAY && has(attributes, BPF_F_MMAPABLE | BPF_F_INNER_MAP)) return -EINVAL;
  if (type !== BPF_MAP_TYPE_PERF_EVENT_ARRAY && has(attributes, BPF_F_PRESERVE_ELEMS)) return -EINVAL;
  if (valueSize > 0x7fffffff) return -E2BIG;
  if (perCpu && roundUp(valueSize, 8) > LARGEST_PERCPU_VALUE) return -E2BIG;
  return 0;
}

/** Elements by index: arrays of values, and those of descriptors. */
export abstract class IndexedMap extends MapBase {
  readonly base: number;
  readonly stride: number;

  /** @param stride from one element to the next @param copies values that each element has */
  constructor(registry: MapRegistry, attributes: MapAttributes, stride: number, copies = 1) {
    super(registry, attributes);
    this.stride = stride;
    this.base = this.memory.allocate(stride * copies * this.maxEntries);
    this.put(header.BASE, this.base);
    this.put(header.STRIDE, stride);
  }

  /** The index in a key, or undefined beyond the end. */
  protected indexOf(key: number): number | undefined {
    const index = this.memory.view.getUint32(key, true);
    return index < this.maxEntries ? index : undefined;
  }

  protected override keyAfter(key: number, into: number): number {
    const index = key === 0 ? undefined : this.indexOf(key);
    const next = index === undefined ? 0 : index + 1;
    if (next >= this.maxEntries) return -ENOENT;
    this.memory.view.setUint32(into, next, true);
    return into;
  }

  protected override destroy(): void {
    this.memory.free(this.base);
  }
}

export class ArrayMap extends IndexedMap {
  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes, roundUp(attributes.valueSize, 8));
    this.put(header.KIND, BPF_MAP_TYPE_ARRAY);
  }

  override get valueAddress(): number | undefined {
    return this.maxEntries === 1 ? this.base : undefined;
  }

  override plan(name: string): CallPlan | undefined {
    if (name !== 'bpf_map_lookup_elem') return super.plan(name);
    return { kind: 'array-lookup', base: this.base, stride: this.stride, count: this.maxEntries };
  }

  override lookupElement(key: number): number {
    return this.memory.runtime.array_lookup(this.address, key) >>> 0;
  }
  override updateElement(key: number, value: number, flags: number): number {
    return this.memory.runtime.array_update(this.address, key, value, flags, 0);
  }
  override deleteElement(): number {
    return -EINVAL;
  }

  override *elements(): Generator<readonly [key: number, value: number]> {
    const key = this.memory.allocate(4);
    try {
      for (let index = 0; index < this.maxEntries; index += 1) {
        this.memory.view.setUint32(key, index, true);
        yield [key, this.base + index * this.stride];
      }
    } finally {
      this.memory.free(key);
    }
  }

  protected override readValue(key: number): Uint8Array | number {
    const value = this.lookupElement(key);
    return value === 0 ? -ENOENT : this.copyOut(value);
  }

  protected override destroy(): void {
    if (this.specialFields.length > 0) {
      for (let index = 0; index < this.maxEntries; index += 1) this.releaseFields(this.base + index * this.stride);
    }
    super.destroy();
  }
}

export class PerCpuArrayMap extends IndexedMap {
  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes, roundUp(attributes.valueSize, 8), registry.possibleCpus);
    this.put(header.KIND, BPF_MAP_TYPE_PERCPU_ARRAY);
  }

  override get transferSize(): number {
    return this.stride * this.registry.possibleCpus;
  }

  override plan(name: string): CallPlan | undefined {
    // With one processor it is an array.
    if (name !== 'bpf_map_lookup_elem' || this.registry.possibleCpus !== 1) return super.plan(name);
    return { kind: 'array-lookup', base: this.base, stride: this.stride, count: this.maxEntries };
  }

  override lookupElement(key: number): number {
    return this.memory.runtime.percpu_array_lookup(this.address, key) >>> 0;
  }
  override updateElement(key: number, value: number, flags: number): number {
    return this.memory.runtime.percpu_array_update(this.address, key, value, flags, 0);
  }
  override deleteElement(): number {
    return -EINVAL;
  }

  override *elements(): Generator<readonly [key: number, value: number]> {
    const key = this.memory.allocate(4);
    try {
      for (let index = 0; index < this.maxEntries; index += 1) {
        this.memory.view.setUint32(key, index, true);
        yield [key, this.lookupElement(key)];
      }
    } finally {
      this.memory.free(key);
    }
  }

  protected override readValue(key: number): Uint8Array | number {
    const index = this.indexOf(key);
    if (index === undefined) return -ENOENT;
    return copyOutPerCpu(this, this.base + index * this.transferSize, this.stride);
  }

  protected override writeValue(key: number, value: number, flags: number): number {
    // F_LOCK: a value for each processor has no lock.
    if (flags > BPF_EXIST || (flags & BPF_F_LOCK) !== 0) return -EINVAL;
    const index = this.indexOf(key);
    if (index === undefined) return -E2BIG;
    if (flags === BPF_NOEXIST) return -EEXIST;
    copyInPerCpu(this, this.base + index * this.transferSize, value, this.stride);
    return 0;
  }

  protected override destroy(): void {
    if (this.specialFields.length > 0) {
      const values = this.maxEntries * this.registry.possibleCpus;
      for (let index = 0; index < values; index += 1) this.releaseFields(this.base + index * this.stride);
    }
    super.destroy();
  }
}

/** A value for each processor, as users get them. */
export function copyOutPerCpu(map: MapBase, values: number, stride: number): Uint8Array {
  const { possibleCpus } = map.registry;
  const bytes = map.memory.u8.slice(values, values + stride * possibleCpus);
  for (const { offset, size } of map.specialFields) {
    for (let cpu = 0; cpu < possibleCpus; cpu += 1) {
      bytes.fill(0, cpu * stride + offset, cpu * stride + offset + size);
    }
  }
  return bytes;
}

export function copyInPerCpu(map: MapBase, values: number, from: number, stride: number): void {
  for (let cpu = 0; cpu < map.registry.possibleCpus; cpu += 1) {
    map.memory.runtime.copyValue(map.address, values + cpu * stride, from + cpu * stride);
    map.memory.runtime.releaseFields(map.address, values + cpu * stride);
  }
}
