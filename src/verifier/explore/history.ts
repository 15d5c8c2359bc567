/** What the current instruction did that backtracking must know later. */
import type { Env } from '../environment.ts';
import { INSN_F_SPI_SHIFT, INSN_F_STACK_ACCESS } from '../jump-history.ts';

/**
 * Notes the current instruction in the history of the current path.
 * @param flags INSN_F_*
 * @param linked records of linkedRegister() and linkedSlot(): what shares an id and changes together here
 * @param count of `linked`
 */
export function recordJump(env: Env, flags: number, linked?: ArrayLike<number>, count = linked?.length ?? 0): void {
  const { walk } = env;
  const { jumpHistory } = env.state;
  if (walk.historyEntry < 0) walk.historyEntry = jumpHistory.add(env.insn, env.previousInsn, flags);
  else jumpHistory.addFlags(walk.historyEntry, flags);
  if (linked !== undefined) jumpHistory.setLinked(walk.historyEntry, linked, count);
}

/** Notes that the current instruction reads or writes a stack slot: a scalar there is as precise as the register. */
export function recordStackAccess(env: Env, frame: number, slot: number): void {
  recordJump(env, INSN_F_STACK_ACCESS | (slot << INSN_F_SPI_SHIFT) | frame);
}
