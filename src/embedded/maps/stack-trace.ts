/**
 * STACK_TRACE: stacks by id. What stacks there are, whoever runs programs knows; here they are kept and read.
 * Source: kernel/bpf/stackmap.c, Linux 6.18.
 */
import { BPF_F_NUMA_NODE, BPF_F_RDONLY, BPF_F_STACK_BUILD_ID, BPF_F_WRONLY } from '../../uapi/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { has, type MapAttributes, powerOfTwo, roundUp } from './attributes.ts';
import { E2BIG, EEXIST, EINVAL, ENOENT } from './errnos.ts';
import { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

const CREATE_FLAGS = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_STACK_BUILD_ID;
/** struct bpf_stack_build_id. */
const BUILD_ID_SIZE = 32;
/** kernel.perf_event_max_stack, as it is by default. */
const DEEPEST = 127;

export function checkStackTrace(attributes: MapAttributes): number {
  const { keySize, valueSize, maxEntries, flags } = attributes;
  if ((flags & ~CREATE_FLAGS) !== 0 || maxEntries === 0 || keySize !== 4) return -EINVAL;
  if (valueSize < 8 || valueSize % 8 !== 0) return -EINVAL;
  const frame = has(attributes, BPF_F_STACK_BUILD_ID) ? BUILD_ID_SIZE : 8;
  if (valueSize % frame !== 0 || valueSize / frame > DEEPEST) return -EINVAL;
  return maxEntries > 2 ** 31 ? -E2BIG : 0;
}

const REUSE_STACKID = 1 << 10;
const FAST_STACK_COMPARE = 1 << 9;

export class StackTraceMap extends MapBase {
  readonly #buckets: number;
  readonly #stride: number;
  readonly #base: number;
  /** By id: bytes of the stack, and their hash. */
  readonly #stacks = new Map<number, { readonly length: number; readonly hash: number }>();

  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes);
    this.#buckets = powerOfTwo(this.maxEntries);
    this.#stride = roundUp(this.valueSize, 8);
    this.#base = this.memory.allocate(this.#buckets * this.#stride);
    this.put(header.BASE, this.#base);
  }

  /** As bpf_get_stackid(), with the stack given. @param frames addresses, at most as many as a value holds */
  store(frames: Uint8Array, flags: number): number {
    const bytes = frames.subarray(0, this.valueSize);
    const { runtime } = this.memory;
    const hash = this.withBytes(bytes, (place) => runtime.jhash(place, bytes.length, 0)) >>> 0;
    const id = hash & (this.#buckets - 1);
    const old = this.#stacks.get(id);
    const at = this.#base + id * this.#stride;
    if (old !== undefined) {
      const sameHash = old.hash === hash;
      const isSame =
        sameHash &&
        ((flags & FAST_STACK_COMPARE) !== 0 ||
          (old.length === bytes.length && bytes.every((byte, index) => this.memory.u8[at + index] === byte)));
      if (isSame) return id;
      if ((flags & REUSE_STACKID) === 0) return -EEXIST;
    }
    this.memory.u8.fill(0, at, at + this.#stride);
    this.memory.u8.set(bytes, at);
    this.#stacks.set(id, { length: bytes.length, hash });
    return id;
  }

  #idAt(key: number): number {
    return this.memory.view.getUint32(key, true);
  }

  override lookupElement(): number {
    // Linux gives programs no look-up: bpf_map_lookup_elem() is for users.
    return 0;
  }
  override updateElement(): number {
    return -EINVAL;
  }
  override deleteElement(key: number): number {
    const id = this.#idAt(key);
    if (id >= this.#buckets) return -E2BIG;
    return this.#stacks.delete(id) ? 0 : -ENOENT;
  }

  protected override readValue(key: number): Uint8Array | number {
    const id = this.#idAt(key);
    if (!this.#stacks.has(id)) return -ENOENT;
    const at = this.#base + id * this.#stride;
    return this.memory.u8.slice(at, at + this.valueSize);
  }

  protected override takeValue(key: number): Uint8Array | number {
    const value = this.readValue(key);
    if (typeof value !== 'number') this.deleteElement(key);
    return value;
  }

  protected override keyAfter(key: number, into: number): number {
    const after = key === 0 ? -1 : this.#idAt(key);
    const begin = after >= this.#buckets || (after >= 0 && !this.#stacks.has(after)) ? -1 : after;
    const next = Math.min(...[...this.#stacks.keys()].filter((id) => id > begin));
    if (!Number.isFinite(next)) return -ENOENT;
    this.memory.view.setUint32(into, next, true);
    return into;
  }

  protected override destroy(): void {
    this.memory.free(this.#base);
  }
}
