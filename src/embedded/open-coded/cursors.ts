/**
 * Open-coded iterators over objects keep their cursor here, and in their first word on the program's stack the number
 * under which it is found (0: none, as of an iterator whose new failed). Cursors belong to the session of the run: a
 * program that does not come to its destroy leaves nothing behind when that ends.
 */
import type { Runtime } from '../runtime.ts';
import type { Cursor, ObjectSession } from '../sources/source.ts';

const tables = new WeakMap<ObjectSession, CursorTable>();

class CursorTable {
  /** Place 0 is never used. */
  readonly #cursors: (Cursor | undefined)[] = [undefined];
  readonly #free: number[] = [];

  add(cursor: Cursor): number {
    const place = this.#free.pop() ?? this.#cursors.length;
    this.#cursors[place] = cursor;
    return place;
  }

  get(place: number): Cursor | undefined {
    return this.#cursors[place];
  }

  remove(place: number): void {
    if (this.#cursors[place] === undefined) return;
    this.#cursors[place] = undefined;
    this.#free.push(place);
  }
}

/** The session that the running program's objects stand in. */
export function sessionOf({ invocation }: Runtime): ObjectSession {
  // Whoever runs a program gives it a session; without one this is a fault of the kernel, not of the program.
  if (invocation.objects === undefined) throw new Error(`program '${invocation.programName}' has no objects to walk`);
  return invocation.objects;
}

function tableOf(runtime: Runtime): CursorTable {
  const session = sessionOf(runtime);
  let table = tables.get(session);
  if (table === undefined) {
    table = new CursorTable();
    tables.set(session, table);
  }
  return table;
}

/** Makes an iterator on the stack stand at a cursor, or at nothing. */
export function begin(runtime: Runtime, it: number, cursor: Cursor | undefined): void {
  runtime.memory.u32[it >>> 2] = cursor === undefined ? 0 : tableOf(runtime).add(cursor);
}

/** @returns offset of the next object, or 0 */
export function advance(runtime: Runtime, it: number): number {
  const place = runtime.memory.u32[it >>> 2] ?? 0;
  return place === 0 ? 0 : (tableOf(runtime).get(place)?.next() ?? 0);
}

export function end(runtime: Runtime, it: number): void {
  const place = runtime.memory.u32[it >>> 2] ?? 0;
  if (place === 0) return;
  tableOf(runtime).remove(place);
  runtime.memory.u32[it >>> 2] = 0;
}
