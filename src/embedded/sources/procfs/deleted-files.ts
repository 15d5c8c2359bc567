/**
 * Tells deleted files from files whose names end with ` (deleted)`: /proc puts these words behind the names of the
 * former, and escapes nothing. Who has a name that ends so is looked up by it: what is found there is the file itself,
 * or the file is gone. Other names cost nothing.
 * Facts: prepend_path() and d_path() in fs/d_path.c of Linux 6.18.
 */
import { type FileStatus, type ProcReader, UNREADABLE, VANISHED } from './reader.ts';

const MARK = ' (deleted)';

export const mayBeDeleted = (shown: string): boolean => shown.endsWith(MARK);

/** Where a path is looked up that /proc/PID shows: names are from the reader's root, or from that of the process. */
export const placesOf = (directory: string, shown: string): readonly string[] => [shown, `${directory}/root${shown}`];

/** @returns whether two results of stat(2) are of one file */
export const isSame = (one: FileStatus, other: FileStatus): boolean => one.dev === other.dev && one.ino === other.ino;

/**
 * @param shown what a link or a line of /proc says
 * @param directory of the process: `/proc/1`
 * @param isIt whether what was found by that name is the file in question
 * @returns the name without the words behind it, if they are none of it
 */
export function nameOf(
  reader: ProcReader,
  directory: string,
  shown: string,
  isIt: (found: FileStatus) => boolean,
): string {
  if (!mayBeDeleted(shown)) return shown;
  for (const place of placesOf(directory, shown)) {
    const status = reader.status(place);
    if (status !== VANISHED && status !== UNREADABLE && isIt(status)) return shown;
  }
  return shown.slice(0, -MARK.length);
}
