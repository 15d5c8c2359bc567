/**
 * Control groups of the default hierarchy: a struct for each directory of the cgroup2 file system, of which numbers,
 * children and members are read. Numbers are those of inodes, which grow: children in their order are in that of creation.
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model } from '../../model/index.ts';
import type { Arena } from '../pool.ts';
import { getPointer, put64, putNumber, putPointer } from '../write-memory.ts';
import type { Mounts } from './mounts.ts';
import { type ProcReader, UNREADABLE, VANISHED } from './reader.ts';
import { countUnreadable, type SessionState, type TaskRecord } from './tasks.ts';

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const ROOT_ID = 1;

export class CgroupTable {
  readonly #memory: KernelMemory;
  readonly #model: Model;
  readonly #reader: ProcReader;
  readonly #arena: Arena;
  readonly #mounts: Mounts;
  readonly #offsets = new Map<string, number>();
  readonly #paths = new Map<number, string>();
  readonly #sets = new Map<number, number>();
  #mountPoint: string | undefined;

  constructor(memory: KernelMemory, model: Model, reader: ProcReader, arena: Arena, mounts: Mounts) {
    this.#memory = memory;
    this.#model = model;
    this.#reader = reader;
    this.#arena = arena;
    this.#mounts = mounts;
  }

  clear(): void {
    this.#offsets.clear();
    this.#paths.clear();
    this.#sets.clear();
    this.#mountPoint = undefined;
  }

  /** Offset of the css_set of a task. */
  setOf({ directory }: TaskRecord, session: SessionState): number {
    const length = this.#reader.read(`${directory}/cgroup`);
    if (length === UNREADABLE) countUnreadable(session, 'cgroup', directory);
    if (length < 0) return 0;
    const text = new TextDecoder().decode(this.#reader.buffer.subarray(0, length));
    const path = /^0::(.*?)(?: \(deleted\))?$/m.exec(text)?.[1] ?? '/';
    const cgroup = this.of(path, session);
    let set = this.#sets.get(cgroup);
    if (set === undefined) {
      const layout = this.#model.layoutOf('css_set');
      set = this.#arena.take(layout.size);
      this.#sets.set(cgroup, set);
      putPointer(this.#memory, set + layout.field('dfl_cgrp').offset, cgroup);
    }
    return set;
  }

  /** @param path in the hierarchy */
  of(path: string, session: SessionState): number {
    const known = this.#offsets.get(path);
    if (known !== undefined) return known;
    const memory = this.#memory;
    const layout = this.#model.layoutOf('cgroup');
    const node = this.#model.layoutOf('kernfs_node');
    const cgroup = this.#arena.take(layout.size);
    this.#offsets.set(path, cgroup);
    this.#paths.set(cgroup, path);
    const kn = this.#arena.take(node.size);
    putPointer(memory, cgroup + layout.field('kn').offset, kn);
    putPointer(memory, cgroup + layout.field('self.cgroup').offset, cgroup);
    putNumber(memory, cgroup + layout.field('level').offset, 4, path === '/' ? 0 : path.split('/').length - 1);
    this.#putDescendants(cgroup, path, session);
    put64(memory, kn + node.field('id').offset, this.#inodeOf(path, session));
    const slash = path.lastIndexOf('/');
    const name = new TextEncoder().encode(path.slice(slash + 1));
    const text = this.#arena.take(name.length + 1);
    memory.u8.set(name, text);
    putPointer(memory, kn + node.field('name').offset, text);
    if (path === '/') return cgroup;
    const parent = this.of(path.slice(0, slash) || '/', session);
    const parentNode = getPointer(memory, parent + layout.field('kn').offset);
    putPointer(memory, cgroup + layout.field('self.parent').offset, parent + layout.field('self').offset);
    putPointer(memory, kn + node.field('__parent').offset, parentNode);
    return cgroup;
  }

  /** @param id 0 for the root @returns 0 if there is none */
  withId(id: number, session: SessionState): number {
    const path = id === 0 || id === ROOT_ID ? '/' : this.#find('/', id, session);
    return path === undefined ? 0 : this.of(path, session);
  }

  /** @param path of the directory @returns 0 if there is no such cgroup */
  at(path: string, session: SessionState): number {
    const point = this.#point(session);
    const whole = path.replace(/\/+$/, '') || '/';
    if (whole !== point && !whole.startsWith(`${point}/`)) return 0;
    const inside = whole.slice(point.length) || '/';
    const status = this.#reader.status(whole);
    const exists =
      inside === '/' || (status !== VANISHED && status !== UNREADABLE && (status.mode & S_IFMT) === S_IFDIR);
    return exists ? this.of(inside, session) : 0;
  }

  idOf(cgroup: number): bigint {
    const kn = getPointer(this.#memory, cgroup + this.#model.layoutOf('cgroup').field('kn').offset);
    return this.#memory.view.getBigUint64(kn + this.#model.layoutOf('kernfs_node').field('id').offset, true);
  }

  parentOf(cgroup: number, session: SessionState): number {
    const path = this.#paths.get(cgroup);
    return path === undefined || path === '/' ? 0 : this.of(path.slice(0, path.lastIndexOf('/')) || '/', session);
  }

  children(cgroup: number, session: SessionState): readonly number[] {
    const path = this.#paths.get(cgroup);
    return path === undefined ? [] : this.#childrenOf(path, session).map((child) => this.of(child, session));
  }

  /** Numbers of the tasks of that very cgroup, in the kernel's order. */
  members(cgroup: number, processes: boolean, session: SessionState): readonly number[] {
    const path = this.#paths.get(cgroup);
    if (path === undefined) return [];
    const file = processes ? 'cgroup.procs' : 'cgroup.threads';
    const length = this.#reader.read(`${this.#directory(path, session)}/${file}`);
    if (length === UNREADABLE) countUnreadable(session, file, path);
    if (length < 0) return [];
    const text = new TextDecoder().decode(this.#reader.buffer.subarray(0, length));
    return text.split('\n').flatMap((line) => (line === '' || line === '0' ? [] : [Number(line)]));
  }

  /** As its file `cgroup.stat` counts; a copy may lack it, and has the directories. */
  #putDescendants(cgroup: number, path: string, session: SessionState): void {
    if (!session.plan.needs.has('cgroup', 'nr_descendants')) return;
    const length = this.#reader.read(`${this.#directory(path, session)}/cgroup.stat`);
    const told = length < 0 ? undefined : spacedValue(this.#reader.buffer, length, 'nr_descendants');
    const { offset } = this.#model.layoutOf('cgroup').field('nr_descendants');
    putNumber(this.#memory, cgroup + offset, 4, told ?? this.#countBelow(path, session));
  }

  #countBelow(path: string, session: SessionState): number {
    const children = this.#childrenOf(path, session);
    return children.reduce((count, child) => count + 1 + this.#countBelow(child, session), 0);
  }

  #find(path: string, id: number, session: SessionState): string | undefined {
    for (const child of this.#childrenOf(path, session)) {
      if (this.#inodeOf(child, session) === id) return child;
      const found = this.#find(child, id, session);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #childrenOf(path: string, session: SessionState): readonly string[] {
    const directory = this.#directory(path, session);
    const names = this.#reader.list(directory);
    if (names === UNREADABLE) countUnreadable(session, 'cgroup directory', directory);
    if (names === VANISHED || names === UNREADABLE) return [];
    const children: { readonly path: string; readonly ino: number }[] = [];
    for (const name of names) {
      const status = this.#reader.status(`${directory}/${name}`);
      if (status === VANISHED || status === UNREADABLE || (status.mode & S_IFMT) !== S_IFDIR) continue;
      children.push({ path: `${path === '/' ? '' : path}/${name}`, ino: status.ino });
    }
    return children.sort((a, b) => a.ino - b.ino).map((child) => child.path);
  }

  #inodeOf(path: string, session: SessionState): number {
    if (path === '/') return ROOT_ID;
    const status = this.#reader.status(this.#directory(path, session));
    return status === VANISHED || status === UNREADABLE ? 0 : status.ino;
  }

  #directory(path: string, session: SessionState): string {
    const point = this.#point(session);
    return path === '/' ? point : `${point}${path}`;
  }

  /** Where the file system is mounted. */
  #point(session: SessionState): string {
    this.#mountPoint ??= this.#mounts.pointOf('cgroup2', session) ?? '/sys/fs/cgroup';
    return this.#mountPoint;
  }
}

/** The number in the line `NAME NUMBER`. */
function spacedValue(bytes: Uint8Array, length: number, name: string): number | undefined {
  const text = new TextDecoder().decode(bytes.subarray(0, length));
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}
