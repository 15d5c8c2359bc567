/**
 * The lists that lead from task to task: processes, children, threads. Programs follow them with pointers alone, so
 * all tasks are read and linked before the first is handed out.
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import { putPointer } from '../write-memory.ts';
import type { ProcfsObjects } from './objects.ts';
import { processesByStart, threadNumbers } from './task-walks.ts';
import type { SessionState, TaskRecord } from './tasks.ts';

export function linkTasks(objects: ProcfsObjects, session: SessionState): void {
  const { memory, model, tasks, reader } = objects;
  const task = model.layoutOf('task_struct');
  const at = (path: string) => task.field(path).offset;
  const nodeOf = (path: string) => (record: TaskRecord) => record.hosts.task_struct + at(path);
  const processes = processesByStart(tasks, reader, session);

  link(memory, processes.map(nodeOf('tasks')));

  const children = new Map<TaskRecord, TaskRecord[]>();
  for (const record of processes) {
    if (record === tasks.idle) continue;
    const parent = tasks.known(record.parent) ?? tasks.idle;
    children.set(parent, [...(children.get(parent) ?? []), record]);
  }
  for (const record of processes) {
    const own = children.get(record) ?? [];
    link(memory, [nodeOf('children')(record), ...own.map(nodeOf('sibling'))]);
  }

  const head = model.layoutOf('signal_struct').field('thread_head').offset;
  for (const record of processes) {
    const signal = record.hosts.signal_struct;
    const others = record.threads === 1 || record === tasks.idle ? [] : threadNumbers(reader, record.tgid).slice(1);
    const threads = [record, ...others.flatMap((tid) => tasks.load(tid, record.tgid, session, true) ?? [])];
    const nodes = threads.map(nodeOf('thread_node'));
    link(memory, signal === 0 ? nodes : [signal + head, ...nodes]);
    // Only leaders have a place among processes and children; their own lists of others are empty.
    for (const thread of threads.slice(1)) {
      for (const path of ['tasks', 'children', 'sibling']) link(memory, [nodeOf(path)(thread)]);
    }
  }
}

/** Makes a circle of the list_heads. */
function link(memory: KernelMemory, nodes: readonly number[]): void {
  nodes.forEach((node, index) => {
    putPointer(memory, node, nodes[(index + 1) % nodes.length] as number);
    putPointer(memory, node + 8, nodes[(index + nodes.length - 1) % nodes.length] as number);
  });
}
