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
 * The same for scalars. One that is linked to nothing in the saved state may be linked in the current one, as that only
 * says more of it; one that is linked in the saved state must not meet two unlinked ones.
 */
export function scalarIdsMatch(old: number, current: number): boolean {
  if (old === 0) return true;
  if (current !== 0) return idsMatch(old, current);
  temporary += 1;
  return idsMatch(old, temporary);
}
