/**
 * What the code of one function is written with: its locals, the registers among them, the frame. What instructions
 * become stands in the files beside this one, a kind of instruction each.
 *
 * Each of r0-r9 is an i64 local. r10 is none: addresses in the frame are counted from `frame`, an i32 local with the
 * frame's lowest byte, where static offsets reach everything.
 */
import type { InstructionView } from '../isa/index.ts';
import { CodeWriter } from './code-writer.ts';
import type { ProgramImports } from './imports.ts';
import { EMPTY, F64, I32, I64, OP, V128, type ValueType } from './opcodes.ts';
import { type CallPlan, type CompileInput, KERNEL_BASE_HIGH } from './plan.ts';
import { isFrameOffset, NO_FRAME_POINTER, type StackLayout, type StackSlot } from './stack-slots.ts';

const FRAME_POINTER = 10;
/** Where the frame pointer of a frame without memory seems to be: nothing is ever read there. */
const NO_FRAME = 0x800;

const SCRATCH_TYPES = { i32: I32, i64: I64, f64: F64, v128: V128 } as const;

/** What the code of all functions of a program refers to. */
export interface ProgramLayout {
  readonly input: CompileInput;
  readonly insns: InstructionView;
  readonly imports: ProgramImports;
  /** Of calls of helpers and kfuncs that are no dead code. */
  readonly calls: ReadonlyMap<number, CallPlan>;
  /** Function index of a subprogram. */
  functionOf(subprogram: number): number;
  /** Which of r1-r5 a subprogram takes, as bits; its parameters in this order. */
  parametersOf(subprogram: number): number;
  /** Index of the subprogram that begins at an instruction. */
  subprogramAt(insn: number): number;
  /** Place in the table, from the program's first, of a function that is called back. */
  tableSlot(subprogram: number): number;
  /** Type of callbacks: (i64 x 5) -> i64, and of programs: (i64) -> i64. */
  readonly programType: number;
}

export class FunctionCode {
  readonly program: ProgramLayout;
  readonly insns: InstructionView;
  readonly code = new CodeWriter();
  readonly locals: ValueType[] = [];
  readonly layout: StackLayout;
  /** What registers hold before the current instruction; see stack-slots.ts. */
  readonly framePointers = new Int32Array(11).fill(NO_FRAME_POINTER);
  /** Bits of registers whose upper words are known to be 0 before the current instruction. */
  shortRegisters = 0;
  /** Where the code of instructions begins: pairs of an offset and an instruction, ascending. */
  readonly places: number[] = [];
  /** Counts down the iterations that may_goto allows, and when the function began to count. */
  readonly iterations: number;
  readonly loopStart: number;
  readonly #parameters: number;
  readonly #registers = new Int32Array(10).fill(-1);
  readonly #slots = new Map<number, number>();
  readonly #scratch = new Map<string, number>();
  readonly #frame: number;

  /** @param parameters bits of the registers that the function takes */
  constructor(program: ProgramLayout, parameters: number, layout: StackLayout, hasMayGoto: boolean) {
    this.program = program;
    this.insns = program.insns;
    this.layout = layout;
    let count = 0;
    for (let register = 1; register <= 5; register++)
      if (((parameters >> register) & 1) === 1) this.#registers[register] = count++;
    this.#parameters = count;
    this.#frame = layout.size > 0 ? this.local(I32) : -1;
    this.iterations = hasMayGoto ? this.local(I32) : -1;
    this.loopStart = hasMayGoto ? this.scratch('f64 loop start') : -1;
  }

  /** A new local. */
  local(type: ValueType): number {
    this.locals.push(type);
    return this.#parameters + this.locals.length - 1;
  }

  /** A local that is only used within an instruction, by its type and purpose. */
  scratch(name: `${keyof typeof SCRATCH_TYPES} ${string}`): number {
    let index = this.#scratch.get(name);
    if (index === undefined) {
      index = this.local(SCRATCH_TYPES[name.slice(0, name.indexOf(' ')) as keyof typeof SCRATCH_TYPES]);
      this.#scratch.set(name, index);
    }
    return index;
  }

  #local(register: number): number {
    let index = this.#registers[register] as number; // r0-r9
    if (index < 0) {
      index = this.local(I64);
      this.#registers[register] = index;
    }
    return index;
  }

  /** Pushes a register. */
  get(register: number): void {
    if (register === FRAME_POINTER) this.#framePointer();
    else this.code.localGet(this.#local(register));
  }

  /** Pops into a register. @param isShort whether the upper word is 0 */
  set(register: number, isShort = false): void {
    if (register >= FRAME_POINTER) throw new RangeError(`r${register} cannot be written`);
    this.code.localSet(this.#local(register));
    this.noteShort(register, isShort);
  }

  noteShort(register: number, isShort: boolean): void {
    const bit = 1 << register;
    this.shortRegisters = isShort ? this.shortRegisters | bit : this.shortRegisters & ~bit;
  }

  isShort(register: number): boolean {
    return ((this.shortRegisters >> register) & 1) === 1;
  }

  /** Pushes the low word of a register: of a pointer, its offset in linear memory. */
  getLow(register: number): void {
    const distance = this.framePointers[register] as number; // r0-r10
    if (this.#frame >= 0 && isFrameOffset(distance)) {
      this.frameAddress(distance);
      return;
    }
    this.get(register);
    this.code.op(OP['i32.wrap_i64']);
  }

  /** Pushes the upper word. */
  getHigh(register: number): void {
    this.get(register);
    this.code.i64ConstOf(32);
    this.code.op(OP['i64.shr_u']);
    this.code.op(OP['i32.wrap_i64']);
  }

  /** Turns an i32 into an i64 with upper word 0, and pops it into a register. */
  setShort(register: number): void {
    this.code.op(OP['i64.extend_i32_u']);
    this.set(register, true);
  }

  /** Turns an offset in linear memory on the stack into an address; 0 becomes one too. */
  toAddress(): void {
    this.code.op(OP['i64.extend_i32_u']);
    this.code.i64Const(0, KERNEL_BASE_HIGH);
    this.code.op(OP['i64.or']);
  }

  #framePointer(): void {
    if (this.#frame < 0) {
      this.code.i64Const(NO_FRAME, KERNEL_BASE_HIGH);
      return;
    }
    this.frameAddress(0);
    this.toAddress();
  }

  /** Pushes the offset in linear memory of a place in the frame. @param distance to the frame pointer */
  frameAddress(distance: number): void {
    this.code.localGet(this.#frame);
    const offset = this.layout.size + distance;
    if (offset === 0) return;
    this.code.i32Const(offset);
    this.code.op(OP['i32.add']);
  }

  /** Pushes the frame's lowest byte; @returns the static offset from there of a place in the frame. */
  frameBase(distance: number): number {
    this.code.localGet(this.#frame);
    const offset = this.layout.size + distance;
    if (offset >= 0) return offset;
    this.code.i32Const(offset);
    this.code.op(OP['i32.add']);
    return 0;
  }

  get hasFrame(): boolean {
    return this.#frame >= 0;
  }

  /** The i64 local of a stack slot. */
  slotLocal(slot: StackSlot): number {
    let index = this.#slots.get(slot.offset);
    if (index === undefined) {
      index = this.local(I64);
      this.#slots.set(slot.offset, index);
    }
    return index;
  }

  /** To be called first. */
  prologue(): void {
    const { code, program, layout } = this;
    if (this.iterations >= 0) {
      code.i32Const(MAY_GOTO_ITERATIONS);
      code.localSet(this.iterations);
    }
    if (this.#frame < 0) return;
    code.globalGet(program.imports.stackPointer);
    code.i32Const(layout.size);
    code.op(OP['i32.sub']);
    code.localTee(this.#frame);
    code.i32Const(program.input.stackLimit);
    code.op(OP['i32.lt_u']);
    code.begin(OP.if, EMPTY);
    code.op(OP.unreachable);
    code.op(OP.end);
    code.localGet(this.#frame);
    code.globalSet(program.imports.stackPointer);
  }

  /** Gives the frame back; before each way out. */
  releaseFrame(): void {
    if (this.#frame < 0) return;
    this.frameAddress(0);
    this.code.globalSet(this.program.imports.stackPointer);
  }

  /** Returns what is on the stack. */
  return(): void {
    this.releaseFrame();
    this.code.op(OP.return);
  }
}

/** BPF_MAX_TIMED_LOOPS: so many rounds go by before the clock is looked at. */
export const MAY_GOTO_ITERATIONS = 0xffff;
