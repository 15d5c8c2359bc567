/**
 * BPF_MAP_CREATE: which class makes maps of which type, and what it refuses.
 */
import { BpfiterError } from '../../errors.ts';
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  mapTypeName,
} from '../../uapi/index.ts';
import { ArrayMap, checkArray, PerCpuArrayMap } from './array.ts';
import { checkAll, type MapAttributes } from './attributes.ts';
import { EINVAL, ENOMEM, mapFailure } from './errnos.ts';
import { checkHash, makeHash } from './hash.ts';
import type { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

interface MapKind {
  /** @returns 0 or a negative errno */
  check(attributes: MapAttributes, registry: MapRegistry): number;
  make(registry: MapRegistry, attributes: MapAttributes): MapBase;
}

const hash: MapKind = { check: checkHash, make: makeHash };

const kinds: ReadonlyMap<number, MapKind> = new Map<number, MapKind>([
  [BPF_MAP_TYPE_HASH, hash],
  [BPF_MAP_TYPE_ARRAY, { check: checkArray, make: (...made) => new ArrayMap(...made) }],
  [BPF_MAP_TYPE_PERCPU_HASH, hash],
  [BPF_MAP_TYPE_PERCPU_ARRAY, { check: checkArray, make: (...made) => new PerCpuArrayMap(...made) }],
  [BPF_MAP_TYPE_LRU_HASH, hash],
  [BPF_MAP_TYPE_LRU_PERCPU_HASH, hash],
]);

/** @returns the map, or the negative errno that bpf(2) would give */
export function tryCreateMap(registry: MapRegistry, attributes: MapAttributes): MapBase | number {
  const kind = kinds.get(attributes.type);
  if (kind === undefined) return -EINVAL;
  const error = checkAll(attributes) || kind.check(attributes, registry);
  if (error !== 0) return error;
  const before = registry.newest;
  try {
    return kind.make(registry, attributes);
  } catch (cause) {
    if (!(cause instanceof BpfiterError && cause.errno === ENOMEM)) throw cause;
    const half = registry.newest;
    if (half !== before && half !== undefined) registry.remove(half);
    return -ENOMEM;
  }
}

/** @throws BpfiterError `refused` with the errno; `unsupported` for types that this kernel does not have */
export function createMap(registry: MapRegistry, attributes: MapAttributes): MapBase {
  const { name, type } = attributes;
  if (!kinds.has(type)) {
    throw new BpfiterError(
      'unsupported',
      `map '${name}': the embedded kernel has no maps of type ${mapTypeName(type) ?? type}`,
    );
  }
  const made = tryCreateMap(registry, attributes);
  if (typeof made === 'number') throw mapFailure(-made, `create map '${name}'`, undefined);
  return made;
}
