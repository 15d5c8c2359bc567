/**
 * What the kernel only finds when it rewrites a program that passed: calls of kfuncs that were not found when it was
 * linked, which are allowed in dead code alone.
 */
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_KFUNC_CALL } from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';

export function checkLeftovers(env: Env): void {
  const { insns, facts } = env;
  for (let insn = 0; insn < env.count; insn += insns.slots(insn)) {
    if (facts.seen[insn] !== 1 || insns.code(insn) !== (BPF_JMP | BPF_CALL)) continue;
    if (insns.src(insn) === BPF_PSEUDO_KFUNC_CALL && insns.imm(insn) === 0)
      env.reject(EINVAL, 'missing-kfunc-call', undefined);
  }
}
