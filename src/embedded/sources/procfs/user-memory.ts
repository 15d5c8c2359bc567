/**
 * Memory of processes, as far as /proc tells: all of it of those that this process could trace (/proc/PID/mem, of a
 * running system only), else the command line and the environment, which have files of their own.
 *
 * Facts: mem_read(), get_mm_cmdline() and environ_read() in fs/proc/base.c of Linux 6.18. A command line that a process
 * wrote over ends, in its file, with the first NUL; what would come after it is not known.
 */
import { START_OF_ARGUMENTS, START_OF_ENVIRONMENT } from './conversions.ts';
import type { ProcReader } from './reader.ts';
import { StatColumns } from './task-files.ts';
import type { TaskRecord } from './tasks.ts';

/** Files that have the same bytes as the memory from an address on, and the column of `stat` with that address. */
const FILES = [
  { name: 'cmdline', column: START_OF_ARGUMENTS },
  { name: 'environ', column: START_OF_ENVIRONMENT },
] as const;

export class UserMemory {
  readonly #reader: ProcReader;
  readonly #columns = new StatColumns();

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  /** @returns the bytes from that address on, fewer if the rest cannot be read, none if nothing can */
  read({ tgid }: TaskRecord, address: number, size: number): Uint8Array {
    const reader = this.#reader;
    const whole = reader.readAt?.(`/proc/${tgid}/mem`, address, size) ?? 0;
    if (whole > 0) return reader.buffer.slice(0, whole);
    const length = reader.read(`/proc/${tgid}/stat`);
    if (length < 0 || !this.#columns.parse(reader.buffer, length, START_OF_ENVIRONMENT)) return new Uint8Array();
    const starts = FILES.map(({ column }) => this.#columns.values[column] as number);
    for (const [index, { name }] of FILES.entries()) {
      const start = starts[index] as number; // one a file
      // Not told, or behind what is asked for.
      if (start === 0 || address < start) continue;
      const known = reader.read(`/proc/${tgid}/${name}`);
      const from = address - start;
      if (from < known) return reader.buffer.slice(from, Math.min(known, from + size));
    }
    return new Uint8Array();
  }
}
