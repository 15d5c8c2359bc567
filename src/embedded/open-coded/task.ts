/**
 * bpf_iter_task: processes or threads in the order of the task list, which begins with the idle task. From a thread
 * that is not the leader, a walk over its process goes to the later ones only.
 * Source: kernel/bpf/task_iter.c of Linux 6.18; facts/iterators.md 3.3.
 */
import { EINVAL } from '../helpers/errno.ts';
import { sessionOf } from './cursors.ts';
import { objectIterator } from './object-iterator.ts';

const BPF_TASK_ITER_ALL_PROCS = 0;
const BPF_TASK_ITER_ALL_THREADS = 1;
const BPF_TASK_ITER_PROC_THREADS = 2;

export const taskIterator = objectIterator('task', 'p i', (runtime) => (task = 0, flags = 0) => {
  switch (flags >>> 0) {
    case BPF_TASK_ITER_ALL_PROCS:
      return sessionOf(runtime).taskList(false);
    case BPF_TASK_ITER_ALL_THREADS:
      return sessionOf(runtime).taskList(true);
    case BPF_TASK_ITER_PROC_THREADS:
      return task === 0 ? EINVAL : sessionOf(runtime).threads(task);
    default:
      return EINVAL;
  }
});
