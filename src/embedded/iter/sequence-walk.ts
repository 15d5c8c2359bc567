/**
 * A walk over an iterable, for targets whose objects need not be looked up again between two reads: those that users
 * register, mostly. The end is final.
 */
import type { ContextSlots } from './context.ts';
import { FOUND, NONE, type Walk } from './target.ts';

export class SequenceWalk<T> implements Walk {
  readonly #objects: Iterator<T>;
  readonly #slots: ContextSlots;
  readonly #show: (object: T, slots: ContextSlots) => void;
  #current: { readonly object: T } | undefined;

  /** @param show writes an object into the context */
  constructor(objects: Iterable<T>, slots: ContextSlots, show: (object: T, slots: ContextSlots) => void) {
    this.#objects = objects[Symbol.iterator]();
    this.#slots = slots;
    this.#show = show;
  }

  start(): number {
    return this.#current === undefined ? this.next() : this.#stand(this.#current.object);
  }

  next(): number {
    this.#current = undefined;
    const { done, value } = this.#objects.next();
    if (done) return NONE;
    this.#current = { object: value };
    return this.#stand(value);
  }

  stop(left: boolean): void {
    if (!left) this.#current = undefined;
  }

  release(): void {
    this.#objects.return?.();
  }

  #stand(object: T): number {
    this.#show(object, this.#slots);
    return FOUND;
  }
}
