/**
 * Prune points: before an instruction where paths meet, the current state is compared with those that were saved there.
 * If one of them covers it, the path ends. Else the state may be saved in turn; how often, and when saved ones are
 * given up, follows the kernel's heuristics, so that what it accepts within its limits is accepted here.
 * After is_state_visited() in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EFAULT, EINVAL } from '../errno.ts';
import { SLOT_TYPE_WORDS, SLOT_WORDS, SLOTS_AT } from '../frame.ts';
import { describeState, printSourceLine } from '../log/index.ts';
import { FRAME, ITER_DEPTH, ITER_STATE, ITER_STATE_ACTIVE, OFF, REG_WORDS, VALUE } from '../register.ts';
import { STACK_ITER } from '../register-types.ts';
import type { State } from '../state.ts';
import { frameInsn, sameCallsites } from './call-chain.ts';
import { cleanState, forgetPrecision } from './clean.ts';
import { EXACT, mayLoop, NOT_EXACT, RANGE_WITHIN, statesEqual } from './equality.ts';
import { recordJump } from './history.ts';
import { addBackedge, enterLoop, exitLoop, isIncomplete } from './loops.ts';
import { propagatePrecision } from './precision.ts';
import type { SavedState } from './saved-state.ts';
import { bucketOf, updatePeakStates } from './walk-data.ts';

/** A path's history of jumps may not grow without bound between saved states. */
const MAX_HISTORY = 40;
const BPF_JMP_JCOND = 0xe5;

/** @returns whether the path ends here, because a saved state covers the current one */
export function checkSavedStates(env: Env): boolean {
  const { walk, state, statistics, insn } = env;
  const bucket = bucketOf(env, insn, state.frame.callsite);
  const force =
    env.testStateFrequency || env.facts.forceCheckpoint[insn] === 1 || state.jumpHistory.length > MAX_HISTORY;
  const jumps = statistics.jumpsProcessed - walk.jumpsAtLastSave;
  const insns = statistics.insnsProcessed - walk.insnsAtLastSave;
  let save = force || (jumps >= 2 && insns >= 8);

  if (walk.uncleaned[bucket] !== 0) cleanSavedStates(env, bucket);

  let seen = 0;
  let newer: SavedState | undefined;
  let next: SavedState | undefined;
  for (let saved = walk.saved[bucket]; saved !== undefined; saved = next) {
    next = saved.next;
    seen += 1;
    if (saved.insn !== insn) {
      newer = saved;
      continue;
    }
    let closesLoop = false;
    let hit = false;
    if (saved.branches > 0) {
      switch (compareWithPath(env, saved)) {
        case LOOP:
          closesLoop = true;
          hit = true;
          break;
        case COVERED:
          hit = true;
          break;
        case ENDLESS:
          rejectEndlessLoop(env, saved);
      }
      // Iterations of a loop have distinct states, which do not help other paths: save one only now and then.
      if (!hit && !force && jumps < 20 && insns < 100) save = false;
    } else {
      closesLoop = isIncomplete(env, saved);
      hit = statesEqual(env, saved, state, closesLoop ? RANGE_WITHIN : NOT_EXACT);
    }
    if (hit) {
      saved.hits += 1;
      if (env.facts.jumpPoint[insn] === 1) recordJump(env, 0);
      propagatePrecision(env, saved, state);
      if (closesLoop) addBackedge(env, saved);
      return true;
    }
    if (save) saved.misses += 1;
    // Saved states where a loop converges are kept longer.
    const patience = env.facts.forceCheckpoint[insn] === 1 && saved.branches > 0 ? 64 : 3;
    if (saved.misses > saved.hits * patience + patience) {
      if (newer === undefined) walk.saved[bucket] = next;
      else newer.next = next;
      saved.next = undefined;
      saved.evicted = true;
      if (saved.branches === 0 && !saved.cleaned) countUncleaned(env, bucket, -1);
      walk.savedCount -= 1;
      walk.evictedCount += 1;
      dropIfUnused(env, saved);
    } else newer = saved;
  }
  if (seen > statistics.maxStatesPerInsn) statistics.maxStatesPerInsn = seen;
  if (save) saveState(env, bucket);
  return false;
}

function saveState(env: Env, bucket: number): void {
  const { walk, state, statistics, insn } = env;
  statistics.totalStates += 1;
  walk.savedCount += 1;
  updatePeakStates(env);
  walk.jumpsAtLastSave = statistics.jumpsProcessed;
  walk.insnsAtLastSave = statistics.insnsProcessed;
  forgetPrecision(state);
  const saved = walk.savedCopy(state);
  saved.insn = insn;
  saved.bucket = bucket;
  enterLoop(env, saved);
  state.parent = saved;
  state.firstInsn = insn;
  state.depth = saved.depth + 1;
  state.jumpHistory.clear();
  saved.next = walk.saved[bucket];
  walk.saved[bucket] = saved;
}

/** Once all paths from a saved state are walked, what they did not read can be forgotten. */
function cleanSavedStates(env: Env, bucket: number): void {
  for (let saved = env.walk.saved[bucket]; saved !== undefined; saved = saved.next) {
    if (saved.branches > 0 || saved.insn !== env.insn || saved.cleaned) continue;
    if (!sameCallsites(saved, env.state) || isIncomplete(env, saved)) continue;
    cleanState(env, saved);
    countUncleaned(env, bucket, -1);
  }
}

function countUncleaned({ walk }: Env, bucket: number, change: number): void {
  walk.uncleaned[bucket] = (walk.uncleaned[bucket] as number) + change; // a count for each bucket
}

const NOTHING = 0;
/** The loop converged: another round shows nothing new. */
const LOOP = 1;
/** Another call of the callback shows nothing new. Linux 6.18 does not see callbacks as loops. */
const COVERED = 2;
const ENDLESS = 3;

/** Compares with a saved state that the current path itself passed, or that is still being walked. */
function compareWithPath(env: Env, saved: SavedState): typeof NOTHING | typeof LOOP | typeof COVERED | typeof ENDLESS {
  const { state, insn } = env;
  const { frame } = saved;
  // Another run of the same callback is no loop.
  if (frame.inAsyncCallback && frame.asyncEntryCount !== state.frame.asyncEntryCount) return NOTHING;
  if (env.facts.isIterNext[insn] === 1)
    return statesEqual(env, saved, state, RANGE_WITHIN) && isIteratorActive(state) ? LOOP : NOTHING;
  if (
    env.insns.code(insn) === BPF_JMP_JCOND &&
    saved.mayGotoDepth !== state.mayGotoDepth &&
    statesEqual(env, saved, state, RANGE_WITHIN)
  )
    return LOOP;
  if (env.facts.callsCallback[insn] === 1) return statesEqual(env, saved, state, RANGE_WITHIN) ? COVERED : NOTHING;
  return mayLoop(saved, state) &&
    statesEqual(env, saved, state, EXACT) &&
    !activeDepthsDiffer(saved, state) &&
    saved.mayGotoDepth === state.mayGotoDepth &&
    saved.callbackUnrollDepth === state.callbackUnrollDepth
    ? ENDLESS
    : NOTHING;
}

/** Whether the iterator that r1 points to may give further elements. */
function isIteratorActive(state: State): boolean {
  const { words } = state.frame;
  const r1 = REG_WORDS;
  const owner = state.frames[words[r1 + FRAME] as number];
  const offset = (words[r1 + OFF] as number) + (words[r1 + VALUE] as number);
  const slot = Math.floor((-offset - 1) / 8);
  if (owner === undefined || slot < 0 || slot >= owner.slots) return false;
  return owner.words[owner.spilled(slot) + ITER_STATE] === ITER_STATE_ACTIVE;
}

/** Each round of a loop over an iterator raises its depth, so that it is not taken for an endless one. */
function activeDepthsDiffer(old: State, current: State): boolean {
  for (let i = 0; i < old.frames.length; i++) {
    const a = old.frames[i];
    const b = current.frames[i];
    if (a === undefined || b === undefined) return true;
    for (let slot = 0; slot < a.slots; slot++) {
      const at = SLOTS_AT + slot * SLOT_WORDS;
      if ((a.words[at + 1] as number) >>> 24 !== STACK_ITER) continue; // the slot exists
      const r = at + SLOT_TYPE_WORDS;
      if (a.words[r + ITER_STATE] === ITER_STATE_ACTIVE && a.words[r + ITER_DEPTH] !== b.words[r + ITER_DEPTH])
        return true;
    }
  }
  return false;
}

function rejectEndlessLoop(env: Env, saved: SavedState): never {
  const { state, insn } = env;
  printSourceLine(env, insn);
  env.say('infinite-loop', {
    insn,
    current: describeState(env, state, state.current),
    old: describeState(env, saved, state.current),
  });
  env.rejectAsSaid(EINVAL);
}

function dropIfUnused(env: Env, saved: SavedState): void {
  if (!saved.evicted || saved.branches !== 0 || isIncomplete(env, saved)) return;
  env.walk.giveFrames(saved);
  env.walk.evictedCount -= 1;
  saved.evicted = false;
}

/** The current path ended: so do saved states from which no other path is left. */
export function endPath(env: Env): void {
  const first: State = env.state;
  first.branches -= 1;
  if (first.branches !== 0) return;
  exitLoop(env, first);
  for (let saved = first.parent; saved !== undefined; ) {
    saved.branches -= 1;
    if (saved.branches < 0) env.reject(EFAULT, 'verifier-bug', { what: `branches_to_explore=${saved.branches}` });
    if (saved.branches !== 0) return;
    if (!saved.evicted) countUncleaned(env, saved.bucket, 1);
    exitLoop(env, saved);
    const { parent } = saved;
    dropIfUnused(env, saved);
    saved = parent;
  }
}

/** The saved state, nearest on the path, at the same instruction and call sites: the round of a loop before this one. */
export function findPreviousEntry(env: Env, state: State, insn: number): SavedState | undefined {
  const bucket = bucketOf(env, insn, env.state.frame.callsite);
  for (let saved = env.walk.saved[bucket]; saved !== undefined; saved = saved.next)
    if (saved.insn === insn && saved.branches > 0 && saved.depth < state.depth && sameCallsites(saved, state))
      return saved;
  return undefined;
}

/** Instruction that a frame of the current state stands at. */
export function insnOfFrame(env: Env, frame: number): number {
  return frameInsn(env.state, frame);
}
