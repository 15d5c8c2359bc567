/**
 * The text of /proc/PID/maps: read once for a task and its areas, as the file of a large process takes the kernel
 * longer to write than anything else here to read.
 */
import { hexDigit, NumberReader, SPACE } from './bytes.ts';
import { type ProcReader, UNREADABLE } from './reader.ts';
import { countUnreadable, type SessionState, type TaskRecord } from './tasks.ts';

const BRACKET = 0x5b;
const NEWLINE = 0x0a;
const HEAP = [...'[heap]\n'].map((letter) => letter.charCodeAt(0));

export class MapsText {
  /** What was read last, up to `length`; valid until the next reading. */
  bytes = new Uint8Array(65536);
  readonly #reader: ProcReader;
  readonly #numbers = new NumberReader();
  #length = 0;
  /** For which task, if its areas were not asked for since. */
  #fresh: TaskRecord | undefined;

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  /** Reads it for the fields of a task. @returns its length, 0 for what cannot be read */
  read(record: TaskRecord, session: SessionState): number {
    const length = this.#reader.read(`${record.directory}/maps`);
    if (length === UNREADABLE) countUnreadable(session, 'maps', record.directory);
    this.#length = Math.max(0, length);
    this.#fresh = record;
    if (this.#length > this.bytes.length) this.bytes = new Uint8Array(this.#length * 2);
    this.bytes.set(this.#reader.buffer.subarray(0, this.#length));
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
  }

  /** Where the last area of the heap ends; 0 without one. @param length of what was read */
  heapEnd(length: number): number {
    const { bytes } = this;
    let end = 0;
    for (let at = bytes.indexOf(BRACKET); at >= 0 && at < length; at = bytes.indexOf(BRACKET, at + 1)) {
      if (bytes[at - 1] === SPACE && HEAP.every((byte, index) => bytes[at + index] === byte)) end = this.#endOfArea(at);
    }
    return end;
  }

  /** The second number of the line. */
  #endOfArea(at: number): number {
    const { bytes } = this;
    const numbers = this.#numbers;
    let start = at;
    while (start > 0 && bytes[start - 1] !== NEWLINE) start--;
    while (hexDigit(bytes[start] as number) >= 0) start++;
    numbers.at = start + 1;
    numbers.hexadecimal(bytes, at);
    return numbers.number;
  }
}
