/**
 * How much stack all functions need that may be on it at once. Programs that may be entered again while they run have
 * a private stack for each larger function, which does not count; the others share 512 bytes.
 * After check_max_stack_depth() in kernel/bpf/verifier.c (Linux 6.18, x86-64 with JIT).
 */
import type { Env, Subprogram } from '../environment.ts';
import { E2BIG, EACCES, EFAULT, EINVAL } from '../errno.ts';
import { MAX_FRAMES, MAX_STACK_BYTES } from '../frame.ts';
import { isFunctionAddress, isKfuncCall, isSubprogramCall } from './calls.ts';
import { dropFastcallStack } from './fastcall.ts';
import { kfuncTarget } from './kfunc-target.ts';
import { subprogramAt } from './subprograms.ts';

const STACK_ALIGNMENT = 16;
const SMALLEST_PRIVATE_STACK = 64;
/** Each of the 33 tail calls may leave its callers' frames on the stack. */
const MAX_BELOW_TAIL_CALL = 256;

/** To be called when all paths were accepted. */
export function checkStackDepth(env: Env): void {
  dropFastcallStack(env);
  const privateStacks = hasPrivateStacks(env);
  // Functions that run on the normal stack somewhere do so everywhere; callbacks that run later come last, and first here.
  const onNormalStack = new Set<number>();
  for (let index = env.subprograms.length - 1; index >= 0; index--) {
    const isRoot = index === 0 || env.subprograms[index]?.isAsyncCallback === true;
    if (isRoot) new DepthWalk(env, index === 0 && privateStacks, onNormalStack).visit(index, 0, 0, false);
  }
}

function hasPrivateStacks(env: Env): boolean {
  return env.rules.privateStack && !env.subprograms.some(({ hasTailCall }) => hasTailCall);
}

const roundUp = (bytes: number): number => Math.ceil(bytes / STACK_ALIGNMENT) * STACK_ALIGNMENT;

/** All chains of calls from one function. */
class DepthWalk {
  readonly #env: Env;
  readonly #privateStacks: boolean;
  readonly #onNormalStack: Set<number>;
  /** Functions that were walked, with all that the result depends on: chains would be too many. */
  readonly #done = new Set<number>();
  /** Callers of the function being visited. */
  readonly #callers: Subprogram[] = [];

  constructor(env: Env, privateStacks: boolean, onNormalStack: Set<number>) {
    this.#env = env;
    this.#privateStacks = privateStacks;
    this.#onNormalStack = onNormalStack;
  }

  /**
   * @param frame number of callers
   * @param depth bytes that they have on the normal stack
   * @param inCallback whether one of them is a callback
   */
  visit(index: number, frame: number, depth: number, inCallback: boolean): void {
    const env = this.#env;
    const subprogram = env.subprograms[index] as Subprogram; // found by its index
    if (!this.#privateStacks) this.#onNormalStack.add(index);
    if (index !== 0 && subprogram.hasTailCall && depth >= MAX_BELOW_TAIL_CALL)
      env.reject(EACCES, 'tail-call-below-deep-stack', { depth });
    const total = this.#addStack(subprogram, index, frame, depth);
    const key = ((index * MAX_FRAMES + frame) * 2 + Number(inCallback)) * (MAX_STACK_BYTES + 1) + total;
    if (!this.#done.has(key)) {
      this.#done.add(key);
      this.#visitCallees(subprogram, index, frame, total, inCallback);
    }
    this.#passOnTailCall(subprogram);
  }

  #addStack(subprogram: Subprogram, index: number, frame: number, depth: number): number {
    const own = roundUp(subprogram.stackDepth);
    if (this.#privateStacks && !this.#onNormalStack.has(index) && own >= SMALLEST_PRIVATE_STACK) {
      if (own > MAX_STACK_BYTES)
        this.#env.reject(EACCES, 'stack-of-subprogram-too-large', { subprogram: index, depth: own });
      return depth;
    }
    const total = depth + own;
    if (total > MAX_STACK_BYTES)
      this.#env.reject(EACCES, 'combined-stack-too-large', { calls: frame + 1, depth: total });
    return total;
  }

  #visitCallees(subprogram: Subprogram, index: number, frame: number, depth: number, inCallback: boolean): void {
    const env = this.#env;
    for (let insn = subprogram.start; insn < subprogram.end; insn++) {
      if (isKfuncCall(env, insn)) {
        const throws = env.insns.off(insn) === 0 && kfuncTarget(env, insn)?.name === 'bpf_throw';
        if (throws && (inCallback || subprogram.isCallback))
          env.reject(EINVAL, 'throw-in-callback', { insn, subprogram: index });
        continue;
      }
      const isCall = isSubprogramCall(env, insn);
      if (!isCall && !isFunctionAddress(env, insn)) continue;
      const calleeIndex = subprogramAt(env, insn + env.insns.imm(insn) + 1);
      const callee = env.subprograms[calleeIndex];
      if (callee === undefined) throw new RangeError(`no function begins where insn ${insn} calls`);
      if (callee.isAsyncCallback) {
        if (callee.hasTailCall) env.reject(EFAULT, 'verifier-bug', { what: 'subprog has tail_call and async cb' });
        if (!isCall) continue;
        if (callee.isExceptionCallback) env.reject(EINVAL, 'exception-callback-called', { insn });
      }
      if (frame + 1 >= MAX_FRAMES) env.reject(E2BIG, 'static-call-stack-too-deep', { frames: frame + 1 });
      this.#callers.push(subprogram);
      this.visit(calleeIndex, frame + 1, depth, inCallback || subprogram.isCallback);
      this.#callers.pop();
    }
  }

  /** All callers of a function with a tail call may have their frames replaced. */
  #passOnTailCall(subprogram: Subprogram): void {
    if (!subprogram.tailCallReachable) return;
    for (const caller of this.#callers) {
      if (caller.isExceptionCallback) this.#env.reject(EINVAL, 'tail-call-in-exception-callback', undefined);
      caller.tailCallReachable = true;
    }
  }
}
