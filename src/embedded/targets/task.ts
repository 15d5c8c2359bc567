/**
 * iter/task: every task, by number. Source: kernel/bpf/task_iter.c of Linux 6.18; facts/iterators.md 1.2, 1.4.
 */
import type { ContextSlots } from '../iter/context.ts';
import { FOUND, type IterTargetDefinition, NONE, type Walk } from '../iter/target.ts';
import type { ObjectSession } from '../sources/source.ts';
import type { TargetEnvironment } from './environment.ts';
import { choiceInfo, placeChoice, type TaskWalk, taskChoice, taskWalk } from './task-walk.ts';

const TASK = 0;

class TaskTargetWalk implements Walk {
  readonly #tasks: TaskWalk;
  readonly #session: ObjectSession;
  readonly #slots: ContextSlots;

  constructor(tasks: TaskWalk, session: ObjectSession, slots: ContextSlots) {
    this.#tasks = tasks;
    this.#session = session;
    this.#slots = slots;
  }

  start(): number {
    return this.#stand(this.#tasks.current());
  }

  next(): number {
    this.#session.forget();
    return this.#stand(this.#tasks.next());
  }

  stop(): void {}

  release(): void {}

  #stand(task: number): number {
    this.#slots.pointer(TASK, task);
    return task === 0 ? NONE : FOUND;
  }
}

export function taskTarget(env: TargetEnvironment): IterTargetDefinition {
  return {
    name: 'task',
    arguments: [{ name: 'task', type: 'struct task_struct *' }],
    sleepable: true,
    parameter: 'task',
    attach: (parameters, program) => {
      const choice = taskChoice(env, parameters, `attach program '${program.name}' (${program.section})`);
      return {
        info: choiceInfo(choice),
        placePrivate: () => placeChoice(env, choice),
        open: (slots, session) => new TaskTargetWalk(taskWalk(env, session, choice), session, slots),
      };
    },
  };
}
