/** Checks of a task parameter that the kernel does not make: it takes any number and then shows nothing. */
import { readFileSync } from 'node:fs';
import { BpfiterError } from '../errors.ts';

/** @throws BpfiterError `not-found` if no such process or thread is there, `usage` if a pid is a thread's number */
export function checkTask(task: { readonly pid: number } | { readonly tid: number }): void {
  const id = 'pid' in task ? task.pid : task.tid;
  if (!exists(id)) throw new BpfiterError('not-found', `no ${'pid' in task ? 'process' : 'thread'} ${id}`);
  const leader = 'pid' in task ? leaderOf(id) : id;
  if (leader !== id) {
    throw new BpfiterError('usage', `${id} is a thread of process ${leader}; say 'task tid ${id}' or 'task pid ${leader}'`);
  }
}

/** Signal 0 asks without sending; unlike /proc it also finds tasks that a hidepid mount hides. */
function exists(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** The process a thread belongs to; the number itself where /proc does not tell. */
function leaderOf(id: number): number {
  try {
    const leader = /^Tgid:\t(\d+)$/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1];
    return leader === undefined ? id : Number(leader);
  } catch {
    return id;
  }
}
