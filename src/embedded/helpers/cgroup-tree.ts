/**
 * The cgroups of the default hierarchy as the model lays them out: of a task, by level, by id.
 *
 * Facts: include/linux/cgroup.h and kernel/cgroup/cgroup.c of Linux 6.12. A cgroup's parent is found through the
 * subsystem state that is part of each (`self`); its id is its directory's inode number.
 */
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Runtime } from '../runtime.ts';
import { fieldOffset } from './fields.ts';
import { readPointer, returnPair } from './words.ts';

/** What it reads. */
export const CGROUP_FIELDS: readonly string[] = [
  ...['task_struct.cgroups', 'css_set.dfl_cgrp', 'cgroup.self', 'cgroup.level', 'cgroup.kn'],
  ...['cgroup_subsys_state.parent', 'kernfs_node.id'],
];

export class CgroupTree {
  readonly #memory: KernelMemory;
  readonly #cgroups: number;
  readonly #default: number;
  readonly #self: number;
  readonly #parent: number;
  readonly #level: number;
  readonly #node: number;
  readonly #id: number;

  /** @throws BpfiterError `unsupported` if this kernel's structs lack a field */
  constructor(runtime: Runtime) {
    this.#memory = runtime.memory;
    this.#cgroups = fieldOffset(runtime, 'task_struct', 'cgroups');
    this.#default = fieldOffset(runtime, 'css_set', 'dfl_cgrp');
    this.#self = fieldOffset(runtime, 'cgroup', 'self');
    this.#parent = this.#self + fieldOffset(runtime, 'cgroup_subsys_state', 'parent');
    this.#level = fieldOffset(runtime, 'cgroup', 'level');
    this.#node = fieldOffset(runtime, 'cgroup', 'kn');
    this.#id = fieldOffset(runtime, 'kernfs_node', 'id');
  }

  /** All results are offsets, 0 for none; so may all parameters be. */
  ofTask(task: number): number {
    if (task === 0) return 0;
    const set = readPointer(this.#memory, task + this.#cgroups);
    return set === 0 ? 0 : readPointer(this.#memory, set + this.#default);
  }

  parent(cgroup: number): number {
    if (cgroup === 0) return 0;
    const state = readPointer(this.#memory, cgroup + this.#parent);
    return state === 0 ? 0 : state - this.#self;
  }

  level(cgroup: number): number {
    return this.#memory.view.getInt32(cgroup + this.#level, true);
  }

  /** The one of its line at that level, which may be itself. */
  ancestor(cgroup: number, level: number): number {
    if (cgroup === 0 || level < 0 || level > this.level(cgroup)) return 0;
    let at = cgroup;
    while (at !== 0 && this.level(at) > level) at = this.parent(at);
    return at;
  }

  /** Whether it is that cgroup or below it. */
  isDescendant(cgroup: number, of: number): boolean {
    return of !== 0 && this.ancestor(cgroup, this.level(of)) === of;
  }

  /** Whether its id is that one. */
  hasId(cgroup: number, low: number, high: number): boolean {
    const { view } = this.#memory;
    const at = this.#idAt(cgroup);
    return at !== 0 && view.getInt32(at, true) === (low | 0) && view.getInt32(at + 4, true) === (high | 0);
  }

  /** The id as a result of kind `pair`; 0 of no cgroup. */
  returnId(cgroup: number): number {
    const { view } = this.#memory;
    const at = this.#idAt(cgroup);
    return at === 0
      ? returnPair(this.#memory, 0, 0)
      : returnPair(this.#memory, view.getInt32(at, true), view.getInt32(at + 4, true));
  }

  #idAt(cgroup: number): number {
    const node = cgroup === 0 ? 0 : readPointer(this.#memory, cgroup + this.#node);
    return node === 0 ? 0 : node + this.#id;
  }
}
