/**
 * BLOOM_FILTER: says of a value that it was surely not put in, or may have been.
 * Source: kernel/bpf/bloom_filter.c, Linux 6.18.
 */
import { BPF_F_NUMA_NODE, BPF_F_ZERO_SEED, BPF_MAP_TYPE_BLOOM_FILTER } from '../../uapi/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { ACCESS_FLAGS, accessIsClear, has, LARGEST_ALLOCATION, type MapAttributes, powerOfTwo } from './attributes.ts';
import { E2BIG, EINVAL, EOPNOTSUPP } from './errnos.ts';
import { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

const CREATE_FLAGS = BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | ACCESS_FLAGS;
const MOST_HASHES = 15;
const DEFAULT_HASHES = 5;
const FEWEST_BITS = 64;

export function checkBloomFilter(attributes: MapAttributes): number {
  const { keySize, valueSize, maxEntries, flags, extra } = attributes;
  if (valueSize > LARGEST_ALLOCATION) return -E2BIG;
  if (keySize !== 0 || valueSize === 0 || maxEntries === 0) return -EINVAL;
  if ((flags & ~CREATE_FLAGS) !== 0 || !accessIsClear(attributes)) return -EINVAL;
  return extra > BigInt(MOST_HASHES) ? -EINVAL : 0;
}

/** As many as make a wrong answer least likely, n k / ln 2, rounded up to a power of two. */
function bitsFor(maxEntries: number, hashes: number): number {
  const bits = maxEntries * hashes > 0xffffffff ? Number.POSITIVE_INFINITY : Math.floor((maxEntries * hashes) / 5) * 7;
  return bits > 2 ** 31 ? 2 ** 32 : Math.max(FEWEST_BITS, powerOfTwo(bits));
}

export class BloomFilterMap extends MapBase {
  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes);
    const hashes = Number(attributes.extra) || DEFAULT_HASHES;
    const bits = bitsFor(this.maxEntries, hashes);
    this.put(header.KIND, BPF_MAP_TYPE_BLOOM_FILTER);
    this.put(header.EXTRA, hashes);
    this.put(header.MASK, bits - 1);
    this.put(header.SEED, has(attributes, BPF_F_ZERO_SEED) ? 0 : registry.random());
    this.put(header.BASE, this.memory.allocate(bits / 8));
  }

  /** Whether the value may have been put in. */
  mayContain(value: Uint8Array): boolean {
    return this.withBytes(value, (place) => this.memory.runtime.map_peek_elem(this.address, place)) === 0;
  }

  override updateElement(): number {
    return -EINVAL;
  }
  override deleteElement(): number {
    return -EOPNOTSUPP;
  }
  protected override writeValue(_key: number, value: number, flags: number): number {
    return this.memory.runtime.map_push_elem(this.address, value, flags, 0);
  }
  protected override keyAfter(): number {
    return -EOPNOTSUPP;
  }

  protected override destroy(): void {
    this.memory.free(this.get(header.BASE));
  }
}
