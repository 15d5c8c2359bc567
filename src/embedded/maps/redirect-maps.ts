/**
 * DEVMAP, DEVMAP_HASH and CPUMAP: where packets can be redirected to. Values are what users give (a device or a queue
 * size, and maybe a program); a look-up in a program gives the same with the program's id.
 * Sources: kernel/bpf/{devmap,cpumap}.c, Linux 6.18.
 */
import {
  BPF_EXIST,
  BPF_F_NUMA_NODE,
  BPF_F_RDONLY,
  BPF_F_RDONLY_PROG,
  BPF_F_WRONLY,
  BPF_MAP_TYPE_CPUMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_NOEXIST,
} from '../../uapi/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { IndexedMap } from './array.ts';
import type { MapAttributes } from './attributes.ts';
import { E2BIG, EEXIST, EINVAL, ENODEV, ENOENT, EOVERFLOW } from './errnos.ts';
import { HashTable } from './hash.ts';
import type { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

const NUMBER_SIZE = 4;
const WITH_PROGRAM = 8;
const PROGRAM_AT = 4;
const STRIDE = 8;
const MOST_CPUS = 8192;
const LONGEST_QUEUE = 16384;

const sizes = (valueSize: number): boolean => valueSize === NUMBER_SIZE || valueSize === WITH_PROGRAM;

export function checkDevMap({ type, keySize, valueSize, maxEntries, flags }: MapAttributes): number {
  if (maxEntries === 0 || keySize !== 4 || !sizes(valueSize)) return -EINVAL;
  if ((flags & ~(BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY)) !== 0) return -EINVAL;
  return type === BPF_MAP_TYPE_DEVMAP_HASH && maxEntries > 2 ** 31 ? -EINVAL : 0;
}

export function checkCpuMap({ keySize, valueSize, maxEntries, flags }: MapAttributes): number {
  if (maxEntries === 0 || keySize !== 4 || !sizes(valueSize) || (flags & ~BPF_F_NUMA_NODE) !== 0) return -EINVAL;
  return maxEntries > MOST_CPUS ? -E2BIG : 0;
}

/** Replaces the program's descriptor in a value, if there is one, by its id. @returns 0 or a negative errno */
function resolveProgram(map: MapBase, value: number): number {
  if (map.valueSize !== WITH_PROGRAM) return 0;
  const { view } = map.memory;
  const descriptor = view.getInt32(value + PROGRAM_AT, true);
  // Descriptor 0 stands for none here, as it does for whoever gives only the device.
  if (descriptor <= 0) {
    view.setInt32(value + PROGRAM_AT, 0, true);
    return 0;
  }
  const program = map.registry.services.program(descriptor, map);
  if (typeof program === 'number') return program;
  view.setUint32(value + PROGRAM_AT, program.id, true);
  return 0;
}

/** Whether such a device is there. @returns 0 or a negative errno */
const checkDevice = (map: MapBase, index: number): number => Math.min(0, map.registry.services.object(index, map));

/** Programs may read values, not write them. */
const readOnly = (attributes: MapAttributes): MapAttributes => ({
  ...attributes,
  flags: attributes.flags | BPF_F_RDONLY_PROG,
});

/** DEVMAP and CPUMAP: by index. */
export class RedirectArrayMap extends IndexedMap {
  /** Slots that have something. */
  readonly #used = new Set<number>();

  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes.type === BPF_MAP_TYPE_CPUMAP ? attributes : readOnly(attributes), STRIDE);
  }

  override lookupElement(key: number): number {
    const index = this.indexOf(key);
    return index === undefined || !this.#used.has(index) ? 0 : this.base + index * STRIDE;
  }

  override updateElement(key: number, value: number, flags: number): number {
    if (flags > BPF_EXIST) return -EINVAL;
    const index = this.indexOf(key);
    if (index === undefined) return -E2BIG;
    if (flags === BPF_NOEXIST) return -EEXIST;
    const number = this.memory.view.getUint32(value, true);
    const program = this.valueSize === WITH_PROGRAM ? this.memory.view.getInt32(value + PROGRAM_AT, true) : 0;
    if (number === 0) {
      // No device, no queue: nothing in this slot, and nothing to run a program for.
      if (program > 0 && this.type !== BPF_MAP_TYPE_CPUMAP) return -EINVAL;
      this.#used.delete(index);
      return 0;
    }
    const error = this.#check(index, number) || resolveProgram(this, value);
    if (error !== 0) return error;
    this.memory.runtime.copyValue(this.address, this.base + index * STRIDE, value);
    this.#used.add(index);
    return 0;
  }

  #check(index: number, number: number): number {
    if (this.type !== BPF_MAP_TYPE_CPUMAP) return checkDevice(this, number);
    if (number > LONGEST_QUEUE) return -EOVERFLOW;
    return index < this.registry.possibleCpus ? 0 : -ENODEV;
  }

  override deleteElement(key: number): number {
    const index = this.indexOf(key);
    if (index === undefined) return -EINVAL;
    this.#used.delete(index);
    return 0;
  }

  protected override readValue(key: number): Uint8Array | number {
    const value = this.lookupElement(key);
    return value === 0 ? -ENOENT : this.copyOut(value);
  }
}

export class DevMapHash extends HashTable {
  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, readOnly(attributes), header.KIND_OTHER);
  }

  override lookupElement(key: number): number {
    return this.find(key);
  }

  override updateElement(key: number, value: number, flags: number): number {
    const device = this.memory.view.getUint32(value, true);
    if (flags > BPF_EXIST || device === 0) return -EINVAL;
    if (flags === BPF_NOEXIST && this.find(key) !== 0) return -EEXIST;
    const error = checkDevice(this, device) || resolveProgram(this, value);
    // It is put in whether it was there or not, whatever the flags say beyond that.
    return error || this.memory.runtime.hash_update(this.address, key, value, 0, 0);
  }

  protected override readValue(key: number): Uint8Array | number {
    const value = this.find(key);
    return value === 0 ? -ENOENT : this.copyOut(value);
  }
}
