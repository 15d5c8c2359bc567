/**
 * Which tasks the targets task, task_file and task_vma visit, and in which order: all threads by number, one thread, or
 * the threads of one process. Numbers are looked up again whenever a read begins, as tasks come and go.
 *
 * Sources: task_seq_get_next() and task_group_seq_get_next() in kernel/bpf/task_iter.c of Linux 6.18;
 * facts/iterators.md 1.2, 1.4.
 */
import { BpfiterError } from '../../errors.ts';
import { checkPidOfDescriptor, checkTaskNumber } from '../../iter-parameters.ts';
import type { IterParameters, LinkInfo } from '../../kernel.ts';
import { failure } from '../failure.ts';
import { Needs } from '../sources/needs.ts';
import type { Cursor, ObjectSession } from '../sources/source.ts';
import { numberField, type TargetEnvironment } from './environment.ts';

/** What a link walks over. */
export type TaskChoice =
  | { readonly kind: 'all' }
  | { readonly kind: 'thread'; readonly tid: number }
  | { readonly kind: 'process'; readonly pid: number };

/** enum bpf_iter_task_type. */
const TASK_TYPES = { all: 0, thread: 1, process: 2 } as const;

const EBADF = 9;
const ESRCH = 3;

/**
 * The choice that parameters make.
 * @throws BpfiterError `usage` for what is no number of a task, `not-found` for one that nothing has: the kernel would
 *   attach, and silently give no output
 */
export function taskChoice(env: TargetEnvironment, { task }: IterParameters, what: string): TaskChoice {
  const { tid, pid, pidFd } = task ?? {};
  if (tid !== undefined) {
    requireTask(env, tid, 'thread');
    return { kind: 'thread', tid };
  }
  if (pid !== undefined) {
    requireLeader(env, pid);
    return { kind: 'process', pid };
  }
  if (pidFd !== undefined) {
    if (!Number.isInteger(pidFd) || pidFd <= 0) {
      throw new BpfiterError('usage', `descriptor ${pidFd} cannot be used as a pidfd: it must be above 0`);
    }
    const found = env.objects.pidOfDescriptor(pidFd);
    if (found === undefined) throw failure(EBADF, what, { because: `descriptor ${pidFd} is no pidfd` });
    checkPidOfDescriptor(pidFd, found);
    requireLeader(env, found);
    return { kind: 'process', pid: found };
  }
  return { kind: 'all' };
}

export function choiceInfo(choice: TaskChoice): Pick<LinkInfo, 'tid' | 'pid'> {
  if (choice.kind === 'thread') return { tid: choice.tid };
  return choice.kind === 'process' ? { pid: choice.pid } : {};
}

/** What `seq->private` of a walk over tasks leads to. @returns its offset, to be freed */
export function placeChoice({ memory, model }: TargetEnvironment, choice: TaskChoice): number {
  const layout = model.layoutOf('bpf_iter_seq_task_common');
  const at = memory.allocate(layout.size);
  const number = choice.kind === 'all' ? 0 : choice.kind === 'thread' ? choice.tid : choice.pid;
  memory.view.setUint32(at + layout.field('type').offset, TASK_TYPES[choice.kind], true);
  memory.view.setUint32(at + layout.field('pid').offset, number, true);
  return at;
}

/** @returns tgid of the task */
function requireTask(env: TargetEnvironment, id: number, noun: string): number {
  checkTaskNumber(id, noun);
  const session = env.objects.session(Needs.nothing);
  try {
    const task = session.taskByPid(id);
    if (task === 0) throw new BpfiterError('not-found', `there is no ${noun} ${id}`, { errno: ESRCH });
    return numberField(env, 'task_struct', 'tgid')(task);
  } finally {
    session.close();
  }
}

/** A number of a thread that is not its process's first selects nothing; say so instead. */
function requireLeader(env: TargetEnvironment, pid: number): void {
  const leader = requireTask(env, pid, 'process');
  if (leader === pid) return;
  throw new BpfiterError('not-found', `there is no process ${pid}: it is a thread of process ${leader} (use tid)`, {
    errno: ESRCH,
  });
}

/** Stands at one task after the other. */
export interface TaskWalk {
  /** The task to stand at, looked up anew. @returns its offset, 0 if there is none (now) */
  current(): number;
  /** Goes on behind the current task. @returns as current() */
  next(): number;
}

/**
 * @param passedOver if given, threads that share their table of open files with their leader are left out, and this is
 *   called then: the walk stands at no task
 */
export function taskWalk(
  env: TargetEnvironment,
  session: ObjectSession,
  choice: TaskChoice,
  passedOver?: () => void,
): TaskWalk {
  const skips = (task: number): boolean => {
    if (passedOver === undefined || !session.sharesFilesWithLeader(task)) return false;
    passedOver();
    return true;
  };
  switch (choice.kind) {
    case 'all':
      return new AllTasks(env, session, skips);
    case 'thread':
      return new OneThread(session, choice.tid);
    case 'process':
      return new ProcessThreads(env, session, choice.pid, skips);
  }
}

class AllTasks implements TaskWalk {
  readonly #session: ObjectSession;
  readonly #skips: (task: number) => boolean;
  readonly #pidOf: (task: number) => number;
  /** Of the current task, or else the first number that has not been looked at. */
  #pid = 0;

  constructor(env: TargetEnvironment, session: ObjectSession, skips: (task: number) => boolean) {
    this.#session = session;
    this.#skips = skips;
    this.#pidOf = numberField(env, 'task_struct', 'pid');
  }

  current(): number {
    for (;;) {
      const task = this.#session.taskFrom(this.#pid);
      if (task === 0) return 0;
      this.#pid = this.#pidOf(task);
      if (!this.#skips(task)) return task;
      this.#pid += 1;
    }
  }

  next(): number {
    this.#pid += 1;
    return this.current();
  }
}

/** The one thread, also if it shares its leader's files. */
class OneThread implements TaskWalk {
  readonly #session: ObjectSession;
  readonly #tid: number;
  #done = false;

  constructor(session: ObjectSession, tid: number) {
    this.#session = session;
    this.#tid = tid;
  }

  current(): number {
    return this.#done ? 0 : this.#session.taskByPid(this.#tid);
  }

  next(): number {
    this.#done = true;
    return 0;
  }
}

/** The leader, and then the others in the order of the thread list. */
class ProcessThreads implements TaskWalk {
  readonly #session: ObjectSession;
  readonly #skips: (task: number) => boolean;
  readonly #pidOf: (task: number) => number;
  /** The thread that the walk stands at, or stood at when it came to the end. */
  #visiting: number;
  /** Stands behind that thread. */
  #threads: Cursor | undefined;
  #atEnd = false;

  constructor(env: TargetEnvironment, session: ObjectSession, pid: number, skips: (task: number) => boolean) {
    this.#session = session;
    this.#skips = skips;
    this.#pidOf = numberField(env, 'task_struct', 'pid');
    this.#visiting = pid;
  }

  current(): number {
    // After the end only threads that have come since are of interest.
    return this.#atEnd ? this.next() : this.#session.taskByPid(this.#visiting);
  }

  next(): number {
    this.#threads ??= this.#behind(this.#visiting);
    let task = this.#threads?.next() ?? 0;
    while (task !== 0 && this.#skips(task)) task = this.#threads?.next() ?? 0;
    this.#atEnd = task === 0;
    if (task === 0) this.#threads = undefined;
    else this.#visiting = this.#pidOf(task);
    return task;
  }

  #behind(pid: number): Cursor | undefined {
    const task = this.#session.taskByPid(pid);
    if (task === 0) return undefined;
    const threads = this.#session.threads(task);
    threads.next();
    return threads;
  }
}
