/**
 * Memory for many structs of one size: taken from the kernel's memory a slab at a time, so that an object costs next to
 * nothing, and given back all at once. What several of them have together is counted.
 */
import type { KernelMemory } from '../memory/kernel-memory.ts';

const SLAB_BYTES = 32768;

/** How much memory the pools and arenas have that share it. */
export class MemoryUse {
  bytes = 0;
}

export class Pool {
  readonly size: number;
  readonly #memory: KernelMemory;
  readonly #use: MemoryUse;
  readonly #perSlab: number;
  readonly #slabs: number[] = [];
  #next = 0;
  #left = 0;

  /** @param size bytes of a struct */
  constructor(memory: KernelMemory, size: number, use = new MemoryUse()) {
    this.#memory = memory;
    this.#use = use;
    // Pointers in them want to be aligned, and no two objects may share an address.
    this.size = Math.max(8, (size + 7) & ~7);
    this.#perSlab = Math.max(1, Math.floor(SLAB_BYTES / this.size));
  }

  /** Offset of zeroed bytes. */
  take(): number {
    if (this.#left === 0) {
      this.#next = this.#memory.allocate(this.#perSlab * this.size);
      this.#slabs.push(this.#next);
      this.#use.bytes += this.#perSlab * this.size;
      this.#left = this.#perSlab;
    }
    const offset = this.#next;
    this.#next += this.size;
    this.#left--;
    return offset;
  }

  clear(): void {
    for (const slab of this.#slabs) this.#memory.free(slab);
    this.#use.bytes -= this.#slabs.length * this.#perSlab * this.size;
    this.#slabs.length = 0;
    this.#left = 0;
  }
}

/** Memory for structs and texts of all sizes, given back all at once. */
export class Arena {
  readonly use: MemoryUse;
  readonly #memory: KernelMemory;
  readonly #pools = new Map<number, Pool>();
  readonly #large: number[] = [];
  #largeBytes = 0;

  constructor(memory: KernelMemory, use = new MemoryUse()) {
    this.#memory = memory;
    this.use = use;
  }

  take(size: number): number {
    if (size > 1024) {
      const offset = this.#memory.allocate(size);
      this.#large.push(offset);
      this.#largeBytes += size;
      this.use.bytes += size;
      return offset;
    }
    const rounded = Math.max(8, (size + 7) & ~7);
    let pool = this.#pools.get(rounded);
    if (pool === undefined) {
      pool = new Pool(this.#memory, rounded, this.use);
      this.#pools.set(rounded, pool);
    }
    return pool.take();
  }

  clear(): void {
    for (const pool of this.#pools.values()) pool.clear();
    for (const offset of this.#large) this.#memory.free(offset);
    this.#large.length = 0;
    this.use.bytes -= this.#largeBytes;
    this.#largeBytes = 0;
  }
}
