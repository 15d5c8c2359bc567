/**
 * How files of /proc and /sys are read, wherever they are: a live system, a directory, an archive in memory. Paths are
 * from the root (`/proc/1/stat`). What happens to processes is no error: a file that is gone, or that may not be read,
 * is a number.
 */

import type { SocketControl } from '../lists/socket-calls.ts';

/** The file, or the process that it tells about, is not there (any more). */
export const VANISHED = -1;
/** It is there, and the reader may not look into it. */
export const UNREADABLE = -2;

export interface FileStatus {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly size: number;
}

export interface ProcReader {
  /** For messages: `/proc`, the archive. */
  readonly name: string;
  /** Whether it only has what was put into it: names that no listing shows are not there. */
  readonly recorded: boolean;
  /** What read() read, until it is called again. It may be replaced when it grows: take it after each read. */
  readonly buffer: Uint8Array;
  /** Reads a whole file into the buffer. @returns its length, VANISHED or UNREADABLE */
  read(path: string): number;
  /**
   * Reads a piece of a file that has no end, the memory of a process, into the buffer; absent where there are no such
   * files. @returns its length, shorter than asked where it breaks off, 0 where it cannot be read
   */
  readAt?(path: string, position: number, size: number): number;
  /** Names in a directory, in its own order. */
  list(path: string): readonly string[] | typeof VANISHED | typeof UNREADABLE;
  /** Those names in a directory that are numbers, ascending; absent where list() is as good. */
  numbers?(path: string): readonly number[] | typeof VANISHED | typeof UNREADABLE;
  /** Text of a symbolic link. */
  link(path: string): string | typeof VANISHED | typeof UNREADABLE;
  /** Texts of the links in a directory that have these numbers as their names; absent where link() is as good. */
  links?(directory: string, numbers: readonly number[]): readonly (string | typeof VANISHED | typeof UNREADABLE)[];
  /** What a link of /proc/PID leads to (an open file), or a directory; archives may lack it. */
  status(path: string): FileStatus | typeof VANISHED | typeof UNREADABLE;
  /** Of a source whose sockets are its own: what programs can do to them. */
  readonly sockets?: SocketControl | undefined;
  /** Releases what it holds, an archive in memory for one. */
  close(): void;
}
