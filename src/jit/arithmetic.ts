/**
 * The alu classes. What differs from WebAssembly: division by 0 gives 0, the remainder of it is the dividend, and the
 * lowest number divided by -1 is itself. Operations of 32 bits leave 0 in the upper word.
 * Facts: RFC 9669 section 4; kernel/bpf/core.c for what the RFC leaves open.
 */

import { BpfiterError } from '../errors.ts';
import {
  BPF_ADD,
  BPF_ADDR_SPACE_CAST,
  BPF_ALU64,
  BPF_AND,
  BPF_ARSH,
  BPF_CLASS,
  BPF_DIV,
  BPF_END,
  BPF_LSH,
  BPF_MOD,
  BPF_MOV,
  BPF_MUL,
  BPF_NEG,
  BPF_OP,
  BPF_OR,
  BPF_RSH,
  BPF_SRC,
  BPF_SUB,
  BPF_TO_BE,
  BPF_X,
  BPF_XOR,
} from '../isa/index.ts';
import type { FunctionCode } from './function-code.ts';
import { I32, I64, OP, SIMD } from './opcodes.ts';

/** Operations that WebAssembly has as they are: of 64 bits, of 32 bits. */
const SAME: ReadonlyMap<number, readonly [number, number]> = new Map([
  [BPF_ADD, [OP['i64.add'], OP['i32.add']]],
  [BPF_SUB, [OP['i64.sub'], OP['i32.sub']]],
  [BPF_MUL, [OP['i64.mul'], OP['i32.mul']]],
  [BPF_OR, [OP['i64.or'], OP['i32.or']]],
  [BPF_AND, [OP['i64.and'], OP['i32.and']]],
  [BPF_XOR, [OP['i64.xor'], OP['i32.xor']]],
  [BPF_LSH, [OP['i64.shl'], OP['i32.shl']]],
  [BPF_RSH, [OP['i64.shr_u'], OP['i32.shr_u']]],
  [BPF_ARSH, [OP['i64.shr_s'], OP['i32.shr_s']]],
]);

const EXTEND_64: Readonly<Record<number, number>> = {
  8: OP['i64.extend8_s'],
  16: OP['i64.extend16_s'],
  32: OP['i64.extend32_s'],
};
const EXTEND_32: Readonly<Record<number, number>> = { 8: OP['i32.extend8_s'], 16: OP['i32.extend16_s'] };

export function emitAlu(f: FunctionCode, insn: number): void {
  const { insns } = f;
  const code = insns.code(insn);
  const is64 = BPF_CLASS(code) === BPF_ALU64 && f.program.input.facts.arenaArithmetic[insn] !== 1;
  switch (BPF_OP(code)) {
    case BPF_MOV:
      move(f, insn, BPF_CLASS(code) === BPF_ALU64);
      return;
    case BPF_NEG:
      f.code.i64ConstOf(0);
      f.get(insns.dst(insn));
      f.code.op(OP['i64.sub']);
      finish(f, insns.dst(insn), is64);
      return;
    case BPF_END:
      convertByteOrder(f, insn);
      return;
    case BPF_DIV:
    case BPF_MOD:
      divide(f, insn, is64);
      return;
    default: {
      const dst = insns.dst(insn);
      const opcodes = SAME.get(BPF_OP(code));
      if (opcodes === undefined) throw new RangeError(`instruction ${insn} has opcode ${code}`);
      operand(f, dst, is64);
      source(f, insn, is64);
      f.code.op(is64 ? opcodes[0] : opcodes[1]);
      if (is64) f.set(dst);
      else f.setShort(dst);
    }
  }
}

/** Pops 64 bits into a register, of which 32 are kept if the operation is one of 32. */
function finish(f: FunctionCode, dst: number, is64: boolean): void {
  if (is64) {
    f.set(dst);
    return;
  }
  f.code.op(OP['i32.wrap_i64']);
  f.setShort(dst);
}

function operand(f: FunctionCode, register: number, is64: boolean): void {
  f.get(register);
  if (!is64) f.code.op(OP['i32.wrap_i64']);
}

/** Pushes the second operand. */
export function source(f: FunctionCode, insn: number, is64: boolean): void {
  const { insns } = f;
  if (BPF_SRC(insns.code(insn)) === BPF_X) operand(f, insns.src(insn), is64);
  else if (is64) f.code.i64ConstOf(insns.imm(insn));
  else f.code.i32Const(insns.imm(insn));
}

function move(f: FunctionCode, insn: number, is64: boolean): void {
  const { code, insns } = f;
  const dst = insns.dst(insn);
  const src = insns.src(insn);
  const off = insns.off(insn);
  if (BPF_SRC(insns.code(insn)) !== BPF_X) {
    const imm = insns.imm(insn);
    code.i64Const(imm, is64 ? imm >> 31 : 0);
    f.set(dst, !is64 || imm >= 0);
  } else if (is64 && off === BPF_ADDR_SPACE_CAST) castAddress(f, insn);
  else if (off !== 0) {
    f.get(src);
    const extend = is64 ? EXTEND_64[off] : EXTEND_32[off];
    if (extend === undefined) throw new RangeError(`instruction ${insn} extends ${off} bits`);
    if (!is64) code.op(OP['i32.wrap_i64']);
    code.op(extend);
    if (is64) f.set(dst);
    else f.setShort(dst);
  } else if (is64 || f.isShort(src)) {
    f.get(src);
    f.set(dst, f.isShort(src));
  } else {
    f.get(src);
    code.op(OP['i32.wrap_i64']);
    f.setShort(dst);
  }
}

/** From an arena's address for user space to an offset in the arena, or back; NULL stays NULL. */
function castAddress(f: FunctionCode, insn: number): void {
  const { code, insns } = f;
  const toUser = insns.imm(insn) === 1 << 16;
  const high = f.program.input.arenaUserHigh;
  f.get(insns.src(insn));
  code.op(OP['i32.wrap_i64']);
  if (!toUser) {
    f.setShort(insns.dst(insn));
    return;
  }
  if (high === undefined)
    throw new BpfiterError('unsupported', `${f.program.input.name}: a pointer into an arena without an arena`);
  const low = f.scratch('i32 low');
  code.localTee(low);
  code.op(OP['i64.extend_i32_u']);
  code.i64Const(0, high);
  code.op(OP['i64.or']);
  code.i64ConstOf(0);
  code.localGet(low);
  code.op(OP.select);
  f.set(insns.dst(insn));
}

function divide(f: FunctionCode, insn: number, is64: boolean): void {
  const { code, insns } = f;
  const dst = insns.dst(insn);
  const isModulo = BPF_OP(insns.code(insn)) === BPF_MOD;
  const isSigned = insns.off(insn) === 1;
  const isConstant = BPF_SRC(insns.code(insn)) !== BPF_X;
  const imm = insns.imm(insn);
  if (isConstant && imm !== 0 && !(isSigned && imm === -1)) {
    operand(f, dst, is64);
    source(f, insn, is64);
    code.op(division(is64, isModulo, isSigned));
  } else {
    const test = (): void => {
      source(f, insn, is64);
      // 0 and -1 are told from all others by one comparison.
      if (isSigned && !isModulo) {
        constant(f, is64, 1);
        code.op(is64 ? OP['i64.add'] : OP['i32.add']);
        constant(f, is64, 2);
        code.op(is64 ? OP['i64.lt_u'] : OP['i32.lt_u']);
      } else code.op(is64 ? OP['i64.eqz'] : OP['i32.eqz']);
    };
    test();
    code.begin(OP.if, is64 ? I64 : I32);
    operand(f, dst, is64);
    if (!isModulo) {
      // By 0 gives 0, by -1 the negative.
      if (isSigned) source(f, insn, is64);
      else constant(f, is64, 0);
      code.op(is64 ? OP['i64.mul'] : OP['i32.mul']);
    }
    code.op(OP.else);
    operand(f, dst, is64);
    source(f, insn, is64);
    code.op(division(is64, isModulo, isSigned));
    code.op(OP.end);
  }
  if (is64) f.set(dst);
  else f.setShort(dst);
}

function division(is64: boolean, isModulo: boolean, isSigned: boolean): number {
  if (is64) {
    if (isModulo) return isSigned ? OP['i64.rem_s'] : OP['i64.rem_u'];
    return isSigned ? OP['i64.div_s'] : OP['i64.div_u'];
  }
  if (isModulo) return isSigned ? OP['i32.rem_s'] : OP['i32.rem_u'];
  return isSigned ? OP['i32.div_s'] : OP['i32.div_u'];
}

function constant(f: FunctionCode, is64: boolean, value: number): void {
  if (is64) f.code.i64ConstOf(value);
  else f.code.i32Const(value);
}

/** The machine is little-endian: `le` cuts, `be` and `bswap` swap and cut. */
function convertByteOrder(f: FunctionCode, insn: number): void {
  const { code, insns } = f;
  const dst = insns.dst(insn);
  const bits = insns.imm(insn);
  const opcode = insns.code(insn);
  const swaps = BPF_CLASS(opcode) === BPF_ALU64 || BPF_SRC(opcode) === BPF_TO_BE;
  if (bits === 64) {
    if (!swaps) return;
    f.get(dst);
    swap64(f);
    f.set(dst);
    return;
  }
  operand(f, dst, false);
  if (swaps && bits === 16) swap16(f);
  else if (swaps) swap32(f);
  else if (bits === 16) {
    code.i32Const(0xffff);
    code.op(OP['i32.and']);
  }
  f.setShort(dst);
}

/** (x rotr 8) & 0xff00ff00 | (x rotl 8) & 0x00ff00ff */
function swap32(f: FunctionCode): void {
  const { code } = f;
  const value = f.scratch('i32 swapped');
  code.localTee(value);
  code.i32Const(8);
  code.op(OP['i32.rotr']);
  code.i32Const(0xff00ff00);
  code.op(OP['i32.and']);
  code.localGet(value);
  code.i32Const(8);
  code.op(OP['i32.rotl']);
  code.i32Const(0x00ff00ff);
  code.op(OP['i32.and']);
  code.op(OP['i32.or']);
}

/** As a vector: three instructions of the machine in place of eleven. */
function swap64(f: FunctionCode): void {
  const { code } = f;
  const vector = f.scratch('v128 swapped');
  code.simd(SIMD['i64x2.splat']);
  code.localTee(vector);
  code.localGet(vector);
  code.simd(SIMD['i8x16.shuffle']);
  code.bytes(REVERSED);
  code.simd(SIMD['i64x2.extract_lane']);
  code.byte(0);
}

/** Lanes of a shuffle that reverses each half; engines know this one. */
const REVERSED = [7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8];

/** (x & 0xff) << 8 | (x >> 8) & 0xff */
function swap16(f: FunctionCode): void {
  const { code } = f;
  const value = f.scratch('i32 swapped');
  code.localTee(value);
  code.i32Const(0xff);
  code.op(OP['i32.and']);
  code.i32Const(8);
  code.op(OP['i32.shl']);
  code.localGet(value);
  code.i32Const(8);
  code.op(OP['i32.shr_u']);
  code.i32Const(0xff);
  code.op(OP['i32.and']);
  code.op(OP['i32.or']);
}
