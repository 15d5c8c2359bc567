/**
 * The functions of a program: where they begin, which is the exception callback, and that no jump leaves one.
 * After add_subprog_and_kfunc() and check_subprogs() in kernel/bpf/verifier.c (Linux 6.18).
 */
import {
  BPF_ABS,
  BPF_CALL,
  BPF_CLASS,
  BPF_EXIT,
  BPF_IND,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  BPF_MODE,
  BPF_OP,
} from '../../isa/index.ts';
import type { Env, Subprogram } from '../environment.ts';
import { E2BIG, EINVAL } from '../errno.ts';
import { LOG_INSTRUCTIONS } from '../log/index.ts';
import { isFunctionAddress, isHelperCall, isKfuncCall, isSubprogramCall, TAIL_CALL } from './calls.ts';
import { exceptionCallbackStart } from './exception-callback.ts';
import { checkKfuncExists } from './kfunc-target.ts';
import { jumpOffset } from './successors.ts';

const BPF_MAX_SUBPROGS = 256;

/** Index of the function that begins at an instruction, -1 if none does. */
export function subprogramAt(env: Env, insn: number): number {
  const index = insn >= 0 && insn < env.count ? subprogramOf(env, insn) : -1;
  return env.subprograms[index]?.start === insn ? index : -1;
}

/** Index of the function that an instruction belongs to. */
export function subprogramOf(env: Env, insn: number): number {
  return env.flow.subprogramOf[insn] as number; // instructions are in range
}

/** Fills env.subprograms, and checks calls of kfuncs on the way. */
export function findSubprograms(env: Env): void {
  const starts = new Set<number>();
  starts.add(0);
  const kfuncs = new Set<string>();
  for (let insn = 0; insn < env.count; insn++) {
    if (isFunctionAddress(env, insn) || isSubprogramCall(env, insn))
      addStart(env, starts, insn + env.insns.imm(insn) + 1);
    else if (isKfuncCall(env, insn)) checkKfuncExists(env, insn, kfuncs);
  }
  const exceptionCallback = exceptionCallbackStart(env);
  if (exceptionCallback !== 0) addStart(env, starts, exceptionCallback);

  const sorted = [...starts].sort((a, b) => a - b);
  env.subprograms = sorted.map((start, index) => newSubprogram(start, sorted[index + 1] ?? env.count));
  if (exceptionCallback !== 0) {
    env.exceptionCallback = sorted.indexOf(exceptionCallback);
    const callback = env.subprograms[env.exceptionCallback] as Subprogram; // just added
    callback.isCallback = true;
    callback.isAsyncCallback = true;
    callback.isExceptionCallback = true;
  }
  if ((env.log.level & LOG_INSTRUCTIONS) !== 0)
    for (const [index, { start }] of env.subprograms.entries()) env.log.write(`func#${index} @${start}\n`);
}

function addStart(env: Env, starts: Set<number>, start: number): void {
  if (start < 0 || start >= env.count) env.reject(EINVAL, 'call-to-invalid-destination', undefined);
  if (starts.has(start)) return;
  if (starts.size >= BPF_MAX_SUBPROGS) env.reject(E2BIG, 'too-many-subprograms', undefined);
  starts.add(start);
}

function newSubprogram(start: number, end: number): Subprogram {
  return {
    start,
    end,
    name: '',
    btfId: 0,
    isGlobal: false,
    isCallback: false,
    isAsyncCallback: false,
    isExceptionCallback: false,
    called: false,
    stackDepth: 0,
    fastcallStackOffset: 0,
    keepFastcallStack: false,
    hasTailCall: false,
    tailCallReachable: false,
    hasLdAbs: false,
    changesPacket: false,
    mightSleep: false,
    arguments: undefined,
  };
}

/** All jumps stay within their function, and no function runs into the next. */
export function checkSubprogramBounds(env: Env): void {
  for (const subprogram of env.subprograms) {
    const { start, end } = subprogram;
    for (let insn = start; insn < end; insn++) {
      const code = env.insns.code(insn);
      if (isHelperCall(env, insn) && env.insns.imm(insn) === TAIL_CALL) {
        subprogram.hasTailCall = true;
        subprogram.tailCallReachable = true;
      }
      if (BPF_CLASS(code) === BPF_LD && (BPF_MODE(code) === BPF_ABS || BPF_MODE(code) === BPF_IND))
        subprogram.hasLdAbs = true;
      const isJump = BPF_CLASS(code) === BPF_JMP || BPF_CLASS(code) === BPF_JMP32;
      if (isJump && BPF_OP(code) !== BPF_CALL && BPF_OP(code) !== BPF_EXIT) {
        const to = (insn + jumpOffset(env, insn) + 1) | 0; // as far as the kernel can count
        if (to < start || to >= end) env.reject(EINVAL, 'jump-out-of-range', { insn, to });
      }
    }
    const last = env.insns.code(end - 1);
    if (last !== (BPF_JMP | BPF_EXIT) && last !== (BPF_JMP32 | BPF_JA) && last !== (BPF_JMP | BPF_JA))
      env.reject(EINVAL, 'last-insn-is-no-exit', undefined);
  }
}
