/**
 * The same object of the kernel, the same address: which struct in linear memory stands for which object of
 * JavaScript. Programs compare pointers and use them as keys, so an object keeps its place until it is forgotten.
 */
import type { KernelMemory } from './kernel-memory.ts';

export class Identities<Key> {
  readonly #memory: KernelMemory;
  readonly #offsets = new Map<Key, number>();
  readonly #keys = new Map<number, Key>();

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  /** Offset of the struct of an object. @param size of the struct @param fill writes a new one, which is zero */
  of(key: Key, size: number, fill: (offset: number) => void): number {
    const known = this.#offsets.get(key);
    if (known !== undefined) return known;
    const offset = this.#memory.allocate(size);
    // First known, then filled: the struct may lead back to itself.
    this.#offsets.set(key, offset);
    this.#keys.set(offset, key);
    fill(offset);
    return offset;
  }

  /** The object whose struct begins there. */
  at(offset: number): Key | undefined {
    return this.#keys.get(offset);
  }

  forget(key: Key): void {
    const offset = this.#offsets.get(key);
    if (offset === undefined) return;
    this.#offsets.delete(key);
    this.#keys.delete(offset);
    this.#memory.free(offset);
  }

  clear(): void {
    for (const key of [...this.#offsets.keys()]) this.forget(key);
  }
}
