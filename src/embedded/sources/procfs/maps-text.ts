/**
 * The text of /proc/PID/maps, in linear memory, where the runtime's wasm takes its lines apart: read once for a task and
 * its areas, as the file of a large process takes the kernel longer to write than anything else here to read.
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import { type ProcReader, UNREADABLE } from './reader.ts';
import { countUnreadable, type SessionState, type TaskRecord } from './tasks.ts';

/** A text that a walk keeps while it goes through it. */
export interface LentText {
  readonly start: number;
  readonly room: number;
  /** Where the next line begins. */
  at: number;
  readonly limit: number;
}

export class MapsText {
  readonly #memory: KernelMemory;
  readonly #reader: ProcReader;
  /** Offset of what was read last; 0 if there is no room for it yet. */
  #start = 0;
  #room = 0;
  #length = 0;
  /** For which task, if its areas were not asked for since. */
  #fresh: TaskRecord | undefined;
  readonly #lent = new Set<LentText>();

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
      this.#room = this.#length + (this.#length >> 2);
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

  /** As take(), for who comes back to the text after others have read theirs. */
  lend(record: TaskRecord, session: SessionState): LentText {
    const length = this.take(record, session);
    const lent = { start: this.#start, room: this.#room, at: this.#start, limit: this.#start + length };
    this.#lent.add(lent);
    this.#start = 0;
    this.#room = 0;
    return lent;
  }

  /** Calling it twice does nothing. */
  takeBack(lent: LentText): void {
    if (!this.#lent.delete(lent)) return;
    if (this.#room > 0) {
      // There is another text already, which somebody may be about to take.
      if (lent.room > 0) this.#memory.free(lent.start);
      return;
    }
    this.#start = lent.start;
    this.#room = lent.room;
  }

  /** Takes back what is lent too: when no session is left. */
  end(): void {
    for (const lent of this.#lent) this.takeBack(lent);
    this.clear();
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
