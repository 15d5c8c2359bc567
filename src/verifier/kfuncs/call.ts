/**
 * A whole kfunc call: whether it may be made here, its arguments, its effects on what the path holds, its result.
 * After check_kfunc_call() in kernel/bpf/verifier.c, as it was in 6.18.
 */
import { noteArguments } from '../calls/index.ts';
import type { Env } from '../environment.ts';
import { EACCES, EFAULT, EINVAL } from '../errno.ts';
import {
  checkReturnValue,
  clearCallerSaved,
  type PrepareCallee,
  pushAsyncCallback,
  pushCallbackCall,
  pushState,
} from '../explore/index.ts';
import { clearPacketPointers } from '../memory/index.ts';
import { REF_OBJ_ID, SUBREG_DEF } from '../register.ts';
import { Rejection } from '../rejection.ts';
import { isNull, markUnknown, restrictToS32 } from '../scalar/index.ts';
import { checkKfuncArguments, isLockKfunc } from './arguments.ts';
import { KfuncCall } from './call-facts.ts';
import { releaseDynptr } from './dynptrs.ts';
import { ADD_TO_TREE, insertsNode, isGraphKfunc, prepareTreeCallback } from './graph.ts';
import { forkAtNext } from './iterators.ts';
import { prepareTaskWorkCallback, prepareTimerCallback } from './map-callbacks.ts';
import { ITER_NEXT, type Kfunc, kfuncAt, SLEEPABLE } from './prototype.ts';
import { convertToNonOwning, releaseReference } from './references.ts';
import { checkRegions } from './regions.ts';
import { setReturnValue } from './returns.ts';

const R0 = 0;
const MAX_ERRNO = 4095;
const EXCEPTION = 'bpf_throw';
/** Bytes that a program keeps from a function's entry to its return. */
const COOKIE_SIZE = 8;

const NUMBER_ITERATOR: ReadonlySet<string> = new Set(['bpf_iter_num_new', 'bpf_iter_num_next', 'bpf_iter_num_destroy']);

/** Programs with a call that a loader marked as one of a kfunc that the kernel lacks, on a path that was walked. */
const reachedMissing = new WeakSet<Env>();

/** Checks the kfunc call at the current instruction. */
export function checkKfuncCall(env: Env): void {
  const { insn, insns } = env;
  if (insns.imm(insn) === 0) {
    reachedMissing.add(env);
    return;
  }
  const kfunc = callable(env);
  if (kfunc.special === 'bpf_res_spin_lock' || kfunc.special === 'bpf_res_spin_lock_irqsave') forkLockFailure(env);
  else if (kfunc.special === '__bpf_trap') env.reject(EFAULT, 'kfunc/trap', undefined);
  if ((kfunc.flags & SLEEPABLE) !== 0 && !env.state.inSleepable)
    env.reject(EACCES, 'kfunc/sleepable-program', { name: kfunc.name });

  const call = new KfuncCall(kfunc);
  checkKfuncArguments(env, call);
  noteKept(env, kfunc);
  if (kfunc.special === 'bpf_session_cookie') call.returnSize = COOKIE_SIZE;
  callBack(env, call);
  checkRegions(env, kfunc);
  release(env, call);
  if (insertsNode(kfunc.special)) giveNodeAway(env, kfunc);
  // Without a handler of its own, what is thrown is what the program returns.
  if (kfunc.special === EXCEPTION && env.exceptionCallback === 0) checkReturnValue(env, 1, 'R1');

  clearCallerSaved(env, env.frame);
  setReturnValue(env, call);
  if (kfunc.special === 'bpf_xdp_pull_data') clearPacketPointers(env);
  if ((kfunc.flags & ITER_NEXT) !== 0) forkAtNext(env, call);
}

/** To be called when all paths are walked: a call of what the kernel lacks must be on none of them. */
export function checkNoMissingKfunc(env: Env): void {
  if (reachedMissing.has(env)) env.reject(EINVAL, 'kfunc/not-eliminated', undefined);
}

/** Whether the kfunc called at an instruction may be called while a lock is held. */
export function isAllowedInLock(env: Env, insn: number): boolean {
  const special = kfuncAt(env, insn)?.special ?? '';
  return isGraphKfunc(special) || NUMBER_ITERATOR.has(special) || isLockKfunc(special);
}

/** Whether an instruction calls bpf_throw, which ends the program. */
export const isThrow = (env: Env, insn: number): boolean => kfuncAt(env, insn)?.special === EXCEPTION;

/** The kfunc of the current instruction, if this program may call it. */
function callable(env: Env): Kfunc {
  const id = env.insns.imm(env.insn);
  const kfunc = kfuncAt(env, env.insn);
  if (kfunc === undefined) env.reject(EINVAL, 'kfunc/not-function', { id });
  const { name } = kfunc;
  if (kfunc.special === '') env.unsupported(`kfunc ${name} of module ${kfunc.btf.name}`);
  if (!kfunc.allowed) env.reject(EACCES, 'kfunc/not-allowed', { name });
  return kfunc;
}

/** On another path the lock is not taken, and the kfunc returns an error. */
function forkLockFailure(env: Env): void {
  const { frame } = pushState(env, env.insn + 1, env.insn);
  clearCallerSaved(env, frame);
  markUnknown(frame.words, R0);
  restrictToS32(frame.words, R0, -MAX_ERRNO, -1);
  frame.words[R0 + SUBREG_DEF] = env.insn + 1;
}

/** Of what a kfunc is given without a check, to read or to take for another type, nothing is known. */
function noteKept(env: Env, { name, special, parameters }: Kfunc): void {
  const { words } = env.frame;
  const isUnchecked = parameters.some(
    ({ kind }, index) => kind === 'ignored' && !isNull(words, env.frame.register(index + 1)),
  );
  if (isUnchecked || special === 'bpf_rdonly_cast') env.kept.noteAny();
  else noteArguments(env, name, parameters.length);
}

/** Functions of the program that the kfunc calls, now or later. */
function callBack(env: Env, call: KfuncCall): void {
  const { kfunc, subprogram } = call;
  try {
    switch (kfunc.special) {
      case ADD_TO_TREE:
        pushCallbackCall(env, env.insn, subprogram, prepareTreeCallback);
        return;
      case 'bpf_wq_set_callback_impl':
        callLater(env, subprogram, prepareTimerCallback);
        return;
      case 'bpf_task_work_schedule_signal_impl':
      case 'bpf_task_work_schedule_resume_impl':
        callLater(env, subprogram, prepareTaskWorkCallback);
    }
  } catch (error) {
    if (error instanceof Rejection)
      env.reject(error.errno, 'kfunc/callback-failed', { name: kfunc.name, id: kfunc.id });
    throw error;
  }
}

/** Workqueues and task work run where they may sleep. */
function callLater(env: Env, subprogram: number, prepare: PrepareCallee): void {
  pushAsyncCallback(env, env.insn, subprogram, true, prepare);
}

function release(env: Env, call: KfuncCall): void {
  const { kfunc, releaseRegister } = call;
  if (releaseRegister === 0) return;
  if (call.dynptrReferenceId !== 0) {
    releaseDynptr(env, releaseRegister);
    return;
  }
  const { frame } = env;
  const id = frame.words[frame.register(releaseRegister) + REF_OBJ_ID] as number; // every register has one
  if (!releaseReference(env, id)) env.reject(EINVAL, 'kfunc/not-acquired', { name: kfunc.name, id: kfunc.id });
}

/** The list or tree owns the node now; the program may look at it as long as it holds the lock. */
function giveNodeAway(env: Env, kfunc: Kfunc): void {
  const { frame } = env;
  const named = { name: kfunc.name, id: kfunc.id };
  const id = frame.words[frame.register(2) + REF_OBJ_ID] as number; // every register has one
  if (!convertToNonOwning(env, id)) env.reject(EFAULT, 'kfunc/conversion', named);
  if (!releaseReference(env, id)) env.reject(EINVAL, 'kfunc/not-acquired', named);
}
