/**
 * The seq_file that iterator programs print into: a struct in linear memory and the buffer behind it.
 *
 * Only what Linux's BPF iterators use of it is kept up to date. Its layout is that of Linux 6.18 on x86-64, and the
 * model declares the same one (embedded/model), so that programs that look into it read what is written here:
 *
 *   0 buf   8 size   16 from   24 count   32 pad_count   40 index   48 read_pos   56 lock ...   120 end
 *
 * `count` bytes are waiting, beginning at `from`; programs write at `count`, and only while `from` is 0. A buffer whose
 * count equals its size has overflowed: the last byte is never used. All sizes fit into the low words. Appending is the
 * runtime's (runtime-wasm/assembly/seq-file.ts).
 * Sources: fs/seq_file.c (seq_write), include/linux/seq_file.h, Linux 6.18; facts/iterators.md 2.1, 5.2.
 */
import { KERNEL_BASE_HIGH } from '../../jit/index.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';

/** Bytes of the struct. */
export const SEQ_FILE_SIZE = 120;

const BUF = 0;
const SIZE = 8;
const FROM = 16;
const COUNT = 24;
const PRIVATE = 32;

/** Where output may go: offsets into linear memory. Writing up to, but not at, `end` is what fits. */
export interface SeqRoom {
  readonly start: number;
  readonly end: number;
}

/** @param seq offset of the struct */
export function seqRoom(memory: KernelMemory, seq: number): SeqRoom {
  const { u32 } = memory;
  const buf = word(u32, seq + BUF);
  return { start: buf + word(u32, seq + COUNT), end: buf + word(u32, seq + SIZE) };
}

const word = (u32: Uint32Array, offset: number): number => u32[offset >>> 2] ?? 0;

/** The seq_file of one session, as the read algorithm uses it. */
export class SeqFile {
  readonly address: number;
  readonly #memory: KernelMemory;
  readonly #size: number;

  /** @param size of the buffer; it is allocated with the first read */
  constructor(memory: KernelMemory, address: number, size: number) {
    this.#memory = memory;
    this.address = address;
    this.#size = size;
  }

  /** Whether there is a buffer; only then may the rest be used. */
  allocate(): void {
    const { u32 } = this.#memory;
    if (word(u32, this.address + BUF) !== 0) return;
    const buf = this.#memory.allocate(this.#size);
    const fresh = this.#memory.u32; // allocating may have replaced the view
    fresh[(this.address + BUF) >>> 2] = buf;
    fresh[(this.address + BUF + 4) >>> 2] = KERNEL_BASE_HIGH;
    fresh[(this.address + SIZE) >>> 2] = this.#size;
  }

  /** What `seq->private` leads to. */
  set private(offset: number) {
    const { u32 } = this.#memory;
    u32[(this.address + PRIVATE) >>> 2] = offset;
    u32[(this.address + PRIVATE + 4) >>> 2] = offset === 0 ? 0 : KERNEL_BASE_HIGH;
  }

  release(): void {
    const buf = word(this.#memory.u32, this.address + BUF);
    if (buf !== 0) this.#memory.free(buf);
  }

  get count(): number {
    return word(this.#memory.u32, this.address + COUNT);
  }

  set count(count: number) {
    this.#memory.u32[(this.address + COUNT) >>> 2] = count;
  }

  /** Whether what was written did not all fit, by the count behind it. */
  isFull(count: number): boolean {
    return count === this.#size;
  }

  /** To be called when nothing is waiting: programs write from the beginning of the buffer again. */
  rewind(): void {
    this.#memory.u32[(this.address + FROM) >>> 2] = 0;
  }

  /** Moves what is waiting, as much as fits. @returns the number of bytes */
  take(into: Uint8Array): number {
    const { u32, u8 } = this.#memory;
    const count = word(u32, this.address + COUNT);
    const from = word(u32, this.address + FROM);
    const length = Math.min(count, into.length);
    const start = word(u32, this.address + BUF) + from;
    into.set(u8.subarray(start, start + length));
    u32[(this.address + COUNT) >>> 2] = count - length;
    u32[(this.address + FROM) >>> 2] = from + length;
    return length;
  }
}
