/**
 * ARRAY_OF_MAPS and HASH_OF_MAPS: values are maps, all like the one that was the pattern. Users put descriptors in and
 * get ids out; programs get the struct bpf_map.
 * Source: kernel/bpf/{map_in_map,arraymap,hashtab}.c, Linux 6.18.
 */
import {
  BPF_F_INNER_MAP,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_CGROUP_STORAGE,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_STRUCT_OPS,
} from '../../uapi/index.ts';
import type { MapFields } from '../../verifier/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { has, type MapAttributes } from './attributes.ts';
import { EBADF, EINVAL, ENOENT, ENOTSUPP } from './errnos.ts';
import { checkHash, HashTable } from './hash.ts';
import type { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';
import { checkSlots, SlotMap } from './slots.ts';

const ID_SIZE = 4;

/** Types that the kernel has no way to compare, so that they cannot be in another map. */
const withoutComparison: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_STRUCT_OPS,
]);

function checkInner(inner: MapBase | undefined): number {
  if (inner === undefined) return -EBADF;
  if (inner.type === BPF_MAP_TYPE_ARRAY_OF_MAPS || inner.type === BPF_MAP_TYPE_HASH_OF_MAPS) return -EINVAL;
  return withoutComparison.has(inner.type) ? -ENOTSUPP : 0;
}

export const checkArrayOfMaps = (attributes: MapAttributes): number =>
  checkSlots(attributes) || checkInner(attributes.inner);

export function checkHashOfMaps(attributes: MapAttributes): number {
  if (attributes.valueSize !== ID_SIZE) return -EINVAL;
  return checkHash(attributes) || checkInner(attributes.inner);
}

/** What a map must be like to go into another. */
class Pattern {
  readonly #attributes: MapAttributes;
  readonly #flags: number;

  constructor(inner: MapBase) {
    this.#attributes = inner.attributes;
    this.#flags = inner.flags;
  }

  fits(map: MapBase): boolean {
    const { type, keySize, valueSize, maxEntries, fields } = this.#attributes;
    if (map.type !== type || map.keySize !== keySize || map.valueSize !== valueSize) return false;
    if (map.flags !== this.#flags || !sameFields(fields, map.attributes.fields)) return false;
    // Arrays are looked up inline, so their length counts, unless they say otherwise.
    return type !== BPF_MAP_TYPE_ARRAY || has(this.#attributes, BPF_F_INNER_MAP) || map.maxEntries === maxEntries;
  }
}

function sameFields(a: MapFields | undefined, b: MapFields | undefined): boolean {
  const text = (of: MapFields | undefined) =>
    of?.fields.map(({ kind, offset, pointee }) => `${kind} ${offset} ${pointee?.btf} ${pointee?.typeId}`).join();
  return text(a) === text(b);
}

/** The map that a descriptor stands for, held; or a negative errno. */
function takeInner(registry: MapRegistry, pattern: Pattern, descriptor: number): MapBase | number {
  const map = registry.byId(descriptor);
  if (map === undefined) return -EBADF;
  if (!pattern.fits(map)) return -EINVAL;
  map.hold();
  return map;
}

function patternOf({ inner }: MapAttributes): Pattern {
  if (inner === undefined) throw new Error('a map of maps is checked before it is made');
  return new Pattern(inner);
}

export class ArrayOfMapsMap extends SlotMap<MapBase> {
  readonly #pattern: Pattern;

  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes);
    this.#pattern = patternOf(attributes);
    this.put(header.KIND, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  }

  override lookupElement(key: number): number {
    return this.memory.runtime.array_of_maps_lookup(this.address, key) >>> 0;
  }

  protected override take(descriptor: number): MapBase | number {
    return takeInner(this.registry, this.#pattern, descriptor);
  }
  protected override let(map: MapBase): void {
    map.release();
  }
  protected override wordOf(map: MapBase): number {
    return map.address;
  }
  protected override idOf(map: MapBase): number {
    return map.id;
  }
}

export class HashOfMapsMap extends HashTable {
  readonly #pattern: Pattern;

  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes, BPF_MAP_TYPE_HASH_OF_MAPS);
    this.#pattern = patternOf(attributes);
  }

  override lookupElement(key: number): number {
    return this.memory.runtime.hash_of_maps_lookup(this.address, key) >>> 0;
  }

  #innerAt(key: number): MapBase | undefined {
    return this.registry.at(this.lookupElement(key));
  }

  override updateElement(key: number, value: number, flags: number): number {
    const { view, runtime } = this.memory;
    const inner = takeInner(this.registry, this.#pattern, view.getInt32(value, true));
    if (typeof inner === 'number') return inner;
    const old = this.#innerAt(key);
    view.setUint32(value, inner.address, true);
    const result = runtime.hash_update(this.address, key, value, flags, 0);
    if (result < 0) inner.release();
    else old?.release();
    return result;
  }

  override deleteElement(key: number): number {
    const old = this.#innerAt(key);
    const result = super.deleteElement(key);
    if (result === 0) old?.release();
    return result;
  }

  protected override readValue(key: number): Uint8Array | number {
    const inner = this.#innerAt(key);
    return inner === undefined ? -ENOENT : new Uint8Array(Uint32Array.of(inner.id).buffer);
  }
}
