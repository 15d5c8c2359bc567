/**
 * What the walk over the paths of a program keeps beside the current state: the branches still to walk, the saved
 * states, and the loops being walked.
 */
import type { Env } from '../environment.ts';
import type { Frame } from '../frame.ts';
import { State } from '../state.ts';
import { borrowFrames, returnFrames } from './frame-pool.ts';
import type { LoopVisit } from './loops.ts';
import { SavedState } from './saved-state.ts';

/** A branch that was put off. */
export interface PendingBranch {
  readonly state: State;
  readonly insn: number;
  readonly previousInsn: number;
  /** Of the log, which forgets what the path before said. */
  readonly logPosition: number;
}

export class Walk {
  readonly pending: PendingBranch[] = [];
  /** Newest first, by instruction and call site; see bucketOf(). */
  readonly saved: (SavedState | undefined)[];
  /** By bucket: states whose paths are all walked, but which are not yet cleaned. */
  readonly uncleaned: Uint32Array;
  /** Saved states that are compared with. */
  savedCount = 0;
  /** Evicted ones that are still part of a path, or of a loop's. */
  evictedCount = 0;
  /** States kept for closing loops. */
  backedgeCount = 0;
  /** By strongly connected component: one for each call chain that leads there. */
  readonly loops: (LoopVisit[] | undefined)[] = [];
  /** Of the statistics when a state was last saved. */
  jumpsAtLastSave = 0;
  insnsAtLastSave = 0;
  /** Entry of the current state's history that belongs to the current instruction, -1 if there is none. */
  historyEntry = -1;
  /** Functions whose prototype their callers do not keep to. */
  readonly unreliable = new Set<number>();
  readonly #frames = borrowFrames();
  readonly #states: State[] = [];

  constructor(count: number) {
    this.saved = new Array<SavedState | undefined>(count).fill(undefined);
    this.uncleaned = new Uint32Array(count);
  }

  /** Forgets the states of one function before the next is walked; counters go on, as the kernel's. */
  clear(): void {
    this.pending.length = 0;
    this.saved.fill(undefined);
    this.uncleaned.fill(0);
    this.loops.length = 0;
  }

  /** To be called when nothing is asked of the walk any more: the next one has its memory. */
  end(): void {
    returnFrames(this.#frames);
  }

  /** A copy of a state, to be kept. */
  savedCopy(state: State): SavedState {
    const saved = new SavedState();
    saved.jumpHistory.words = this.#frames.takeHistory(state.jumpHistory.usedWords);
    this.copyState(saved, state);
    return saved;
  }

  /** A state to copy into. */
  takeState(): State {
    return this.#states.pop() ?? new State();
  }

  takeFrame(slots: number): Frame {
    return this.#frames.take(slots);
  }

  giveFrame(frame: Frame): void {
    this.#frames.give(frame);
  }

  /** Takes back the frames of a state that nothing refers to any more. */
  giveFrames(state: State): void {
    for (const frame of state.frames) this.#frames.give(frame);
    state.frames.length = 0;
  }

  /** Takes back a state of takeState(). */
  giveState(state: State): void {
    this.giveFrames(state);
    state.parent = undefined;
    state.equalState = undefined;
    this.#states.push(state);
  }

  /** Makes one state what another is. Frames are copied, not shared. */
  copyState(to: State, from: State): void {
    const count = from.frames.length;
    while (to.frames.length > count) this.#frames.give(to.frames.pop() as Frame); // longer than count
    for (let i = 0; i < count; i++) {
      const source = from.frames[i] as Frame; // below count
      let target = to.frames[i];
      if (target === undefined) {
        target = this.#frames.take(source.slots);
        to.frames.push(target);
      }
      target.copyFrom(source);
    }
    to.parent = from.parent;
    to.references = from.references;
    to.activeLocks = from.activeLocks;
    to.activeLockId = from.activeLockId;
    to.activeLockObject = from.activeLockObject;
    to.activePreemptLocks = from.activePreemptLocks;
    to.activeIrqId = from.activeIrqId;
    to.activeRcuLocks = from.activeRcuLocks;
    to.inSleepable = from.inSleepable;
    to.branches = from.branches;
    to.insn = from.insn;
    to.firstInsn = from.firstInsn;
    to.lastInsn = from.lastInsn;
    to.depth = from.depth;
    to.callbackUnrollDepth = from.callbackUnrollDepth;
    to.mayGotoDepth = from.mayGotoDepth;
    to.cleaned = from.cleaned;
    to.equalState = from.equalState;
    to.jumpHistory.copyFrom(from.jumpHistory);
  }
}

/** Where states saved at an instruction are, for a frame called from `callsite`. Collisions are the kernel's. */
export function bucketOf(env: Env, insn: number, callsite: number): number {
  return ((insn ^ callsite) >>> 0) % env.count;
}

/** Counts the states that are kept, for the statistics. */
export function updatePeakStates(env: Env): void {
  const { savedCount, evictedCount, backedgeCount } = env.walk;
  const now = savedCount + evictedCount + backedgeCount;
  if (now > env.statistics.peakStates) env.statistics.peakStates = now;
}
