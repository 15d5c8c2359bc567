/**
 * The operations of the instruction set in one place: their bits, their names in Instruction, and their signs in the
 * kernel's disassembly. Decoder, encoder and disassembler all read these tables.
 * Facts: RFC 9669; the signs are those of the verifier's log (Linux 6.18).
 */
import type { AccessSize, AluOperation, AtomicOperation, JumpCondition } from './instruction.ts';
import * as op from './opcodes.ts';

export interface AluEntry {
  readonly code: number;
  /** `off` of the instruction: 1 makes a division signed. */
  readonly off: 0 | 1;
  readonly name: AluOperation;
  readonly sign: string;
}

/** neg and endian conversions, which have no second operand, are not here. */
export const aluOperations: readonly AluEntry[] = [
  { code: op.BPF_ADD, off: 0, name: 'add', sign: '+=' },
  { code: op.BPF_SUB, off: 0, name: 'sub', sign: '-=' },
  { code: op.BPF_MUL, off: 0, name: 'mul', sign: '*=' },
  { code: op.BPF_DIV, off: 0, name: 'div', sign: '/=' },
  { code: op.BPF_DIV, off: 1, name: 'sdiv', sign: 's/=' },
  { code: op.BPF_OR, off: 0, name: 'or', sign: '|=' },
  { code: op.BPF_AND, off: 0, name: 'and', sign: '&=' },
  { code: op.BPF_LSH, off: 0, name: 'lsh', sign: '<<=' },
  { code: op.BPF_RSH, off: 0, name: 'rsh', sign: '>>=' },
  { code: op.BPF_MOD, off: 0, name: 'mod', sign: '%=' },
  { code: op.BPF_MOD, off: 1, name: 'smod', sign: 's%=' },
  { code: op.BPF_XOR, off: 0, name: 'xor', sign: '^=' },
  { code: op.BPF_MOV, off: 0, name: 'mov', sign: '=' },
  { code: op.BPF_ARSH, off: 0, name: 'arsh', sign: 's>>=' },
];

export interface JumpEntry {
  readonly code: number;
  readonly name: JumpCondition;
  readonly sign: string;
}

export const jumpConditions: readonly JumpEntry[] = [
  { code: op.BPF_JEQ, name: 'eq', sign: '==' },
  { code: op.BPF_JGT, name: 'gt', sign: '>' },
  { code: op.BPF_JGE, name: 'ge', sign: '>=' },
  { code: op.BPF_JSET, name: 'set', sign: '&' },
  { code: op.BPF_JNE, name: 'ne', sign: '!=' },
  { code: op.BPF_JSGT, name: 'sgt', sign: 's>' },
  { code: op.BPF_JSGE, name: 'sge', sign: 's>=' },
  { code: op.BPF_JLT, name: 'lt', sign: '<' },
  { code: op.BPF_JLE, name: 'le', sign: '<=' },
  { code: op.BPF_JSLT, name: 'slt', sign: 's<' },
  { code: op.BPF_JSLE, name: 'sle', sign: 's<=' },
];

export interface AtomicEntry {
  readonly imm: number;
  readonly name: AtomicOperation;
}

export const atomicOperations: readonly AtomicEntry[] = [
  { imm: op.BPF_ADD, name: 'add' },
  { imm: op.BPF_OR, name: 'or' },
  { imm: op.BPF_AND, name: 'and' },
  { imm: op.BPF_XOR, name: 'xor' },
  { imm: op.BPF_ADD | op.BPF_FETCH, name: 'fetch_add' },
  { imm: op.BPF_OR | op.BPF_FETCH, name: 'fetch_or' },
  { imm: op.BPF_AND | op.BPF_FETCH, name: 'fetch_and' },
  { imm: op.BPF_XOR | op.BPF_FETCH, name: 'fetch_xor' },
  { imm: op.BPF_XCHG, name: 'xchg' },
  { imm: op.BPF_CMPXCHG, name: 'cmpxchg' },
];

const accessSizes: Readonly<Record<number, AccessSize>> = {
  [op.BPF_B]: 1,
  [op.BPF_H]: 2,
  [op.BPF_W]: 4,
  [op.BPF_DW]: 8,
};
const sizeCodes: Readonly<Record<AccessSize, number>> = { 1: op.BPF_B, 2: op.BPF_H, 4: op.BPF_W, 8: op.BPF_DW };

/** Bytes that an opcode of a load or store class accesses. */
export const accessSize = (code: number): AccessSize => accessSizes[op.BPF_SIZE(code)] ?? 8;
/** BPF_B, BPF_H, BPF_W or BPF_DW. */
export const sizeCode = (size: AccessSize): number => sizeCodes[size];

const aluByCode = new Map(aluOperations.map((entry) => [entry.code | entry.off, entry]));
const aluByName = new Map(aluOperations.map((entry) => [entry.name, entry]));
const jumpByCode = new Map(jumpConditions.map((entry) => [entry.code, entry]));
const jumpByName = new Map(jumpConditions.map((entry) => [entry.name, entry]));
const atomicByImm = new Map(atomicOperations.map((entry) => [entry.imm, entry]));
const atomicByName = new Map(atomicOperations.map((entry) => [entry.name, entry]));

/** @param off 0, or 1 for the signed forms */
export const aluOperation = (code: number, off: number): AluEntry | undefined =>
  off === 0 || off === 1 ? aluByCode.get(op.BPF_OP(code) | off) : undefined;
export const aluOperationNamed = (name: AluOperation): AluEntry | undefined => aluByName.get(name);
export const jumpCondition = (code: number): JumpEntry | undefined => jumpByCode.get(op.BPF_OP(code));
export const jumpConditionNamed = (name: JumpCondition): JumpEntry | undefined => jumpByName.get(name);
export const atomicOperation = (imm: number): AtomicEntry | undefined => atomicByImm.get(imm);
export const atomicOperationNamed = (name: AtomicOperation): AtomicEntry | undefined => atomicByName.get(name);
