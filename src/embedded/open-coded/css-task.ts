/**
 * bpf_iter_css_task: the tasks of one cgroup, without those of the cgroups below it.
 * Source: kernel/bpf/task_iter.c of Linux 6.18; facts/iterators.md 3.3.
 */
import { EINVAL } from '../helpers/errno.ts';
import { cgroupOfCss } from './css.ts';
import { sessionOf } from './cursors.ts';
import { objectIterator } from './object-iterator.ts';

const ALL = 0;
const CSS_TASK_ITER_PROCS = 1;
const CSS_TASK_ITER_THREADED = 2;

export const cssTaskIterator = objectIterator('css_task', 'p i', (runtime) => {
  const cgroupOf = cgroupOfCss(runtime);
  return (css = 0, flags = 0) => {
    switch (flags >>> 0) {
      case ALL:
        return sessionOf(runtime).cgroupTasks(cgroupOf(css), false);
      case CSS_TASK_ITER_PROCS:
      case CSS_TASK_ITER_PROCS | CSS_TASK_ITER_THREADED:
        return sessionOf(runtime).cgroupTasks(cgroupOf(css), true);
      default:
        return EINVAL;
    }
  };
});
