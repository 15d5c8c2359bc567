/**
 * Iterators that Linux has had: name, first kernel, and what the kernel tells only to those who try. Which of them a
 * running kernel has, its BTF says (src/iter-targets.ts); this table is for messages, parameters and documentation.
 * Facts: the calls of bpf_iter_reg_target() and the kfuncs bpf_iter_*_new of Linux 7.2; facts/iterators.md 1.1, 3.2.
 */

export interface IterTargetEntry {
  /** As in `SEC("iter/task")`. */
  readonly name: string;
  readonly since: string;
  /** The member of `union bpf_iter_link_info` that it takes. Tasks take theirs since 6.1, the others from the start. */
  readonly parameter?: 'task' | 'map' | 'cgroup';
  /** Whether `iter.s/` programs attach, on kernels that have them (5.18). */
  readonly sleepable: boolean;
}

/** By name. */
export const iterTargets: readonly IterTargetEntry[] = [
  { name: 'bpf_link', since: '5.19', sleepable: false },
  { name: 'bpf_map', since: '5.8', sleepable: false },
  { name: 'bpf_map_elem', since: '5.9', parameter: 'map', sleepable: false },
  { name: 'bpf_prog', since: '5.9', sleepable: false },
  { name: 'bpf_sk_storage_map', since: '5.9', parameter: 'map', sleepable: false },
  { name: 'cgroup', since: '6.1', parameter: 'cgroup', sleepable: true },
  { name: 'dmabuf', since: '6.16', sleepable: true },
  { name: 'ipv6_route', since: '5.8', sleepable: false },
  { name: 'kmem_cache', since: '6.13', sleepable: true },
  { name: 'ksym', since: '6.0', sleepable: true },
  { name: 'netlink', since: '5.8', sleepable: false },
  { name: 'sockmap', since: '5.10', parameter: 'map', sleepable: false },
  { name: 'task', since: '5.8', parameter: 'task', sleepable: true },
  { name: 'task_file', since: '5.8', parameter: 'task', sleepable: true },
  { name: 'task_vma', since: '5.12', parameter: 'task', sleepable: true },
  { name: 'tcp', since: '5.9', sleepable: false },
  { name: 'udp', since: '5.9', sleepable: false },
  { name: 'unix', since: '5.15', sleepable: false },
];

export interface OpenCodedIteratorEntry {
  /** As in `bpf_for_each(task, ...)`: the kfuncs are `bpf_iter_task_{new,next,destroy}`. */
  readonly name: string;
  readonly since: string;
}

/** By name. */
export const openCodedIterators: readonly OpenCodedIteratorEntry[] = [
  { name: 'bits', since: '6.11' },
  { name: 'css', since: '6.7' },
  { name: 'css_task', since: '6.7' },
  { name: 'dmabuf', since: '6.16' },
  { name: 'kmem_cache', since: '6.13' },
  { name: 'num', since: '6.4' },
  { name: 'scx_dsq', since: '6.12' },
  { name: 'task', since: '6.7' },
  { name: 'task_vma', since: '6.7' },
];
