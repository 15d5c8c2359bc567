/**
 * Calls of functions of the program: static ones are walked as part of the path, global ones are verified on their own
 * and only their arguments are checked here; callbacks are walked as if the helper called them.
 */
import type { Env } from '../environment.ts';
import { E2BIG, EFAULT, EINVAL } from '../errno.ts';
import { resetStackCallchain, subprogramAt } from '../flow/index.ts';
import { type Frame, MAX_FRAMES } from '../frame.ts';
import { printState } from '../log/index.ts';
import { clearPacketPointers } from '../memory/index.ts';
import { REG_WORDS, SUBREG_DEF } from '../register.ts';
import type { Rejection } from '../rejection.ts';
import { markUnknown, resetRegister } from '../scalar/index.ts';
import type { State } from '../state.ts';
import { argumentsRefused } from './arguments.ts';
import { newFrame } from './new-frame.ts';
import { pushFreshState, pushState } from './pending.ts';
import { isTraced } from './traced.ts';

const CALLER_SAVED = 6;

/** Sets up the registers of a function that is entered. */
export type PrepareCallee = (env: Env, caller: Frame, callee: Frame) => void;

/** After a call r0 to r5 hold nothing. */
export function clearCallerSaved(env: Env, frame: Frame): void {
  for (let register = 0; register < CALLER_SAVED; register++) {
    resetRegister(frame.words, register * REG_WORDS);
    frame.words[register * REG_WORDS + SUBREG_DEF] = 0;
    env.markRegisterScratched(register);
  }
}

/** The call of a function at the current instruction; goes on before its first instruction, or after the call. */
export function callSubprogram(env: Env): void {
  const { state, insn } = env;
  const target = insn + env.insns.imm(insn) + 1;
  const index = subprogramAt(env, target);
  const subprogram = env.subprograms[index];
  if (subprogram === undefined)
    env.reject(EFAULT, 'verifier-bug', { what: `target of func call at insn ${target} is not a program` });
  const caller = state.frame;
  const refused = argumentsRefused(env, index);
  if (subprogram.isGlobal) {
    callGlobal(env, index, refused);
    return;
  }
  enterFunction(env, state, index, insn, passArguments);
  clearCallerSaved(env, caller);
  env.insn = subprogram.start - 1;
  resetStackCallchain(env);
  if (!isTraced(env)) return;
  env.log.write('caller:\n');
  printState(env, state, caller.frameNumber, true);
  env.log.write('callee:\n');
  printState(env, state, state.current, true);
}

function callGlobal(env: Env, index: number, refused: Rejection | undefined): void {
  const { state } = env;
  const subprogram = env.subprograms[index];
  if (subprogram === undefined) return;
  if (state.activeLocks > 0) env.reject(EINVAL, 'global-call-in-lock', undefined);
  if (
    subprogram.mightSleep &&
    (state.activeRcuLocks > 0 || state.activePreemptLocks > 0 || state.activeIrqId !== 0 || !state.inSleepable)
  )
    env.reject(EINVAL, 'global-call-may-sleep', undefined);
  if (refused !== undefined) env.reject(refused.errno, 'invalid-call-arguments', { index, name: subprogram.name });
  if (isTraced(env)) env.log.write(`Func#${index} ('${subprogram.name}') is global and assumed valid.\n`);
  if (subprogram.changesPacket) clearPacketPointers(env);
  subprogram.called = true;
  const { words } = state.frame;
  clearCallerSaved(env, state.frame);
  markUnknown(words, 0);
  words[SUBREG_DEF] = 0;
}

function passArguments(_env: Env, caller: Frame, callee: Frame): void {
  callee.words.set(caller.words.subarray(REG_WORDS, CALLER_SAVED * REG_WORDS), REG_WORDS);
}

function enterFunction(env: Env, state: State, index: number, callsite: number, prepare: PrepareCallee): void {
  const caller = state.frame;
  if (state.frames.length >= MAX_FRAMES) env.reject(E2BIG, 'call-stack-too-deep', { frames: state.frames.length + 1 });
  const callee = newFrame(env, callsite, state.frames.length, index);
  prepare(env, caller, callee);
  state.frames.push(callee);
}

/**
 * A helper or kfunc at the current instruction calls a function of the program, any number of times, before it returns.
 * The call is put off; the current path goes on as if it were never called. When the function returns, the path is back
 * at `insn`, so that further calls are walked until nothing new happens.
 */
export function pushCallbackCall(env: Env, insn: number, subprogram: number, prepare: PrepareCallee): void {
  const target = env.subprograms[subprogram];
  if (target === undefined) env.reject(EFAULT, 'verifier-bug', { what: `no callback function ${subprogram}` });
  const caller = env.state.frame;
  argumentsRefused(env, subprogram);
  target.isCallback = true;
  const state = pushState(env, target.start, insn);
  enterFunction(env, state, subprogram, insn, prepare);
  state.callbackUnrollDepth += 1;
  (state.frames[state.frames.length - 2] as Frame).callbackDepth += 1; // the caller's
  caller.callbackDepth = 0;
}

/**
 * The kernel will call a function of the program later, on its own: a timer, a workqueue.
 * @param sleepable whether it may sleep there
 */
export function pushAsyncCallback(
  env: Env,
  insn: number,
  subprogram: number,
  sleepable: boolean,
  prepare: PrepareCallee,
): void {
  const target = env.subprograms[subprogram];
  if (target === undefined) env.reject(EFAULT, 'verifier-bug', { what: `no callback function ${subprogram}` });
  const caller = env.state.frame;
  argumentsRefused(env, subprogram);
  target.isCallback = true;
  target.isAsyncCallback = true;
  const state = pushFreshState(env, target.start, insn);
  state.inSleepable = sleepable;
  const callee = newFrame(env, -1, 0, subprogram);
  state.frames.push(callee);
  callee.asyncEntryCount = caller.asyncEntryCount + 1;
  prepare(env, caller, callee);
}
