/**
 * The calls that reading /proc comes down to, in two ways: Node's own, and those of libc through koffi, which cost
 * less beside what the kernel does, ask for the links of a directory without walking down to it for each, and make no
 * error object for a process that is gone.
 *
 * All answer the negative errno where they fail.
 */
import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { constants } from 'node:os';
import { decodeName, numbersOf } from '../embedded/index.ts';
import { type ForeignFunction, loadKoffi } from '../koffi.ts';

export interface FileCalls {
  /** For reading. @returns a descriptor */
  open(path: string): number;
  /** Reads what comes next, as far as there is room behind `at`. @returns the number of bytes, 0 at the end */
  read(file: number, into: Uint8Array, at: number): number;
  close(file: number): void;
  /** The names in a directory that are numbers, ascending. */
  numbers(path: string): readonly number[] | number;
  /** What the links of a directory lead to that have these numbers as their names. */
  links(directory: string, numbers: readonly number[]): readonly (string | number)[];
}

/** What a byte becomes that is no UTF-8. */
const REPLACEMENT = '\ufffd';

export function linkText(path: string): string {
  const text = readlinkSync(path);
  // Such names are rare, and bytes cost a second step.
  return text.includes(REPLACEMENT) ? decodeName(readlinkSync(path, 'buffer')) : text;
}

/** @throws what is no error of the system */
export function errnoOf(error: unknown): number {
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') return error.errno;
  throw error;
}

function tried<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    return errnoOf(error);
  }
}

export const nodeCalls: FileCalls = {
  open(path) {
    try {
      return openSync(path, 'r');
    } catch (error) {
      return errnoOf(error);
    }
  },
  read(file, into, at) {
    try {
      return readSync(file, into, at, into.length - at, null);
    } catch (error) {
      return errnoOf(error);
    }
  },
  close: closeSync,
  numbers: (path) => tried(() => numbersOf(readdirSync(path))),
  links: (directory, numbers) => numbers.map((number) => tried(() => linkText(`${directory}/${number}`))),
};

// <fcntl.h> of Linux, the same on every architecture but for O_DIRECTORY.
const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
/** PATH_MAX: what the kernel itself puts a path together in. */
const LONGEST_LINK = 4096;
/** A signal came first: to be called again. A file system of somebody's own may answer so, /proc does not. */
const INTERRUPTED = -constants.errno.EINTR;
const ENTRIES = 65536;
/** struct linux_dirent64: the length of the entry, the text of the name. */
const ENTRY_LENGTH = 16;
const ENTRY_NAME = 19;
const ZERO = 0x30;
const NINE = 0x39;

/** @returns undefined where koffi is not installed, or libc lacks what is needed (getdents64: glibc 2.30, musl) */
export function libcCalls(): FileCalls | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const koffi = loadKoffi();
    const libc = koffi.load(null);
    return new LibcCalls(() => koffi.errno(), {
      openat: libc.func('openat', 'int', ['int', 'str', 'int']),
      read: libc.func('read', 'long', ['int', 'void *', 'size_t']),
      close: libc.func('close', 'int', ['int']),
      readlinkat: libc.func('readlinkat', 'long', ['int', 'str', 'void *', 'size_t']),
      getdents64: libc.func('getdents64', 'long', ['int', 'void *', 'size_t']),
    });
  } catch {
    return undefined;
  }
}

type LibcFunctions = Readonly<Record<'openat' | 'read' | 'close' | 'readlinkat' | 'getdents64', ForeignFunction>>;

class LibcCalls implements FileCalls {
  readonly #errno: () => number;
  readonly #libc: LibcFunctions;
  readonly #entries = new Uint8Array(ENTRIES);
  /** The same, as numbers of the machine's own byte order. */
  readonly #lengths = new Uint16Array(this.#entries.buffer);
  readonly #link = Buffer.allocUnsafeSlow(LONGEST_LINK);

  constructor(errno: () => number, libc: LibcFunctions) {
    this.#errno = errno;
    this.#libc = libc;
  }

  open(path: string): number {
    const file = this.#answer(this.#libc.openat(AT_FDCWD, path, O_CLOEXEC));
    return file === INTERRUPTED ? this.open(path) : file;
  }

  read(file: number, into: Uint8Array, at: number): number {
    const rest = at === 0 ? into : into.subarray(at);
    const length = this.#answer(this.#libc.read(file, rest, rest.length));
    return length === INTERRUPTED ? this.read(file, into, at) : length;
  }

  close(file: number): void {
    this.#libc.close(file);
  }

  numbers(path: string): readonly number[] | number {
    const directory = this.open(path);
    if (directory < 0) return directory;
    try {
      return this.#numbersIn(directory);
    } finally {
      this.close(directory);
    }
  }

  #numbersIn(directory: number): readonly number[] | number {
    const numbers: number[] = [];
    const entries = this.#entries;
    let ascending = true;
    let last = -1;
    for (;;) {
      const length = this.#answer(this.#libc.getdents64(directory, entries, ENTRIES));
      if (length < 0) return length;
      if (length === 0) return ascending ? numbers : numbers.sort((a, b) => a - b);
      for (let at = 0; at < length; ) {
        const number = numberAt(entries, at + ENTRY_NAME);
        if (number >= 0) {
          numbers.push(number);
          ascending &&= number > last;
          last = number;
        }
        at += this.#lengths[(at + ENTRY_LENGTH) >> 1] as number;
      }
    }
  }

  links(directory: string, numbers: readonly number[]): readonly (string | number)[] {
    const descriptor = this.open(directory);
    if (descriptor < 0) return numbers.map(() => descriptor);
    const bytes = this.#link;
    const { readlinkat } = this.#libc;
    const texts = numbers.map((number) => {
      const length = this.#answer(readlinkat(descriptor, String(number), bytes, LONGEST_LINK));
      return length < 0 ? length : nameIn(bytes, length);
    });
    this.close(descriptor);
    return texts;
  }

  #answer(result: number | bigint): number {
    return Number(result) < 0 ? -this.#errno() : Number(result);
  }
}

/** @returns -1 for a name that is no number */
function numberAt(bytes: Uint8Array, at: number): number {
  let value = 0;
  let next = at;
  for (; ; next++) {
    const byte = bytes[next] as number;
    if (byte < ZERO || byte > NINE) return byte === 0 && next > at ? value : -1;
    value = value * 10 + (byte - ZERO);
  }
}

function nameIn(bytes: Buffer, length: number): string {
  for (let at = 0; at < length; at++) {
    if ((bytes[at] as number) >= 0x80) return decodeName(bytes.subarray(0, length));
  }
  return bytes.toString('latin1', 0, length);
}
