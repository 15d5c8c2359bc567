/**
 * Functions of the program that helpers call: what their registers hold when they begin.
 * After the set_*_callback_state() functions of kernel/bpf/verifier.c. Timers: kfuncs/.
 */
import type { Env } from '../environment.ts';
import { EFAULT, ENOTSUPP } from '../errno.ts';
import { markPrecise, pushAsyncCallback, pushCallbackCall } from '../explore/index.ts';
import type { Frame } from '../frame.ts';
import { markConstDynptr, prepareTimerCallback } from '../kfuncs/index.ts';
import { LOG_INSTRUCTIONS } from '../log/index.ts';
import { BTF, BTF_ID, copyRegister, MAP, TYPE, UMAX } from '../register.ts';
import { DYNPTR_TYPE_LOCAL, PTR_TO_BTF_ID, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, SCALAR_VALUE } from '../register-types.ts';
import { isNull, markKnownZero, markUnknown, resetRegister } from '../scalar/index.ts';
import type { HelperCall } from './call.ts';
import {
  BPF_FUNC_find_vma,
  BPF_FUNC_for_each_map_elem,
  BPF_FUNC_loop,
  BPF_FUNC_timer_set_callback,
  BPF_FUNC_user_ringbuf_drain,
} from './helper-ids.ts';

const KERNEL = 0;
const VARIES = -1;
const LAST_ARGUMENT = 5;
const TWO_32 = 0x1_0000_0000;

/** Walks the function that a helper was given, if it calls any. */
export function pushCallback(env: Env, { id, subprogram }: HelperCall): void {
  switch (id) {
    case BPF_FUNC_for_each_map_elem:
      pushCallbackCall(env, env.insn, subprogram, prepareForEachElement);
      break;
    case BPF_FUNC_timer_set_callback:
      pushAsyncCallback(env, env.insn, subprogram, false, prepareTimerCallback);
      break;
    case BPF_FUNC_find_vma:
      pushCallbackCall(env, env.insn, subprogram, prepareFindVma);
      break;
    case BPF_FUNC_user_ringbuf_drain:
      pushCallbackCall(env, env.insn, subprogram, prepareDrain);
      break;
    case BPF_FUNC_loop:
      pushLoop(env, subprogram);
      break;
  }
}

/** Of a known number of rounds not more are walked. */
function pushLoop(env: Env, subprogram: number): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(1);
  // The kernel gives up where the number of rounds is a pointer.
  if (w[r + TYPE] !== SCALAR_VALUE) env.reject(EFAULT, 'verifier-bug', { what: 'backtracking misuse' });
  noteCallback(env, subprogram);
  markPrecise(env, 1);
  const rounds = ((w[r + UMAX + 1] as number) >>> 0) * TWO_32 + ((w[r + UMAX] as number) >>> 0); // within the record
  if (frame.callbackDepth < rounds) {
    pushCallbackCall(env, env.insn, subprogram, prepareLoop);
    return;
  }
  frame.callbackDepth = 0;
  if ((env.log.level & LOG_INSTRUCTIONS) !== 0)
    env.log.write(`frame${env.state.current} bpf_loop iteration limit reached\n`);
}

/** Loops whose function and flags are always the same are inlined: for that the flags must be known. */
function noteCallback(env: Env, subprogram: number): void {
  const { frame } = env;
  const { loopCallback } = env.facts;
  const seen = loopCallback[env.insn];
  if (seen === VARIES) return;
  const hasNoFlags = isNull(frame.words, frame.register(4));
  if (hasNoFlags) markPrecise(env, 4);
  const isSame = seen === 0 || seen === subprogram + 1;
  loopCallback[env.insn] = hasNoFlags && isSame ? subprogram + 1 : VARIES;
}

function pass(callee: Frame, to: number, caller: Frame, from: number): void {
  copyRegister(callee.words, callee.register(to), caller.words, caller.register(from));
}

/** @param first of the argument registers that hold nothing */
function finish(callee: Frame, first: number): void {
  for (let regno = first; regno <= LAST_ARGUMENT; regno++) resetRegister(callee.words, callee.register(regno));
  callee.inCallback = true;
  callee.callbackReturnRange = { min: 0, max: 1 };
}

/** fn(map, key, value, ctx) */
function prepareForEachElement(env: Env, caller: Frame, callee: Frame): void {
  const map = caller.words[caller.register(1) + MAP] as number; // a map pointer
  if (!env.profile.helperTakesMap(BPF_FUNC_for_each_map_elem, env.maps[map]?.type ?? 0))
    env.reject(ENOTSUPP, 'helper/callback-map', undefined);
  pass(callee, 1, caller, 1);
  const { words } = callee;
  for (const [regno, type] of [
    [2, PTR_TO_MAP_KEY],
    [3, PTR_TO_MAP_VALUE],
  ] as const) {
    const r = callee.register(regno);
    markKnownZero(words, r);
    words[r + TYPE] = type;
    words[r + MAP] = map;
  }
  pass(callee, 4, caller, 3);
  finish(callee, 5);
}

/** fn(index, ctx) */
function prepareLoop(_env: Env, caller: Frame, callee: Frame): void {
  markUnknown(callee.words, callee.register(1));
  pass(callee, 2, caller, 3);
  finish(callee, 3);
}

/** fn(task, vma, ctx) */
function prepareFindVma(env: Env, caller: Frame, callee: Frame): void {
  const vma = env.profile.btf.find('vm_area_struct', 'struct');
  if (vma === undefined) env.unsupported("bpf_find_vma with a kernel whose BTF lacks 'vm_area_struct'");
  pass(callee, 1, caller, 1);
  const { words } = callee;
  const r = callee.register(2);
  markKnownZero(words, r);
  words[r + TYPE] = PTR_TO_BTF_ID;
  words[r + BTF] = KERNEL;
  words[r + BTF_ID] = vma;
  pass(callee, 3, caller, 4);
  finish(callee, 4);
}

/** fn(dynptr, ctx) */
function prepareDrain(env: Env, caller: Frame, callee: Frame): void {
  resetRegister(callee.words, callee.register(0));
  markConstDynptr(env, callee.words, callee.register(1), DYNPTR_TYPE_LOCAL);
  pass(callee, 2, caller, 3);
  finish(callee, 3);
}
