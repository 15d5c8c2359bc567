/**
 * iter/task_file: the open files of every task, by descriptor; threads that share their leader's files are left out.
 * Source: kernel/bpf/task_iter.c of Linux 6.18; facts/iterators.md 1.2, 1.4.
 */
import type { ContextSlots } from '../iter/context.ts';
import { FOUND, type IterTargetDefinition, NONE, type Walk } from '../iter/target.ts';
import type { FileCursor, ObjectSession } from '../sources/source.ts';
import { numberField, type TargetEnvironment } from './environment.ts';
import { choiceInfo, placeChoice, type TaskChoice, type TaskWalk, taskChoice, taskWalk } from './task-walk.ts';

const TASK = 0;
const FD = 1;
const FILE = 2;

/** Instead of the offset of a task that was given back: no other has it. */
const FORGOTTEN = -1;

class TaskFileWalk implements Walk {
  readonly #tasks: TaskWalk;
  readonly #session: ObjectSession;
  readonly #slots: ContextSlots;
  readonly #pidOf: (task: number) => number;
  /** Whether a task is gone through once only: later descriptors of it may still be met by a later read. */
  readonly #oneThread: boolean;
  /** The task that the walk stands at; 0 before the first and when none is left. */
  #task = 0;
  /** Its files, from behind `fd` on. */
  #files: FileCursor | undefined;
  /** Of the current file, or else the first descriptor that has not been looked at. */
  #fd = 0;

  constructor(env: TargetEnvironment, session: ObjectSession, slots: ContextSlots, choice: TaskChoice) {
    this.#tasks = taskWalk(env, session, choice, () => this.#forget());
    this.#session = session;
    this.#slots = slots;
    this.#pidOf = numberField(env, 'task_struct', 'pid');
    this.#oneThread = choice.kind === 'thread';
  }

  start(): number {
    const task = this.#tasks.current();
    if (task !== this.#task) this.#begin(task);
    if (task === 0) return this.#stand(0);
    const left = this.#files === undefined ? 0 : this.#session.file(task, this.#fd);
    return left === 0 ? this.#search() : this.#stand(left);
  }

  next(): number {
    this.#fd += 1;
    const pid = this.#pidOf(this.#task);
    if (this.#forget()) {
      // Its files are still to come, unless it is gone.
      const task = this.#tasks.current();
      if (task !== 0 && this.#pidOf(task) === pid) this.#task = task;
      else this.#begin(task);
    }
    return this.#search();
  }

  #forget(): boolean {
    const forgot = this.#session.forget();
    if (forgot) this.#task = FORGOTTEN;
    return forgot;
  }

  #begin(task: number): void {
    this.#files = undefined;
    this.#task = task;
    this.#fd = 0;
  }

  stop(): void {}

  release(): void {}

  /** The next file, of this task or of one behind it. */
  #search(): number {
    while (this.#task !== 0) {
      this.#files ??= this.#session.files(this.#task);
      for (let file = this.#files.next(); file !== 0; file = this.#files.next()) {
        if (this.#files.fd < this.#fd) continue;
        this.#fd = this.#files.fd;
        return this.#stand(file);
      }
      this.#files = undefined;
      if (this.#oneThread) break;
      this.#forget();
      this.#begin(this.#tasks.next());
    }
    return this.#stand(0);
  }

  /** @param file 0: none is left; the descriptor is then what the walk stopped at */
  #stand(file: number): number {
    this.#slots.pointer(TASK, file === 0 ? 0 : this.#task);
    this.#slots.number(FD, this.#fd);
    this.#slots.pointer(FILE, file);
    return file === 0 ? NONE : FOUND;
  }
}

export function taskFileTarget(env: TargetEnvironment): IterTargetDefinition {
  return {
    name: 'task_file',
    arguments: [
      { name: 'task', type: 'struct task_struct *' },
      { name: 'fd', type: 'u32', atEnd: 'kept' },
      { name: 'file', type: 'struct file *' },
    ],
    sleepable: true,
    parameter: 'task',
    attach: (parameters, program) => {
      const choice = taskChoice(env, parameters, `attach program '${program.name}' (${program.section})`);
      return {
        info: choiceInfo(choice),
        placePrivate: () => placeChoice(env, choice),
        open: (slots, session) => new TaskFileWalk(env, session, slots, choice),
      };
    },
  };
}
