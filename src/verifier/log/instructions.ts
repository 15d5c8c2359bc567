/**
 * Instructions and source lines in the log. A state that follows its instruction directly is put on the same line,
 * behind a semicolon, as Linux does since 5.17.
 */

import { disassemble } from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import type { VerifierLine } from '../program.ts';
import type { State } from '../state.ts';
import { printState } from './states.ts';

/** Least column of the semicolon, and the raster it moves on in. */
const STATE_COLUMN = 40;
const RASTER = 8;

/** `(85) call bpf_map_lookup_elem#1`. */
export function instructionText(env: Env, insn: number): string {
  return disassemble(env.insns, insn, {
    kfuncName: (btfId, module) => env.btfs[module === 0 ? 0 : module + 1]?.nameOf(btfId),
  });
}

/** The instruction alone, and a newline. */
export function printInstruction(env: Env, insn: number): void {
  if (env.log.enabled) env.log.write(`${instructionText(env, insn)}\n`);
}

/** What the log last printed for an instruction, so that its state can be put behind it. */
interface PrintedInstruction {
  readonly text: string;
  /** Of the log, directly after it. */
  readonly position: number;
}

const printed = new WeakMap<Env, PrintedInstruction>();

/** `12: (bf) r1 = r6`, with the source line above it if that is another than the last printed one. */
export function printCurrentInstruction(env: Env): void {
  if (!env.log.enabled) return;
  printSourceLine(env, env.insn);
  const text = `${env.insn}: ${instructionText(env, env.insn)}`;
  env.log.write(`${text}\n`);
  printed.set(env, { text, position: env.log.position });
}

/** What changed in the current frame, behind the instruction that changed it. */
export function printInstructionState(env: Env, state: State): void {
  const { log } = env;
  if (!log.enabled) return;
  const last = printed.get(env);
  if (last !== undefined && last.position === log.position) {
    log.reset(log.position - 1);
    const length = last.text.length + 1;
    const column = Math.ceil(Math.max(length + RASTER / 2, STATE_COLUMN) / RASTER) * RASTER;
    log.write(`${last.text}${' '.repeat(column - length - 1)};`);
  } else {
    log.write(`${env.insn}:`);
  }
  printState(env, state, state.current, false);
}

const lastLines = new WeakMap<Env, VerifierLine>();

/** The last line record at or before an instruction. */
export function lineOf(env: Env, insn: number): VerifierLine | undefined {
  const { lines } = env.program;
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.insn ?? 0) <= insn) low = middle + 1;
    else high = middle;
  }
  return lines[low - 1];
}

/** `; return 0; @ task.bpf.c:42`, unless it is the line printed last. */
export function printSourceLine(env: Env, insn: number): void {
  if (!env.log.enabled) return;
  const line = lineOf(env, insn);
  const last = lastLines.get(env);
  if (line === undefined || line === last) return;
  if (last !== undefined && last.file === line.file && last.line === line.line) return;
  const file = line.file.slice(line.file.lastIndexOf('/') + 1);
  env.log.write(`; ${line.text.trimStart()} @ ${file}:${line.line}\n`);
  lastLines.set(env, line);
}

/** The statistics that end a log. */
export function printStatistics(env: Env, microseconds: number): void {
  const { log, statistics } = env;
  if ((log.level & 4) !== 0) {
    log.write(`verification time ${microseconds} usec\n`);
    log.write(`stack depth ${env.subprograms.map(({ stackDepth }) => stackDepth).join('+')}\n`);
  }
  log.write(
    `processed ${statistics.insnsProcessed} insns (limit 1000000) max_states_per_insn ${statistics.maxStatesPerInsn} ` +
      `total_states ${statistics.totalStates} peak_states ${statistics.peakStates} mark_read ${statistics.longestMarkReadWalk}\n`,
  );
}
