/**
 * The text of /proc/PID/maps, in linear memory, where the runtime's wasm takes its lines apart: read once for a task and
 * its areas, as the file of a large process takes the kernel longer to write than anything else here to read.
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import { type ProcReader, UNREADABLE } from './reader.ts';
import { countUnreadable, type SessionState, type TaskRecord } from './tasks.ts';

export class MapsText {
  readonly #memory: KernelMemory;
  readonly #reader: ProcReader;
  /** Offset of what was read last; 0 if there is no room for it yet. */
  #start = 0;
  #room = 0;
  #length = 0;
  /** For which task, if its areas were not asked for since. */
  #fresh: TaskRecord | undefined;

  constructor(memory: KernelMemory, reader: ProcReader) {
    this.#memory = memory;
    this.#reader = reader;
  }

  /** Where what was read last begins; valid until the next reading. */
  get start(): number {
    return this.#start;
  }

  /** Reads it for the fields of a task. @returns its length, 0 for what cannot be read */
  read(record: TaskRecord, session: SessionState): number {
    const length = this.#reader.read(`${record.directory}/maps`);
    if (length === UNREADABLE) countUnreadable(session, 'maps', record.directory);
    this.#length = Math.max(0, length);
    this.#fresh = record;
    if (this.#length > this.#room) {
      this.clear();
      this.#room = this.#length * 2;
      this.#start = this.#memory.allocate(this.#room);
    }
    this.#memory.u8.set(this.#reader.buffer.subarray(0, this.#length), this.#start);
    return this.#length;
  }

  /** For the areas of a task: what was read when the task was, if nobody had it yet. */
  take(record: TaskRecord, session: SessionState): number {
    const length = this.#fresh === record ? this.#length : this.read(record, session);
    this.#fresh = undefined;
    return length;
  }

  clear(): void {
    this.#fresh = undefined;
    if (this.#room > 0) this.#memory.free(this.#start);
    this.#start = 0;
    this.#room = 0;
  }

  /** Where the last area of the heap ends; 0 without one. @param length of what was read */
  heapEnd(length: number): number {
    return this.#memory.runtime.maps_heap_end(this.#start, this.#start + length);
  }
}
