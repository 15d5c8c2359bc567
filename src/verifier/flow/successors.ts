/** Who follows whom within a function, and the order in which backward analyses visit instructions. */

import { BPF_CALL, BPF_CLASS, BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, BPF_OP, LD_IMM64 } from '../../isa/index.ts';
import type { Env } from '../environment.ts';

/** Where a jump goes, counted from the instruction after it. */
export function jumpOffset(env: Env, insn: number): number {
  return env.insns.code(insn) === (BPF_JMP32 | BPF_JA) ? env.insns.imm(insn) : env.insns.off(insn);
}

/** To be called when all jumps are known to lead to instructions of their functions. */
export function findSuccessors(env: Env): void {
  const { successors } = env.flow;
  for (let insn = 0; insn < env.count; insn += env.insns.slots(insn)) {
    const code = env.insns.code(insn);
    const isJump = BPF_CLASS(code) === BPF_JMP || BPF_CLASS(code) === BPF_JMP32;
    const operation = isJump ? BPF_OP(code) : BPF_CALL;
    let at = insn * 2;
    if (operation !== BPF_EXIT && operation !== BPF_JA) successors[at++] = insn + (code === LD_IMM64 ? 2 : 1);
    if (operation !== BPF_EXIT && operation !== BPF_CALL) successors[at] = insn + jumpOffset(env, insn) + 1;
  }
}

export function findPredecessors(env: Env): void {
  const { successors, predecessors, predecessorStart } = env.flow;
  const next = new Int32Array(env.count);
  // Counts first, so that each knows where it begins; then one place after the other.
  for (let at = 0; at < successors.length; at++) {
    const to = successors[at] as number; // below length
    if (to >= 0) predecessorStart[to + 1] = (predecessorStart[to + 1] as number) + 1;
  }
  for (let insn = 0; insn < env.count; insn++) {
    predecessorStart[insn + 1] = (predecessorStart[insn + 1] as number) + (predecessorStart[insn] as number);
    next[insn] = predecessorStart[insn] as number; // in range
  }
  for (let at = 0; at < successors.length; at++) {
    const to = successors[at] as number; // below length
    if (to < 0) continue;
    const place = next[to] as number; // successors are in range
    predecessors[place] = at >> 1;
    next[to] = place + 1;
  }
}

/** Each function's instructions in postorder, as far as its entry leads to them. */
export function findPostorder(env: Env): void {
  const { successors, postorder, postorderStart, position } = env.flow;
  const DISCOVERED = 1;
  const EXPLORED = 2;
  const state = new Uint8Array(env.count);
  const stack = new Int32Array(env.count + 1);
  let found = 0;
  for (const [index, { start }] of env.subprograms.entries()) {
    postorderStart[index] = found;
    stack[0] = start;
    let depth = 1;
    while (depth > 0) {
      const insn = stack[depth - 1] as number; // depth > 0
      state[insn] = (state[insn] as number) | DISCOVERED;
      if (((state[insn] as number) & EXPLORED) !== 0) {
        position[insn] = found;
        postorder[found++] = insn;
        depth -= 1;
        continue;
      }
      for (let i = 0; i < 2; i++) {
        const next = successors[insn * 2 + i] as number; // two for each instruction
        if (next < 0 || state[next] !== 0) continue;
        stack[depth++] = next;
        state[next] = DISCOVERED;
      }
      state[insn] = (state[insn] as number) | EXPLORED;
    }
  }
  postorderStart[env.subprograms.length] = found;
}
