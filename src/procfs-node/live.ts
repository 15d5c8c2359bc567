/**
 * Reads /proc and /sys of the running system, or a directory that has the same files (a support bundle, an unpacked
 * archive). One buffer takes every file; what changes while it is read is as for any other reader of /proc.
 */
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, statSync } from 'node:fs';
import {
  decodeName,
  type FileStatus,
  type ProcReader,
  parseStatusList,
  STATUS_LIST,
  UNREADABLE,
  VANISHED,
} from '../embedded/index.ts';

/** Errors of a process that ended, or of a file that this kernel or directory lacks, under a name that may be none. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);
/** Errors of what the caller may not see, or what cannot be read for this process (EINVAL: of a kernel thread). */
const CLOSED: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EINVAL', 'EIO', 'ENXIO']);

/**
 * Files that /proc makes record by record: a read ends where a record does not fit its page. All others come whole, and
 * one read shows their end.
 */
const RECORDS = /(maps|mountinfo|drivers|slabinfo|kallsyms|cgroup\.\w+)$|\/net\//;

/** What a byte becomes that is no UTF-8. */
const REPLACEMENT = '\ufffd';

const INITIAL = 64 * 1024;

export class LiveReader implements ProcReader {
  readonly name: string;
  readonly recorded: boolean;
  readonly #root: string;
  // A plain array: slice() of Node's own kind does not copy.
  #buffer = new Uint8Array(INITIAL);
  #statuses: ReadonlyMap<string, FileStatus> | undefined;

  /** @param root directory that has `proc`; the system's own if absent */
  constructor(root?: string) {
    this.name = root ?? '/proc';
    this.recorded = root !== undefined;
    this.#root = root ?? '';
  }

  get buffer(): Uint8Array {
    return this.#buffer;
  }

  read(path: string): number {
    let file: number;
    try {
      file = openSync(this.#root + path, 'r');
    } catch (error) {
      return reasonOf(error);
    }
    try {
      return this.#readAll(file, RECORDS.test(path));
    } catch (error) {
      return reasonOf(error);
    } finally {
      closeSync(file);
    }
  }

  readAt(path: string, position: number, size: number): number {
    // What a copy has under that name is no memory.
    if (this.recorded) return 0;
    this.#reserve(size);
    try {
      const file = openSync(this.#root + path, 'r');
      try {
        return readSync(file, this.#buffer, 0, size, position);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      // Whether there is no such process, no such address or no permission: nothing can be read.
      reasonOf(error);
      return 0;
    }
  }

  #reserve(size: number): void {
    if (size > this.#buffer.length) this.#buffer = new Uint8Array(size);
  }

  #readAll(file: number, inPieces: boolean): number {
    let length = 0;
    for (;;) {
      const room = this.#buffer.length - length;
      const count = readSync(file, this.#buffer, length, room, null);
      if (count === 0) return length;
      length += count;
      if (!inPieces && count < room) return length;
      if (length === this.#buffer.length) {
        const larger = new Uint8Array(this.#buffer.length * 2);
        larger.set(this.#buffer);
        this.#buffer = larger;
      }
    }
  }

  list(path: string): readonly string[] | typeof VANISHED | typeof UNREADABLE {
    try {
      return readdirSync(this.#root + path);
    } catch (error) {
      return reasonOf(error);
    }
  }

  link(path: string): string | typeof VANISHED | typeof UNREADABLE {
    try {
      const text = readlinkSync(this.#root + path);
      // Such names are rare, and bytes cost a second step.
      return text.includes(REPLACEMENT) ? decodeName(readlinkSync(this.#root + path, 'buffer')) : text;
    } catch (error) {
      return reasonOf(error);
    }
  }

  status(path: string): FileStatus | typeof VANISHED | typeof UNREADABLE {
    try {
      return this.recorded ? this.#recordedStatus(path) : statSync(path);
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Links of a copy lead to wherever they would lead here: what they led to there only the list tells. */
  #recordedStatus(path: string): FileStatus | typeof VANISHED {
    this.#statuses ??= this.#readStatuses();
    const status = this.#statuses.get(path);
    if (status !== undefined) return status;
    const own = lstatSync(this.#root + path);
    return own.isSymbolicLink() ? VANISHED : own;
  }

  #readStatuses(): ReadonlyMap<string, FileStatus> {
    const length = this.read(STATUS_LIST);
    return parseStatusList(length < 0 ? '' : new TextDecoder().decode(this.#buffer.subarray(0, length)));
  }

  close(): void {}
}

function reasonOf(error: unknown): typeof VANISHED | typeof UNREADABLE {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (GONE.has(code)) return VANISHED;
  if (CLOSED.has(code)) return UNREADABLE;
  throw error;
}
