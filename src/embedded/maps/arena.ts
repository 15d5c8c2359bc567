/**
 * ARENA: memory that programs and users share. Programs' pointers into it count in their low 32 bits from its first
 * byte; pages are there once they are allocated. All of it lies in linear memory from the beginning.
 * Source: kernel/bpf/arena.c, Linux 6.18.
 */
import { BpfiterError } from '../../errors.ts';
import { BPF_F_MMAPABLE, BPF_F_NO_USER_CONV, BPF_F_SEGV_ON_FAULT } from '../../uapi/index.ts';
import { has, type MapAttributes } from './attributes.ts';
import { E2BIG, EINVAL, EOPNOTSUPP, ERANGE } from './errnos.ts';
import { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

export const ARENA_PAGE = 4096;
const LARGEST = 2 ** 32;
/** Where users would map it, if they do not say: any address whose low word is 0. */
const DEFAULT_START = 1n << 44n;

export function checkArena(attributes: MapAttributes): number {
  const { keySize, valueSize, maxEntries, flags, extra } = attributes;
  if (keySize !== 0 || valueSize !== 0 || maxEntries === 0 || !has(attributes, BPF_F_MMAPABLE)) return -EINVAL;
  if ((flags & ~(BPF_F_SEGV_ON_FAULT | BPF_F_MMAPABLE | BPF_F_NO_USER_CONV)) !== 0) return -EINVAL;
  if (extra % BigInt(ARENA_PAGE) !== 0n) return -EINVAL;
  const size = maxEntries * ARENA_PAGE;
  if (size > LARGEST) return -E2BIG;
  return extra >> 32n === (extra + BigInt(size) - 1n) >> 32n ? 0 : -ERANGE;
}

export class ArenaMap extends MapBase {
  readonly base: number;
  /** Address of the first byte as programs and users see it. */
  readonly start: bigint;
  /** 1 for pages that are allocated. */
  readonly #pages: Uint8Array;

  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes);
    this.start = attributes.extra === 0n ? DEFAULT_START : attributes.extra;
    if (BigInt.asUintN(32, this.start) !== 0n) {
      throw new BpfiterError(
        'unsupported',
        `${this.what}: arenas of the embedded kernel begin at multiples of 4 GiB (map_extra)`,
      );
    }
    this.base = this.memory.allocate(this.maxEntries * ARENA_PAGE);
    this.#pages = new Uint8Array(this.maxEntries);
  }

  override get valueAddress(): number {
    return this.base;
  }
  /** Bytes. */
  get size(): number {
    return this.maxEntries * ARENA_PAGE;
  }

  /** Its bytes as they are now; the view is good until something is allocated. */
  bytes(): Uint8Array {
    return this.memory.u8.subarray(this.base, this.base + this.size);
  }

  /** Puts in what an object brings along, and allocates the pages for it. */
  fill(bytes: Uint8Array, offset: number): void {
    this.#pages.fill(1, Math.floor(offset / ARENA_PAGE), Math.ceil((offset + bytes.length) / ARENA_PAGE));
    this.memory.u8.set(bytes, this.base + offset);
  }

  /**
   * As bpf_arena_alloc_pages().
   * @param at number of the first page, undefined for any @returns it, or undefined if there is no such room
   */
  allocatePages(count: number, at?: number): number | undefined {
    if (count === 0 || count > this.maxEntries) return undefined;
    const first = at ?? this.#firstFree(count);
    if (first === undefined || first + count > this.maxEntries) return undefined;
    if (this.#pages.subarray(first, first + count).includes(1)) return undefined;
    this.#pages.fill(1, first, first + count);
    return first;
  }

  #firstFree(count: number): number | undefined {
    let run = 0;
    for (let page = 0; page < this.maxEntries; page += 1) {
      run = this.#pages[page] === 0 ? run + 1 : 0;
      if (run === count) return page + 1 - count;
    }
    return undefined;
  }

  /** As bpf_arena_free_pages(): what lies beyond the end, or is not allocated, does not matter. */
  freePages(first: number, count: number): void {
    const end = Math.min(this.maxEntries, first + count);
    for (let page = first; page < end; page += 1) {
      if (this.#pages[page] === 0) continue;
      this.#pages[page] = 0;
      const at = this.base + page * ARENA_PAGE;
      this.memory.u8.fill(0, at, at + ARENA_PAGE);
    }
  }

  protected override readValue(): number {
    return -EINVAL;
  }
  override updateElement(): number {
    return -EOPNOTSUPP;
  }
  override deleteElement(): number {
    return -EOPNOTSUPP;
  }
  protected override keyAfter(): number {
    return -EOPNOTSUPP;
  }

  protected override destroy(): void {
    this.memory.free(this.base);
  }
}
