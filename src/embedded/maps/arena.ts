/**
 * ARENA: memory that programs and users share. Of programs' pointers into it the low 32 bits say which byte they mean,
 * as those of its start (map_extra) do; pages are there once they are allocated. All of it lies in linear memory from the beginning.
 * Source: kernel/bpf/arena.c, Linux 6.18.
 */
import { BPF_F_MMAPABLE, BPF_F_NO_USER_CONV, BPF_F_SEGV_ON_FAULT } from '../../uapi/index.ts';
import { has, type MapAttributes } from './attributes.ts';
import { E2BIG, EINVAL, EOPNOTSUPP, ERANGE } from './errnos.ts';
import { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

const PAGE_SHIFT = 12;
export const ARENA_PAGE = 1 << PAGE_SHIFT;
const LARGEST = 2 ** 32;
/**
 * Where users would map it, if they do not say: anywhere, but as mmap(2) rarely does, no pointer into it should have 0
 * for its low word, which is NULL for programs.
 */
const DEFAULT_START = (1n << 44n) + (1n << 28n);
const DEFAULT_START_OF_LARGE = 1n << 44n;

export function checkArena(attributes: MapAttributes): number {
  const { keySize, valueSize, maxEntries, flags, extra } = attributes;
  if (keySize !== 0 || valueSize !== 0 || maxEntries === 0 || !has(attributes, BPF_F_MMAPABLE)) return -EINVAL;
  if ((flags & ~(BPF_F_SEGV_ON_FAULT | BPF_F_MMAPABLE | BPF_F_NO_USER_CONV)) !== 0) return -EINVAL;
  if (extra % BigInt(ARENA_PAGE) !== 0n) return -EINVAL;
  const size = maxEntries * ARENA_PAGE;
  if (size > LARGEST) return -E2BIG;
  return extra >> 32n === (extra + BigInt(size) - 1n) >> 32n ? 0 : -ERANGE;
}

const startOf = (size: number): bigint =>
  (DEFAULT_START + BigInt(size)) >> 32n === DEFAULT_START >> 32n ? DEFAULT_START : DEFAULT_START_OF_LARGE;

export class ArenaMap extends MapBase {
  readonly base: number;
  /** Address of the first byte as programs and users see it. */
  readonly start: bigint;
  /** Where a byte for each page says whether it is allocated (1): programs ask it. */
  readonly pages: number;
  /** 1 for pages that are allocated, or reserved. */
  readonly #taken: Uint8Array;

  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes);
    this.start = attributes.extra === 0n ? startOf(this.size) : attributes.extra;
    this.base = this.memory.allocate(this.maxEntries * ARENA_PAGE);
    this.pages = this.memory.allocate(this.maxEntries);
    this.#taken = new Uint8Array(this.maxEntries);
  }

  /** The low word of `start`: places in the arena are the low words of pointers less this one. */
  get startLow(): number {
    return Number(BigInt.asUintN(32, this.start));
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
    const first = Math.floor(offset / ARENA_PAGE);
    this.#take(first, Math.ceil((offset + bytes.length) / ARENA_PAGE) - first);
    this.memory.u8.set(bytes, this.base + offset);
  }

  /** Number of the page that a pointer with this low word leads to; beyond the last for what lies before the first. */
  pageAt(low: number): number {
    return ((low - this.startLow) >>> 0) >>> PAGE_SHIFT;
  }
  /** The low word of pointers to that page. */
  lowOf(page: number): number {
    return (page * ARENA_PAGE + this.startLow) | 0;
  }

  /**
   * As bpf_arena_alloc_pages().
   * @param at number of the first page, undefined for any @returns it, or undefined if there is no such room
   */
  allocatePages(count: number, at?: number): number | undefined {
    if (count === 0 || count > this.maxEntries) return undefined;
    const first = at ?? this.#firstFree(count);
    if (first === undefined || !this.#isFree(first, count)) return undefined;
    this.#take(first, count);
    return first;
  }

  /** As bpf_arena_reserve_pages(): nothing is ever there. @returns whether they were free */
  reservePages(first: number, count: number): boolean {
    if (!this.#isFree(first, count)) return false;
    this.#taken.fill(1, first, first + count);
    return true;
  }

  #isFree(first: number, count: number): boolean {
    return first + count <= this.maxEntries && !this.#taken.subarray(first, first + count).includes(1);
  }

  #take(first: number, count: number): void {
    this.#taken.fill(1, first, first + count);
    this.memory.u8.fill(1, this.pages + first, this.pages + first + count);
  }

  #firstFree(count: number): number | undefined {
    let run = 0;
    for (let page = 0; page < this.maxEntries; page += 1) {
      run = this.#taken[page] === 0 ? run + 1 : 0;
      if (run === count) return page + 1 - count;
    }
    return undefined;
  }

  /** As bpf_arena_free_pages(): what lies beyond the end, or is not allocated, does not matter. */
  freePages(first: number, count: number): void {
    const end = Math.min(this.maxEntries, first + count);
    for (let page = first; page < end; page += 1) {
      if (this.#taken[page] === 0) continue;
      this.#taken[page] = 0;
      this.memory.u8[this.pages + page] = 0;
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
    this.memory.free(this.pages);
  }
}
