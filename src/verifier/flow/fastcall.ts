/**
 * Spills and fills that a compiler puts around calls of bpf_fastcall functions, for kernels which do not know that such
 * a function keeps r0 to r5. Where it is made inline they are dropped, and with them their stack.
 * After mark_fastcall_patterns() and remove_fastcall_spills_fills() in kernel/bpf/verifier.c (Linux 6.18).
 */
import { BPF_CALL, BPF_DW, BPF_JMP, BPF_LDX, BPF_MEM, BPF_REG_10, BPF_STX } from '../../isa/index.ts';
import type { Env, Subprogram } from '../environment.ts';
import { bitRange, summarizeCall } from './call-summary.ts';

const SPILL = BPF_STX | BPF_MEM | BPF_DW;
const FILL = BPF_LDX | BPF_MEM | BPF_DW;
const CALLER_SAVED = 6;
const SLOT = 8;

export function markFastcallPatterns(env: Env): void {
  for (const subprogram of env.subprograms) {
    const lowest = lowestSpill(env, subprogram);
    for (let insn = subprogram.start; insn < subprogram.end; insn++)
      if (env.insns.code(insn) === (BPF_JMP | BPF_CALL)) markAround(env, subprogram, insn, lowest);
  }
}

/** Spills for fastcalls are the lowest of the frame. */
function lowestSpill(env: Env, { start, end }: Subprogram): number {
  const { insns } = env;
  let lowest = 0;
  for (let insn = start; insn < end; insn++)
    if (insns.code(insn) === SPILL && insns.dst(insn) === BPF_REG_10) lowest = Math.min(lowest, insns.off(insn));
  return lowest;
}

/** Pairs of a spill before and a fill after the call, of registers that the call would keep. */
function markAround(env: Env, subprogram: Subprogram, call: number, lowest: number): void {
  const { insns, facts } = env;
  const summary = summarizeCall(env, call);
  if (summary === undefined) return;
  const clobbered = bitRange(summary.returnsNothing ? 1 : 0, summary.parameters);
  let expected = ~clobbered & bitRange(0, CALLER_SAVED - 1);
  let pairs = 0;
  let offset = lowest;
  for (; pairs < CALLER_SAVED; pairs++, offset += SLOT) {
    const before = call - pairs - 1;
    const after = call + pairs + 1;
    if (before < 0 || after >= env.count) break;
    if (insns.code(before) !== SPILL || insns.dst(before) !== BPF_REG_10) break;
    if (insns.code(after) !== FILL || insns.src(after) !== BPF_REG_10) break;
    const register = insns.src(before);
    if (register !== insns.dst(after) || (expected & (1 << register)) === 0) break;
    if (insns.off(before) !== offset || insns.off(after) !== offset) break;
    expected &= ~(1 << register);
    facts.fastcallPattern[before] = 1;
    facts.fastcallPattern[after] = 1;
  }
  if (pairs === 0) return;
  // A call that is not made inline here may be elsewhere: its pairs do no harm to those of others.
  if (summary.fastcall) facts.fastcallSpills[call] = pairs;
  else subprogram.keepFastcallStack = true;
  subprogram.fastcallStackOffset = Math.min(subprogram.fastcallStackOffset, offset);
}

/** After verification: the stack that is left of each function when the pairs are dropped. */
export function dropFastcallStack(env: Env): void {
  for (const subprogram of env.subprograms) {
    if (subprogram.keepFastcallStack) continue;
    const { start, end, fastcallStackOffset } = subprogram;
    if (env.facts.fastcallSpills.subarray(start, end).some((pairs) => pairs > 0))
      subprogram.stackDepth = -fastcallStackOffset;
  }
}
