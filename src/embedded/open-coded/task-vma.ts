/**
 * bpf_iter_task_vma: the memory areas of a task from an address on, the one that holds it first.
 * Source: kernel/bpf/task_iter.c of Linux 6.18; facts/iterators.md 3.3.
 */
import { ENOENT } from '../helpers/errno.ts';
import { sessionOf } from './cursors.ts';
import { objectIterator } from './object-iterator.ts';

export const taskVmaIterator = objectIterator('task_vma', 'p q', (runtime) => (task = 0, low = 0, high = 0) => {
  const session = sessionOf(runtime);
  return session.hasMemory(task) ? session.memoryAreas(task, low, high) : ENOENT;
});
