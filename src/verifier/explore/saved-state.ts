/** A state that was kept at a prune point, so that later paths that arrive there can be compared with it. */
import { State } from '../state.ts';

export class SavedState extends State {
  /** The next older one of the same bucket. */
  next: SavedState | undefined;
  /** Comparisons that failed, and that succeeded: those that rarely help are evicted. */
  misses = 0;
  hits = 0;
  /** Where it is kept. */
  bucket = 0;
  /** Frame and register or slot that last told it from another state, as statesEqual() encodes it; -1 if none did. */
  difference = -1;
  /** No longer compared with, but still part of a path. */
  evicted = false;
}
