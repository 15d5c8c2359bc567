/**
 * iter/task_vma: the memory areas of every task by address; tasks without memory are left out, and so are threads that
 * share their leader's open files (it is these that the kernel compares).
 *
 * The areas of a task are looked up when the walk comes to it, and not again by each read: a task has tens of thousands.
 * Unlike the kernel's, a walk over one thread ends also when its output took several reads (facts/iterators.md 1.4).
 * Source: kernel/bpf/task_iter.c of Linux 6.18; facts/iterators.md 1.2, 1.4.
 */
import type { ContextSlots } from '../iter/context.ts';
import { FOUND, type IterTargetDefinition, NONE, type Walk } from '../iter/target.ts';
import type { Cursor, ObjectSession } from '../sources/source.ts';
import type { TargetEnvironment } from './environment.ts';
import { choiceInfo, placeChoice, type TaskChoice, type TaskWalk, taskChoice, taskWalk } from './task-walk.ts';

const TASK = 0;
const VMA = 1;

class TaskVmaWalk implements Walk {
  readonly #tasks: TaskWalk;
  readonly #session: ObjectSession;
  readonly #slots: ContextSlots;
  #task = 0;
  /** The areas behind the current one; undefined if those of the current task have not been looked up. */
  #areas: Cursor | undefined;
  /** The area that the walk stands at. */
  #vma = 0;
  /** The task in the context. */
  #shown = 0;

  constructor(env: TargetEnvironment, session: ObjectSession, slots: ContextSlots, choice: TaskChoice) {
    this.#tasks = taskWalk(env, session, choice, () => session.forget());
    this.#session = session;
    this.#slots = slots;
  }

  start(): number {
    if (this.#vma !== 0) return this.#stand(this.#vma);
    this.#task = this.#tasks.current();
    this.#areas = undefined;
    return this.next();
  }

  next(): number {
    while (this.#task !== 0) {
      this.#areas ??= this.#session.hasMemory(this.#task) ? this.#session.memoryAreas(this.#task, 0, 0) : none;
      const vma = this.#areas.next();
      if (vma !== 0) return this.#stand(vma);
      this.#areas = undefined;
      // Between two tasks, as the areas of one are looked up together.
      this.#session.forget();
      this.#task = this.#tasks.next();
    }
    return this.#stand(0);
  }

  stop(left: boolean): void {
    if (!left) this.#vma = 0;
  }

  release(): void {}

  #stand(vma: number): number {
    this.#vma = vma;
    const task = vma === 0 ? 0 : this.#task;
    if (task !== this.#shown) this.#slots.pointer(TASK, task);
    this.#shown = task;
    this.#slots.pointer(VMA, vma);
    return vma === 0 ? NONE : FOUND;
  }
}

const none: Cursor = { next: () => 0 };

export function taskVmaTarget(env: TargetEnvironment): IterTargetDefinition {
  return {
    name: 'task_vma',
    arguments: [
      { name: 'task', type: 'struct task_struct *' },
      { name: 'vma', type: 'struct vm_area_struct *' },
    ],
    sleepable: true,
    parameter: 'task',
    attach: (parameters, program) => {
      const choice = taskChoice(env, parameters, `attach program '${program.name}' (${program.section})`);
      return {
        info: choiceInfo(choice),
        placePrivate: () => placeChoice(env, choice),
        open: (slots, session) => new TaskVmaWalk(env, session, slots, choice),
      };
    },
  };
}
