/**
 * What is known at one point of one path: the frames, what is held (references, locks, regions), and the place of the
 * state in the tree of explored states. After struct bpf_verifier_state.
 */
import type { Frame } from './frame.ts';

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

/** One step that a state's path took from jump to jump; see precision tracking. */
export interface JumpHistoryEntry {
  insn: number;
  previous: number;
  /** INSN_F_* of explore/. */
  flags: number;
  /** Registers and slots that share an id and change together, for backtracking; encoded by explore/. */
  linked: readonly number[] | undefined;
}

export class State {
  /** `frames[0]` is the main program's, or that of the global function or callback verified on its own. */
  frames: Frame[] = [];
  parent: State | undefined;
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
  jumpHistory: JumpHistoryEntry[] = [];
  /** Dead registers and slots were cleared (explore/). */
  cleaned = false;
  /** For a state that closes a loop: the saved state that it equals. */
  equalState: State | undefined;

  get current(): number {
    return this.frames.length - 1;
  }

  /** The frame that is executing. */
  get frame(): Frame {
    return this.frames[this.frames.length - 1] as Frame; // a state has at least one
  }
}
