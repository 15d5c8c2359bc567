/**
 * Linear memory for tests of parts that need no kernel: it counts what is handed out, and there are no maps in it. What
 * is given back must have been handed out, once.
 */
import { LinearMemory } from '../../src/embedded/memory/linear-memory.ts';

const noMaps = (): never => {
  throw new Error('there are no maps');
};

export class FakeMemory extends LinearMemory {
  readonly #live = new Set<number>();

  constructor() {
    super({ release_fields: noMaps, lookup: noMaps, update: noMaps, remove: noMaps, wake: noMaps });
  }

  /** How many pieces are handed out. */
  get live(): number {
    return this.#live.size;
  }

  override allocate(size: number): number {
    const offset = super.allocate(size);
    this.#live.add(offset);
    return offset;
  }

  override free(offset: number): void {
    super.free(offset);
    this.#live.delete(offset);
  }

  write(bytes: ArrayLike<number>): number {
    const at = this.allocate(bytes.length);
    this.u8.set(bytes, at);
    return at;
  }
}
