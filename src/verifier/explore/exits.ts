/** Where paths end: returns to a caller, the end of the program or of a function verified on its own, bpf_throw. */
import type { Env } from '../environment.ts';
import { EACCES, EFAULT, EINVAL } from '../errno.ts';
import { updateLiveStack } from '../flow/index.ts';
import type { Frame } from '../frame.ts';
import { printState } from '../log/index.ts';
import { copyRegister, REF_OBJ_ID, TYPE } from '../register.ts';
import { PTR_TO_STACK, SCALAR_VALUE } from '../register-types.ts';
import { findPreviousEntry } from './checkpoints.ts';
import { markPrecise } from './precision.ts';
import { rejectRange, withinReturnRange } from './return-range.ts';
import { checkReturnValue } from './return-value.ts';
import { isTraced } from './traced.ts';
import { widenImpreciseScalars } from './widen.ts';

const BPF_PROG_TYPE_STRUCT_OPS = 27;

/**
 * Refuses what is still held where it must not be.
 * @param exception whether the program ends here whatever the frame (bpf_throw)
 * @param checkLocks whether locks and regions matter too
 * @param what the place, as the message names it: `BPF_EXIT instruction in main prog`, `tail_call`
 */
export function checkNothingHeld(env: Env, exception: boolean, checkLocks: boolean, what: string): void {
  const { state } = env;
  if (checkLocks && state.activeLocks > 0) env.reject(EINVAL, 'exit-in-lock', { what });
  checkReferences(env, exception, what);
  if (!checkLocks) return;
  if (state.activeIrqId !== 0) env.reject(EINVAL, 'exit-in-irq-region', { what });
  if (state.activeRcuLocks > 0) env.reject(EINVAL, 'exit-in-rcu-region', { what });
  if (state.activePreemptLocks > 0) env.reject(EINVAL, 'exit-in-preempt-region', { what });
}

function checkReferences(env: Env, exception: boolean, what: string): void {
  const { state } = env;
  const { frame } = state;
  if (!exception && frame.frameNumber !== 0) return;
  let held = false;
  for (const { kind, id, insn } of state.references) {
    if (kind !== 'ptr') continue;
    // A struct_ops program may return what it holds; its type is checked with the return value.
    if (env.program.type === BPF_PROG_TYPE_STRUCT_OPS && !exception && frame.words[REF_OBJ_ID] === id) continue;
    env.say('unreleased-reference', { id, insn });
    held = true;
  }
  if (held) env.reject(EINVAL, 'exit-would-leak', { what });
}

/** BPF_EXIT, or bpf_throw. @returns whether the path ends, else it goes on in the caller */
export function checkExit(env: Env, exception: boolean): boolean {
  const { state } = env;
  if (exception) {
    checkNothingHeld(env, true, true, 'bpf_throw');
    return true;
  }
  checkNothingHeld(env, false, state.current === 0, 'BPF_EXIT instruction in main prog');
  if (state.current > 0) {
    returnToCaller(env);
    return false;
  }
  env.kept.note(env.btfs, state.frame.words, 0);
  checkReturnValue(env, 0, 'R0');
  return true;
}

/** Leaves the innermost frame; env.insn becomes where the caller goes on. */
export function returnToCaller(env: Env): void {
  const { state } = env;
  updateLiveStack(env);
  const callee = state.frame;
  const caller = state.frames[state.current - 1] as Frame; // only called from inner frames
  const type = callee.words[TYPE] as number; // r0 is at 0
  if (type === PTR_TO_STACK) env.reject(EINVAL, 'return-of-stack-pointer', undefined);
  const { inCallback } = callee;
  if (inCallback) {
    if (type !== SCALAR_VALUE) env.reject(EACCES, 'callback-result-not-scalar', undefined);
    markPrecise(env, 0);
    const range = callee.callbackReturnRange ?? { min: 0, max: 0 };
    if (!withinReturnRange(callee.words, 0, range, false))
      rejectRange(env, callee.words, 0, range, 'At callback return', 'R0');
    if (env.facts.callsCallback[callee.callsite] !== 1)
      env.reject(EFAULT, 'verifier-bug', {
        what: `in callback at ${env.insn}, callsite ${callee.callsite} !calls_callback`,
      });
    env.insn = callee.callsite;
  } else {
    copyRegister(caller.words, 0, callee.words, 0);
    env.insn = callee.callsite + 1;
  }
  if (isTraced(env)) {
    env.log.write('returning from callee:\n');
    printState(env, state, callee.frameNumber, true);
    env.log.write(`to caller at ${env.insn}:\n`);
    printState(env, state, caller.frameNumber, true);
  }
  state.frames.pop();
  env.walk.giveFrame(callee);
  if (!inCallback) return;
  // As with iterators: what changes from call to call and matters to nobody is forgotten.
  const previous = findPreviousEntry(env, state, env.insn);
  if (previous !== undefined) widenImpreciseScalars(previous, state);
}
