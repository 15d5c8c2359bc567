/**
 * Reads the files of one task and writes what a plan picks out of them into the task's structs. It makes no objects and
 * follows no references: the task's record tells where its structs lie.
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import { COLON, endOfLine, hashOf, NEWLINE, NumberReader, SPACE, ZERO } from './bytes.ts';
import { FLAGS, POLICY, putColumn, putComm, putValue, STATE } from './conversions.ts';
import type { FileOfTask, Host, Pick } from './fill-plan.ts';

/** Where the structs of a task lie; 0 for those that it has not, or that nobody asked for. */
export type HostOffsets = Readonly<Record<Host, number>>;

const COLUMNS = 53;

/** What of `stat` was read last: columns by number, the state as its letter. */
export class StatColumns {
  readonly values = new Float64Array(COLUMNS);
  /** Where the name stands in the bytes. */
  commFrom = 0;
  commTo = 0;

  /** @param last column that is wanted @returns false for what is no such file */
  parse(bytes: Uint8Array, length: number, last: number): boolean {
    const open = bytes.indexOf(0x28);
    // The name may have parentheses of its own.
    const close = bytes.subarray(0, length).lastIndexOf(0x29);
    if (open < 0 || close < open || close + 2 >= length) return false;
    this.commFrom = open + 1;
    this.commTo = close;
    const { values } = this;
    let at = close + 2;
    values[STATE] = bytes[at] as number;
    at += 2;
    for (let column = STATE + 1; column <= last; column++) {
      let value = 0;
      const negative = bytes[at] === 0x2d;
      if (negative) at++;
      for (; at < length; at++) {
        const byte = bytes[at] as number;
        if (byte <= SPACE) break;
        value = value * 10 + (byte - ZERO);
      }
      at++;
      values[column] = negative ? -value : value;
    }
    return true;
  }
}

/** Picks of a file of lines, by a number for the key of the line. */
interface KeyedPicks {
  readonly byHash: ReadonlyMap<number, readonly Pick[]>;
  readonly lines: number;
}

export class TaskFiles {
  readonly #memory: KernelMemory;
  readonly #numbers = new NumberReader();
  readonly #keyed = new WeakMap<FileOfTask, KeyedPicks>();

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  /** The highest column that a plan's picks look at. */
  static lastColumn(file: FileOfTask | undefined): number {
    let last = FLAGS;
    for (const { index, conversion } of file?.picks.get('') ?? []) {
      last = Math.max(last, conversion === 'normal-prio' ? POLICY : index);
    }
    return last;
  }

  putStat(file: FileOfTask, hosts: HostOffsets, bytes: Uint8Array, columns: StatColumns): void {
    for (const pick of file.picks.get('') ?? []) {
      const host = hosts[pick.host];
      if (host === 0) continue;
      if (pick.conversion === 'comm') {
        const { commFrom, commTo, values } = columns;
        putComm(this.#memory, host + pick.offset, bytes, commFrom, commTo, values[FLAGS] as number);
      } else putColumn(this.#memory, host, pick, columns.values);
    }
  }

  /** A file of one line of numbers. */
  putNumbers(file: FileOfTask, hosts: HostOffsets, bytes: Uint8Array, length: number): void {
    for (const pick of file.picks.get('') ?? []) {
      const host = hosts[pick.host];
      if (host !== 0) putValue(this.#memory, host, pick, bytes, 0, length, this.#numbers);
    }
  }

  /** A file of lines `KEY:\tVALUE`. */
  putLines(file: FileOfTask, hosts: HostOffsets, bytes: Uint8Array, length: number): void {
    const { byHash, lines } = this.#keyedPicks(file);
    let left = lines;
    for (let at = 0; at < length && left > 0; ) {
      let colon = at;
      let hash = 0;
      for (; colon < length; colon++) {
        const byte = bytes[colon] as number;
        if (byte === COLON || byte === NEWLINE) break;
        hash = (Math.imul(hash, 31) + byte) | 0;
      }
      const end = endOfLine(bytes, colon, length);
      const picks = byHash.get(hash);
      if (picks !== undefined) {
        left--;
        for (const pick of picks) {
          const host = hosts[pick.host];
          if (host !== 0) putValue(this.#memory, host, pick, bytes, colon + 1, end, this.#numbers);
        }
      }
      at = end + 1;
    }
  }

  #keyedPicks(file: FileOfTask): KeyedPicks {
    let keyed = this.#keyed.get(file);
    if (keyed === undefined) {
      const encoder = new TextEncoder();
      const byHash = new Map(
        [...file.picks].map(([key, picks]): [number, readonly Pick[]] => {
          const bytes = encoder.encode(key);
          return [hashOf(bytes, 0, bytes.length), picks];
        }),
      );
      keyed = { byHash, lines: byHash.size };
      this.#keyed.set(file, keyed);
    }
    return keyed;
  }
}

export const noHosts = (): Record<Host, number> => ({
  task_struct: 0,
  signal_struct: 0,
  mm_struct: 0,
  cred: 0,
  fs_struct: 0,
  files_struct: 0,
});
