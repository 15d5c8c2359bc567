/**
 * SK_STORAGE, TASK_STORAGE, INODE_STORAGE and CGRP_STORAGE: a value for each object that has been given one. Programs
 * name the object by a pointer to it, users by a descriptor. A value goes with its object: forget().
 * Source: kernel/bpf/bpf_local_storage.c and its users, Linux 6.18.
 */
import { BPF_EXIST, BPF_F_CLONE, BPF_F_LOCK, BPF_F_NO_PREALLOC, BPF_NOEXIST } from '../../uapi/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { isPreallocated, type MapAttributes } from './attributes.ts';
import { E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM, ENOTSUPP } from './errnos.ts';
import { HashTable } from './hash.ts';
import type { MapRegistry } from './map-registry.ts';

/** BPF_LOCAL_STORAGE_MAX_VALUE_SIZE: what fits into 16 bits beside what Linux keeps with a value. */
export const LARGEST_STORAGE_VALUE = 0xffff - 128;
const OWNER_SIZE = 4;
/** Tables do not grow; this many owners are found at once. */
const BUCKETS = 1024;

export function checkLocalStorage(attributes: MapAttributes): number {
  const { keySize, valueSize, maxEntries, flags, btfKeyTypeId, btfValueTypeId } = attributes;
  if ((flags & ~(BPF_F_NO_PREALLOC | BPF_F_CLONE)) !== 0 || isPreallocated(attributes)) return -EINVAL;
  if (maxEntries !== 0 || keySize !== OWNER_SIZE || valueSize === 0) return -EINVAL;
  if (btfKeyTypeId === 0 || btfValueTypeId === 0) return -EINVAL;
  return valueSize > LARGEST_STORAGE_VALUE ? -E2BIG : 0;
}

/** Keys in the table are offsets of the owners. */
export class LocalStorageMap extends HashTable {
  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes, header.KIND_OTHER, BUCKETS);
  }

  /** The owner is gone: with it its value. */
  forget(owner: number): void {
    this.memory.runtime.storage_delete(this.address, owner);
  }

  /** The owners and their values, as offsets. */
  override *elements(): Generator<readonly [owner: number, value: number]> {
    for (const [key, value] of super.elements()) yield [this.memory.view.getUint32(key, true), value];
  }

  #owner(key: number): number {
    return this.registry.services.object(this.memory.view.getInt32(key, true), this);
  }

  override lookupElement(): number {
    return 0;
  }

  protected override readValue(key: number): Uint8Array | number {
    const owner = this.#owner(key);
    if (owner < 0) return owner;
    const value = this.memory.runtime.storage_find(this.address, owner) >>> 0;
    return value === 0 ? -ENOENT : this.copyOut(value);
  }

  override updateElement(key: number, value: number, flags: number): number {
    const owner = this.#owner(key);
    if (owner < 0) return owner;
    const how = flags & ~BPF_F_LOCK;
    if (how > BPF_EXIST || (flags !== how && this.get(header.LOCK) === 0)) return -EINVAL;
    const { runtime } = this.memory;
    const old = runtime.storage_find(this.address, owner) >>> 0;
    if (old !== 0 && how === BPF_NOEXIST) return -EEXIST;
    if (old === 0 && how === BPF_EXIST) return -ENOENT;
    if (old !== 0 && flags !== how) {
      runtime.copyValue(this.address, old, value);
      return 0;
    }
    if (old !== 0) runtime.storage_delete(this.address, owner);
    return runtime.storage_add(this.address, owner, value) === 0 ? -ENOMEM : 0;
  }

  override deleteElement(key: number): number {
    const owner = this.#owner(key);
    return owner < 0 ? owner : this.memory.runtime.storage_delete(this.address, owner);
  }

  protected override keyAfter(): number {
    return -ENOTSUPP;
  }
  protected override clear(): void {
    for (const [owner] of [...this.elements()]) this.forget(owner);
  }
}
