/**
 * Loops while they are walked. A state that equals an earlier one of a loop that is still being walked closes the loop,
 * but what the earlier one needs to be precise is not yet known. It is kept as a backedge until all paths of the loop
 * are walked; then precision is carried over the backedges until nothing changes.
 *
 * A loop is a strongly connected component of the control flow, entered through one chain of calls.
 * After bpf_scc_visit in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EFAULT } from '../errno.ts';
import { LOG_INSTRUCTIONS } from '../log/log.ts';
import type { State } from '../state.ts';
import { frameInsn } from './call-chain.ts';
import { forceAllPrecise, propagatePrecision } from './precision.ts';
import type { SavedState } from './saved-state.ts';
import { updatePeakStates } from './walk-data.ts';

/** After so many rounds everything is made precise. */
const MAX_ROUNDS = 64;

export interface LoopVisit {
  /** Call sites that lead to the frame in the loop. */
  readonly callsites: readonly number[];
  readonly component: number;
  /** The first state saved in it; when its paths are all walked, so is the loop. */
  entry: SavedState | undefined;
  /** Newest last. */
  readonly backedges: State[];
}

/** Number of frames above the outermost one that is in a loop, -1 if none is. */
function loopFrame(env: Env, state: State): number {
  for (let i = 0; i < state.frames.length; i++)
    if ((env.facts.component[frameInsn(state, i)] as number) !== 0) return i; // instructions are in range
  return -1;
}

function findVisit(env: Env, state: State, frame: number): LoopVisit | undefined {
  const visits = env.walk.loops[env.facts.component[frameInsn(state, frame)] as number]; // see loopFrame
  if (visits === undefined) return undefined;
  for (const visit of visits) {
    if (visit.callsites.length !== frame) continue;
    let i = 0;
    while (i < frame && visit.callsites[i] === frameInsn(state, i)) i++;
    if (i === frame) return visit;
  }
  return undefined;
}

/** As the kernel prints it, which takes a call at the first instruction for the end of the chain. */
function chainText(callsites: readonly number[], component: number): string {
  const first = callsites.indexOf(0);
  return [...(first < 0 ? callsites : callsites.slice(0, first)), component].join(',');
}

function say(env: Env, what: string, { callsites, component }: LoopVisit): void {
  if ((env.log.level & LOG_INSTRUCTIONS) === 0) return;
  env.log.write(`SCC ${what} (${chainText(callsites, component)})\n`);
}

/** To be called for each state that is saved. */
export function enterLoop(env: Env, state: SavedState): void {
  const frame = loopFrame(env, state);
  if (frame < 0) return;
  let visit = findVisit(env, state, frame);
  if (visit === undefined) {
    const component = env.facts.component[frameInsn(state, frame)] as number; // see loopFrame
    const callsites = state.frames.slice(0, frame).map((_, i) => frameInsn(state, i));
    visit = { callsites, component, entry: undefined, backedges: [] };
    const visits = env.walk.loops[component];
    if (visits === undefined) env.walk.loops[component] = [visit];
    else visits.push(visit);
  }
  if (visit.entry !== undefined) return;
  visit.entry = state;
  say(env, 'enter', visit);
}

/** To be called for each state whose paths are all walked. */
export function exitLoop(env: Env, state: State): void {
  const frame = loopFrame(env, state);
  if (frame < 0) return;
  const visit = findVisit(env, state, frame);
  if (visit === undefined) rejectUnvisited(env, 'exit', state, frame);
  if (visit.entry !== state) return;
  say(env, 'exit', visit);
  visit.entry = undefined;
  env.walk.backedgeCount -= visit.backedges.length;
  propagateBackedges(env, visit);
}

function rejectUnvisited(env: Env, where: string, state: State, frame: number): never {
  const callsites = state.frames.slice(0, frame).map((_, i) => frameInsn(state, i));
  const chain = chainText(callsites, env.facts.component[frameInsn(state, frame)] as number); // instructions are in range
  env.reject(EFAULT, 'verifier-bug', { what: `scc ${where}: no visit info for call chain (${chain})` });
}

/** Keeps a copy of the current state, which equals `equal`, until the loop is walked. */
export function addBackedge(env: Env, equal: SavedState): void {
  const frame = loopFrame(env, equal);
  const visit = frame < 0 ? undefined : findVisit(env, equal, frame);
  if (visit === undefined) rejectUnvisited(env, 'backedge', equal, Math.max(frame, 0));
  const backedge = env.walk.takeState();
  env.walk.copyState(backedge, env.state);
  backedge.equalState = equal;
  backedge.insn = env.insn;
  say(env, 'backedge', visit);
  visit.backedges.push(backedge);
  env.walk.backedgeCount += 1;
  updatePeakStates(env);
}

/** Whether it is not yet known what a state needs to be precise, as its loop is still being walked. */
export function isIncomplete(env: Env, state: State): boolean {
  if (env.walk.backedgeCount === 0) return false;
  const frame = loopFrame(env, state);
  if (frame < 0) return false;
  const visit = findVisit(env, state, frame);
  return visit !== undefined && visit.backedges.length !== 0;
}

function propagateBackedges(env: Env, visit: LoopVisit): void {
  const { backedges } = visit;
  for (let changed = true, round = 0; changed; round++) {
    changed = false;
    if (round > MAX_ROUNDS) {
      for (const backedge of backedges) forceAllPrecise(env, backedge);
      break;
    }
    for (let i = backedges.length - 1; i >= 0; i--) {
      const backedge = backedges[i] as State; // in range
      if (backedge.equalState !== undefined && propagatePrecision(env, backedge.equalState, backedge)) changed = true;
    }
  }
  for (const backedge of backedges) env.walk.giveState(backedge);
  backedges.length = 0;
}
