/**
 * Reads /proc and /sys of the running system, or a directory that has the same files (a support bundle, an unpacked
 * archive). One buffer takes every file; what changes while it is read is as for any other reader of /proc.
 */
import { lstatSync, readdirSync, readSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import {
  type FileStatus,
  type ProcReader,
  parseStatusList,
  STATUS_LIST,
  UNREADABLE,
  VANISHED,
} from '../embedded/index.ts';
import { BpfiterError } from '../errors.ts';
import { errnoOf, type FileCalls, libcCalls, linkText, nodeCalls } from './file-calls.ts';

const { ENOENT, ESRCH, ENOTDIR, ENAMETOOLONG, ELOOP, EACCES, EPERM, EINVAL, EIO, ENXIO } = constants.errno;
/** Errors of a process that ended, or of a file that this kernel or directory lacks, under a name that may be none. */
const GONE: ReadonlySet<number> = new Set([ENOENT, ESRCH, ENOTDIR, ENAMETOOLONG, ELOOP]);
/** Errors of what the caller may not see, or what cannot be read for this process (EINVAL: of a kernel thread). */
const CLOSED: ReadonlySet<number> = new Set([EACCES, EPERM, EINVAL, EIO, ENXIO]);

/**
 * Files that /proc makes record by record: a read ends where a record does not fit its page. All others come whole, and
 * one read shows their end.
 */
const RECORDS = /(maps|mountinfo|drivers|slabinfo|kallsyms|cgroup\.\w+)$|\/net\//;

/**
 * Files and links after which those to come are read through libc: to load koffi takes as long as is gained with some
 * 5,000 files. Who reads that many is likely to go on.
 */
const MANY = 5000;

const INITIAL = 64 * 1024;

export class LiveReader implements ProcReader {
  readonly name: string;
  readonly recorded: boolean;
  readonly #root: string;
  // A plain array: slice() of Node's own kind does not copy.
  #buffer = new Uint8Array(INITIAL);
  #statuses: ReadonlyMap<string, FileStatus> | undefined;
  #calls = nodeCalls;
  /** Files and links that were asked for. */
  #asked = 0;

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
    const calls = this.#callsFor(1);
    const file = calls.open(this.#root + path);
    if (file < 0) return this.#reasonOf(file, path);
    const length = this.#readAll(calls, file, RECORDS.test(path));
    calls.close(file);
    return length < 0 ? this.#reasonOf(length, path) : length;
  }

  readAt(path: string, position: number, size: number): number {
    // What a copy has under that name is no memory.
    if (this.recorded) return 0;
    this.#reserve(size);
    const file = nodeCalls.open(path);
    if (file < 0) {
      this.#reasonOf(file, path);
      return 0;
    }
    try {
      return readSync(file, this.#buffer, 0, size, position);
    } catch (error) {
      // Whether there is no such process, no such address or no permission: nothing can be read.
      this.#reasonOf(errnoOf(error), path);
      return 0;
    } finally {
      nodeCalls.close(file);
    }
  }

  #reserve(size: number): void {
    if (size > this.#buffer.length) this.#buffer = new Uint8Array(size);
  }

  /** @returns the length, or the negative errno */
  #readAll(calls: FileCalls, file: number, inPieces: boolean): number {
    let length = 0;
    for (;;) {
      const room = this.#buffer.length - length;
      const count = calls.read(file, this.#buffer, length);
      if (count < 0) return count;
      length += count;
      if (count === 0 || (!inPieces && count < room)) return length;
      if (length === this.#buffer.length) {
        const larger = new Uint8Array(this.#buffer.length * 2);
        larger.set(this.#buffer);
        this.#buffer = larger;
      }
    }
  }

  list(path: string): readonly string[] | typeof VANISHED | typeof UNREADABLE {
    return this.#tried(path, () => readdirSync(this.#root + path));
  }

  numbers(path: string): readonly number[] | typeof VANISHED | typeof UNREADABLE {
    const numbers = this.#callsFor(1).numbers(this.#root + path);
    return typeof numbers === 'number' ? this.#reasonOf(numbers, path) : numbers;
  }

  link(path: string): string | typeof VANISHED | typeof UNREADABLE {
    return this.#tried(path, () => linkText(this.#root + path));
  }

  links(directory: string, numbers: readonly number[]): readonly (string | typeof VANISHED | typeof UNREADABLE)[] {
    const texts = this.#callsFor(numbers.length).links(this.#root + directory, numbers);
    return texts.map((text) => (typeof text === 'string' ? text : this.#reasonOf(text, directory)));
  }

  status(path: string): FileStatus | typeof VANISHED | typeof UNREADABLE {
    return this.#tried(path, () => (this.recorded ? this.#recordedStatus(path) : statSync(path)));
  }

  #callsFor(files: number): FileCalls {
    const before = this.#asked;
    this.#asked += files;
    if (before < MANY && this.#asked >= MANY) this.#calls = libcCalls() ?? nodeCalls;
    return this.#calls;
  }

  #tried<T>(path: string, call: () => T): T | typeof VANISHED | typeof UNREADABLE {
    try {
      return call();
    } catch (error) {
      return this.#reasonOf(errnoOf(error), path);
    }
  }

  #reasonOf(errno: number, path: string): typeof VANISHED | typeof UNREADABLE {
    if (GONE.has(-errno)) return VANISHED;
    if (CLOSED.has(-errno)) return UNREADABLE;
    throw new BpfiterError('refused', `${this.#root}${path}: cannot be read: ${getSystemErrorName(errno)}`, {
      errno: -errno,
    });
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
