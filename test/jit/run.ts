/**
 * Runs programs of raw instructions through the compiler, without verifier and without a kernel: all is live, memory is
 * plain, and helpers are what the test says.
 */
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, InstructionView, LD_IMM64 } from '../../src/isa/index.ts';
import {
  type CompiledProgram,
  type CompileInput,
  compileProgram,
  type Environment,
  instantiate,
  RESULT_HIGH,
  type RunningProgram,
  webAssembly,
} from '../../src/jit/index.ts';
import { assemble } from '../verifier/assemble.ts';

export const STACK_TOP = 0x12000;
export const STACK_LIMIT = 0x2000;
/** Where tests put data that programs read. */
export const DATA = 0x14000;

const BPF_CALL_CODE = 0x85;

export interface Machine extends Environment {
  readonly view: DataView;
}

export function newMachine(): Machine {
  const memory = new webAssembly.Memory({ initial: 2 });
  return {
    memory,
    table: new webAssembly.Table({ element: 'anyfunc', initial: 0 }),
    stackPointer: new webAssembly.Global({ value: 'i32', mutable: true }, STACK_TOP),
    view: new DataView(memory.buffer),
  };
}

/** Functions begin at 0 and where calls and function addresses lead. */
function subprogramsOf(bytes: Uint8Array): CompileInput['subprograms'] {
  const insns = new InstructionView(bytes);
  const starts = new Set([0]);
  const callbacks = new Set<number>();
  for (let insn = 0; insn < insns.length; insn += insns.slots(insn)) {
    const to = insn + 1 + insns.imm(insn);
    if (insns.code(insn) === BPF_CALL_CODE && insns.src(insn) === BPF_PSEUDO_CALL) starts.add(to);
    if (insns.code(insn) !== LD_IMM64 || insns.src(insn) !== BPF_PSEUDO_FUNC) continue;
    starts.add(to);
    callbacks.add(to);
  }
  const sorted = [...starts].sort((a, b) => a - b);
  return sorted.map((start, index) => ({
    start,
    end: sorted[index + 1] ?? insns.length,
    name: index === 0 ? 'main' : `function_${index}`,
    isCallback: callbacks.has(start),
    isExceptionCallback: false,
    stackDepth: 512,
  }));
}

export function inputOf(insns: Uint8Array, changes: Partial<CompileInput> = {}): CompileInput {
  const count = insns.length / 8;
  return {
    name: 'test',
    insns,
    facts: { seen: new Uint8Array(count).fill(1), arenaArithmetic: new Uint8Array(count) },
    subprograms: subprogramsOf(insns),
    call: (insn) => {
      throw new Error(`nobody says what instruction ${insn} calls`);
    },
    constant: (insn) => {
      throw new Error(`nobody says what the constant of instruction ${insn} is`);
    },
    access: () => ({ kind: 'plain' }),
    packetLoad: undefined,
    stackLimit: STACK_LIMIT,
    arenaUserHigh: undefined,
    ...changes,
  };
}

export interface Prepared {
  readonly machine: Machine;
  readonly compiled: CompiledProgram;
  readonly program: RunningProgram;
  /** r0 as an unsigned number. */
  run(context?: number): bigint;
}

/** @param source text for assemble(), or instructions */
export function prepare(
  source: string | Uint8Array,
  changes: Partial<CompileInput> = {},
  machine = newMachine(),
): Prepared {
  const insns = typeof source === 'string' ? assemble(source).insns : source;
  const compiled = compileProgram(inputOf(insns, changes));
  const program = instantiate(compiled, machine);
  return {
    machine,
    compiled,
    program,
    run: (context = 0) => {
      const low = program.entry(context);
      const high = machine.view.getUint32(RESULT_HIGH, true);
      return (BigInt(high) << 32n) | BigInt(low >>> 0);
    },
  };
}

export const run = (source: string | Uint8Array, changes: Partial<CompileInput> = {}): bigint =>
  prepare(source, changes).run();
