/**
 * The walk over all paths of a function: instruction by instruction, at prune points comparing with what was seen, at
 * branches putting the other way off. What an instruction does to the state is the business of other rooms; this one
 * decides where the path goes on.
 *
 * The walk can stop after any instruction and go on later, so that a caller may let other work run in between.
 * After do_check() in kernel/bpf/verifier.c.
 */

import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_CLASS,
  BPF_EXIT,
  BPF_IMM,
  BPF_IND,
  BPF_JA,
  BPF_JCOND,
  BPF_JMP,
  BPF_JMP32,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_MODE,
  BPF_OP,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_SRC,
  BPF_ST,
  BPF_STX,
} from '../../isa/index.ts';
import { checkHelperCall, checkLdAbs, checkLdImm64 } from '../calls/index.ts';
import { type Env, MAX_INSNS_PROCESSED } from '../environment.ts';
import { E2BIG, EFAULT, EINVAL } from '../errno.ts';
import { commitStackWriteMarks, resetStackCallchain, resetStackWriteMarks, updateLiveStack } from '../flow/index.ts';
import { checkKfuncCall, isAllowedInLock, isThrow } from '../kfuncs/index.ts';
import {
  LOG_BRANCHES,
  LOG_INSTRUCTIONS,
  printCurrentInstruction,
  printInstructionState,
  printState,
} from '../log/index.ts';
import { checkAtomic, checkLoad, checkStore } from '../memory/index.ts';
import { Cancelled } from '../rejection.ts';
import { checkAlu, checkConditionalJump } from '../scalar/index.ts';
import { callSubprogram } from './calls.ts';
import { checkSavedStates, endPath } from './checkpoints.ts';
import { checkExit } from './exits.ts';
import { recordJump } from './history.ts';
import { checkMayGoto } from './may-goto.ts';
import { scratchAll } from './new-frame.ts';
import { popState } from './pending.ts';

const BPF_FUNC_spin_unlock = 94;

/** Where the path goes after an instruction. */
const NEXT = 0;
/** env.insn was set. */
const THERE = 1;
const ENDED = 2;
type Step = typeof NEXT | typeof THERE | typeof ENDED;

export class PathWalker {
  readonly #env: Env;
  #previous = -1;
  #announce = false;

  /** @param env whose state is that at the start of a function */
  constructor(env: Env) {
    this.#env = env;
    resetStackCallchain(env);
  }

  /**
   * Goes on for so many instructions.
   * @returns whether all paths are walked
   * @throws Rejection, NotModelled, Cancelled
   */
  run(budget: number): boolean {
    const env = this.#env;
    const { facts, insns, log, walk } = env;
    if (env.signal?.aborted === true) throw new Cancelled();
    const verbose = (log.level & LOG_INSTRUCTIONS) !== 0;
    const traced = (log.level & (LOG_BRANCHES | LOG_INSTRUCTIONS)) !== 0;
    for (let left = budget; left > 0; left--) {
      walk.historyEntry = -1;
      env.previousInsn = this.#previous;
      const { insn, state } = env;
      if (insn < 0 || insn >= env.count) env.reject(EFAULT, 'insn-out-of-program', { insn, count: env.count });
      env.statistics.insnsProcessed += 1;
      if (env.statistics.insnsProcessed > MAX_INSNS_PROCESSED)
        env.reject(E2BIG, 'program-too-large', { insns: env.statistics.insnsProcessed });
      state.lastInsn = env.previousInsn;
      state.insn = insn;
      if (facts.prunePoint[insn] === 1 && checkSavedStates(env)) {
        if (traced) log.write(this.#announce ? `\nfrom ${env.previousInsn} to ${insn}: safe\n` : `${insn}: safe\n`);
        if (this.#endPath()) return true;
        continue;
      }
      if (facts.jumpPoint[insn] === 1) recordJump(env, 0);
      if (traced) {
        if (verbose && this.#announce) {
          log.write(`\nfrom ${env.previousInsn} to ${insn}:`);
          printState(env, state, state.current, true);
          this.#announce = false;
        }
        if ((env.scratchedRegisters | env.scratchedSlotsLow | env.scratchedSlotsHigh) !== 0)
          printInstructionState(env, state);
        printCurrentInstruction(env);
      }
      facts.seen[insn] = 1;
      this.#previous = insn;
      resetStackWriteMarks(env);
      const step = this.#step(insns.code(insn));
      commitStackWriteMarks(env);
      if (step === NEXT) env.insn += 1;
      else if (step === ENDED && this.#endPath()) return true;
    }
    return false;
  }

  /** @returns whether no path is left */
  #endPath(): boolean {
    const env = this.#env;
    scratchAll(env);
    endPath(env);
    updateLiveStack(env);
    if (!popState(env, (env.log.level & LOG_INSTRUCTIONS) === 0)) return true;
    this.#previous = env.previousInsn;
    this.#announce = true;
    return false;
  }

  #step(code: number): Step {
    const env = this.#env;
    switch (BPF_CLASS(code)) {
      case BPF_ALU:
      case BPF_ALU64:
        checkAlu(env);
        return NEXT;
      case BPF_LDX:
        checkLoad(env);
        return NEXT;
      case BPF_STX:
        if (BPF_MODE(code) === BPF_ATOMIC) checkAtomic(env);
        else checkStore(env);
        return NEXT;
      case BPF_ST:
        checkStore(env);
        return NEXT;
      case BPF_JMP:
      case BPF_JMP32:
        return this.#jump(code);
      case BPF_LD: {
        const mode = BPF_MODE(code);
        if (mode === BPF_ABS || mode === BPF_IND) checkLdAbs(env);
        else if (mode === BPF_IMM) {
          checkLdImm64(env);
          env.insn += 1;
          env.facts.seen[env.insn] = 1;
        } else env.reject(EINVAL, 'invalid-ld-mode', undefined);
        return NEXT;
      }
      default:
        return NEXT;
    }
  }

  #jump(code: number): Step {
    const env = this.#env;
    const { insns, insn } = env;
    env.statistics.jumpsProcessed += 1;
    switch (BPF_OP(code)) {
      case BPF_CALL:
        return this.#call(code);
      case BPF_JA:
        this.#checkReserved(
          code === (BPF_JMP | BPF_JA) || code === (BPF_JMP32 | BPF_JA),
          (BPF_CLASS(code) === BPF_JMP ? insns.imm(insn) : insns.off(insn)) === 0,
          'BPF_JA',
        );
        env.insn += BPF_CLASS(code) === BPF_JMP ? insns.off(insn) : insns.imm(insn);
        return NEXT;
      case BPF_EXIT:
        this.#checkReserved(code === (BPF_JMP | BPF_EXIT), insns.imm(insn) === 0, 'BPF_EXIT');
        return this.#exit(false);
      case BPF_JCOND:
        checkMayGoto(env);
        return NEXT;
      default:
        checkConditionalJump(env);
        return NEXT;
    }
  }

  #checkReserved(codeValid: boolean, valueValid: boolean, instruction: string): void {
    const { insns, insn } = this.#env;
    if (!codeValid || !valueValid || insns.src(insn) !== 0 || insns.dst(insn) !== 0)
      this.#env.reject(EINVAL, 'reserved-fields', { instruction });
  }

  #exit(exception: boolean): Step {
    if (checkExit(this.#env, exception)) return ENDED;
    this.#announce = true;
    return THERE;
  }

  #call(code: number): Step {
    const env = this.#env;
    const { insns, insn } = env;
    const src = insns.src(insn);
    const isKfunc = src === BPF_PSEUDO_KFUNC_CALL;
    if (
      BPF_SRC(code) !== BPF_K ||
      BPF_CLASS(code) === BPF_JMP32 ||
      (!isKfunc && insns.off(insn) !== 0) ||
      src > BPF_PSEUDO_KFUNC_CALL ||
      insns.dst(insn) !== 0
    )
      env.reject(EINVAL, 'reserved-fields', { instruction: 'BPF_CALL' });
    if (env.state.activeLocks > 0) {
      const allowed = isKfunc
        ? isAllowedInLock(env, insn)
        : src === BPF_PSEUDO_CALL || insns.imm(insn) === BPF_FUNC_spin_unlock;
      if (!allowed) env.reject(EINVAL, 'call-in-lock', undefined);
    }
    if (src === BPF_PSEUDO_CALL) callSubprogram(env);
    else if (isKfunc) {
      checkKfuncCall(env);
      if (isThrow(env, insn)) return this.#exit(true);
    } else checkHelperCall(env);
    env.markRegisterScratched(0);
    return NEXT;
  }
}
