/**
 * Guesses what somebody meant who wrote a name that does not exist: `tasks` for `task`. Used for error messages only,
 * but on tens of thousands of names, so that most of them must be dismissed at a glance.
 */

/** Edits between two names that are still taken for a slip of the keyboard: one for every three letters. */
const LETTERS_PER_EDIT = 3;
const MOST_EDITS = 3;

/** The names that are most like the wanted one, at most `limit`; empty if none comes near. */
export function nearNames(wanted: string, names: Iterable<string>, limit = 2): readonly string[] {
  let allowed = Math.min(MOST_EDITS, Math.ceil(wanted.length / LETTERS_PER_EDIT));
  const letters = letterSet(wanted);
  const found = new Set<string>();
  for (const name of names) {
    // An edit adds or removes a letter, or does both.
    if (Math.abs(name.length - wanted.length) > allowed || countBits(letterSet(name) ^ letters) > allowed * 2) continue;
    const edits = editDistance(wanted, name, allowed);
    if (edits === 0 || edits > allowed) continue;
    if (edits < allowed) found.clear();
    allowed = edits;
    found.add(name);
  }
  return [...found].sort().slice(0, limit);
}

/** Which letters a name has: one bit for each remainder of their codes by 32. */
function letterSet(name: string): number {
  let set = 0;
  for (let at = 0; at < name.length; at++) set |= 1 << (name.charCodeAt(at) & 31);
  return set;
}

function countBits(set: number): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** ` (did you mean 'task'?)` for an error message, or nothing. */
export function didYouMean(wanted: string, names: Iterable<string>): string {
  const near = nearNames(wanted, names);
  return near.length === 0 ? '' : ` (did you mean ${near.map((name) => `'${name}'`).join(' or ')}?)`;
}

/** Letters to insert, delete or replace; anything above `limit` once it is known to be above. */
function editDistance(one: string, other: string, limit: number): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    let least = at;
    for (let to = 1; to <= other.length; to++) {
      const replaced = (row[to - 1] ?? 0) + (one[at - 1] === other[to - 1] ? 0 : 1);
      const edits = Math.min(replaced, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1);
      next.push(edits);
      least = Math.min(least, edits);
    }
    if (least > limit) return limit + 1;
    row = next;
  }
  return row[other.length] ?? limit + 1;
}
