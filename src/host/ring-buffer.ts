/**
 * Ring buffers of the running kernel, through memory that it and this process share: a page with the consumer's
 * position, one with the producer's, and the data, mapped twice in a row so that a record over the end reads on.
 * Facts: kernel/bpf/ringbuf.c of Linux 6.18 (ringbuf_map_mmap_kern, ringbuf_map_mmap_user, __bpf_user_ringbuf_peek);
 * libbpf's src/ringbuf.c for users' side.
 *
 * Positions and record headers are read and written by Atomics, for the kernel's side does the same meanwhile.
 */
import { constants } from 'node:os';
import { BpfiterError } from '../errors.ts';
import type { RingBuffer, UserRingBuffer } from '../ring-buffer.ts';
import { BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ } from '../uapi/index.ts';
import { failure } from './failure.ts';
import { callLibc, viewOf } from './foreign.ts';
import { HostMap, type MapInfo } from './maps.ts';
import { MAP_SHARED, PROT_READ, PROT_WRITE } from './memory-flags.ts';
import { hostPageSize } from './page-size.ts';
import { readable } from './readiness.ts';

const { E2BIG, ENOSPC } = constants.errno;

const LENGTH_MASK = ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

/** Bytes that a record takes in the ring. @param word its length, with or without the bits on top */
const spaceOf = (word: number): number => Math.ceil(((word & LENGTH_MASK) + BPF_RINGBUF_HDR_SZ) / 8) * 8;

/** What of a ring buffer is shared. The arrays are over memory that is not V8's: after unmap() nobody may use them. */
interface Ring {
  /** Positions count bytes since the beginning and never fall. */
  readonly consumer: BigUint64Array;
  readonly producer: BigUint64Array;
  readonly data: Uint8Array;
  /** The same, for headers. */
  readonly words: Int32Array;
  unmap(): void;
}

/** A page in each mapping is its own; which of the two this process may write depends on who produces. */
abstract class HostRing extends HostMap {
  readonly #end = new AbortController();
  readonly #writesData: boolean;
  #mapped: Ring | undefined;

  /** Takes over the descriptor. */
  constructor(fd: number, name: string | undefined, info: MapInfo, writesData: boolean) {
    super(fd, name, info);
    this.#writesData = writesData;
  }

  /** Aborted when the map is closed. */
  protected get closed(): AbortSignal {
    return this.#end.signal;
  }

  /** Mapped when somebody first asks: loading an object takes no memory for it. @throws BpfiterError `usage` if closed */
  protected get ring(): Ring {
    const { fd } = this;
    this.#mapped ??= this.#map(fd);
    return this.#mapped;
  }

  #map(fd: number): Ring {
    const page = hostPageSize();
    const dataSize = 2 * this.maxEntries;
    const first = this.#mapPages(fd, page, 0, !this.#writesData);
    let second: bigint;
    try {
      second = this.#mapPages(fd, page + dataSize, page, this.#writesData);
    } catch (error) {
      callLibc('munmap', first, page);
      throw error;
    }
    const shared = viewOf(second, page + dataSize);
    return {
      consumer: new BigUint64Array(viewOf(first, page).buffer, 0, 1),
      producer: new BigUint64Array(shared.buffer, 0, 1),
      data: shared.subarray(page),
      words: new Int32Array(shared.buffer, page),
      unmap: () => {
        callLibc('munmap', first, page);
        callLibc('munmap', second, page + dataSize);
      },
    };
  }

  #mapPages(fd: number, length: number, offset: number, writable: boolean): bigint {
    const address = callLibc('mmap', 0n, length, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, offset);
    if (address < 0) throw failure(-address, `mmap ${this.what}`);
    return BigInt(address);
  }

  /** Offset of the record at a position. */
  protected recordAt(position: bigint): number {
    return Number(position & BigInt(this.maxEntries - 1));
  }

  override close(): void {
    this.#end.abort();
    this.#mapped?.unmap();
    this.#mapped = undefined;
    super.close();
  }
}

/** A ring buffer in which programs leave records. */
export class HostRingBuffer extends HostRing implements RingBuffer {
  /** Takes over the descriptor. */
  constructor(fd: number, name: string | undefined, info: MapInfo) {
    super(fd, name, info, false);
  }

  *drain(): Generator<Uint8Array, void, undefined> {
    for (;;) {
      // Asked for each time: whoever took the last record may have closed the map.
      const { consumer, producer, data, words } = this.ring;
      const at = Atomics.load(consumer, 0);
      if (at >= Atomics.load(producer, 0)) return;
      const record = this.recordAt(at);
      const word = Atomics.load(words, record >> 2);
      if ((word & BPF_RINGBUF_BUSY_BIT) !== 0) return;
      const start = record + BPF_RINGBUF_HDR_SZ;
      const bytes = (word & BPF_RINGBUF_DISCARD_BIT) === 0 && data.slice(start, start + (word & LENGTH_MASK));
      Atomics.store(consumer, 0, at + BigInt(spaceOf(word)));
      if (bytes) yield bytes;
    }
  }

  async *records(signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const stop = signal === undefined ? this.closed : AbortSignal.any([signal, this.closed]);
    for (;;) {
      for (const record of this.drain()) {
        yield record;
        if (this.closed.aborted) return;
      }
      if (stop.aborted) return;
      await readable(this.fd, stop);
      if (this.closed.aborted) return;
    }
  }
}

/** A ring buffer in which this process leaves records for programs. */
export class HostUserRingBuffer extends HostRing implements UserRingBuffer {
  /** Takes over the descriptor. */
  constructor(fd: number, name: string | undefined, info: MapInfo) {
    super(fd, name, info, true);
  }

  submit(record: Uint8Array): void {
    const { consumer, producer, data, words } = this.ring;
    const space = spaceOf(record.length);
    const produced = Atomics.load(producer, 0);
    const used = Number(produced - Atomics.load(consumer, 0));
    if (space > this.maxEntries) throw this.#full(record, E2BIG);
    if (space > this.maxEntries - used) throw this.#full(record, ENOSPC);
    const at = this.recordAt(produced);
    data.set(record, at + BPF_RINGBUF_HDR_SZ);
    Atomics.store(words, at >> 2, record.length);
    // From here on the record is the kernel's.
    Atomics.store(producer, 0, produced + BigInt(space));
  }

  #full(record: Uint8Array, errno: number): BpfiterError {
    return new BpfiterError('refused', `${this.what} has no room for ${record.length} bytes`, { errno });
  }
}
