/**
 * iter/task_vma: the memory areas of every task by address; tasks without memory are left out, and so are threads that
 * share their leader's open files (it is these that the kernel compares).
 *
 * The areas of a task are read when the walk comes to it, and not again by each read: a task has tens of thousands.
 * Unlike the kernel's, a walk over one thread ends also when its output took several reads (facts/iterators.md 1.4).
 * Source: kernel/bpf/task_iter.c of Linux 6.18; facts/iterators.md 1.2, 1.4.
 */
import type { ContextSlots } from '../iter/context.ts';
import { FOUND, type IterTargetDefinition, NONE, type Walk } from '../iter/target.ts';
import type { ObjectSession, PartCursor } from '../sources/source.ts';
import { numberField, type TargetEnvironment } from './environment.ts';
import { choiceInfo, placeChoice, type TaskChoice, type TaskWalk, taskChoice, taskWalk } from './task-walk.ts';

const TASK = 0;
const VMA = 1;

class TaskVmaWalk implements Walk {
  readonly #tasks: TaskWalk;
  readonly #session: ObjectSession;
  readonly #slots: ContextSlots;
  readonly #pidOf: (task: number) => number;
  #task = 0;
  /** The areas behind the current one; undefined if those of the current task have not been looked up. */
  #areas: PartCursor | undefined;
  /** The area that the walk stands at. */
  #vma = 0;
  /** The task in the context. */
  #shown = 0;

  constructor(env: TargetEnvironment, session: ObjectSession, slots: ContextSlots, choice: TaskChoice) {
    this.#tasks = taskWalk(env, session, choice, () => session.forget());
    this.#session = session;
    this.#slots = slots;
    this.#pidOf = numberField(env, 'task_struct', 'pid');
  }

  start(): number {
    if (this.#vma !== 0) return this.#stand(this.#vma);
    this.#begin(this.#tasks.current());
    return this.#search();
  }

  next(): number {
    const areas = this.#areas;
    if (areas?.isAhead === true) return this.#stand(areas.next());
    const pid = this.#pidOf(this.#task);
    if (this.#session.forget()) {
      // Areas of it may still be to come, unless it is gone.
      const task = this.#tasks.current();
      if (task !== 0 && this.#pidOf(task) === pid) this.#task = task;
      else this.#begin(task);
    }
    return this.#search();
  }

  /** The next area, of this task or of one behind it. */
  #search(): number {
    while (this.#task !== 0) {
      this.#areas ??= this.#session.hasMemory(this.#task) ? this.#session.walkMemory(this.#task) : none;
      const vma = this.#areas.next();
      if (vma !== 0) return this.#stand(vma);
      this.#session.forget();
      this.#begin(this.#tasks.next());
    }
    return this.#stand(0);
  }

  #begin(task: number): void {
    this.#areas?.close();
    this.#areas = undefined;
    this.#task = task;
  }

  stop(left: boolean): void {
    if (!left) this.#vma = 0;
  }

  release(): void {
    this.#areas?.close();
  }

  #stand(vma: number): number {
    this.#vma = vma;
    const task = vma === 0 ? 0 : this.#task;
    if (task !== this.#shown) this.#slots.pointer(TASK, task);
    this.#shown = task;
    this.#slots.pointer(VMA, vma);
    return vma === 0 ? NONE : FOUND;
  }
}

const none: PartCursor = { next: () => 0, isAhead: false, close: () => {} };

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
