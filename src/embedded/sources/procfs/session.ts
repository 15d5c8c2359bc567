/** A session over /proc: what a walk or a run of a program asks for, by offset. */
import type { KernelAddress } from '../lists/kernel-symbols.ts';
import type { Needs } from '../needs.ts';
import type { Cursor, FileCursor, ListCursor, ObjectList, ObjectSession, PartCursor } from '../source.ts';
import { AreaParts } from './areas.ts';
import { type FilePlan, filePlan } from './files.ts';
import type { ProcfsObjects } from './objects.ts';
import { linkTasks } from './task-lists.ts';
import type { TaskPlan } from './task-plan.ts';
import { NumberWalk, processesByStart, threadNumbers } from './task-walks.ts';
import { countUnreadable, type SessionState, type TaskRecord } from './tasks.ts';

const TWO_32 = 4294967296;
/** About as many tasks as have a place before the first are given back (FORGET_AT). */
const READ_AHEAD = 2048;

export class ProcfsSession implements ObjectSession, SessionState {
  readonly plan: TaskPlan;
  readonly closed = new Map<string, Set<string>>();
  readonly #objects: ProcfsObjects;
  readonly #filePlan: FilePlan;
  readonly #byNumber: NumberWalk;
  readonly #forgets: boolean;
  #linked = false;

  constructor(objects: ProcfsObjects, plan: TaskPlan, forgets: boolean) {
    this.#objects = objects;
    this.plan = plan;
    // Where programs follow the lists of tasks all tasks are there, linked with each other.
    this.#forgets = forgets && !plan.lists;
    this.#filePlan = filePlan(this);
    this.#byNumber = new NumberWalk(objects.tasks, objects.reader, this, this.#forgets ? READ_AHEAD : undefined);
  }

  get needs(): Needs {
    return this.plan.needs;
  }

  get unreadable(): ReadonlyMap<string, number> {
    return new Map([...this.closed].map(([what, places]) => [what, places.size]));
  }

  taskFrom(pid: number): number {
    this.#link();
    return offsetOf(this.#byNumber.from(pid));
  }

  taskByPid(pid: number): number {
    this.#link();
    const known = this.#objects.tasks.known(pid);
    const tgid = known?.tgid ?? this.#processOf(pid);
    return tgid === undefined ? 0 : offsetOf(this.#objects.tasks.load(pid, tgid, this, true));
  }

  threads(from: number): Cursor {
    this.#link();
    const record = this.#recordOf(from);
    const numbers = threadNumbers(this.#objects.reader, record.tgid);
    const start = numbers.indexOf(record.tid);
    return this.#walk(numbers.slice(Math.max(0, start)).map((tid) => [tid, record.tgid] as const));
  }

  taskList(threads: boolean): Cursor {
    this.#link();
    const { tasks, reader } = this.#objects;
    const processes = processesByStart(tasks, reader, this);
    if (!threads) return cursorOver(processes.map(({ hosts }) => hosts.task_struct));
    let at = 0;
    let rest: Cursor | undefined;
    return {
      next: () => {
        for (;;) {
          const found = rest?.next() ?? 0;
          if (found !== 0) return found;
          const record = processes[at++];
          if (record === undefined) return 0;
          // Processes were read for their order: only what threads there are is still to be seen.
          if (record.threads !== 1 && record !== tasks.idle) {
            const others = threadNumbers(reader, record.tgid).slice(1);
            rest = this.#walk(others.map((tid) => [tid, record.tgid] as const));
          }
          return record.hosts.task_struct;
        }
      },
    };
  }

  hasFiles(task: number): boolean {
    return !this.#recordOf(task).zombie;
  }

  sharesFilesWithLeader(task: number): boolean {
    const record = this.#recordOf(task);
    return record.leader !== record;
  }

  files(task: number): FileCursor {
    const record = this.#recordOf(task);
    return this.#objects.files.walk(record, this.#filePlan, this);
  }

  file(task: number, fd: number): number {
    const record = this.#recordOf(task);
    const wanted = { ...this.#filePlan, link: true };
    return this.#objects.files.open(record, fd, wanted, this);
  }

  hasMemory(task: number): boolean {
    const { kernelThread, zombie } = this.#recordOf(task);
    return !kernelThread && !zombie;
  }

  memoryAreas(task: number, addressLow: number, addressHigh: number): Cursor {
    const above = (addressHigh >>> 0) * TWO_32 + (addressLow >>> 0);
    return cursorOver(this.#objects.areas.of(this.#recordOf(task), above, this.#filePlan, this));
  }

  hasStack(task: number): boolean {
    return !this.#recordOf(task).zombie;
  }

  kernelStack(task: number, depth: number): readonly KernelAddress[] | undefined {
    return this.#objects.stacks.of(this.#recordOf(task), depth, this);
  }

  registers(task: number): number {
    return this.#objects.registers.of(this.#recordOf(task), this);
  }

  walkMemory(task: number): PartCursor {
    const record = this.#recordOf(task);
    const { areas, tasks } = this.#objects;
    if (this.#forgets) return areas.inParts(record, () => tasks.known(record.tid), this.#filePlan, this);
    let all: readonly number[] | undefined = areas.of(record, 0, this.#filePlan, this);
    const once = () => {
      const found = all ?? [];
      all = undefined;
      return found;
    };
    return new AreaParts(once, () => {});
  }

  cgroup(id: bigint): number {
    return this.#objects.cgroups.withId(Number(id), this);
  }

  cgroupAt(path: string): number {
    return this.#objects.cgroups.at(path, this);
  }

  cgroupId(cgroup: number): bigint {
    return this.#objects.cgroups.idOf(cgroup);
  }

  cgroupParent(cgroup: number): number {
    return this.#objects.cgroups.parentOf(cgroup, this);
  }

  cgroupChildren(cgroup: number): Cursor {
    return cursorOver(this.#objects.cgroups.children(cgroup, this));
  }

  cgroupTasks(cgroup: number, processes: boolean): Cursor {
    const numbers = this.#objects.cgroups.members(cgroup, processes, this);
    return this.#walk(numbers.map((tid) => [tid, processes ? tid : undefined] as const));
  }

  list(kind: ObjectList): ListCursor {
    return this.#objects.lists.cursor(kind, this.needs, (what, where) => countUnreadable(this, what, where));
  }

  forget(): boolean {
    if (!this.#forgets || !this.#objects.isFull(this.#byNumber.hasReadAhead) || !this.#objects.forget(this))
      return false;
    this.#byNumber.forgetReadAhead();
    return true;
  }

  close(): void {
    this.#objects.ended(this);
  }

  /** Tasks one by one, those that are gone left out. */
  #walk(numbers: readonly (readonly [tid: number, tgid: number | undefined])[]): Cursor {
    let next = 0;
    return {
      next: () => {
        while (next < numbers.length) {
          const [tid, known] = numbers[next++] as readonly [number, number | undefined];
          const tgid = known ?? this.#processOf(tid);
          const record = tgid === undefined ? undefined : this.#objects.tasks.load(tid, tgid, this, true);
          if (record !== undefined) return record.hosts.task_struct;
        }
        return 0;
      },
    };
  }

  /** The process of a thread. */
  #processOf(tid: number): number | undefined {
    return this.#objects.processOf(tid);
  }

  #recordOf(task: number): TaskRecord {
    const record = this.#objects.tasks.at(task);
    if (record === undefined) throw new RangeError(`there is no task at 0x${task.toString(16)}`);
    return record;
  }

  /** Where programs follow the lists of tasks, all of them are there from the beginning. */
  #link(): void {
    if (this.#linked || !this.plan.lists) return;
    this.#linked = true;
    linkTasks(this.#objects, this);
  }
}

const offsetOf = (record: TaskRecord | undefined): number => record?.hosts.task_struct ?? 0;

function cursorOver(offsets: readonly number[]): Cursor {
  let next = 0;
  return { next: () => (next < offsets.length ? (offsets[next++] as number) : 0) };
}
