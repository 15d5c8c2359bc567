/**
 * Tasks out of /proc: which there are, where their structs lie, and how they are filled. The same task keeps its place
 * until everything is given back.
 *
 * A task is read whenever a walk comes to it; tasks that others point to are read when first met in a session. The
 * threads of a process share the structs that hang on its leader.
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model } from '../../model/index.ts';
import { type Arena, Pool } from '../pool.ts';
import { putPointer, putText } from '../write-memory.ts';
import { lineValue } from './bytes.ts';
import { FLAGS, LETTER_X, LETTER_Z, NUM_THREADS, PF_KTHREAD, PPID, START_TIME, STATE, TTY } from './conversions.ts';
import { type ProcReader, UNREADABLE, VANISHED } from './reader.ts';
import { noHosts, StatColumns, TaskFiles } from './task-files.ts';
import type { TaskPlan } from './task-plan.ts';

export class TaskRecord {
  readonly tid: number;
  readonly tgid: number;
  /** `/proc/PID`, or `/proc/PID/task/TID`. */
  readonly directory: string;
  readonly leader: TaskRecord;
  /** Its structs; 0 for those that no session asked for yet. */
  readonly hosts = noHosts();
  /** The session that it was read for last. */
  filledFor: object | undefined = undefined;
  /** As `stat` told last; undefined where it was not read. */
  threads: number | undefined = undefined;
  startTime = 0;
  kernelThread = false;
  zombie = false;
  /** Number of the parent. */
  parent = 0;
  /** Device number of its terminal, 0 for none. */
  terminal = 0;

  constructor(tid: number, tgid: number, leader: TaskRecord | undefined) {
    this.tid = tid;
    this.tgid = tgid;
    this.directory = leader === undefined ? `/proc/${tid}` : `/proc/${tgid}/task/${tid}`;
    this.leader = leader ?? this;
  }

  /** Whether there is an address space: kernel threads have none, and what has ended keeps none. */
  get hasMemory(): boolean {
    return !this.kernelThread && !this.zombie && this.hosts.mm_struct !== 0;
  }

  get hasFiles(): boolean {
    return !this.zombie && this.hosts.files_struct !== 0;
  }

  get hasDirectories(): boolean {
    return !this.zombie && this.hosts.fs_struct !== 0;
  }
}

/** What fills the references of a task, beside those to other tasks. */
export type FillReferences = (record: TaskRecord, plan: TaskPlan, session: SessionState) => void;

/** What a session has to itself. */
export interface SessionState {
  readonly plan: TaskPlan;
  /** What may not be read, and of which tasks. */
  readonly closed: Map<string, Set<string>>;
}

/** @param where the task: each is counted once */
export function countUnreadable({ closed }: SessionState, what: string, where: string): void {
  const places = closed.get(what) ?? new Set();
  places.add(where);
  closed.set(what, places);
}

function placesOf(model: Model) {
  const task = model.layoutOf('task_struct');
  const at = (path: string) => task.field(path).offset;
  return {
    pid: at('pid'),
    tgid: at('tgid'),
    comm: at('comm'),
    leader: at('group_leader'),
    cpus: at('cpus_ptr'),
    cpuMask: at('cpus_mask'),
    realParent: at('real_parent'),
    parent: at('parent'),
    signal: at('signal'),
    mm: at('mm'),
    fs: at('fs'),
    files: at('files'),
    cred: at('cred'),
    realCred: at('real_cred'),
    owner: model.layoutOf('mm_struct').field('owner').offset,
  };
}

/** Fields of a task that point to what is given back with it. */
const REFERENCES = [
  'real_parent',
  'parent',
  'mm',
  'cred',
  'real_cred',
  'fs',
  'files',
  'nsproxy',
  'signal',
  'cgroups',
  'thread_pid',
];

export class TaskTable {
  readonly #memory: KernelMemory;
  readonly #model: Model;
  readonly #reader: ProcReader;
  readonly #files: TaskFiles;
  readonly #columns = new StatColumns();
  readonly #arena: Arena;
  readonly #tasks: Pool;
  readonly #records = new Map<number, TaskRecord>();
  readonly #byOffset = new Map<number, TaskRecord>();
  readonly #place: ReturnType<typeof placesOf>;
  readonly #fillReferences: FillReferences;
  /** Fields that point to what is given back. */
  readonly #references: readonly number[];
  readonly idle: TaskRecord;

  constructor(memory: KernelMemory, model: Model, reader: ProcReader, arena: Arena, references: FillReferences) {
    this.#memory = memory;
    this.#model = model;
    this.#reader = reader;
    this.#arena = arena;
    this.#fillReferences = references;
    this.#files = new TaskFiles(memory);
    const task = model.layoutOf('task_struct');
    this.#tasks = new Pool(memory, task.size, arena.use);
    this.#place = placesOf(model);
    this.#references = REFERENCES.map((path) => task.field(path).offset);
    this.idle = this.#makeIdle();
    this.#register(this.idle);
  }

  get size(): number {
    return this.#records.size + this.#byOffset.size;
  }

  /** The record of a task_struct that was handed out. */
  at(offset: number): TaskRecord | undefined {
    return this.#byOffset.get(offset);
  }

  known(tid: number): TaskRecord | undefined {
    return this.#records.get(tid);
  }

  /**
   * Forgets all but the idle task and the given ones, which keep their place and what is their own, and lose what they
   * point to.
   */
  clear(kept: readonly TaskRecord[]): void {
    this.#records.clear();
    this.#byOffset.clear();
    this.#tasks.clear();
    for (const record of kept) {
      const { task_struct: task } = record.hosts;
      Object.assign(record.hosts, noHosts(), { task_struct: task });
      record.filledFor = undefined;
      for (const offset of this.#references) putPointer(this.#memory, task + offset, 0);
      this.#register(record);
    }
  }

  /** A task that keeps its place for good. @returns undefined if there is none of that number */
  loadForGood(pid: number, session: SessionState): TaskRecord | undefined {
    const record = this.#make(pid, pid, undefined, this.#memory.allocate(this.#model.layoutOf('task_struct').size));
    if (!this.#fill(record, session)) return undefined;
    this.#register(record);
    return record;
  }

  /** How many threads a process has, without a place for it: 0 if it is gone, undefined where that is not told. */
  threadsOf(pid: number): number | undefined {
    const length = this.#reader.read(`/proc/${pid}/stat`);
    if (length === VANISHED) return 0;
    const { buffer } = this.#reader;
    return this.#columns.parse(buffer, length, NUM_THREADS) ? this.#columns.values[NUM_THREADS] : undefined;
  }

  #register(record: TaskRecord): void {
    this.#records.set(record.tid, record);
    this.#byOffset.set(record.hosts.task_struct, record);
  }

  /**
   * The task as it is now. @param fresh read it even if this session has done so
   * @returns undefined if it is gone
   */
  load(tid: number, tgid: number, session: SessionState, fresh: boolean): TaskRecord | undefined {
    if (tid === 0) return this.idle;
    let record = this.#records.get(tid);
    if (record !== undefined && record.filledFor === session && !fresh) return record;
    if (record === undefined || record.tgid !== tgid) {
      const leader = tid === tgid ? undefined : this.load(tgid, tgid, session, false);
      if (tid !== tgid && leader === undefined) return undefined;
      record = this.#make(tid, tgid, leader);
    }
    if (!this.#fill(record, session)) {
      record.filledFor = undefined;
      return undefined;
    }
    if (this.#records.get(tid) !== record) this.#register(record);
    return record;
  }

  #make(tid: number, tgid: number, leader: TaskRecord | undefined, place = this.#tasks.take()): TaskRecord {
    const record = new TaskRecord(tid, tgid, leader);
    record.hosts.task_struct = place;
    this.#putIdentity(record);
    return record;
  }

  #putIdentity({ hosts, tid, tgid, leader }: TaskRecord): void {
    const { i32 } = this.#memory;
    const { pid, tgid: tgidAt, leader: leaderAt, cpus, cpuMask } = this.#place;
    i32[(hosts.task_struct + pid) >> 2] = tid;
    i32[(hosts.task_struct + tgidAt) >> 2] = tgid;
    putPointer(this.#memory, hosts.task_struct + leaderAt, leader.hosts.task_struct);
    putPointer(this.#memory, hosts.task_struct + cpus, hosts.task_struct + cpuMask);
  }

  /** The task that runs when there is nothing to run: number 0, its own parent. */
  #makeIdle(): TaskRecord {
    const record = this.#make(0, 0, undefined, this.#memory.allocate(this.#model.layoutOf('task_struct').size));
    const { task_struct: offset } = record.hosts;
    const { realParent, parent } = this.#place;
    record.kernelThread = true;
    putPointer(this.#memory, offset + realParent, offset);
    putPointer(this.#memory, offset + parent, offset);
    putText(this.#memory, offset + this.#place.comm, 'swapper/0', 16);
    return record;
  }

  #fill(record: TaskRecord, session: SessionState): boolean {
    const { plan } = session;
    const reader = this.#reader;
    this.#provideHosts(record, plan);
    let exists = false;
    if (plan.stat !== undefined || plan.realParent || plan.hosts.size > 1 || plan.others.length === 0) {
      const own = record.leader !== record || plan.stat?.own === true;
      const directory = own ? `/proc/${record.tgid}/task/${record.tid}` : record.directory;
      let length = reader.read(`${directory}/stat`);
      // A copy of /proc may lack the files of threads: then the process's own stands for its first.
      if (length === VANISHED && reader.recorded && record.leader === record) {
        length = reader.read(`${record.directory}/stat`);
      }
      if (length === VANISHED) return false;
      exists = true;
      const last = Math.max(plan.lastColumn, START_TIME);
      // In a copy it may be anything.
      if (length === UNREADABLE || !this.#columns.parse(reader.buffer, length, last)) {
        countUnreadable(session, 'stat', record.directory);
      } else {
        const { values } = this.#columns;
        record.threads = values[NUM_THREADS] as number;
        record.startTime = values[START_TIME] as number;
        record.parent = values[PPID] as number;
        record.terminal = values[TTY] as number;
        record.kernelThread = ((values[FLAGS] as number) & PF_KTHREAD) !== 0;
        record.zombie = values[STATE] === LETTER_Z || values[STATE] === LETTER_X;
        if (plan.stat !== undefined) this.#files.putStat(plan.stat, record.hosts, reader.buffer, this.#columns);
      }
    }
    for (const file of plan.others) {
      const directory =
        file.own && record.leader === record ? `${record.directory}/task/${record.tid}` : record.directory;
      const length = reader.read(`${directory}/${file.name}`);
      if (length === VANISHED) {
        if (!exists && !this.#isThere(record)) return false;
        if (reader.recorded) countUnreadable(session, file.name, record.directory);
        continue;
      }
      exists = true;
      if (length === UNREADABLE) countUnreadable(session, file.name, record.directory);
      else {
        const { buffer } = reader;
        if (file.picks.has('')) this.#files.putNumbers(file, record.hosts, buffer, length);
        else this.#files.putLines(file, record.hosts, buffer, length);
      }
    }
    // First known as read, then followed: references may lead back.
    record.filledFor = session;
    this.#putPointers(record, plan);
    if (plan.realParent) this.#putParents(record, session);
    this.#fillReferences(record, plan, session);
    return true;
  }

  /** Whether the task is gone, or only a file that this kernel or archive lacks. */
  #isThere(record: TaskRecord): boolean {
    return this.#reader.read(`${record.directory}/stat`) !== VANISHED;
  }

  #provideHosts(record: TaskRecord, plan: TaskPlan): void {
    for (const host of plan.hosts) {
      if (host === 'task_struct') continue;
      const owner = host === 'cred' ? record : record.leader;
      if (owner.hosts[host] === 0) owner.hosts[host] = this.#arena.take(this.#model.layoutOf(host).size);
      record.hosts[host] = owner.hosts[host];
    }
  }

  #putPointers(record: TaskRecord, plan: TaskPlan): void {
    // Nothing but itself was asked for.
    if (plan.hosts.size === 1) return;
    const { hosts, leader } = record;
    const { signal, mm, fs, files, cred, realCred, owner } = this.#place;
    const task = hosts.task_struct;
    const memory = this.#memory;
    putPointer(memory, task + signal, hosts.signal_struct);
    putPointer(memory, task + mm, record.hasMemory ? hosts.mm_struct : 0);
    putPointer(memory, task + fs, record.hasDirectories ? hosts.fs_struct : 0);
    putPointer(memory, task + files, record.hasFiles ? hosts.files_struct : 0);
    putPointer(memory, task + cred, hosts.cred);
    putPointer(memory, task + realCred, hosts.cred);
    if (hosts.mm_struct !== 0) putPointer(memory, hosts.mm_struct + owner, leader.hosts.task_struct);
  }

  #putParents(record: TaskRecord, session: SessionState): void {
    const { task_struct: task } = record.hosts;
    const { realParent, parent } = this.#place;
    // Parents that went away leave their children to init, of which this one is not yet told.
    const found =
      this.load(record.parent, record.parent, session, false) ?? this.load(1, 1, session, false) ?? this.idle;
    putPointer(this.#memory, task + realParent, found.hosts.task_struct);
    const tracer = session.plan.tracer ? this.#tracerOf(record, session) : undefined;
    putPointer(this.#memory, task + parent, (tracer ?? found).hosts.task_struct);
  }

  #tracerOf({ directory }: TaskRecord, session: SessionState): TaskRecord | undefined {
    const length = this.#reader.read(`${directory}/status`);
    const value = length < 0 ? undefined : lineValue(this.#reader.buffer, length, 'TracerPid');
    const tracer = Number(value ?? 0);
    return tracer === 0 ? undefined : this.load(tracer, tracer, session, false);
  }
}
