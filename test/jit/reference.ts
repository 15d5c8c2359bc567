/**
 * The instruction set once more, as plainly as can be: decoded instructions over BigInts, without any thought of speed.
 * What the compiler makes is held against this. Facts: RFC 9669, and kernel/bpf/core.c where that leaves things open.
 */
import {
  type AluOperation,
  type AtomicOperation,
  decode,
  type Instruction,
  InstructionView,
  type JumpCondition,
  type Operand,
} from '../../src/isa/index.ts';

const STACK_BASE = 0xffff_c900_0000_0000n;
const STACK_SIZE = 512;
const CONTEXT_BASE = 0xffff_8880_1234_0000n;

const unsigned = (value: bigint, bits = 64): bigint => BigInt.asUintN(bits, value);
const signed = (value: bigint, bits = 64): bigint => BigInt.asIntN(bits, value);

export class Reference {
  readonly #insns: InstructionView;
  readonly #context: Uint8Array;
  readonly #registers = new Array<bigint>(11).fill(0n);
  readonly #frames: { readonly stack: Uint8Array; readonly base: bigint }[] = [];

  /** @param context what r1 points to; changed in place */
  constructor(insns: Uint8Array, context: Uint8Array) {
    this.#insns = new InstructionView(insns);
    this.#context = context;
  }

  /** @returns r0, unsigned */
  run(): bigint {
    this.#registers[1] = CONTEXT_BASE;
    this.#call(0);
    return this.#get(0);
  }

  #get = (register: number): bigint => this.#registers[register] as bigint; // r0-r10
  #set(register: number, value: bigint): void {
    this.#registers[register] = unsigned(value);
  }

  #call(start: number): void {
    const saved = this.#registers.slice(6);
    const base = STACK_BASE + BigInt(this.#frames.length * STACK_SIZE);
    this.#frames.push({ stack: new Uint8Array(STACK_SIZE), base });
    this.#set(10, base + BigInt(STACK_SIZE));
    for (let insn = start; ; ) {
      const instruction = decode(this.#insns, insn);
      if (instruction.kind === 'exit') break;
      insn += this.#insns.slots(insn) + this.#step(instruction, insn);
    }
    this.#frames.pop();
    this.#registers.splice(6, 5, ...saved);
  }

  /** @returns how far to jump */
  #step(instruction: Instruction | { readonly kind: 'invalid' }, insn: number): number {
    switch (instruction.kind) {
      case 'alu': {
        const { op, width, dst, source } = instruction;
        this.#set(dst, unsigned(calculate(op, this.#get(dst), this.#operand(source), width), width));
        return 0;
      }
      case 'neg':
        this.#set(instruction.dst, unsigned(-this.#get(instruction.dst), instruction.width));
        return 0;
      case 'movsx':
        this.#set(instruction.dst, unsigned(signed(this.#get(instruction.src), instruction.from), instruction.width));
        return 0;
      case 'endian': {
        const { order, bits, dst } = instruction;
        const value = unsigned(this.#get(dst), bits);
        this.#set(dst, order === 'le' ? value : swapped(value, bits));
        return 0;
      }
      case 'ld_imm64':
        if (instruction.source.kind !== 'value') throw new Error('only plain numbers are known');
        this.#set(instruction.dst, instruction.source.value);
        return 0;
      case 'load': {
        const value = this.#load(this.#get(instruction.base) + BigInt(instruction.off), instruction.size);
        this.#set(instruction.dst, instruction.signed ? signed(value, instruction.size * 8) : value);
        return 0;
      }
      case 'load_acquire':
        this.#set(instruction.dst, this.#load(this.#get(instruction.base) + BigInt(instruction.off), instruction.size));
        return 0;
      case 'store':
        this.#store(
          this.#get(instruction.base) + BigInt(instruction.off),
          instruction.size,
          this.#operand(instruction.source),
        );
        return 0;
      case 'store_release':
        this.#store(
          this.#get(instruction.base) + BigInt(instruction.off),
          instruction.size,
          this.#get(instruction.src),
        );
        return 0;
      case 'atomic':
        this.#atomic(instruction.op, instruction.size, instruction.base, instruction.off, instruction.src);
        return 0;
      case 'jump': {
        const { condition, width, dst, source, off } = instruction;
        return holds(condition, unsigned(this.#get(dst), width), unsigned(this.#operand(source), width), width)
          ? off
          : 0;
      }
      case 'goto':
      case 'gotol':
        return instruction.off;
      case 'call':
        if (instruction.target.kind !== 'subprogram') throw new Error('there are no helpers');
        this.#call(insn + 1 + instruction.target.off);
        return 0;
      default:
        throw new Error(`no instruction '${instruction.kind}' is known`);
    }
  }

  #operand(operand: Operand): bigint {
    return 'register' in operand ? this.#get(operand.register) : unsigned(BigInt(operand.immediate));
  }

  #atomic(op: AtomicOperation, size: 4 | 8, base: number, off: number, src: number): void {
    const address = this.#get(base) + BigInt(off);
    const old = this.#load(address, size);
    const value = this.#get(src);
    if (op === 'cmpxchg') {
      if (old === unsigned(this.#get(0), size * 8)) this.#store(address, size, value);
      this.#set(0, old);
      return;
    }
    this.#store(address, size, updated(op, old, value));
    if (op === 'xchg' || op.startsWith('fetch_')) this.#set(src, old);
  }

  #place(address: bigint, size: number): DataView {
    for (const { bytes, base } of [
      { bytes: this.#context, base: CONTEXT_BASE },
      ...this.#frames.map(({ stack, base: at }) => ({ bytes: stack, base: at })),
    ]) {
      const offset = address - base;
      if (offset >= 0n && offset + BigInt(size) <= BigInt(bytes.length))
        return new DataView(bytes.buffer, bytes.byteOffset + Number(offset), size);
    }
    throw new Error(`nothing is at 0x${address.toString(16)}`);
  }

  #load(address: bigint, size: number): bigint {
    const view = this.#place(unsigned(address), size);
    let value = 0n;
    for (let at = size - 1; at >= 0; at--) value = (value << 8n) | BigInt(view.getUint8(at));
    return value;
  }

  #store(address: bigint, size: number, value: bigint): void {
    const view = this.#place(unsigned(address), size);
    for (let at = 0; at < size; at++) view.setUint8(at, Number((value >> BigInt(at * 8)) & 0xffn));
  }
}

function calculate(op: AluOperation, left: bigint, right: bigint, width: 32 | 64): bigint {
  const a = unsigned(left, width);
  const b = unsigned(right, width);
  const shift = b & BigInt(width - 1);
  switch (op) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'div':
      return b === 0n ? 0n : a / b;
    case 'mod':
      return b === 0n ? a : a % b;
    case 'sdiv':
      return b === 0n ? 0n : signed(a, width) / signed(b, width);
    case 'smod':
      return b === 0n ? a : signed(a, width) % signed(b, width);
    case 'or':
      return a | b;
    case 'and':
      return a & b;
    case 'xor':
      return a ^ b;
    case 'lsh':
      return a << shift;
    case 'rsh':
      return a >> shift;
    case 'arsh':
      return signed(a, width) >> shift;
    case 'mov':
      return b;
  }
}

function updated(op: AtomicOperation, old: bigint, value: bigint): bigint {
  switch (op) {
    case 'add':
    case 'fetch_add':
      return old + value;
    case 'or':
    case 'fetch_or':
      return old | value;
    case 'and':
    case 'fetch_and':
      return old & value;
    case 'xor':
    case 'fetch_xor':
      return old ^ value;
    default:
      return value;
  }
}

function holds(condition: JumpCondition, a: bigint, b: bigint, width: number): boolean {
  const sa = signed(a, width);
  const sb = signed(b, width);
  switch (condition) {
    case 'eq':
      return a === b;
    case 'ne':
      return a !== b;
    case 'gt':
      return a > b;
    case 'ge':
      return a >= b;
    case 'lt':
      return a < b;
    case 'le':
      return a <= b;
    case 'set':
      return (a & b) !== 0n;
    case 'sgt':
      return sa > sb;
    case 'sge':
      return sa >= sb;
    case 'slt':
      return sa < sb;
    case 'sle':
      return sa <= sb;
  }
}

function swapped(value: bigint, bits: number): bigint {
  let result = 0n;
  for (let at = 0; at < bits; at += 8) result = (result << 8n) | ((value >> BigInt(at)) & 0xffn);
  return result;
}
