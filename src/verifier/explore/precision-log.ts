/** What backtracking says at log level 2, in the kernel's form. */
import type { Env } from '../environment.ts';
import { printInstruction, printState } from '../log/index.ts';
import type { State } from '../state.ts';
import { wanted } from './backtrack-state.ts';

function registerNames(mask: number): string {
  const names: string[] = [];
  for (let i = 0; i < 32; i++) if ((mask & (1 << i)) !== 0) names.push(`r${i}`);
  return names.join(',');
}

function slotNames(frame: number): string {
  const names: string[] = [];
  for (let slot = 0; slot < 64; slot++) if (wanted.hasSlot(frame, slot)) names.push(String(-(slot + 1) * 8));
  return names.join(',');
}

export function logRound(env: Env, last: number, first: number, next: number): void {
  env.log.write(`mark_precise: frame${wanted.frame}: last_idx ${last} first_idx ${first} subseq_idx ${next} \n`);
}

export function logStep(env: Env, insn: number): void {
  const { frame } = wanted;
  env.log.write(
    `mark_precise: frame${frame}: regs=${registerNames(wanted.mask)} stack=${slotNames(frame)} before ${insn}: `,
  );
  printInstruction(env, insn);
}

export function logParent(env: Env, state: State, frame: number): void {
  const registers = registerNames(wanted.registers[frame] as number); // one a frame
  env.log.write(`mark_precise: frame${frame}: parent state regs=${registers} stack=${slotNames(frame)}: `);
  printState(env, state, frame, true);
}

export function logFallback(env: Env, state: State): void {
  env.log.write(`mark_precise: frame${state.current}: falling back to forcing all scalars precise\n`);
}
