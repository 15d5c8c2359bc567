/**
 * CGROUP_STORAGE and PERCPU_CGROUP_STORAGE: a value for each cgroup that a program is attached to, which the program
 * finds without a key. A value is there from attach() to detach(); a run outside of any cgroup has one of its own,
 * zero at its beginning, as test runs have.
 * Source: kernel/bpf/local_storage.c, net/bpf/test_run.c, Linux 6.18.
 */
import {
  BPF_EXIST,
  BPF_F_LOCK,
  BPF_F_NUMA_NODE,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_NOEXIST,
} from '../../uapi/index.ts';
import { copyInPerCpu, copyOutPerCpu } from './array.ts';
import { ACCESS_FLAGS, accessIsClear, LARGEST_PERCPU_VALUE, type MapAttributes, roundUp } from './attributes.ts';
import { E2BIG, EINVAL, ENOENT } from './errnos.ts';
import { LARGEST_STORAGE_VALUE } from './local-storage.ts';
import { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

/** struct bpf_cgroup_storage_key, or the cgroup's id alone. */
const KEY_WITH_ATTACH_TYPE = 16;
const KEY_OF_CGROUP = 8;

export function checkCgroupStorage(attributes: MapAttributes): number {
  const { type, keySize, valueSize, maxEntries, flags } = attributes;
  if (keySize !== KEY_WITH_ATTACH_TYPE && keySize !== KEY_OF_CGROUP) return -EINVAL;
  if (valueSize === 0) return -EINVAL;
  const most = type === BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE ? LARGEST_PERCPU_VALUE : LARGEST_STORAGE_VALUE;
  if (valueSize > most) return -E2BIG;
  if ((flags & ~(BPF_F_NUMA_NODE | ACCESS_FLAGS)) !== 0 || !accessIsClear(attributes)) return -EINVAL;
  return maxEntries === 0 ? 0 : -EINVAL;
}

export class CgroupStorageMap extends MapBase {
  readonly #stride: number;
  readonly #copies: number;
  /** By key, in the order of attaching. */
  readonly #values = new Map<string, number>();
  #current = 0;

  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes);
    this.#stride = roundUp(this.valueSize, 8);
    this.#copies = this.#isPerCpu ? registry.possibleCpus : 1;
    this.#current = this.#make();
    this.#own = this.#current;
  }

  readonly #own: number;

  get #isPerCpu(): boolean {
    return this.type === BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
  }

  override get transferSize(): number {
    return this.#isPerCpu ? this.#stride * this.registry.possibleCpus : this.valueSize;
  }

  #make(): number {
    return this.memory.allocate(this.#stride * this.#copies);
  }

  /** As bpf_get_local_storage(): the value of the cgroup for which the program runs. */
  get current(): number {
    return this.#current + (this.#isPerCpu ? this.registry.currentCpu * this.#stride : 0);
  }

  /** A program is attached to a cgroup. @returns the key */
  attach(cgroupId: bigint, attachType: number): Uint8Array {
    const key = this.keyOf(cgroupId, attachType);
    const text = key.join();
    if (!this.#values.has(text)) this.#values.set(text, this.#make());
    return key;
  }

  detach(cgroupId: bigint, attachType: number): void {
    const text = this.keyOf(cgroupId, attachType).join();
    const value = this.#values.get(text);
    if (value === undefined) return;
    this.#values.delete(text);
    if (this.#current === value) this.#current = this.#own;
    this.memory.free(value);
  }

  /** A program begins to run for a cgroup; undefined: for none. */
  enter(key: Uint8Array | undefined): void {
    this.#current = (key && this.#values.get(key.join())) ?? this.#own;
    if (this.#current === this.#own) this.memory.u8.fill(0, this.#own, this.#own + this.#stride * this.#copies);
  }

  keyOf(cgroupId: bigint, attachType: number): Uint8Array {
    const key = new Uint8Array(this.keySize);
    const view = new DataView(key.buffer);
    view.setBigUint64(0, cgroupId, true);
    if (this.keySize === KEY_WITH_ATTACH_TYPE) view.setUint32(8, attachType, true);
    return key;
  }

  #textAt(key: number): string {
    return this.memory.u8.slice(key, key + this.keySize).join();
  }

  protected override readValue(key: number): Uint8Array | number {
    const value = this.#values.get(this.#textAt(key));
    if (value === undefined) return -ENOENT;
    return this.#isPerCpu ? copyOutPerCpu(this, value, this.#stride) : this.copyOut(value);
  }

  override updateElement(key: number, from: number, flags: number): number {
    const allowed = this.#isPerCpu ? BPF_EXIST : BPF_EXIST | BPF_F_LOCK;
    if ((flags & ~allowed) !== 0 || (flags & BPF_NOEXIST) !== 0) return -EINVAL;
    const value = this.#values.get(this.#textAt(key));
    if (value === undefined) return -ENOENT;
    if (this.#isPerCpu) copyInPerCpu(this, value, from, this.#stride);
    else this.memory.runtime.copyValue(this.address, value, from);
    return 0;
  }

  override deleteElement(): number {
    return -EINVAL;
  }

  protected override keyAfter(key: number, into: number): number {
    const keys = [...this.#values.keys()];
    const at = key === 0 ? -1 : keys.indexOf(this.#textAt(key));
    if (key !== 0 && at < 0) return -ENOENT;
    const next = keys[at + 1];
    if (next === undefined) return -ENOENT;
    this.memory.u8.set(next.split(',').map(Number), into);
    return into;
  }

  protected override destroy(): void {
    for (const value of this.#values.values()) this.memory.free(value);
    this.memory.free(this.#own);
  }
}
