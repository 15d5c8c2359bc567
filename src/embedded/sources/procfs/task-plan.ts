/**
 * What a session does for each task: the plan for its files, and which references it follows. Worked out once.
 */
import type { Model } from '../../model/index.ts';
import { Needs } from '../needs.ts';
import { type FileOfTask, fillPlan, HOSTS, type Host } from './fill-plan.ts';
import { TaskFiles } from './task-files.ts';

export interface TaskPlan {
  readonly needs: Needs;
  readonly stat: FileOfTask | undefined;
  readonly lastColumn: number;
  /** The files beside `stat`. */
  readonly others: readonly FileOfTask[];
  /** Hosts that a task points to. */
  readonly hosts: ReadonlySet<Host>;
  readonly realParent: boolean;
  readonly tracer: boolean;
  /** Lists that lead from task to task. */
  readonly lists: boolean;
  readonly pids: boolean;
  readonly groups: boolean;
  /** Signals that wait. */
  readonly pending: boolean;
  readonly limits: boolean;
  readonly terminal: boolean;
  readonly counters: boolean;
  readonly namespaces: boolean;
  readonly userNamespace: boolean;
  readonly program: boolean;
  /** The end of the heap. */
  readonly heap: boolean;
  readonly directories: boolean;
  readonly table: boolean;
  readonly cgroups: boolean;
  /** Whether no file beside `stat` is read of a task. */
  readonly onlyStat: boolean;
}

const LISTS = ['tasks', 'children', 'sibling', 'thread_node'];

/** How a task leads to a host. */
const WAYS: readonly (readonly [host: Host, members: readonly string[]])[] = [
  ['signal_struct', ['signal']],
  ['mm_struct', ['mm']],
  ['cred', ['cred', 'real_cred']],
  ['fs_struct', ['fs']],
  ['files_struct', ['files']],
];

export function taskPlan(model: Model, needs: Needs): TaskPlan {
  // Whoever follows the pointer finds the mask.
  const mask = needs.has('task_struct', 'cpus_ptr') ? Needs.of(['task_struct.cpus_mask']) : Needs.nothing;
  const { files } = fillPlan(model, needs.and(mask));
  const stat = files.get('stat');
  const task = (...members: string[]) => needs.any('task_struct', members);
  const hosts = new Set<Host>(['task_struct']);
  for (const [host, members] of WAYS) if (task(...members) || needs.mentions(host)) hosts.add(host);
  if (needs.has('vm_area_struct', 'vm_mm')) hosts.add('mm_struct');
  const others = [...files.values()].filter(
    (file) => file.name !== 'stat' && [...file.picks.values()].flat().some(({ host }) => hosts.has(host)),
  );
  const references = {
    tracer: task('parent'),
    lists: task(...LISTS) || needs.has('signal_struct', 'thread_head'),
    pids: task('thread_pid') || needs.has('pid_namespace', 'level') || needs.has('signal_struct', 'pids'),
    groups: needs.has('cred', 'group_info'),
    pending: task('pending') || needs.any('signal_struct', ['shared_pending']),
    limits: needs.has('signal_struct', 'rlim'),
    terminal: needs.has('signal_struct', 'tty'),
    counters: needs.has('mm_struct', 'rss_stat'),
    namespaces: task('nsproxy'),
    userNamespace: needs.has('cred', 'user_ns'),
    program: needs.has('mm_struct', 'exe_file'),
    heap: needs.has('mm_struct', 'brk'),
    directories: needs.any('fs_struct', ['root', 'pwd']),
    table: needs.has('fdtable', 'fd'),
    cgroups: task('cgroups'),
  };
  return {
    needs,
    stat,
    lastColumn: TaskFiles.lastColumn(stat),
    others,
    hosts: new Set(HOSTS.filter((host) => hosts.has(host))),
    realParent: task('real_parent', 'parent'),
    ...references,
    onlyStat: others.length === 0 && !Object.values(references).includes(true),
  };
}
