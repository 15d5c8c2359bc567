/**
 * The orders in which tasks are walked: by number, with every thread; by process as in the task list; the threads of
 * one process.
 */
import { numbersIn } from './numbers.ts';
import type { ProcReader } from './reader.ts';
import type { SessionState, TaskRecord, TaskTable } from './tasks.ts';

/** Numbers of the processes in /proc, ascending. */
export function processNumbers(reader: ProcReader): readonly number[] {
  const numbers = numbersIn(reader, '/proc');
  return typeof numbers === 'number' ? [] : numbers;
}

/** Numbers of the threads of a process: the leader first, then by number, which is the order of creation. */
export function threadNumbers(reader: ProcReader, tgid: number): readonly number[] {
  const numbers = numbersIn(reader, `/proc/${tgid}/task`);
  if (typeof numbers === 'number') return [];
  return numbers[0] === tgid ? numbers : [tgid, ...numbers.filter((number) => number !== tgid)];
}

/**
 * Tasks by number. Processes are listed once, and their threads when their leader comes: a thread has a higher number
 * than its leader unless numbers have begun anew since boot, and then the threads of all are listed first.
 */
export class NumberWalk {
  readonly #table: TaskTable;
  readonly #reader: ProcReader;
  readonly #session: SessionState;
  /** Numbers to come, ascending, with the process of each. */
  #numbers: number[] = [];
  #next = 0;
  /** Numbers below were given out; more than any before the first. */
  #reached = Number.POSITIVE_INFINITY;
  /** What was given out last, by number, and its process. */
  #current = -1;
  #currentProcess = -1;
  /** The number that was in use last when processes were listed. */
  #last: number | undefined;
  readonly #decoder = new TextDecoder();
  /** Read before their turn came. */
  readonly #early = new Set<number>();
  /** Of threads that are still to come. */
  readonly #processOf = new Map<number, number>();
  /** A bit a number: processes that were seen without further threads, which the table may have forgotten since. */
  #single = new Uint8Array();
  readonly #readAhead: number;

  /** @param readAhead how many tasks may be read before their turn, and kept until then */
  constructor(table: TaskTable, reader: ProcReader, session: SessionState, readAhead = Number.POSITIVE_INFINITY) {
    this.#table = table;
    this.#reader = reader;
    this.#session = session;
    this.#readAhead = readAhead;
  }

  /** The first task from that number on. The last one may be asked for again, as each read of a file begins with it. */
  from(pid: number): TaskRecord | undefined {
    const again = this.#current === pid;
    const same = again ? this.#again(pid) : undefined;
    if (same !== undefined) return same;
    if (pid < this.#reached && !again) this.#list(pid);
    let record = this.#advance(pid);
    // What came into being meanwhile is seen too.
    if (record === undefined && (this.#last === undefined || this.#lastNumber() !== this.#last)) {
      this.#list(pid);
      record = this.#advance(pid);
    }
    this.#reached = record === undefined ? pid : record.tid + 1;
    this.#current = record?.tid ?? -1;
    this.#currentProcess = record?.tgid ?? -1;
    return record;
  }

  /** Whether tasks were read whose turn is still to come. */
  get hasReadAhead(): boolean {
    return this.#early.size > 0;
  }

  /** They are given back, and read again when it comes. */
  forgetReadAhead(): void {
    this.#early.clear();
  }

  /** The task that was given out last, if there still is one of that number in that process. */
  #again(pid: number): TaskRecord | undefined {
    const known = this.#table.known(pid);
    const record = this.#table.load(pid, this.#currentProcess, this.#session, true);
    return known === undefined || record === known ? record : undefined;
  }

  #advance(pid: number): TaskRecord | undefined {
    while (this.#next < this.#numbers.length) {
      const number = this.#numbers[this.#next++] as number;
      if (number < pid) {
        // Threads of processes that are passed over may still be to come.
        if (!this.#processOf.delete(number) && !this.#isSingle(number)) this.#insert(this.#newThreads(number, 0));
        continue;
      }
      const tgid = this.#processOf.get(number);
      this.#processOf.delete(number);
      const record = this.#table.load(number, tgid ?? number, this.#session, !this.#early.delete(number));
      if (record === undefined) continue;
      this.#noteThreads(number, record.threads);
      if (tgid === undefined && record.threads !== 1) this.#insert(this.#newThreads(number, 0));
      return record;
    }
    return undefined;
  }

  /** Whether this session saw it without further threads. */
  #isSingle(number: number): boolean {
    const record = this.#table.known(number);
    if (record?.filledFor === this.#session) return record.threads === 1;
    return (((this.#single[number >> 3] ?? 0) >> (number & 7)) & 1) === 1;
  }

  #noteThreads(number: number, threads: number | undefined): void {
    const at = number >> 3;
    if (at >= this.#single.length) {
      const longer = new Uint8Array(Math.max(64, at * 2));
      longer.set(this.#single);
      this.#single = longer;
    }
    const bit = 1 << (number & 7);
    const others = (this.#single[at] as number) & ~bit; // it was made long enough
    this.#single[at] = threads === 1 ? others | bit : others;
  }

  #list(from: number): void {
    this.#processOf.clear();
    this.#next = 0;
    this.#last = this.#lastNumber();
    const processes = processNumbers(this.#reader);
    this.#numbers = [...processes];
    this.#early.clear();
    // Numbers went round once if the last one is below one that is in use.
    if (this.#last !== undefined && this.#last >= (processes.at(-1) ?? 0)) return;
    const several = processes.filter((tgid) => !this.#isSingle(tgid) && !this.#turnsOutSingle(tgid));
    this.#insert(several.flatMap((tgid) => this.#newThreads(tgid, from)));
  }

  /**
   * Where the number of threads stands in the one file that is read of a task at all, it is read now and not when the
   * walk gets there: to list the threads of each process would cost more than the file.
   */
  #turnsOutSingle(tgid: number): boolean {
    if (!this.#session.plan.onlyStat) return false;
    if (this.#early.size >= this.#readAhead) {
      const threads = this.#table.threadsOf(tgid);
      this.#noteThreads(tgid, threads);
      return threads !== undefined && threads <= 1;
    }
    const record = this.#table.load(tgid, tgid, this.#session, true);
    if (record === undefined) return true;
    this.#early.add(tgid);
    return record.threads === 1;
  }

  /** The number that was given out last; undefined where it is not told. */
  #lastNumber(): number | undefined {
    const length = this.#reader.read('/proc/loadavg');
    if (length < 0) return undefined;
    const text = this.#decoder.decode(this.#reader.buffer.subarray(0, length));
    const match = / (\d+)\s*$/.exec(text);
    return match === null ? undefined : Number(match[1]);
  }

  /** Threads of a process that are not among the numbers yet. */
  #newThreads(tgid: number, from: number): number[] {
    const added: number[] = [];
    for (const thread of threadNumbers(this.#reader, tgid)) {
      if (thread === tgid || thread < from || this.#processOf.has(thread)) continue;
      this.#processOf.set(thread, tgid);
      added.push(thread);
    }
    return added;
  }

  /** Puts numbers among those to come. */
  #insert(added: readonly number[]): void {
    if (added.length === 0) return;
    const rest = this.#numbers.slice(this.#next).concat(added);
    this.#numbers = rest.sort((a, b) => a - b);
    this.#next = 0;
  }
}

/** Processes in the order of the task list: the idle task, then by start, then by number. */
export function processesByStart(table: TaskTable, reader: ProcReader, session: SessionState): readonly TaskRecord[] {
  const records: TaskRecord[] = [];
  for (const number of processNumbers(reader)) {
    const record = table.load(number, number, session, true);
    if (record !== undefined) records.push(record);
  }
  records.sort((a, b) => a.startTime - b.startTime || a.tid - b.tid);
  return [table.idle, ...records];
}
