/**
 * Instruction -> bytes, the inverse of decode(). Numbers that do not fit in their field are refused, never cut.
 */
import { checkObject, wrongArgument } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import type { Instruction, LdImm64Instruction, Operand } from './instruction.ts';
import * as op from './opcodes.ts';
import { aluOperationNamed, atomicOperationNamed, jumpConditionNamed, sizeCode } from './operations.ts';
import { InstructionView } from './view.ts';

/**
 * One instruction as little-endian bytes, 8 of them, or 16 for ld_imm64.
 * @throws BpfiterError `usage` where a register, offset or number does not fit
 */
export function encode(instruction: Instruction): Uint8Array {
  checkObject('encode()', "an instruction: { kind: 'exit' } for one", instruction, ['kind']);
  const fields = fieldsOf(instruction);
  const isWide = fields.upper !== undefined;
  const view = new InstructionView(new Uint8Array(isWide ? 2 * op.BPF_INSN_SIZE : op.BPF_INSN_SIZE));
  const dst = inRange(fields.dst ?? 0, 'register', 0, op.BPF_REG_10);
  // src of calls and ld_imm64 is no register, but its values fit as well.
  const src = inRange(fields.src ?? 0, 'register', 0, op.BPF_REG_10);
  const off = inRange(fields.off ?? 0, 'offset', -0x8000, 0x7fff);
  const imm = inRange(fields.imm ?? 0, 'immediate', -0x8000_0000, 0x7fff_ffff);
  view.set(0, fields.code, dst, src, off, imm);
  if (isWide) view.setImm(1, inRange(fields.upper ?? 0, 'immediate', -0x8000_0000, 0x7fff_ffff));
  return view.bytes;
}

/** A whole sequence, one instruction behind the other. @throws BpfiterError `usage`, as encode() */
export function encodeAll(instructions: readonly Instruction[]): Uint8Array {
  if (!Array.isArray(instructions)) throw wrongArgument('encodeAll()', 'an array of instructions', instructions);
  const parts = instructions.map(encode);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

interface Fields {
  readonly code: number;
  readonly dst?: number;
  readonly src?: number;
  readonly off?: number;
  readonly imm?: number;
  /** imm of the second slot, for instructions that have one. */
  readonly upper?: number;
}

function inRange(value: number, what: string, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new BpfiterError('usage', `${what} ${value} does not fit: it must be an integer from ${least} to ${most}`);
  return value;
}

/** The table's entry; a name that has none got past the compiler. */
function known<T>(entry: T | undefined, name: string): T {
  if (entry === undefined) throw new BpfiterError('usage', `there is no operation ${name}`);
  return entry;
}

const sourceBit = (source: Operand): number => ('register' in source ? op.BPF_X : op.BPF_K);
const sourceFields = (source: Operand): { src: number } | { imm: number } =>
  'register' in source ? { src: source.register } : { imm: source.immediate };

function fieldsOf(instruction: Instruction): Fields {
  switch (instruction.kind) {
    case 'alu': {
      const { code, off } = known(aluOperationNamed(instruction.op), instruction.op);
      const opcode = aluClass(instruction.width) | code | sourceBit(instruction.source);
      return { code: opcode, dst: instruction.dst, off, ...sourceFields(instruction.source) };
    }
    case 'neg':
      return { code: aluClass(instruction.width) | op.BPF_NEG, dst: instruction.dst };
    case 'movsx': {
      const { width, from, dst, src } = instruction;
      if (from === 32 && width === 32) throw new BpfiterError('usage', 'movsx from 32 bits exists for 64 bits only');
      return { code: aluClass(width) | op.BPF_MOV | op.BPF_X, dst, src, off: from };
    }
    case 'addr_space_cast': {
      const to = inRange(instruction.toSpace, 'address space', 0, 0xffff);
      const from = inRange(instruction.fromSpace, 'address space', 0, 0xffff);
      const { dst, src } = instruction;
      const imm = (to << 16) | from;
      return { code: op.BPF_ALU64 | op.BPF_MOV | op.BPF_X, dst, src, off: op.BPF_ADDR_SPACE_CAST, imm };
    }
    case 'endian': {
      const code =
        instruction.order === 'swap'
          ? op.BPF_ALU64 | op.BPF_END
          : op.BPF_ALU | op.BPF_END | (instruction.order === 'be' ? op.BPF_TO_BE : op.BPF_TO_LE);
      return { code, dst: instruction.dst, imm: instruction.bits };
    }
    case 'load': {
      const { size, signed, dst, base, off } = instruction;
      if (signed && size === 8) throw new BpfiterError('usage', 'a load of 8 bytes cannot be sign-extended');
      return { code: op.BPF_LDX | (signed ? op.BPF_MEMSX : op.BPF_MEM) | sizeCode(size), dst, src: base, off };
    }
    case 'store': {
      const { size, base, off, source } = instruction;
      const opcode = ('register' in source ? op.BPF_STX : op.BPF_ST) | op.BPF_MEM | sizeCode(size);
      return { code: opcode, dst: base, off, ...sourceFields(source) };
    }
    case 'atomic': {
      const { imm } = known(atomicOperationNamed(instruction.op), instruction.op);
      const { size, base, off, src } = instruction;
      return { code: op.BPF_STX | op.BPF_ATOMIC | sizeCode(size), dst: base, src, off, imm };
    }
    case 'load_acquire': {
      const { size, dst, base, off } = instruction;
      return { code: op.BPF_STX | op.BPF_ATOMIC | sizeCode(size), dst, src: base, off, imm: op.BPF_LOAD_ACQ };
    }
    case 'store_release': {
      const { size, base, off, src } = instruction;
      return { code: op.BPF_STX | op.BPF_ATOMIC | sizeCode(size), dst: base, src, off, imm: op.BPF_STORE_REL };
    }
    case 'jump': {
      const { code } = known(jumpConditionNamed(instruction.condition), instruction.condition);
      const { width, dst, off, source } = instruction;
      const opcode = (width === 64 ? op.BPF_JMP : op.BPF_JMP32) | code | sourceBit(source);
      return { code: opcode, dst, off, ...sourceFields(source) };
    }
    case 'goto':
      return { code: op.BPF_JMP | op.BPF_JA, off: instruction.off };
    case 'gotol':
      return { code: op.BPF_JMP32 | op.BPF_JA, imm: instruction.off };
    case 'may_goto':
      return { code: op.BPF_JMP | op.BPF_JCOND, src: op.BPF_MAY_GOTO, off: instruction.off };
    case 'gotox':
      return { code: op.BPF_JMP | op.BPF_JA | op.BPF_X, dst: instruction.register };
    case 'callx':
      return { code: op.BPF_JMP | op.BPF_CALL | op.BPF_X, dst: instruction.register };
    case 'call': {
      const code = op.BPF_JMP | op.BPF_CALL;
      const { target } = instruction;
      if (target.kind === 'helper') return { code, imm: target.id };
      if (target.kind === 'subprogram') return { code, src: op.BPF_PSEUDO_CALL, imm: target.off };
      return { code, src: op.BPF_PSEUDO_KFUNC_CALL, off: target.module, imm: target.btfId };
    }
    case 'exit':
      return { code: op.BPF_JMP | op.BPF_EXIT };
    case 'ld_imm64':
      return { code: op.LD_IMM64, dst: instruction.dst, ...immediateFields(instruction.source) };
    case 'ld_abs':
      return { code: op.BPF_LD | op.BPF_ABS | sizeCode(instruction.size), imm: instruction.imm };
    case 'ld_ind': {
      const { size, src, imm } = instruction;
      return { code: op.BPF_LD | op.BPF_IND | sizeCode(size), src, imm };
    }
  }
}

const aluClass = (width: 32 | 64): number => (width === 64 ? op.BPF_ALU64 : op.BPF_ALU);

function immediateFields(source: LdImm64Instruction['source']): { src: number; imm: number; upper: number } {
  switch (source.kind) {
    case 'value': {
      const { value } = source;
      if (value < -(1n << 63n) || value >= 1n << 64n)
        throw new BpfiterError('usage', `immediate ${value} does not fit in 64 bits`);
      return { src: 0, imm: Number(BigInt.asIntN(32, value)), upper: Number(BigInt.asIntN(32, value >> 32n)) };
    }
    case 'map_fd':
      return { src: op.BPF_PSEUDO_MAP_FD, imm: source.fd, upper: 0 };
    case 'map_value':
      return { src: op.BPF_PSEUDO_MAP_VALUE, imm: source.fd, upper: source.off };
    case 'map_idx':
      return { src: op.BPF_PSEUDO_MAP_IDX, imm: source.index, upper: 0 };
    case 'map_idx_value':
      return { src: op.BPF_PSEUDO_MAP_IDX_VALUE, imm: source.index, upper: source.off };
    case 'btf_id':
      return { src: op.BPF_PSEUDO_BTF_ID, imm: source.id, upper: source.moduleFd };
    case 'func':
      return { src: op.BPF_PSEUDO_FUNC, imm: source.off, upper: 0 };
  }
}
