/**
 * RINGBUF and USER_RINGBUF: the ring is runtime-wasm/assembly/ringbuf.ts; here is what users do with it: read the
 * records of programs, or write records for programs.
 * Source: kernel/bpf/ringbuf.c, Linux 6.18; libbpf's src/ringbuf.c for users' side.
 */
import { BpfiterError } from '../../errors.ts';
import type { RingBuffer, UserRingBuffer } from '../../ring-buffer.ts';
import { BPF_F_NUMA_NODE } from '../../uapi/index.ts';
import * as header from '../runtime-wasm/map-header.ts';
import { type MapAttributes, roundUp } from './attributes.ts';
import { E2BIG, EBUSY, EINVAL, ENOSPC } from './errnos.ts';
import { MapBase } from './map-base.ts';
import type { MapRegistry } from './map-registry.ts';

const PAGE = 4096;
const { RING_BUSY, RING_CONSUMER, RING_DATA, RING_DISCARDED, RING_HEADER, RING_PRODUCER, RING_WAITERS } = header;
const LENGTH_MASK = ~(RING_BUSY | RING_DISCARDED);

/** What bpf_user_ringbuf_drain() reads at most. */
const MOST_SAMPLES = 128 * 1024;
const LARGEST_DYNPTR = 0xffffff;
const WAKEUP_FLAGS = 3;

export function checkRingBuffer({ keySize, valueSize, maxEntries, flags }: MapAttributes): number {
  if ((flags & ~BPF_F_NUMA_NODE) !== 0 || keySize !== 0 || valueSize !== 0) return -EINVAL;
  if (maxEntries === 0 || (maxEntries & (maxEntries - 1)) !== 0 || maxEntries % PAGE !== 0) return -EINVAL;
  return 0;
}

abstract class Ring extends MapBase {
  readonly base: number;

  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes);
    // Twice: a record that begins before the ring's end goes on behind it.
    this.base = this.memory.allocate(RING_DATA + 2 * this.maxEntries);
    this.put(header.BASE, this.base);
    this.put(header.MASK, this.maxEntries - 1);
    this.memory.view.setUint32(this.base + header.RING_MASK, this.maxEntries - 1, true);
  }

  protected position(field: number): bigint {
    return this.memory.view.getBigUint64(this.base + field, true);
  }
  protected setPosition(field: number, position: bigint): void {
    this.memory.view.setBigUint64(this.base + field, position, true);
  }
  /** Offset of the record at a position. */
  protected recordAt(position: bigint): number {
    return this.base + RING_DATA + Number(position & BigInt(this.maxEntries - 1));
  }

  protected override destroy(): void {
    this.registry.onWake(this.base, undefined);
    this.memory.free(this.base);
  }
}

/** Bytes that a record takes in the ring. @param word its length, with or without the bits on top */
const spaceOf = (word: number): number => roundUp((word & LENGTH_MASK) + RING_HEADER, 8);

export class RingBufferMap extends Ring implements RingBuffer {
  /** Of the reader that waits. */
  #go: (() => void) | undefined;

  /** Takes the records that are complete, in order. */
  *drain(): Generator<Uint8Array, void, undefined> {
    for (;;) {
      const at = this.position(RING_CONSUMER);
      if (at >= this.position(RING_PRODUCER)) return;
      const record = this.recordAt(at);
      const word = this.memory.view.getInt32(record, true);
      if ((word & RING_BUSY) !== 0) return;
      const start = record + RING_HEADER;
      const bytes = (word & RING_DISCARDED) === 0 && this.memory.u8.slice(start, start + (word & LENGTH_MASK));
      this.setPosition(RING_CONSUMER, at + BigInt(spaceOf(word)));
      if (bytes) yield bytes;
    }
  }

  /** Takes records as they come, until the signal says stop or no user has the map open any more. One reader at a time. */
  async *records(signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    // The reader holds the map, which may be closed meanwhile.
    this.hold();
    this.memory.view.setUint32(this.base + RING_WAITERS, 1, true);
    try {
      while (this.isOpen) {
        yield* this.drain();
        if (signal?.aborted === true || !this.isOpen) return;
        await this.#moreRecords(signal);
      }
    } finally {
      this.registry.onWake(this.base, undefined);
      this.memory.view.setUint32(this.base + RING_WAITERS, 0, true);
      this.release();
    }
  }

  override close(): void {
    super.close();
    if (!this.isOpen) this.#go?.();
  }

  #moreRecords(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        signal?.removeEventListener('abort', go);
        this.#go = undefined;
        resolve();
      };
      this.#go = go;
      signal?.addEventListener('abort', go, { once: true });
      this.registry.onWake(this.base, go);
      // One may have come before anybody listened.
      if (this.#hasRecord) go();
    });
  }

  get #hasRecord(): boolean {
    const at = this.position(RING_CONSUMER);
    if (at >= this.position(RING_PRODUCER)) return false;
    return (this.memory.view.getInt32(this.recordAt(at), true) & RING_BUSY) === 0;
  }
}

export class UserRingBufferMap extends Ring implements UserRingBuffer {
  #busy = false;

  /** Appends a record for programs. @throws BpfiterError `refused` if there is no room: ENOSPC */
  submit(record: Uint8Array): void {
    const space = spaceOf(record.length);
    const produced = this.position(RING_PRODUCER);
    const used = Number(produced - this.position(RING_CONSUMER));
    if (space > this.maxEntries) throw this.#full(record, E2BIG);
    if (space > this.maxEntries - used) throw this.#full(record, ENOSPC);
    const at = this.recordAt(produced);
    this.memory.view.setUint32(at, record.length, true);
    this.memory.u8.set(record, at + RING_HEADER);
    this.setPosition(RING_PRODUCER, produced + BigInt(space));
  }

  #full(record: Uint8Array, errno: number): BpfiterError {
    return new BpfiterError('refused', `${this.what} has no room for ${record.length} bytes`, { errno });
  }

  /**
   * As bpf_user_ringbuf_drain().
   * @param each is given where a record's bytes are, and how many; anything but 0 stops after it
   * @returns how many records were read, or a negative errno
   */
  drain(each: (sample: number, size: number) => number, flags: number): number {
    if ((flags & ~WAKEUP_FLAGS) !== 0) return -EINVAL;
    if (this.#busy) return -EBUSY;
    this.#busy = true;
    try {
      return this.#drain(each);
    } finally {
      this.#busy = false;
    }
  }

  #drain(each: (sample: number, size: number) => number): number {
    let read = 0;
    for (let samples = 0; samples < MOST_SAMPLES; samples += 1) {
      const produced = this.position(RING_PRODUCER);
      const at = this.position(RING_CONSUMER);
      if (produced % 8n !== 0n) return -EINVAL;
      if (at >= produced) break;
      const record = this.recordAt(at);
      const word = this.memory.view.getInt32(record, true);
      const size = word & LENGTH_MASK;
      const space = spaceOf(word);
      if (space > produced - at) return -EINVAL;
      if (space > this.maxEntries || size > LARGEST_DYNPTR) return -E2BIG;
      const discarded = (word & RING_DISCARDED) !== 0;
      if (!discarded && (word & RING_BUSY) !== 0) break;
      const stop = !discarded && each(record + RING_HEADER, size) !== 0;
      this.setPosition(RING_CONSUMER, at + BigInt(space));
      if (!discarded) read += 1;
      if (stop) break;
    }
    return read;
  }
}
