/** Directories of /proc whose names are numbers: of processes, threads and descriptors. */
import { isDigit } from './bytes.ts';
import type { ProcReader, UNREADABLE, VANISHED } from './reader.ts';

/** The names in a directory that are numbers, ascending. */
export function numbersIn(reader: ProcReader, path: string): readonly number[] | typeof VANISHED | typeof UNREADABLE {
  if (reader.numbers !== undefined) return reader.numbers(path);
  const names = reader.list(path);
  return typeof names === 'number' ? names : numbersOf(names);
}

function isNumber(name: string): boolean {
  for (let at = 0; at < name.length; at++) if (!isDigit(name.charCodeAt(at))) return false;
  return name !== '';
}

/** The names that are numbers, ascending. */
export function numbersOf(names: readonly string[]): number[] {
  const numbers = new Uint32Array(names.length);
  let count = 0;
  for (const name of names) if (isNumber(name)) numbers[count++] = Number(name);
  // Sorted by the engine itself, as numbers.
  return Array.from(numbers.subarray(0, count).sort());
}
