/** Where the frames of a state stand. */
import type { State } from '../state.ts';

/** Instruction that a frame is at: the current one, or the call that led to the next frame. */
export function frameInsn(state: State, frame: number): number {
  const next = state.frames[frame + 1];
  return next === undefined ? state.insn : next.callsite;
}

export function sameCallsites(a: State, b: State): boolean {
  const { length } = a.frames;
  if (length !== b.frames.length) return false;
  for (let i = length - 1; i >= 0; i--) if (a.frames[i]?.callsite !== b.frames[i]?.callsite) return false;
  return true;
}
