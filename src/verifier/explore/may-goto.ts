/**
 * may_goto: jumps when the kernel's budget of iterations is used up, so that a loop over it ends. Both ways are walked;
 * the round that goes on is widened like that of an iterator.
 */

import { BPF_JCOND, BPF_JMP, BPF_MAY_GOTO } from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { findPreviousEntry } from './checkpoints.ts';
import { pushState } from './pending.ts';
import { widenImpreciseScalars } from './widen.ts';

export function checkMayGoto(env: Env): void {
  const { insns, insn, state } = env;
  if (
    insns.code(insn) !== (BPF_JMP | BPF_JCOND) ||
    insns.src(insn) !== BPF_MAY_GOTO ||
    insns.dst(insn) !== 0 ||
    insns.imm(insn) !== 0
  )
    env.reject(EINVAL, 'invalid-may-goto', { imm: insns.imm(insn) });
  const previous = state.parent === undefined ? undefined : findPreviousEntry(env, state.parent, insn);
  const onwards = pushState(env, insn + 1, insn);
  onwards.mayGotoDepth += 1;
  if (previous !== undefined) widenImpreciseScalars(previous, onwards);
  env.insn += insns.off(insn);
}
