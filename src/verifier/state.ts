/**
 * What is known at one point of one path: the frames, what is held (references, locks, regions), and the place of the
 * state in the tree of explored states. After struct bpf_verifier_state.
 */
import type { SavedState } from './explore/saved-state.ts';
import type { Frame } from './frame.ts';
import { JumpHistory } from './jump-history.ts';

export type ReferenceKind = 'ptr' | 'irq' | 'lock' | 'res_lock' | 'res_lock_irq';

/** Something acquired that must be released. */
export interface Reference {
  readonly kind: ReferenceKind;
  readonly id: number;
  /** Where it was acquired. */
  readonly insn: number;
  /** Locks: what is locked, as a key of the map value or allocation (compared for equality only); 0 elsewhere. */
  readonly object: number;
}

export class State {
  /** `frames[0]` is the main program's, or that of the global function or callback verified on its own. */
  frames: Frame[] = [];
  /** The saved state that the path passed last. */
  parent: SavedState | undefined;
  /** Never changed in place: replaced when something is acquired or released, so that copies share it. */
  references: readonly Reference[] = [];
  activeLocks = 0;
  activeLockId = 0;
  activeLockObject = 0;
  activePreemptLocks = 0;
  /** Reference id of the innermost saved irq flags, 0 if interrupts are on. */
  activeIrqId = 0;
  /** Linux 6.18 allows 1. */
  activeRcuLocks = 0;
  inSleepable = false;
  /** Paths from here that are not yet decided. */
  branches = 0;
  insn = 0;
  firstInsn = 0;
  lastInsn = 0;
  depth = 0;
  callbackUnrollDepth = 0;
  mayGotoDepth = 0;
  readonly jumpHistory = new JumpHistory();
  /** Dead registers and slots were cleared (explore/). */
  cleaned = false;
  /** For a state that closes a loop: the saved state that it equals. */
  equalState: SavedState | undefined;

  get current(): number {
    return this.frames.length - 1;
  }

  /** The frame that is executing. */
  get frame(): Frame {
    return this.frames[this.frames.length - 1] as Frame; // a state has at least one
  }
}
