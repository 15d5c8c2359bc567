/**
 * Kfuncs on tasks and cgroups: found by number, related to each other, and kept. The objects are the source's; a
 * reference that a program takes keeps one there beyond the run.
 *
 * Numbers of tasks are those of the source's pid namespace, which is the one of `current` as well: bpf_task_from_pid and
 * bpf_task_from_vpid find the same.
 * Facts: kernel/bpf/helpers.c of Linux 6.12.
 */
import { CGROUP_FIELDS, CgroupTree } from '../helpers/cgroup-tree.ts';
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import { sessionOf } from '../open-coded/cursors.ts';
import type { Runtime } from '../runtime.ts';

/** Keeps an object; 0 stays 0. */
function hold({ objects }: Runtime, object: number): number {
  if (object !== 0) objects?.hold(object);
  return object;
}

const acquire = (name: string): FunctionDefinition => ({
  name,
  signature: signature('p -> p'),
  make: (runtime) => (object: number) => hold(runtime, object),
});

const release = (name: string): FunctionDefinition => ({
  name,
  signature: signature('p -> v'),
  make: (runtime) => (object: number) => runtime.objects?.release(object),
});

const taskByNumber = (name: string): FunctionDefinition => ({
  name,
  signature: signature('i -> p'),
  make: (runtime) => (pid: number) => (pid <= 0 ? 0 : hold(runtime, sessionOf(runtime).taskByPid(pid))),
});

export const taskKfuncs: readonly FunctionDefinition[] = [
  acquire('bpf_task_acquire'),
  release('bpf_task_release'),
  taskByNumber('bpf_task_from_pid'),
  taskByNumber('bpf_task_from_vpid'),
  acquire('bpf_cgroup_acquire'),
  release('bpf_cgroup_release'),
  {
    name: 'bpf_cgroup_from_id',
    signature: signature('q -> p'),
    make: (runtime) => (low: number, high: number) => {
      // Id 0 is nobody's here; to a session it is a name of the root.
      const id = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
      return id === 0n ? 0 : hold(runtime, sessionOf(runtime).cgroup(id));
    },
  },
  {
    name: 'bpf_cgroup_ancestor',
    signature: signature('p i -> p'),
    reads: CGROUP_FIELDS,
    make(runtime) {
      const cgroups = new CgroupTree(runtime);
      return (cgroup: number, level: number) => hold(runtime, cgroups.ancestor(cgroup, level));
    },
  },
  {
    name: 'bpf_task_under_cgroup',
    signature: signature('p p -> s'),
    reads: CGROUP_FIELDS,
    make(runtime) {
      const cgroups = new CgroupTree(runtime);
      return (task: number, ancestor: number) => (cgroups.isDescendant(cgroups.ofTask(task), ancestor) ? 1 : 0);
    },
  },
];
