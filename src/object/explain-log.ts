/**
 * A verifier log that ends with a call of a helper that does not exist says nothing to its reader, if that call is a
 * poisoned instruction: here it is told what was missing.
 *
 * Facts: libbpf 1.8, fixup_verifier_log() in src/libbpf.c: the two lines of the kernel and where they stand.
 */
import { checkText } from '../arguments.ts';
import type { LinkedProgram, PoisonedInstruction } from './linked.ts';

/** Lines at the end of a log among which the complaint is looked for; statistics follow it. */
const LAST_LINES = 10;

interface Complaint {
  /** Of the line that names the instruction; the next says that it is invalid. */
  readonly line: number;
  readonly poisoned: PoisonedInstruction;
}

function findComplaint(lines: readonly string[], { poisoned }: LinkedProgram): Complaint | undefined {
  for (let line = lines.length - 1; line > 0 && line >= lines.length - 1 - LAST_LINES; line--) {
    const marker = /^invalid func unknown#(\d+)$/.exec(lines[line] ?? '')?.[1];
    const insn = /^(\d+): \(85\) call unknown#/.exec(lines[line - 1] ?? '')?.[1];
    if (marker === undefined || insn === undefined) continue;
    const found = poisoned.find((candidate) => candidate.insn === Number(insn) && candidate.marker === Number(marker));
    if (found !== undefined) return { line: line - 1, poisoned: found };
  }
  return undefined;
}

/** The log with the two lines about a poisoned instruction replaced by what it stands for; else the log as it is. */
export function explainLog(log: string, program: LinkedProgram): string {
  checkText('explainLog()', "the kernel's log (a string)", log);
  const lines = log.split('\n');
  const complaint = findComplaint(lines, program);
  if (complaint === undefined) return log;
  const { line, poisoned } = complaint;
  lines.splice(line, 2, `${poisoned.insn}: <poisoned instruction>`, poisoned.reason);
  return lines.join('\n');
}

/** Why a program was refused, if that was because it reached a poisoned instruction. */
export function refusalReason(log: string, program: LinkedProgram): string | undefined {
  return findComplaint(log.split('\n'), program)?.poisoned.reason;
}
