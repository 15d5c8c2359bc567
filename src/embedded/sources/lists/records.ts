/**
 * Objects of which the kernel keeps one list, as sources write them down: parsed out of /proc, or by a test. How they
 * become structs in memory stands in object-lists.ts.
 */

export interface SlabCache {
  readonly name: string;
  /** Bytes from one object to the next. */
  readonly size: number;
  /** Bytes of an object; undefined where that could not be read. */
  readonly objectSize: number | undefined;
  readonly objectsPerSlab: number;
  /** A power of two. */
  readonly pagesPerSlab: number;
}

export interface DmaBuffer {
  /** Number of its inode, by which it is known. */
  readonly inode: number;
  readonly size: number;
  /** Who made it: `system`, `udmabuf`. */
  readonly exporter: string;
  /** That its user gave it. */
  readonly name?: string;
}

export interface KernelSymbol {
  /** Lower and upper half of its address; 0 where addresses are hidden. */
  readonly low: number;
  readonly high: number;
  /** One letter, as /proc/kallsyms has it. */
  readonly type: string;
  readonly name: string;
  /** Empty for the kernel itself. */
  readonly module: string;
}

/** What there is of each list. */
export interface ListRecords {
  readonly kmem_cache: SlabCache;
  readonly dma_buf: DmaBuffer;
  readonly kallsym_iter: KernelSymbol;
}
