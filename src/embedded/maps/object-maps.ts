/**
 * Maps whose values are sockets: SOCKMAP, SOCKHASH, XSKMAP and REUSEPORT_SOCKARRAY. Users put descriptors in, programs
 * get the struct. What is in no memory of this kernel cannot be in them: MapServices.object() says what is.
 * Sources: net/core/sock_map.c, net/xdp/xskmap.c, kernel/bpf/reuseport_array.c, Linux 6.18.
 */
import {
  BPF_EXIST,
  BPF_F_NUMA_NODE,
  BPF_F_RDONLY,
  BPF_F_WRONLY,
  BPF_MAP_TYPE_REUSEPORT_SOCKARRAY,
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_XSKMAP,
  BPF_NOEXIST,
} from '../../uapi/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { checkArray, IndexedMap } from './array.ts';
import type { MapAttributes } from './attributes.ts';
import { E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC, EOPNOTSUPP } from './errnos.ts';
import { HashTable } from './hash.ts';
import type { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

const CREATE_FLAGS = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY;
const SLOT_SIZE = 4;
const DESCRIPTOR_SIZE = 4;
const COOKIE_SIZE = 8;
const LARGEST_DESCRIPTOR = 0x7fffffff;
/** MAX_BPF_STACK: programs build keys on their stack. */
const LARGEST_KEY = 512;

const takesSockets = (size: number): boolean => size === DESCRIPTOR_SIZE || size === COOKIE_SIZE;

export function checkSockMap({ keySize, valueSize, maxEntries, flags }: MapAttributes): number {
  if (maxEntries === 0 || maxEntries > LARGEST_DESCRIPTOR || keySize !== 4) return -EINVAL;
  return takesSockets(valueSize) && (flags & ~CREATE_FLAGS) === 0 ? 0 : -EINVAL;
}

export function checkSockHash({ keySize, valueSize, maxEntries, flags }: MapAttributes): number {
  if (maxEntries === 0 || keySize === 0 || !takesSockets(valueSize) || (flags & ~CREATE_FLAGS) !== 0) return -EINVAL;
  return keySize > LARGEST_KEY ? -E2BIG : 0;
}

export function checkXskMap({ keySize, valueSize, maxEntries, flags }: MapAttributes): number {
  if (maxEntries === 0 || keySize !== 4 || valueSize !== DESCRIPTOR_SIZE) return -EINVAL;
  return (flags & ~CREATE_FLAGS) === 0 ? 0 : -EINVAL;
}

export const checkReuseportSockArray = (attributes: MapAttributes): number =>
  takesSockets(attributes.valueSize) ? checkArray(attributes) : -EINVAL;

/** The struct that a value given by users names, or a negative errno. */
function objectOf(map: MapBase, value: number): number {
  const { view } = map.memory;
  const { services } = map.registry;
  const isSock = map.type === BPF_MAP_TYPE_SOCKMAP || map.type === BPF_MAP_TYPE_SOCKHASH;
  if (map.valueSize !== COOKIE_SIZE && !isSock) return services.object(view.getInt32(value, true), map);
  const wide = map.valueSize === COOKIE_SIZE ? view.getBigUint64(value, true) : BigInt(view.getUint32(value, true));
  return wide > BigInt(LARGEST_DESCRIPTOR) ? -EINVAL : services.object(Number(wide), map);
}

/** What users read: the socket's cookie, if the values have room for it. */
function cookieOf(map: MapBase, object: number): Uint8Array | number {
  if (map.valueSize !== COOKIE_SIZE) return -ENOSPC;
  if (object === 0) return -ENOENT;
  return new Uint8Array(BigUint64Array.of(map.registry.services.describeObject(object, map)).buffer);
}

/** By index: words are offsets of the structs, 0 where there is none. */
export class SocketArrayMap extends IndexedMap {
  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes, SLOT_SIZE);
  }

  #slot(index: number): number {
    return this.memory.view.getUint32(this.base + index * SLOT_SIZE, true);
  }
  #setSlot(index: number, object: number): void {
    this.memory.view.setUint32(this.base + index * SLOT_SIZE, object, true);
  }

  override lookupElement(key: number): number {
    const index = this.indexOf(key);
    return index === undefined ? 0 : this.#slot(index);
  }

  override updateElement(key: number, value: number, flags: number): number {
    const object = this.type === BPF_MAP_TYPE_SOCKMAP ? objectOf(this, value) : 0;
    if (object < 0) return object;
    if (flags > BPF_EXIST) return -EINVAL;
    const index = this.indexOf(key);
    if (index === undefined) return -E2BIG;
    const found = object !== 0 ? object : objectOf(this, value);
    if (found < 0) return found;
    const isThere = this.#slot(index) !== 0;
    if (isThere && flags === BPF_NOEXIST) return -EEXIST;
    if (!isThere && flags === BPF_EXIST) return -ENOENT;
    this.#setSlot(index, found);
    return 0;
  }

  override deleteElement(key: number): number {
    const index = this.indexOf(key);
    if (index === undefined) return this.type === BPF_MAP_TYPE_REUSEPORT_SOCKARRAY ? -E2BIG : -EINVAL;
    const wasThere = this.#slot(index) !== 0;
    this.#setSlot(index, 0);
    if (wasThere || this.type === BPF_MAP_TYPE_XSKMAP) return 0;
    return this.type === BPF_MAP_TYPE_SOCKMAP ? -EINVAL : -ENOENT;
  }

  /** The socket is gone. */
  forget(object: number): void {
    for (let index = 0; index < this.maxEntries; index += 1) if (this.#slot(index) === object) this.#setSlot(index, 0);
  }

  protected override readValue(key: number): Uint8Array | number {
    if (this.type === BPF_MAP_TYPE_XSKMAP) return -EOPNOTSUPP;
    return cookieOf(this, this.lookupElement(key));
  }
}

export class SockHashMap extends HashTable {
  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes, header.KIND_OTHER);
  }

  override lookupElement(key: number): number {
    const value = this.find(key);
    return value === 0 ? 0 : this.memory.view.getUint32(value, true);
  }

  override updateElement(key: number, value: number, flags: number): number {
    const object = objectOf(this, value);
    if (object < 0) return object;
    this.memory.view.setUint32(value, object, true);
    return this.memory.runtime.hash_update(this.address, key, value, flags, 0);
  }

  /** The socket is gone. */
  forget(object: number): void {
    for (const [key, value] of [...this.elements()]) {
      if (this.memory.view.getUint32(value, true) === object) this.deleteElement(key);
    }
  }

  protected override readValue(key: number): Uint8Array | number {
    return cookieOf(this, this.lookupElement(key));
  }
}
