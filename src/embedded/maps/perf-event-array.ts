/**
 * PERF_EVENT_ARRAY: a buffer of records for each processor, into which bpf_perf_event_output() writes. In Linux users
 * open perf events and put their descriptors in; here they open the buffer itself.
 * Source: kernel/trace/bpf_trace.c (__bpf_perf_event_output), Linux 6.18.
 */
import { IndexedMap } from './array.ts';
import type { MapAttributes } from './attributes.ts';
import { E2BIG, EBADF, EINVAL, ENOENT, ENOSPC, ENOTSUPP, EOPNOTSUPP } from './errnos.ts';
import type { MapRegistry } from './map-registry.ts';
import { RecordQueue } from './record-queue.ts';

/** Flags: the lower half is the index, all ones for the processor that runs. */
const CURRENT_CPU_INDEX = 0xffffffff;

/** What programs have written to one slot, read as an iterator or drained. */
export class PerfBuffer extends RecordQueue {
  readonly cpu: number;
  readonly #limit: number;
  #bytes = 0;
  /** Records that found no room. */
  lost = 0;

  constructor(cpu: number, limit: number) {
    super();
    this.cpu = cpu;
    this.#limit = limit;
  }

  /** @returns whether there was room */
  write(record: Uint8Array): boolean {
    if (this.#bytes + record.length > this.#limit) {
      this.lost += 1;
      return false;
    }
    this.#bytes += record.length;
    this.push(record);
    return true;
  }

  protected override taken(record: Uint8Array): void {
    this.#bytes -= record.length;
  }
}

export class PerfEventArrayMap extends IndexedMap {
  readonly #buffers = new Map<number, PerfBuffer>();

  constructor(registry: MapRegistry, attributes: MapAttributes) {
    super(registry, attributes, 4);
  }

  /** Takes records of a processor from now on. @param limit bytes that it holds before records are lost */
  open(cpu: number, limit = 1 << 20): PerfBuffer {
    if (cpu >= this.maxEntries) throw new RangeError(`${this.what} has ${this.maxEntries} slots, and no slot ${cpu}`);
    const buffer = new PerfBuffer(cpu, limit);
    this.#buffers.set(cpu, buffer);
    return buffer;
  }

  /** As bpf_perf_event_output(). @param index lower half of its flags @param upper upper half, for sizes of packets */
  output(index: number, upper: number, record: Uint8Array): number {
    if (upper !== 0) return -EINVAL;
    const cpu = this.registry.currentCpu;
    const slot = index === CURRENT_CPU_INDEX ? cpu : index;
    if (slot >= this.maxEntries) return -E2BIG;
    const buffer = this.#buffers.get(slot);
    if (buffer === undefined) return -ENOENT;
    if (slot !== cpu) return -EOPNOTSUPP;
    return buffer.write(record) ? 0 : -ENOSPC;
  }

  protected override readValue(): number {
    return -ENOTSUPP;
  }
  override updateElement(key: number, _value: number, flags: number): number {
    if (flags !== 0) return -EINVAL;
    // A perf event is a thing of Linux.
    return this.indexOf(key) === undefined ? -E2BIG : -EBADF;
  }
  override deleteElement(key: number): number {
    const index = this.indexOf(key);
    if (index === undefined) return -E2BIG;
    return this.#buffers.delete(index) ? 0 : -ENOENT;
  }
}
