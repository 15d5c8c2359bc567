/**
 * iter/kmem_cache and iter/dmabuf: objects of which the kernel keeps one list, where the source has it.
 * Sources: kernel/bpf/{kmem_cache,dmabuf}_iter.c of Linux 6.18; facts/iterators.md 1.2.
 */
import type { ContextSlots } from '../iter/context.ts';
import { FOUND, type IterTargetDefinition, NONE, type Walk } from '../iter/target.ts';
import type { Cursor, ObjectList } from '../sources/source.ts';
import type { TargetEnvironment } from './environment.ts';

const OBJECT = 0;

/** Goes on behind the object that a read left, and not at the end of the list. */
class ListWalk implements Walk {
  readonly #objects: Cursor;
  readonly #slots: ContextSlots;
  #left = 0;

  constructor(objects: Cursor, slots: ContextSlots) {
    this.#objects = objects;
    this.#slots = slots;
  }

  start(): number {
    return this.#left === 0 ? this.next() : this.#stand(this.#left);
  }

  next(): number {
    return this.#stand(this.#objects.next());
  }

  stop(left: boolean): void {
    if (!left) this.#left = 0;
  }

  release(): void {}

  #stand(object: number): number {
    this.#left = object;
    this.#slots.pointer(OBJECT, object);
    return object === 0 ? NONE : FOUND;
  }
}

interface ListTarget {
  readonly name: string;
  readonly list: ObjectList;
  readonly argument: string;
  readonly finalCall: boolean;
}

const targets: readonly ListTarget[] = [
  { name: 'kmem_cache', list: 'kmem_cache', argument: 's', finalCall: true },
  { name: 'dmabuf', list: 'dma_buf', argument: 'dmabuf', finalCall: false },
];

export const listTargets = ({ objects }: TargetEnvironment): readonly IterTargetDefinition[] =>
  targets.map(({ name, list, argument, finalCall }) => ({
    name,
    arguments: [{ name: argument, type: `struct ${list} *` }],
    sleepable: true,
    finalCall,
    isAvailable: () => objects.hasList(list),
    attach: () => ({ info: {}, open: (slots, session) => new ListWalk(session.list(list), slots) }),
  }));
