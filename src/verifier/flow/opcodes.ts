/**
 * The opcodes that Linux 6.18 knows. Those of later kernels (gotox) and undefined combinations are refused.
 * After bpf_opcode_in_insntable() in kernel/bpf/core.c.
 */
import {
  BPF_ABS,
  BPF_ADD,
  BPF_ALU,
  BPF_ALU64,
  BPF_AND,
  BPF_ARSH,
  BPF_ATOMIC,
  BPF_B,
  BPF_CALL,
  BPF_DIV,
  BPF_DW,
  BPF_END,
  BPF_EXIT,
  BPF_H,
  BPF_IND,
  BPF_JA,
  BPF_JCOND,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JMP,
  BPF_JMP32,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_LSH,
  BPF_MEM,
  BPF_MEMSX,
  BPF_MOD,
  BPF_MOV,
  BPF_MUL,
  BPF_NEG,
  BPF_OR,
  BPF_RSH,
  BPF_ST,
  BPF_STX,
  BPF_SUB,
  BPF_TO_BE,
  BPF_TO_LE,
  BPF_W,
  BPF_X,
  BPF_XOR,
  LD_IMM64,
} from '../../isa/index.ts';

const SIZES = [BPF_B, BPF_H, BPF_W, BPF_DW];
const TWO_OPERANDS = [
  ...[BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH],
  ...[BPF_MOD, BPF_XOR, BPF_MOV, BPF_ARSH],
];
const CONDITIONS = [
  ...[BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE],
  ...[BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET],
];

/** Every sum of one of each list. */
const combine = (...lists: readonly (readonly number[])[]): number[] =>
  lists.reduce<number[]>((sums, list) => sums.flatMap((sum) => list.map((bits) => sum | bits)), [0]);

const known = new Uint8Array(256);
for (const code of [
  ...combine([BPF_ALU, BPF_ALU64], TWO_OPERANDS, [BPF_K, BPF_X]),
  ...combine([BPF_ALU, BPF_ALU64], [BPF_NEG]),
  ...combine([BPF_ALU], [BPF_END], [BPF_TO_LE, BPF_TO_BE]),
  BPF_ALU64 | BPF_END | BPF_TO_LE,
  ...combine([BPF_JMP, BPF_JMP32], CONDITIONS, [BPF_K, BPF_X]),
  BPF_JMP | BPF_JA,
  BPF_JMP32 | BPF_JA,
  BPF_JMP | BPF_CALL,
  BPF_JMP | BPF_EXIT,
  BPF_JMP | BPF_JCOND,
  ...combine([BPF_STX], [BPF_ATOMIC, BPF_MEM], SIZES),
  ...combine([BPF_ST, BPF_LDX], [BPF_MEM], SIZES),
  ...combine([BPF_LDX], [BPF_MEMSX], [BPF_B, BPF_H, BPF_W]),
  ...combine([BPF_LD], [BPF_ABS, BPF_IND], [BPF_B, BPF_H, BPF_W]),
  LD_IMM64,
])
  known[code] = 1;

export const isKnownOpcode = (code: number): boolean => known[code] === 1;
