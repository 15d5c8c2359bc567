/**
 * Objects by number: maps, programs, links. Numbers ascend and come back only after 2^31 of them, as those of Linux
 * do (idr_alloc_cyclic in kernel/bpf/syscall.c), so that whoever remembers one does not meet another object under it.
 */
const FIRST = 1;

export class IdTable<T> {
  /** Ascending; the objects stand at the same places. */
  readonly #ids: number[] = [];
  readonly #objects: T[] = [];
  #next = FIRST;

  /** @returns the object's number */
  add(object: T): number {
    this.make(() => object);
    return this.#next - 1;
  }

  /** Takes in what is made for a number, which is not used up if that fails. */
  make<U extends T>(maker: (id: number) => U): U {
    const object = maker(this.#next);
    this.#ids.push(this.#next);
    this.#objects.push(object);
    this.#next += 1;
    return object;
  }

  get(id: number): T | undefined {
    const at = this.#placeOf(id);
    return this.#ids[at] === id ? this.#objects[at] : undefined;
  }

  /** The object with that number, or else with the next higher one. */
  from(id: number): { readonly id: number; readonly object: T } | undefined {
    const at = this.#placeOf(id);
    const found = this.#ids[at];
    // Both arrays have the same length.
    return found === undefined ? undefined : { id: found, object: this.#objects[at] as T };
  }

  remove(id: number): void {
    const at = this.#placeOf(id);
    if (this.#ids[at] !== id) return;
    this.#ids.splice(at, 1);
    this.#objects.splice(at, 1);
  }

  /** In the order of the numbers; what is added meanwhile may be met. */
  *values(): Generator<T, void, undefined> {
    for (let next = this.from(FIRST); next !== undefined; next = this.from(next.id + 1)) yield next.object;
  }

  /** The first place whose number is not below. */
  #placeOf(id: number): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] ?? id) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
