/**
 * LPM_TRIE; the trie itself is runtime-wasm/assembly/lpm-trie.ts. Keys are walked over longer prefixes first.
 * Source: kernel/bpf/lpm_trie.c, Linux 6.18.
 */
import { BPF_F_NO_PREALLOC, BPF_F_NUMA_NODE, BPF_MAP_TYPE_LPM_TRIE } from '../../uapi/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import {
  ACCESS_FLAGS,
  accessIsClear,
  isPreallocated,
  LARGEST_ALLOCATION,
  type MapAttributes,
  roundUp,
} from './attributes.ts';
import { EINVAL, ENOENT } from './errnos.ts';
import { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

const CREATE_FLAGS = BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | ACCESS_FLAGS;

/** Bytes of the length before a key's bits. */
const LENGTH_SIZE = 4;
const LONGEST_DATA = 256;
/** Of a node beside key and value, in Linux. */
const LINUX_NODE = 40;

export function checkLpmTrie(attributes: MapAttributes): number {
  const { keySize, valueSize, maxEntries, flags } = attributes;
  if (maxEntries === 0 || isPreallocated(attributes)) return -EINVAL;
  if ((flags & ~CREATE_FLAGS) !== 0 || !accessIsClear(attributes)) return -EINVAL;
  if (keySize <= LENGTH_SIZE || keySize > LENGTH_SIZE + LONGEST_DATA) return -EINVAL;
  if (valueSize === 0 || valueSize > LARGEST_ALLOCATION - LONGEST_DATA - LINUX_NODE) return -EINVAL;
  return 0;
}

export class LpmTrieMap extends MapBase {
  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes);
    const valueAt = roundUp(header.TRIE_KEY + this.keySize, 8);
    this.put(header.KIND, BPF_MAP_TYPE_LPM_TRIE);
    this.put(header.VALUE_AT, valueAt);
    this.put(header.ELEMENT_SIZE, valueAt + roundUp(this.valueSize, 8));
    this.put(header.CHUNK_ELEMENTS, 4);
    this.put(header.EXTRA, (this.keySize - LENGTH_SIZE) * 8);
  }

  get count(): number {
    return this.get(header.COUNT);
  }

  override lookupElement(key: number): number {
    return this.memory.runtime.lpm_trie_lookup(this.address, key) >>> 0;
  }
  override updateElement(key: number, value: number, flags: number): number {
    return this.memory.runtime.lpm_trie_update(this.address, key, value, flags, 0);
  }
  override deleteElement(key: number): number {
    return this.memory.runtime.lpm_trie_delete(this.address, key);
  }

  protected override readValue(key: number): Uint8Array | number {
    const value = this.lookupElement(key);
    return value === 0 ? -ENOENT : this.copyOut(value);
  }

  protected override keyAfter(key: number): number {
    const node = this.memory.runtime.lpm_trie_next(this.address, key) >>> 0;
    return node === 0 ? -ENOENT : node + header.TRIE_KEY;
  }

  protected override destroy(): void {
    this.freeElements();
  }
}
