/**
 * Guesses what somebody meant who wrote a name that does not exist: `tasks` for `task`. Used for error messages only.
 */

/** Edits between two names that are still taken for a slip of the keyboard; one for every three letters. */
const LETTERS_PER_EDIT = 3;
const MOST_EDITS = 3;

/** The names most like the wanted one, nearest first, at most `limit`; empty if none comes near. */
export function nearNames(wanted: string, names: Iterable<string>, limit = 3): readonly string[] {
  const allowed = Math.min(MOST_EDITS, Math.max(1, Math.floor(wanted.length / LETTERS_PER_EDIT)));
  const found = new Map<string, number>();
  for (const name of names) {
    if (name === wanted || found.has(name) || Math.abs(name.length - wanted.length) > allowed) continue;
    const edits = editDistance(wanted, name, allowed);
    if (edits <= allowed) found.set(name, edits);
  }
  return [...found]
    .sort(([a, editsOfA], [b, editsOfB]) => editsOfA - editsOfB || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([name]) => name);
}

/** Letters to insert, delete or replace; anything above `limit` once it is known to be above. */
function editDistance(one: string, other: string, limit: number): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const replaced = (row[to - 1] ?? 0) + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1));
    }
    if (Math.min(...next) > limit) return limit + 1;
    row = next;
  }
  return row[other.length] ?? limit + 1;
}
