/**
 * What of the walk is kept when a program is refused: the path that led there, what the registers held, what is held
 * unreleased. The path is found backwards, from the jump histories of the current state and of the saved states that
 * it passed, as precision is (explore/precision.ts).
 */
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_CALL,
  BPF_CLASS,
  BPF_JMP,
  BPF_OP,
  BPF_PSEUDO_CALL,
  BPF_SRC,
  BPF_X,
} from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { MAX_REGISTERS } from '../frame.ts';
import { HISTORY_INSN, HISTORY_PREVIOUS } from '../jump-history.ts';
import { instructionText, registerText } from '../log/index.ts';
import { TYPE } from '../register.ts';
import { NOT_INIT } from '../register-types.ts';
import type { State } from '../state.ts';

export interface Moment {
  /** Slots of the instructions in the order they were walked; the last is the one that was refused. */
  readonly path: readonly number[];
  /** Whether the path begins where the function does; long ones lack their beginning. */
  readonly isWhole: boolean;
  /** Registers of the executing function as the log shows them; those without a value, and the half-written one, are absent. */
  readonly registers: ReadonlyMap<number, string>;
  /** What arithmetic on two registers was to change, -1 if none: it may have been when that was refused. */
  readonly halfWritten: number;
  /** Where what is still to be released was acquired, or locked. */
  readonly acquired: readonly number[];
  /** Names of what the calls of the path call. */
  readonly callees: ReadonlyMap<number, string>;
}

/** Instructions; what led further back is seldom what a person needs. */
const MAX_PATH = 20_000;

/** @param env whose walk refused the program just now */
export function recallMoment(env: Env): Moment {
  const { path, isWhole } = recallPath(env.state, env.walk.historyEntry >= 0);
  const callees = new Map<number, string>();
  for (const insn of path) {
    const code = env.insns.code(insn);
    if (BPF_CLASS(code) !== BPF_JMP || BPF_OP(code) !== BPF_CALL || callees.has(insn)) continue;
    callees.set(insn, calleeName(env, insn));
  }
  const halfWritten = halfWrittenBy(env, path.at(-1) ?? 0);
  return {
    path,
    isWhole,
    registers: recallRegisters(env, halfWritten),
    halfWritten,
    acquired: env.state.references.map(({ insn }) => insn),
    callees,
  };
}

/** @param isLastNoted whether the history has how the last instruction was reached, which may have been a jump */
function recallPath(current: State, isLastNoted: boolean): { path: number[]; isWhole: boolean } {
  const path: number[] = [];
  let { insn } = current;
  const isJustSaved = insn === current.firstInsn && current.jumpHistory.length === 0;
  if (!isLastNoted && !isJustSaved && current.lastInsn >= 0) {
    path.push(insn);
    insn = current.lastInsn;
  }
  for (let state: State | undefined = current; state !== undefined; ) {
    const { jumpHistory, firstInsn } = state;
    let entries = jumpHistory.length;
    for (;;) {
      if (path.length === MAX_PATH || insn < 0) return { path: path.reverse(), isWhole: false };
      path.push(insn);
      const isNoted = entries > 0 && jumpHistory.get(entries - 1, HISTORY_INSN) === insn;
      if (insn === firstInsn && (entries === 0 || (entries === 1 && isNoted))) break;
      if (isNoted) {
        entries -= 1;
        insn = jumpHistory.get(entries, HISTORY_PREVIOUS);
      } else insn -= 1;
    }
    // A saved state was left by what its own last instruction was when it was saved.
    const parent: State | undefined = state.parent;
    if (parent !== undefined) insn = parent.lastInsn;
    state = parent;
    if (state !== undefined && insn < 0) break;
  }
  return { path: path.reverse(), isWhole: true };
}

function halfWrittenBy({ insns }: Env, insn: number): number {
  const code = insns.code(insn);
  const isArithmetic = BPF_CLASS(code) === BPF_ALU || BPF_CLASS(code) === BPF_ALU64;
  return isArithmetic && BPF_SRC(code) === BPF_X ? insns.dst(insn) : -1;
}

function recallRegisters(env: Env, except: number): ReadonlyMap<number, string> {
  const { frame } = env.state;
  const registers = new Map<number, string>();
  for (let number = 0; number < MAX_REGISTERS; number++) {
    const r = frame.register(number);
    if (number === except || frame.words[r + TYPE] === NOT_INIT) continue;
    registers.set(number, registerText(env, frame, frame.words, r));
  }
  return registers;
}

/** `bpf_map_lookup_elem`; subprograms by their names. */
function calleeName(env: Env, insn: number): string {
  const target = insn + 1 + env.insns.imm(insn);
  const subprogram =
    env.insns.src(insn) === BPF_PSEUDO_CALL ? env.subprograms.find(({ start }) => start === target) : undefined;
  if (subprogram !== undefined && subprogram.name !== '') return subprogram.name;
  return instructionText(env, insn)
    .replace(/^.*\bcall /, '')
    .replace(/#-?\d+$/, '');
}
