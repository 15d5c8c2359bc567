/** Branches to walk later: the last one put off is walked first, as in the kernel. */
import { type Env, MAX_PENDING_JUMPS } from '../environment.ts';
import { EFAULT, ENOMEM } from '../errno.ts';
import { State } from '../state.ts';

/**
 * Puts off a copy of the current state.
 * @param insn where it goes on
 * @param previousInsn the instruction before
 * @param errno that a program with too many branches is refused with: EFAULT for jumps, ENOMEM for the rest
 * @returns the copy, to be changed to what is known on that branch
 */
export function pushState(env: Env, insn: number, previousInsn: number, errno: number = ENOMEM): State {
  const { walk } = env;
  const state = walk.takeState();
  walk.copyState(state, env.state);
  walk.pending.push({ state, insn, previousInsn, logPosition: env.log.position });
  if (walk.pending.length > MAX_PENDING_JUMPS)
    env.reject(errno, 'too-many-pending-jumps', { jumps: walk.pending.length });
  if (state.parent !== undefined) state.parent.branches += 1;
  return state;
}

/**
 * Puts off the start of a callback that the kernel runs later, on a stack of its own. The returned state has no frame
 * yet.
 */
export function pushFreshState(env: Env, insn: number, previousInsn: number): State {
  const { walk } = env;
  const state = new State();
  walk.pending.push({ state, insn, previousInsn, logPosition: env.log.position });
  if (walk.pending.length > MAX_PENDING_JUMPS)
    env.reject(EFAULT, 'too-many-pending-callbacks', { jumps: walk.pending.length });
  state.branches = 1;
  return state;
}

/** Makes the branch put off last the current one. @returns whether there was one */
export function popState(env: Env, forgetLog: boolean): boolean {
  const { walk } = env;
  const branch = walk.pending.pop();
  if (branch === undefined) return false;
  walk.copyState(env.state, branch.state);
  if (forgetLog) env.log.reset(branch.logPosition);
  env.insn = branch.insn;
  env.previousInsn = branch.previousInsn;
  walk.giveState(branch.state);
  return true;
}
