/**
 * Who may call what: sets of names (helpers or kfuncs) for kinds of programs, each set written as the difference from
 * another, since most of them are nearly the same.
 */
import { findRow, words } from './kind-keys.ts';
import type { ProgramKind } from './types.ts';

export interface AvailabilityRow {
  /** Kinds of programs (kind-keys.ts) in words; or the name of a set that only others refer to. */
  readonly programs: string;
  /** A name in `programs` of an earlier row: the set that this one begins with. */
  readonly like?: string;
  /** Names that are added and taken away, in words. */
  readonly plus?: string;
  readonly minus?: string;
}

export class Availability {
  readonly #sets: ReadonlyMap<string, ReadonlySet<string>>;

  /** @throws TypeError if a row is like one that does not come before it */
  constructor(rows: readonly AvailabilityRow[]) {
    const sets = new Map<string, ReadonlySet<string>>();
    for (const { programs, like, plus, minus } of rows) {
      const names = new Set(like === undefined ? [] : sets.get(like));
      if (like !== undefined && !sets.has(like)) throw new TypeError(`no row '${like}' before '${programs}'`);
      for (const name of words(minus)) names.delete(name);
      for (const name of words(plus)) names.add(name);
      for (const key of words(programs)) sets.set(key, names);
    }
    this.#sets = sets;
  }

  /** Whether programs of this kind may call the function; false for a kind that has no row. */
  allows(name: string, kind: ProgramKind): boolean {
    return findRow(this.#sets, kind)?.has(name) ?? false;
  }
}
