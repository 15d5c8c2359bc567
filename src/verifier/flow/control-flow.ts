/**
 * The walk over the control flow graph: every instruction must be reachable, jumps must land on instructions. On the
 * way it marks where states are worth comparing (prune points), where they must be saved, where the history of a path
 * needs an entry (jump points), and what functions do that their callers must know.
 * After check_cfg() in kernel/bpf/verifier.c (Linux 6.18). Loops are allowed, as the walk over paths bounds them.
 */
import {
  BPF_CALL,
  BPF_CLASS,
  BPF_EXIT,
  BPF_JA,
  BPF_JCOND,
  BPF_JMP,
  BPF_JMP32,
  BPF_MAY_GOTO,
  BPF_OP,
  BPF_SRC,
  BPF_X,
  LD_IMM64,
} from '../../isa/index.ts';
import type { Env, Subprogram } from '../environment.ts';
import { EINVAL } from '../errno.ts';
import {
  allowedHelper,
  allowedKfunc,
  callsBack,
  helperChangesPacket,
  isFunctionAddress,
  isHelperCall,
  isKfuncCall,
  isSubprogramCall,
  kfuncChangesPacket,
  setsCallback,
} from './calls.ts';
import { subprogramOf } from './subprograms.ts';
import { jumpOffset } from './successors.ts';

// States of an instruction; while discovered, which of its edges were followed.
const DISCOVERED = 0x10;
const EXPLORED = 0x20;
const FALLTHROUGH = 1;
const BRANCH = 2;

export function checkControlFlow(env: Env): void {
  new ControlFlowWalk(env).run();
}

class ControlFlowWalk {
  readonly #env: Env;
  readonly #state: Uint8Array;
  readonly #stack: Int32Array;
  #depth = 0;

  constructor(env: Env) {
    this.#env = env;
    this.#state = new Uint8Array(env.count);
    this.#stack = new Int32Array(env.count);
  }

  run(): void {
    const env = this.#env;
    this.#walkFrom(0);
    const exceptionCallback = env.exceptionCallback === 0 ? 0 : (env.subprograms[env.exceptionCallback]?.start ?? 0);
    if (exceptionCallback !== 0 && this.#state[exceptionCallback] !== EXPLORED) this.#walkFrom(exceptionCallback);
    for (let insn = 0; insn < env.count; insn++) {
      if (this.#state[insn] !== EXPLORED) env.reject(EINVAL, 'unreachable-insn', { insn });
      if (env.insns.code(insn) !== LD_IMM64) continue;
      if (this.#state[insn + 1] !== 0) env.reject(EINVAL, 'jump-into-ld-imm64', { insn });
      insn += 1;
    }
  }

  #walkFrom(insn: number): void {
    this.#discover(insn);
    while (this.#depth > 0) {
      const at = this.#stack[this.#depth - 1] as number; // depth > 0
      if (this.#visit(at)) continue;
      this.#state[at] = EXPLORED;
      this.#depth -= 1;
    }
  }

  #discover(insn: number): void {
    this.#state[insn] = DISCOVERED;
    // Each instruction is discovered once, so that the stack cannot overflow.
    this.#stack[this.#depth++] = insn;
  }

  /** @returns whether there is more to explore before this instruction is done */
  #visit(insn: number): boolean {
    const { insns, facts } = this.#env;
    const code = insns.code(insn);
    if (isFunctionAddress(this.#env, insn)) return this.#visitCall(insn, true);
    if (BPF_CLASS(code) !== BPF_JMP && BPF_CLASS(code) !== BPF_JMP32)
      return this.#follow(insn, insn + (code === LD_IMM64 ? 2 : 1), FALLTHROUGH);
    switch (BPF_OP(code)) {
      case BPF_EXIT:
        return false;
      case BPF_CALL:
        this.#noteCall(insn);
        return this.#visitCall(insn, isSubprogramCall(this.#env, insn));
      case BPF_JA: {
        if (BPF_SRC(code) === BPF_X) this.#env.unsupported('an indirect jump (gotox)');
        const to = insn + jumpOffset(this.#env, insn) + 1;
        const more = this.#follow(insn, to, FALLTHROUGH);
        if (!more) this.#markJoin(to);
        return more;
      }
      default:
        facts.prunePoint[insn] = 1;
        if (code === (BPF_JMP | BPF_JCOND) && insns.src(insn) === BPF_MAY_GOTO) facts.forceCheckpoint[insn] = 1;
        return this.#follow(insn, insn + 1, FALLTHROUGH) || this.#follow(insn, insn + insns.off(insn) + 1, BRANCH);
    }
  }

  /** Paths meet here. */
  #markJoin(insn: number): void {
    this.#env.facts.prunePoint[insn] = 1;
    this.#env.facts.jumpPoint[insn] = 1;
  }

  #follow(from: number, to: number, edge: typeof FALLTHROUGH | typeof BRANCH): boolean {
    const state = this.#state;
    if ((state[from] as number) >= (DISCOVERED | edge)) return false; // instructions are in range
    if (to < 0 || to >= this.#env.count) this.#env.reject(EINVAL, 'jump-out-of-range', { insn: from, to });
    if (edge === BRANCH) this.#markJoin(to);
    if (state[to] === 0) {
      state[from] = DISCOVERED | edge;
      this.#discover(to);
      return true;
    }
    if (state[to] === EXPLORED) state[from] = DISCOVERED | edge;
    return false;
  }

  #visitCall(insn: number, entersCallee: boolean): boolean {
    const env = this.#env;
    const next = insn + (env.insns.code(insn) === LD_IMM64 ? 2 : 1);
    if (this.#follow(insn, next, FALLTHROUGH)) return true;
    this.#markJoin(next);
    if (!entersCallee) return false;
    const callee = insn + env.insns.imm(insn) + 1;
    env.facts.prunePoint[insn] = 1;
    // Called again when the callee was walked, so that its marks are complete then.
    const from = this.#subprogram(insn);
    const to = this.#subprogram(callee);
    from.changesPacket ||= to.changesPacket;
    from.mightSleep ||= to.mightSleep;
    return this.#follow(insn, callee, BRANCH);
  }

  #noteCall(insn: number): void {
    const env = this.#env;
    const { facts, insns } = env;
    if (setsCallback(env, insn)) facts.prunePoint[insn] = 1;
    if (callsBack(env, insn)) {
      facts.callsCallback[insn] = 1;
      facts.forceCheckpoint[insn] = 1;
      this.#markJoin(insn);
    }
    const subprogram = this.#subprogram(insn);
    if (isHelperCall(env, insn)) {
      if (allowedHelper(env, insn)?.mightSleep === true) subprogram.mightSleep = true;
      if (helperChangesPacket(insns.imm(insn))) subprogram.changesPacket = true;
    } else if (isKfuncCall(env, insn)) {
      const kfunc = allowedKfunc(env, insn);
      if (kfunc === undefined) return;
      if (kfunc.flags.includes('iter_next')) {
        facts.isIterNext[insn] = 1;
        facts.prunePoint[insn] = 1;
        facts.forceCheckpoint[insn] = 1;
      }
      if (kfunc.flags.includes('sleepable')) subprogram.mightSleep = true;
      if (kfuncChangesPacket(kfunc.name)) subprogram.changesPacket = true;
    }
  }

  #subprogram(insn: number): Subprogram {
    return this.#env.subprograms[subprogramOf(this.#env, insn)] as Subprogram; // instructions are in range
  }
}
