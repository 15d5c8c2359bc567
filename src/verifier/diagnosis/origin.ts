/**
 * Where a register's value came from: the path backwards to the instruction that made it, through copies, and for
 * pointers through spills and constant offsets. Where the path does not tell, that is the answer.
 */
import { decode, type Instruction, type InvalidInstruction, type Operand } from '../../isa/index.ts';
import type { Moment } from './moment.ts';

export type Origin =
  /** What a call returned. */
  | { readonly kind: 'result'; readonly insn: number; readonly callee: string }
  /** Calls leave nothing in r1 to r5. */
  | { readonly kind: 'cleared'; readonly insn: number; readonly callee: string }
  | { readonly kind: 'loaded' | 'computed' | 'set'; readonly insn: number }
  /** It was there when the function began. */
  | { readonly kind: 'argument' }
  /** Nothing wrote it since the program began. */
  | { readonly kind: 'never-set' }
  | { readonly kind: 'unknown' };

/** What is looked for: a register, or a spilled one by its offset from r10. */
type Sought = { readonly register: number } | { readonly offset: number };

const FRAME_POINTER = 10;

/** @param insns the program's. @param register of the function that was executing at the end of the path */
export function originOf(insns: Uint8Array, moment: Moment, register: number): Origin {
  const { path, isWhole, callees, registers } = moment;
  const text = registers.get(register);
  const isPointer = text !== undefined && !/^P?(?:scalar|-?\d|-?0x)/.test(text);
  let sought: Sought = { register };
  let fill = -1;
  /** Functions that were called and left again between here and the end of the path. */
  let depth = 0;
  for (let at = path.length - 2; at >= 0; at--) {
    const insn = path[at] as number; // within the path
    const instruction = decode(insns, insn);
    if (instruction.kind === 'exit') {
      depth += 1;
      continue;
    }
    if (instruction.kind === 'call' && entersFunction(instruction, insn, path[at + 1])) {
      if (depth === 0) {
        // The function that was executing begins here: r1 to r5 are the caller's.
        const isPassed = 'register' in sought && sought.register >= 1 && sought.register <= 5;
        if (isPassed && instruction.target.kind === 'subprogram') continue;
        return isPassed ? { kind: 'argument' } : notBefore(fill);
      }
      depth -= 1;
    }
    if (depth > 0) continue;
    if (instruction.kind === 'call') {
      if ('offset' in sought || sought.register > 5) continue;
      const callee = callees.get(insn) ?? 'a function';
      return { kind: sought.register === 0 ? 'result' : 'cleared', insn, callee };
    }
    const before = trace(instruction, sought, isPointer);
    if (before === 'elsewhere') continue;
    if (typeof before === 'string') return { kind: before, insn };
    if ('offset' in before && !('offset' in sought)) fill = insn;
    sought = before;
  }
  if (!isWhole) return { kind: 'unknown' };
  if ('register' in sought && (text !== undefined || register === moment.halfWritten)) return { kind: 'argument' };
  return notBefore(fill);
}

const notBefore = (fill: number): Origin => (fill < 0 ? { kind: 'never-set' } : { kind: 'loaded', insn: fill });

/** Whether the step after a call is in what was called: a subprogram, or a callback. */
function entersFunction(call: Extract<Instruction, { kind: 'call' }>, insn: number, next: number | undefined): boolean {
  if (call.target.kind === 'subprogram' && next === insn + 1 + call.target.off) return true;
  return next !== insn + 1;
}

/** What an instruction did to what is sought: nothing, made it, or took it over from what is to be sought before. */
function trace(
  instruction: Instruction | InvalidInstruction,
  sought: Sought,
  isPointer: boolean,
): Sought | 'elsewhere' | 'loaded' | 'computed' | 'set' {
  if ('offset' in sought) {
    if (instruction.kind !== 'store' || instruction.base !== FRAME_POINTER || instruction.off !== sought.offset)
      return 'elsewhere';
    return 'register' in instruction.source ? instruction.source : 'set';
  }
  const { register } = sought;
  switch (instruction.kind) {
    case 'alu':
      if (instruction.dst !== register) return 'elsewhere';
      if (instruction.op === 'mov') return moved(instruction.source, instruction.width);
      return isPointer && 'immediate' in instruction.source ? sought : 'computed';
    case 'load':
      if (instruction.dst !== register) return 'elsewhere';
      return isPointer && instruction.base === FRAME_POINTER ? { offset: instruction.off } : 'loaded';
    case 'atomic': {
      const result = instruction.op === 'cmpxchg' ? 0 : instruction.src;
      return /fetch|xchg/.test(instruction.op) && result === register ? 'loaded' : 'elsewhere';
    }
    case 'load_acquire':
      return instruction.dst === register ? 'loaded' : 'elsewhere';
    case 'ld_abs':
    case 'ld_ind':
      return register === 0 ? 'loaded' : 'elsewhere';
    case 'ld_imm64':
      return instruction.dst === register ? 'set' : 'elsewhere';
    case 'neg':
    case 'movsx':
    case 'endian':
    case 'addr_space_cast':
      return instruction.dst === register ? 'computed' : 'elsewhere';
    default:
      return 'elsewhere';
  }
}

function moved(source: Operand, width: 32 | 64): Sought | 'computed' | 'set' {
  if ('immediate' in source) return 'set';
  return width === 64 ? source : 'computed';
}
