/**
 * Regions in which not everything is allowed: RCU read sections, preemption off, interrupts off. Begun and ended by
 * kfuncs; inside, nothing may sleep.
 * After check_kfunc_call() in kernel/bpf/verifier.c, as it was in 6.18: an RCU section cannot be in another one.
 */
import type { Env } from '../environment.ts';
import { EACCES, EINVAL } from '../errno.ts';
import { inRcuSection } from '../memory/index.ts';
import { TYPE } from '../register.ts';
import { MEM_RCU, PTR_MAYBE_NULL, PTR_UNTRUSTED, STACK_ITER } from '../register-types.ts';
import type { State } from '../state.ts';
import { inTreeCallback } from './graph.ts';
import { type Kfunc, RCU_PROTECTED, SLEEPABLE } from './prototype.ts';
import { eachRegister, SPILLED } from './registers.ts';

/** The effect of a kfunc on regions, and of regions on whether it may be called. */
export function checkRegions(env: Env, kfunc: Kfunc): void {
  const { state } = env;
  const { name, special } = kfunc;
  const sleeps = (kfunc.flags & SLEEPABLE) !== 0;
  const locks = special === 'bpf_rcu_read_lock';
  const unlocks = special === 'bpf_rcu_read_unlock';
  if (state.activeRcuLocks > 0) {
    if ((locks || unlocks) && inTreeCallback(env)) env.reject(EACCES, 'kfunc/rcu-in-rbtree', undefined);
    if (locks) env.reject(EINVAL, 'kfunc/rcu-nested', { name });
    if (unlocks) {
      loseRcuPointers(state);
      state.activeRcuLocks -= 1;
    } else if (sleeps) env.reject(EACCES, 'kfunc/sleepable-in-rcu', { name });
  } else if (locks) state.activeRcuLocks += 1;
  else if (unlocks) env.reject(EINVAL, 'kfunc/rcu-unmatched', { name });

  if (special === 'bpf_preempt_disable') state.activePreemptLocks += 1;
  else if (special === 'bpf_preempt_enable') {
    if (state.activePreemptLocks === 0) env.reject(EINVAL, 'kfunc/preempt-unmatched', { name });
    state.activePreemptLocks -= 1;
  } else if (sleeps && state.activePreemptLocks > 0) env.reject(EACCES, 'kfunc/sleepable-in-preempt', { name });

  if (sleeps && state.activeIrqId !== 0) env.reject(EACCES, 'kfunc/sleepable-in-irq', { name });
  if ((kfunc.flags & RCU_PROTECTED) !== 0 && !inRcuSection(env)) env.reject(EACCES, 'kfunc/rcu-required', { name });
}

/** Objects may be freed once the section ends; iterators over them are of no use any more. */
function loseRcuPointers(state: State): void {
  eachRegister(
    state,
    (w, r) => {
      const type = w[r + TYPE] as number; // every register has one
      if ((type & MEM_RCU) !== 0) w[r + TYPE] = (type & ~(MEM_RCU | PTR_MAYBE_NULL)) | PTR_UNTRUSTED;
    },
    SPILLED | (1 << STACK_ITER),
  );
}
