/**
 * LD_ABS and LD_IND: loads of packet data as classic BPF has them. They are calls in disguise: r6 is the context, r0
 * gets the data, r1 to r5 are lost; if the packet ends before, the function returns 0.
 * After check_ld_abs() of kernel/bpf/verifier.c.
 */
import { BPF_ABS, BPF_DW, BPF_IND, BPF_MODE, BPF_SIZE } from '../../isa/index.ts';
import { BPF_PROG_TYPE_SCHED_ACT, BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_SOCKET_FILTER } from '../../uapi/index.ts';
import type { Env } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import { checkNothingHeld, clearCallerSaved, pushState, returnToCaller } from '../explore/index.ts';
import { checkPointerOffset } from '../memory/index.ts';
import { SUBREG_DEF, TYPE } from '../register.ts';
import { PTR_TO_CTX } from '../register-types.ts';
import { markKnownZero, markUnknown, readOperand } from '../scalar/index.ts';

const CONTEXT_REGISTER = 6;

/** Program types whose context is a packet that can be loaded from. */
const PACKET_READERS: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SCHED_ACT,
]);

/** The LD_ABS or LD_IND at env.insn. In an inner frame it goes on in the caller: env.insn changes. */
export function checkLdAbs(env: Env): void {
  const { insns, insn, frame } = env;
  const mode = BPF_MODE(insns.code(insn));
  if (!PACKET_READERS.has(env.program.type)) env.reject(EINVAL, 'ld-abs/program-type', undefined);
  if (
    insns.dst(insn) !== 0 ||
    insns.off(insn) !== 0 ||
    BPF_SIZE(insns.code(insn)) === BPF_DW ||
    (mode === BPF_ABS && insns.src(insn) !== 0)
  )
    env.reject(EINVAL, 'ld-abs/reserved', undefined);
  readOperand(env, CONTEXT_REGISTER);
  checkNothingHeld(env, false, true, 'BPF_LD_[ABS|IND]');
  const w = frame.words;
  const context = frame.register(CONTEXT_REGISTER);
  if (w[context + TYPE] !== PTR_TO_CTX) env.reject(EINVAL, 'ld-abs/context', undefined);
  if (mode === BPF_IND) readOperand(env, insns.src(insn));
  checkPointerOffset(env, w, context, CONTEXT_REGISTER);
  clearCallerSaved(env, frame);
  markUnknown(w, 0);
  w[SUBREG_DEF] = insn + 1; // of r0, which is at 0
  if (env.state.current > 0) returnEarly(env);
}

/** Beyond the packet's end the function returns 0; that there is data is walked later. */
function returnEarly(env: Env): void {
  env.markRegisterScratched(0);
  pushState(env, env.insn + 1, env.insn);
  markKnownZero(env.frame.words, 0);
  returnToCaller(env);
  env.insn -= 1;
}
