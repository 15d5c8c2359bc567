/**
 * A verified program becomes one WebAssembly module: a function for each of its own, and `entry`, which JavaScript
 * calls. Everything is decided here or by the plans that are asked for; instantiate.ts says what the module imports.
 */
import { checkObject } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_CLASS,
  BPF_EXIT,
  BPF_IND,
  BPF_JA,
  BPF_JMP,
  BPF_LD,
  BPF_LDX,
  BPF_MODE,
  BPF_OP,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  BPF_ST,
  BPF_STX,
  BPF_X,
  InstructionView,
  LD_IMM64,
} from '../isa/index.ts';
import { emitAlu } from './arithmetic.ts';
import { emitAtomic } from './atomics.ts';
import { emitCondition } from './branches.ts';
import {
  emitCall,
  emitLdImm64,
  emitPacketLoad,
  emitRegisterCall,
  emitSubprogramCall,
  registersOfPlan,
  stackUseOfPlan,
} from './calls.ts';
import { BRANCHES, buildFlowGraph, ENDS, type FlowGraph, isMayGoto } from './flow-graph.ts';
import { FunctionCode, type ProgramLayout } from './function-code.ts';
import { type ImportedFunction, type Needs, ProgramImports } from './imports.ts';
import { emitLoad, emitStore } from './memory.ts';
import { ModuleWriter } from './module-writer.ts';
import { I64, OP, type ValueType } from './opcodes.ts';
import type { CallPlan, CompileInput } from './plan.ts';
import { liveAtEntry } from './registers.ts';
import { followFramePointers, layOutStack, type StackUse } from './stack-slots.ts';
import { emitStructured } from './structure.ts';
import { addEntry, addException, addStackReader } from './wrappers.ts';

/** Where the code of instructions is in the module: ascending offsets, and the instruction that begins there. */
export interface CodePlaces {
  readonly offsets: Uint32Array;
  readonly insns: Uint32Array;
}

export interface CompiledProgram {
  readonly name: string;
  /** Name of the module in stack traces; no other has it. */
  readonly moduleName: string;
  readonly bytes: Uint8Array;
  /** Those it was compiled from. */
  readonly insns: Uint8Array;
  readonly imports: readonly ImportedFunction[];
  /** Subprograms that have a place in the function table, in this order; the first is the main one. */
  readonly inTable: readonly number[];
  readonly places: CodePlaces;
}

const ALL_ARGUMENTS = 0b111110;
const MAIN = 0;
const CALLX = BPF_JMP | BPF_CALL | BPF_X;
const GOTOX = BPF_JMP | BPF_JA | BPF_X;

let modules = 0;

/** @throws BpfiterError `unsupported` for what cannot be compiled, by name */
export function compileProgram(input: CompileInput): CompiledProgram {
  checkObject('compileProgram()', 'a program and what is known of it (CompileInput)', input, ['insns']);
  return new ProgramCompiler(input).compile();
}

class ProgramCompiler implements ProgramLayout {
  readonly input: CompileInput;
  readonly insns: InstructionView;
  readonly calls = new Map<number, CallPlan>();
  readonly imports: ProgramImports;
  readonly programType: number;
  readonly #module = new ModuleWriter();
  readonly #graphs: FlowGraph[];
  readonly #parameters: number[] = [];
  readonly #starts = new Map<number, number>();
  readonly #calledBack = new Set<number>();
  readonly #inTable: readonly number[];
  #makesTailCalls = false;

  constructor(input: CompileInput) {
    this.input = input;
    this.insns = new InstructionView(input.insns);
    for (const [index, { start }] of input.subprograms.entries()) this.#starts.set(start, index);
    this.imports = new ProgramImports(this.#module, input, this.#survey(), this.calls);
    this.programType = this.#module.type([I64], [I64]);
    this.#graphs = input.subprograms.map(({ start, end }) =>
      buildFlowGraph(this.insns, start, end, input.facts.seen, (insn) => this.calls.get(insn)?.kind !== 'throw'),
    );
    this.#inTable = [MAIN, ...[...this.#calledBack].filter((index) => index !== MAIN)];
    for (let index = 0; index < input.subprograms.length; index++) this.#findParameters(index);
  }

  /** Looks at all instructions that live: asks for the plans of calls, and finds what has to be imported. */
  #survey(): Needs {
    const { insns, input } = this;
    const needs: Needs = { mayGoto: false, throws: false, loadsPackets: false, callsByRegister: false };
    for (const [index, { isCallback, isExceptionCallback }] of input.subprograms.entries())
      if (isCallback || isExceptionCallback) this.#calledBack.add(index);
    for (let insn = 0; insn < insns.length; insn += insns.slots(insn)) {
      if (input.facts.seen[insn] !== 1) continue;
      const code = insns.code(insn);
      if (isMayGoto(code)) needs.mayGoto = true;
      else if (code === LD_IMM64 && insns.src(insn) === BPF_PSEUDO_FUNC)
        this.#calledBack.add(this.subprogramAt(insn + 1 + insns.imm(insn)));
      else if (BPF_CLASS(code) === BPF_LD && (BPF_MODE(code) === BPF_ABS || BPF_MODE(code) === BPF_IND))
        needs.loadsPackets = true;
      else if (code === (BPF_JMP | BPF_CALL) && insns.src(insn) !== BPF_PSEUDO_CALL) {
        const plan = input.call(insn);
        this.calls.set(insn, plan);
        if (plan.kind === 'throw') needs.throws = true;
        else if (plan.kind === 'tail-call' || plan.kind === 'tail-call-by-map') this.#makesTailCalls = true;
        else if (plan.kind === 'loop') this.#calledBack.add(plan.callback);
      } else if (code === CALLX) needs.callsByRegister = true;
      else if (code === GOTOX)
        throw new BpfiterError('unsupported', `${input.name}: instruction ${insn} is an indirect jump (gotox)`);
    }
    if (this.#calledBack.has(MAIN))
      throw new BpfiterError('unsupported', `${input.name}: the main function as a callback`);
    return needs;
  }

  /** Callbacks take all five arguments, the main function one, the others what they read. */
  #findParameters(index: number): number {
    const known = this.#parameters[index];
    if (known !== undefined) return known;
    if (index === MAIN) this.#parameters[index] = 1 << 1;
    else {
      // Functions that call each other in a circle: the verifier lets none pass, but this must end.
      this.#parameters[index] = ALL_ARGUMENTS;
      if (!this.#calledBack.has(index))
        this.#parameters[index] =
          liveAtEntry(this.insns, this.#graphs[index] as FlowGraph, (insn) => this.#readByCall(insn)) & ALL_ARGUMENTS;
    }
    return this.#parameters[index] as number;
  }

  #readByCall(insn: number): number {
    if (this.insns.code(insn) === CALLX) return ALL_ARGUMENTS | (1 << this.insns.dst(insn));
    const plan = this.calls.get(insn);
    if (plan !== undefined) return registersOfPlan(plan);
    return this.#findParameters(this.subprogramAt(insn + 1 + this.insns.imm(insn)));
  }

  #stackUse(insn: number): StackUse {
    const plan = this.calls.get(insn);
    if (plan !== undefined) return stackUseOfPlan(plan, this.#calledBack.size > 0);
    return { upwards: 0, anyhow: this.#readByCall(insn), readsKey: false };
  }

  functionOf(subprogram: number): number {
    return this.#module.functionIndex(subprogram);
  }

  parametersOf(subprogram: number): number {
    return this.#findParameters(subprogram);
  }

  subprogramAt(insn: number): number {
    const index = this.#starts.get(insn);
    if (index === undefined) throw new RangeError(`no function begins at instruction ${insn}`);
    return index;
  }

  tableSlot(subprogram: number): number {
    return this.#inTable.indexOf(subprogram);
  }

  compile(): CompiledProgram {
    const { input } = this;
    const module = this.#module;
    const codes = input.subprograms.map(({ name }, index) => {
      const f = this.#compileFunction(index);
      const parameters = countBits(this.parametersOf(index));
      module.add({
        name: name === '' ? `func#${index}` : name,
        type: module.type(new Array<ValueType>(parameters).fill(I64), [I64]),
        locals: f.locals,
        code: f.code.written,
      });
      return f;
    });
    module.export('entry', addEntry(module, this.functionOf(MAIN), this.#makesTailCalls));
    module.export('stack', addStackReader(module, this.imports.stackPointer));
    const exceptionCallback = input.subprograms.findIndex(({ isExceptionCallback }) => isExceptionCallback);
    if (exceptionCallback >= 0) module.export('exception', addException(module, this.functionOf(exceptionCallback)));
    modules += 1;
    const moduleName = `${input.name.replace(/\W/g, '_')}.${modules}`;
    const written = module.finish(
      moduleName,
      this.#inTable.map((index) => this.functionOf(index)),
      this.imports.tableBase,
    );
    return {
      name: input.name,
      moduleName,
      bytes: written.bytes,
      insns: input.insns,
      imports: this.imports.functions,
      inTable: this.#inTable,
      places: joinPlaces(codes, written.codeStarts),
    };
  }

  #compileFunction(index: number): FunctionCode {
    const { insns, input } = this;
    const graph = this.#graphs[index] as FlowGraph; // one for each
    const { stackDepth } = input.subprograms[index] as { readonly stackDepth: number };
    const layout = layOutStack(insns, graph, stackDepth, (insn) => this.#stackUse(insn));
    const { start, end, ending } = graph;
    let hasMayGoto = false;
    for (let block = 0; block < graph.count; block++)
      if (ending[block] === BRANCHES && isMayGoto(insns.code((end[block] as number) - 1))) hasMayGoto = true;
    const f = new FunctionCode(this, this.parametersOf(index), layout, hasMayGoto);
    f.places.push(0, (input.subprograms[index] as { readonly start: number }).start);
    f.prologue();
    emitStructured(graph, {
      code: f.code,
      local: (type) => f.local(type),
      body: (block) => {
        f.shortRegisters = 0;
        layout.enter(block, f.framePointers);
        const last = end[block] as number; // in range
        for (let insn = start[block] as number; insn < last; insn += insns.slots(insn)) {
          f.places.push(f.code.length, insn);
          this.#emit(f, insn);
          followFramePointers(insns, insn, f.framePointers);
        }
        if (ending[block] === ENDS && insns.code(last - 1) !== (BPF_JMP | BPF_EXIT)) f.code.op(OP.unreachable);
      },
      condition: (block, negated) => emitCondition(f, (end[block] as number) - 1, negated),
    });
    f.code.op(OP.end);
    return f;
  }

  #emit(f: FunctionCode, insn: number): void {
    const code = f.insns.code(insn);
    switch (BPF_CLASS(code)) {
      case BPF_ALU:
      case BPF_ALU64:
        emitAlu(f, insn);
        return;
      case BPF_LDX:
        emitLoad(f, insn);
        return;
      case BPF_ST:
        emitStore(f, insn);
        return;
      case BPF_STX:
        if (BPF_MODE(code) === BPF_ATOMIC) emitAtomic(f, insn);
        else emitStore(f, insn);
        return;
      case BPF_LD:
        if (code === LD_IMM64) emitLdImm64(f, insn);
        else emitPacketLoad(f, insn);
        return;
      default:
        if (BPF_OP(code) === BPF_CALL) {
          const plan = this.calls.get(insn);
          if (code === CALLX) emitRegisterCall(f, insn);
          else if (plan === undefined) emitSubprogramCall(f, insn);
          else emitCall(f, insn, plan);
        } else if (BPF_OP(code) === BPF_EXIT) {
          f.get(0);
          f.return();
        }
      // Jumps are the structure's business.
    }
  }
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

function joinPlaces(codes: readonly FunctionCode[], starts: readonly number[]): CodePlaces {
  const offsets: number[] = [];
  const insns: number[] = [];
  for (const [index, { places }] of codes.entries())
    for (let at = 0; at < places.length; at += 2) {
      offsets.push((starts[index] as number) + (places[at] as number)); // one for each function
      insns.push(places[at + 1] as number);
    }
  return { offsets: Uint32Array.from(offsets), insns: Uint32Array.from(insns) };
}
