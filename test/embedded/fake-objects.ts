/**
 * Tasks for tests of walks: a list that a test may change between two reads. Structs have pid and tgid only; files and
 * memory areas are offsets that mean nothing.
 */
import type { KernelMemory } from '../../src/embedded/memory/kernel-memory.ts';
import { layoutOf } from '../../src/embedded/model/index.ts';
import { Needs } from '../../src/embedded/sources/needs.ts';
import type {
  Cursor,
  FileCursor,
  KernelObjects,
  ListCursor,
  ObjectList,
  ObjectSession,
  PartCursor,
} from '../../src/embedded/sources/source.ts';

export interface FakeTask {
  readonly pid: number;
  /** Of a thread that does not lead. */
  readonly tgid?: number;
  /** Descriptor -> file. */
  files?: Record<number, number>;
  readonly ownFiles?: boolean;
  areas?: number[];
  /** Id of its cgroup. */
  readonly cgroup?: bigint;
}

export interface FakeCgroup {
  readonly id: bigint;
  readonly path: string;
  /** Id; absent of the root. */
  readonly parent?: bigint;
}

export class FakeObjects implements KernelObjects {
  readonly currentTask = 0;
  /** In the order of the thread list. */
  tasks: FakeTask[];
  /** Children in the order in which they were made. */
  cgroups: FakeCgroup[] = [];
  readonly lists = new Set<ObjectList>(['kmem_cache', 'dma_buf', 'kallsym_iter']);
  /** Of each list, offsets. */
  listed: number[] = [];
  sessions = 0;
  readonly #memory: KernelMemory;
  readonly #structs = new Map<number, number>();
  readonly #cgroupStructs = new Map<bigint, number>();

  pathText(): undefined {}

  userMemory(): Uint8Array {
    return new Uint8Array();
  }

  constructor(memory: KernelMemory, tasks: FakeTask[] = []) {
    this.#memory = memory;
    this.tasks = tasks;
  }

  /** The struct of a task: one for each number. */
  struct({ pid, tgid }: FakeTask): number {
    let at = this.#structs.get(pid);
    if (at === undefined) {
      const layout = layoutOf('task_struct');
      at = this.#memory.allocate(layout.size);
      this.#structs.set(pid, at);
      this.#memory.view.setInt32(at + layout.field('pid').offset, pid, true);
      this.#memory.view.setInt32(at + layout.field('tgid').offset, tgid ?? pid, true);
    }
    return at;
  }

  cgroupStruct({ id }: FakeCgroup): number {
    let at = this.#cgroupStructs.get(id);
    if (at === undefined) {
      const layout = layoutOf('cgroup');
      at = this.#memory.allocate(layout.size);
      this.#cgroupStructs.set(id, at);
      this.#memory.view.setUint32(at + layout.field('self.cgroup').offset, at, true);
    }
    return at;
  }

  cgroupOf(struct: number): FakeCgroup | undefined {
    return this.cgroups.find((cgroup) => this.cgroupStruct(cgroup) === struct);
  }

  taskOf(struct: number): FakeTask | undefined {
    return this.tasks.find((task) => this.struct(task) === struct);
  }

  session(needs: Needs): ObjectSession {
    this.sessions += 1;
    return new FakeSession(this, needs);
  }

  pidOfDescriptor(fd: number): number | undefined {
    return fd === 77 ? 10 : undefined;
  }

  hasList(kind: ObjectList): boolean {
    return this.lists.has(kind);
  }

  symbol(): undefined {}
  symbolText(): undefined {}
  socketAt(): undefined {}
  hold(): void {}
  release(): void {}
  close(): void {}
}

const cursor = (objects: readonly number[]): Cursor => {
  let at = 0;
  return { next: () => objects[at++] ?? 0 };
};

class FakeSession implements ObjectSession {
  readonly needs: Needs;
  readonly unreadable = new Map<string, number>();
  readonly #objects: FakeObjects;

  constructor(objects: FakeObjects, needs = Needs.everything) {
    this.#objects = objects;
    this.needs = needs;
  }

  #struct(task: FakeTask | undefined): number {
    return task === undefined ? 0 : this.#objects.struct(task);
  }

  taskFrom(pid: number): number {
    const later = this.#objects.tasks.filter((task) => task.pid >= pid).sort((a, b) => a.pid - b.pid);
    return this.#struct(later[0]);
  }

  taskByPid(pid: number): number {
    return this.#struct(this.#objects.tasks.find((task) => task.pid === pid));
  }

  threads(from: number): Cursor {
    const first = this.#objects.taskOf(from);
    const tgid = first?.tgid ?? first?.pid;
    const threads = this.#objects.tasks.filter((task) => (task.tgid ?? task.pid) === tgid);
    const index = first === undefined ? threads.length : threads.indexOf(first);
    return cursor(threads.slice(index).map((task) => this.#struct(task)));
  }

  taskList(threads: boolean): Cursor {
    const shown = this.#objects.tasks.filter((task) => threads || task.tgid === undefined);
    return cursor(shown.map((task) => this.#struct(task)));
  }

  hasFiles(task: number): boolean {
    return this.#objects.taskOf(task)?.files !== undefined;
  }

  sharesFilesWithLeader(task: number): boolean {
    const found = this.#objects.taskOf(task);
    return found?.tgid !== undefined && found.ownFiles !== true;
  }

  files(task: number): FileCursor {
    const files = Object.entries(this.#objects.taskOf(task)?.files ?? {});
    let at = 0;
    const found = {
      fd: -1,
      next(): number {
        const [fd, file] = files[at++] ?? [];
        if (fd !== undefined) found.fd = Number(fd);
        return file ?? 0;
      },
    };
    return found;
  }

  file(task: number, fd: number): number {
    return this.#objects.taskOf(task)?.files?.[fd] ?? 0;
  }

  hasStack(): boolean {
    return true;
  }

  kernelStack(): undefined {}

  registers(): number {
    return 0;
  }

  hasMemory(task: number): boolean {
    return this.#objects.taskOf(task)?.areas !== undefined;
  }

  memoryAreas(task: number): Cursor {
    return cursor(this.#objects.taskOf(task)?.areas ?? []);
  }

  walkMemory(task: number): PartCursor {
    return { ...this.memoryAreas(task), isAhead: false, close: () => {} };
  }

  #cgroup(found: FakeCgroup | undefined): number {
    return found === undefined ? 0 : this.#objects.cgroupStruct(found);
  }

  cgroup(id: bigint): number {
    const { cgroups } = this.#objects;
    return this.#cgroup(cgroups.find((cgroup) => (id === 0n ? cgroup.parent === undefined : cgroup.id === id)));
  }
  cgroupAt(path: string): number {
    return this.#cgroup(this.#objects.cgroups.find((cgroup) => cgroup.path === path));
  }
  cgroupId(cgroup: number): bigint {
    return this.#objects.cgroupOf(cgroup)?.id ?? 0n;
  }
  cgroupParent(cgroup: number): number {
    const parent = this.#objects.cgroupOf(cgroup)?.parent;
    return parent === undefined ? 0 : this.cgroup(parent);
  }
  cgroupChildren(cgroup: number): Cursor {
    const id = this.cgroupId(cgroup);
    return cursor(this.#objects.cgroups.filter(({ parent }) => parent === id).map((child) => this.#cgroup(child)));
  }
  cgroupTasks(cgroup: number, processes: boolean): Cursor {
    const id = this.cgroupId(cgroup);
    const found = this.#objects.tasks.filter((task) => task.cgroup === id && !(processes && task.tgid !== undefined));
    return cursor(found.map((task) => this.#struct(task)));
  }

  list(): ListCursor {
    return { ...cursor(this.#objects.listed), numbers: [] };
  }

  forget(): boolean {
    return false;
  }

  close(): void {
    this.#objects.sessions -= 1;
  }
}
