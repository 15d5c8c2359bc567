/** Names that a mistaken one may have been meant as, for messages. */

const MOST = 3;
/** Names beyond this are not compared by distance; identifiers are shorter. */
const LONGEST = 64;

/** @returns the nearest of `names`, best first; none if nothing is like it */
export function nearNames(wanted: string, names: Iterable<string>): string[] {
  const scored: { readonly name: string; readonly score: number }[] = [];
  for (const name of new Set(names)) {
    const score = dissimilarity(wanted, name);
    if (score !== undefined) scored.push({ name, score });
  }
  scored.sort((a, b) => a.score - b.score || a.name.length - b.name.length);
  return scored.slice(0, MOST).map(({ name }) => name);
}

/** ` (near: a, b)` or nothing. */
export function nearHint(wanted: string, names: Iterable<string>): string {
  const near = nearNames(wanted, names);
  return near.length === 0 ? '' : ` (near: ${near.join(', ')})`;
}

/** Edits from one to the other, if few for their length; a name that contains the other comes after those. */
function dissimilarity(wanted: string, name: string): number | undefined {
  if (wanted === '' || name === '') return undefined;
  const a = wanted.toLowerCase();
  const b = name.toLowerCase();
  const allowed = Math.max(1, Math.floor(a.length / 3));
  if (Math.abs(a.length - b.length) <= allowed && a.length <= LONGEST) {
    const edits = distance(a, b);
    if (edits <= allowed) return edits;
  }
  const shorter = Math.min(a.length, b.length);
  if (shorter >= 3 && (b.includes(a) || a.includes(b))) return LONGEST + Math.abs(a.length - b.length);
  return undefined;
}

/** Levenshtein's, with one row of the table kept. */
function distance(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    let diagonal = i - 1;
    row[0] = i;
    for (let j = 1; j <= b.length; j += 1) {
      const above = row[j] ?? 0;
      const changed = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(above + 1, (row[j - 1] ?? 0) + 1, changed);
      diagonal = above;
    }
  }
  return row[b.length] ?? 0;
}
