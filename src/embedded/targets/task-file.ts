/**
 * iter/task_file: the open files of every task, by descriptor; threads that share their leader's files are left out.
 * Source: kernel/bpf/task_iter.c of Linux 6.18; facts/iterators.md 1.2, 1.4.
 */
import type { ContextSlots } from '../iter/context.ts';
import { FOUND, type IterTargetDefinition, NONE, type Walk } from '../iter/target.ts';
import type { FileCursor, ObjectSession } from '../sources/source.ts';
import type { TargetEnvironment } from './environment.ts';
import { choiceInfo, placeChoice, type TaskChoice, type TaskWalk, taskChoice, taskWalk } from './task-walk.ts';

const TASK = 0;
const FD = 1;
const FILE = 2;

class TaskFileWalk implements Walk {
  readonly #tasks: TaskWalk;
  readonly #session: ObjectSession;
  readonly #slots: ContextSlots;
  /** Whether a task is gone through once only: later descriptors of it may still be met by a later read. */
  readonly #oneThread: boolean;
  /** The task that the walk stands at; 0 before the first and when none is left. */
  #task = 0;
  /** Its files, from behind `fd` on. */
  #files: FileCursor | undefined;
  /** Of the current file, or else the first descriptor that has not been looked at. */
  #fd = 0;

  constructor(tasks: TaskWalk, session: ObjectSession, slots: ContextSlots, choice: TaskChoice) {
    this.#tasks = tasks;
    this.#session = session;
    this.#slots = slots;
    this.#oneThread = choice.kind === 'thread';
  }

  start(): number {
    const task = this.#tasks.current();
    if (task !== this.#task) {
      this.#files = undefined;
      this.#task = task;
      this.#fd = 0;
    }
    if (task === 0) return this.#stand(0);
    const left = this.#files === undefined ? 0 : this.#session.file(task, this.#fd);
    return left === 0 ? this.#search() : this.#stand(left);
  }

  next(): number {
    this.#fd += 1;
    return this.#search();
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
      this.#fd = 0;
      this.#task = this.#tasks.next();
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
        open: (slots, session) => {
          const tasks = taskWalk(env, session, choice, { skipSharedFiles: true });
          return new TaskFileWalk(tasks, session, slots, choice);
        },
      };
    },
  };
}
