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
  /** What was given out last. */
  #current: TaskRecord | undefined;
  /** The number that was in use last when processes were listed. */
  #last: number | undefined;
  readonly #decoder = new TextDecoder();
  /** Read before their turn came. */
  readonly #early = new Set<number>();
  readonly #processOf = new Map<number, number>();

  constructor(table: TaskTable, reader: ProcReader, session: SessionState) {
    this.#table = table;
    this.#reader = reader;
    this.#session = session;
  }

  /** The first task from that number on. The last one may be asked for again, as each read of a file begins with it. */
  from(pid: number): TaskRecord | undefined {
    const again = this.#current?.tid === pid ? this.#current : undefined;
    if (again !== undefined && this.#table.load(pid, again.tgid, this.#session, true) === again) return again;
    if (pid < this.#reached && again === undefined) this.#list(pid);
    let record = this.#advance(pid);
    // What came into being meanwhile is seen too.
    if (record === undefined && (this.#last === undefined || this.#lastNumber() !== this.#last)) {
      this.#list(pid);
      record = this.#advance(pid);
    }
    this.#reached = record === undefined ? pid : record.tid + 1;
    this.#current = record;
    return record;
  }

  #advance(pid: number): TaskRecord | undefined {
    while (this.#next < this.#numbers.length) {
      const number = this.#numbers[this.#next++] as number;
      if (number < pid) {
        // Threads of processes that are passed over may still be to come.
        if (!this.#processOf.has(number) && !this.#isSingle(number)) this.#insert(this.#newThreads(number, 0));
        continue;
      }
      const tgid = this.#processOf.get(number);
      const record = this.#table.load(number, tgid ?? number, this.#session, !this.#early.delete(number));
      if (record === undefined) continue;
      if (tgid === undefined && record.threads !== 1) this.#insert(this.#newThreads(number, 0));
      return record;
    }
    return undefined;
  }

  /** Whether this session saw it without further threads. */
  #isSingle(number: number): boolean {
    const record = this.#table.known(number);
    return record?.filledFor === this.#session && record.threads === 1;
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
