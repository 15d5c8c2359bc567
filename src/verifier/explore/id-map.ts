/**
 * Which id of a saved state stands for which id of the current one, while the two are compared. Ids say only which
 * registers belong together, so that equal states may have different ones; but the same one of the saved state must
 * always meet the same one of the current state, and the other way round.
 */
import { MAX_FRAMES, MAX_REGISTERS, MAX_SLOTS } from '../frame.ts';

const MAX_PAIRS = (MAX_REGISTERS + MAX_SLOTS) * MAX_FRAMES;
/** Ids that stand for "none" are numbered from here; real ones stay below. */
const FIRST_TEMPORARY = 1 << 29;

const olds = new Int32Array(MAX_PAIRS);
const currents = new Int32Array(MAX_PAIRS);
let count = 0;
let temporary = FIRST_TEMPORARY;

/** Forgets all pairs: a new comparison begins. */
export function resetIdMap(): void {
  count = 0;
  temporary = FIRST_TEMPORARY;
}

/** Whether the two ids may stand for each other; notes that they do. */
export function idsMatch(old: number, current: number): boolean {
  if (old === 0 || current === 0) return old === current;
  for (let i = 0; i < count; i++) {
    if (olds[i] === old) return currents[i] === current;
    if (currents[i] === current) return false;
  }
  if (count === MAX_PAIRS) return false;
  olds[count] = old;
  currents[count] = current;
  count += 1;
  return true;
}

/**
 * The same for scalars. What the saved state does not link may be linked in the current one: that only says more. What
 * it links must be linked: a scalar on its own counts as linked to itself.
 */
export function scalarIdsMatch(old: number, current: number): boolean {
  return old === 0 || idsMatch(old, current === 0 ? nextTemporary() : current);
}

function nextTemporary(): number {
  temporary += 1;
  return temporary;
}
