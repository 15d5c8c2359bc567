/**
 * Addresses of functions that are never run. Once all paths are walked, Linux takes dead code out; an address that
 * pointed into it keeps its place, so that it points to whatever moved there, and the program is refused if that is no
 * function. After opt_remove_dead_code and jit_subprogs in kernel/bpf/verifier.c, and bpf_remove_insns in
 * kernel/bpf/core.c.
 */
import type { Env } from '../environment.ts';
import { EFAULT } from '../errno.ts';
import { isFunctionAddress, isKfuncCall } from '../flow/index.ts';
import { isThrow } from '../kfuncs/index.ts';

/** Instructions of the callback for exceptions that Linux adds. */
const ADDED_CALLBACK = 2;

export function checkFunctionAddresses(env: Env): void {
  const { insns, facts, subprograms } = env;
  const targets: number[] = [];
  for (let insn = 0; insn < insns.length; insn++)
    if (facts.seen[insn] === 1 && isFunctionAddress(env, insn)) targets.push(insn + insns.imm(insn) + 1);
  if (targets.every((target) => facts.seen[target] === 1)) return;

  const starts = subprograms.map(({ start }) => start).filter((start) => facts.seen[start] === 1);
  const end = insns.length - removeDeadCode(env, starts, targets);
  // An exception callback that Linux adds stands behind all others, and moves what points further.
  const added = throwsByDefault(env) ? ADDED_CALLBACK : 0;
  if (added > 0) starts.push(end);
  // What is left of one function is not looked into.
  if (starts.length < 2) return;
  const target = targets.find((each) => !starts.includes(each));
  if (target === undefined) return;
  const insn = target > end ? target + added : target;
  env.reject(EFAULT, 'verifier-bug', { what: `No program to jit at insn ${insn} (subprog < 0)` });
}

/** Moves places, in place, as each piece of dead code goes. @returns how many instructions went */
function removeDeadCode({ insns, facts }: Env, ...places: number[][]): number {
  let removed = 0;
  for (let insn = 0; insn < insns.length; insn++) {
    const first = insn;
    while (insn < insns.length && facts.seen[insn] !== 1) insn++;
    const count = insn - first;
    if (count === 0) continue;
    const behind = first - removed + count;
    for (const list of places)
      for (let i = 0; i < list.length; i++) {
        const at = list[i] as number; // in range
        if (at >= behind) list[i] = at - count;
      }
    removed += count;
  }
  return removed;
}

/** Whether bpf_throw is called, and what it does is left to Linux. */
function throwsByDefault(env: Env): boolean {
  const { insns, facts } = env;
  if (env.exceptionCallback !== 0) return false;
  for (let insn = 0; insn < insns.length; insn++)
    if (facts.seen[insn] === 1 && isKfuncCall(env, insn) && isThrow(env, insn)) return true;
  return false;
}
