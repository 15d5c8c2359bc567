/**
 * Bytes -> Instruction. Strict: a field that an instruction does not use must be zero, as RFC 9669 says and the
 * kernel enforces; so encode() gives the bytes back. Two fields that the kernel ignores are ignored here too: off of
 * exit, and the upper half of the address of a subprogram.
 *
 * Decoding judges one instruction. What depends on others (jump targets), on values (division by the constant 0)
 * or on the kernel (helper numbers) is left to the verifier.
 */
import type {
  GotoInstruction,
  Instruction,
  InvalidInstruction,
  LdImm64Instruction,
  Operand,
  Width,
} from './instruction.ts';
import * as op from './opcodes.ts';
import { accessSize, aluOperation, atomicOperation, jumpCondition } from './operations.ts';
import { InstructionView } from './view.ts';

/**
 * @param index slot at which the instruction begins
 * @returns kind `invalid` with a reason for bytes that are no instruction
 * @throws BpfiterError `malformed` unless the bytes are a whole number of slots
 */
export function decode(bytes: Uint8Array | InstructionView, index: number): Instruction | InvalidInstruction {
  const view = bytes instanceof InstructionView ? bytes : new InstructionView(bytes);
  if (!Number.isInteger(index) || index < 0 || index >= view.length)
    return invalid(`there is no slot ${index}; the last is ${view.length - 1}`);
  const slot: Slot = {
    code: view.code(index),
    dst: view.dst(index),
    src: view.src(index),
    off: view.off(index),
    imm: view.imm(index),
  };
  switch (op.BPF_CLASS(slot.code)) {
    case op.BPF_LD:
      return slot.code === op.LD_IMM64 ? decodeLdImm64(slot, view, index) : decodePacketLoad(slot);
    case op.BPF_LDX:
      return decodeLoad(slot);
    case op.BPF_ST:
    case op.BPF_STX:
      return decodeStore(slot);
    case op.BPF_ALU:
    case op.BPF_ALU64:
      return decodeAlu(slot);
    default:
      return decodeJump(slot);
  }
}

interface Slot {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly off: number;
  readonly imm: number;
}

const invalid = (reason: string): InvalidInstruction => ({ kind: 'invalid', reason });
const undefinedOpcode = (slot: Slot): InvalidInstruction =>
  invalid(`opcode 0x${slot.code.toString(16).padStart(2, '0')} is not defined`);

/** The complaint about a register that does not exist or a field that should be zero, if there is one. */
function misuse(what: string, registers: readonly number[], reserved: Partial<Slot>): InvalidInstruction | undefined {
  for (const register of registers)
    if (register >= op.MAX_BPF_REG) return invalid(`${what} names register ${register}; the last is ${op.BPF_REG_10}`);
  for (const [field, value] of Object.entries(reserved))
    if (value !== 0) return invalid(`${what} has ${field} ${value}, which should be 0`);
  return undefined;
}

const hasRegister = (slot: Slot): boolean => op.BPF_SRC(slot.code) === op.BPF_X;
const operand = (slot: Slot): Operand => (hasRegister(slot) ? { register: slot.src } : { immediate: slot.imm });
/** The registers of a two-operand instruction, and the field that its source leaves unused. */
const operandRegisters = (slot: Slot): readonly number[] => (hasRegister(slot) ? [slot.dst, slot.src] : [slot.dst]);
const unusedSource = (slot: Slot): Partial<Slot> => (hasRegister(slot) ? { imm: slot.imm } : { src: slot.src });

function decodeAlu(slot: Slot): Instruction | InvalidInstruction {
  const { code, dst, src, off, imm } = slot;
  const width: Width = op.BPF_CLASS(code) === op.BPF_ALU64 ? 64 : 32;
  switch (op.BPF_OP(code)) {
    case op.BPF_NEG:
      if (hasRegister(slot)) return undefinedOpcode(slot);
      return misuse('neg', [dst], { src, off, imm }) ?? { kind: 'neg', width, dst };
    case op.BPF_END:
      return decodeEndian(slot, width);
    case op.BPF_MOV:
      if (hasRegister(slot) && off !== 0) return decodeSpecialMov(slot, width);
  }
  const operation = aluOperation(code, off);
  if (operation === undefined) {
    const plain = aluOperation(code, 0);
    return plain === undefined ? undefinedOpcode(slot) : invalid(`${plain.name} has off ${off}, which has no meaning`);
  }
  return (
    misuse(operation.name, operandRegisters(slot), unusedSource(slot)) ?? {
      kind: 'alu',
      width,
      op: operation.name,
      dst,
      source: operand(slot),
    }
  );
}

/** mov between registers with an off: sign extension, or a change of address space. */
function decodeSpecialMov(slot: Slot, width: Width): Instruction | InvalidInstruction {
  const { dst, src, off, imm } = slot;
  if (off === 8 || off === 16 || (off === 32 && width === 64))
    return misuse('movsx', [dst, src], { imm }) ?? { kind: 'movsx', width, from: off, dst, src };
  if (off === op.BPF_ADDR_SPACE_CAST && width === 64) {
    const toSpace = imm >>> 16;
    const fromSpace = imm & 0xffff;
    return misuse('addr_space_cast', [dst, src], {}) ?? { kind: 'addr_space_cast', dst, src, toSpace, fromSpace };
  }
  return invalid(`mov has off ${off}, which has no meaning`);
}

function decodeEndian(slot: Slot, width: Width): Instruction | InvalidInstruction {
  const { dst, src, off, imm } = slot;
  if (width === 64 && hasRegister(slot)) return undefinedOpcode(slot);
  const order = width === 64 ? 'swap' : hasRegister(slot) ? 'be' : 'le';
  if (imm !== 16 && imm !== 32 && imm !== 64) return invalid(`byte swap of ${imm} bits; there are only 16, 32 and 64`);
  return misuse('byte swap', [dst], { src, off }) ?? { kind: 'endian', order, bits: imm, dst };
}

function decodeLoad(slot: Slot): Instruction | InvalidInstruction {
  const { code, dst, src, off, imm } = slot;
  const size = accessSize(code);
  const signed = op.BPF_MODE(code) === op.BPF_MEMSX;
  if (op.BPF_MODE(code) !== op.BPF_MEM && !(signed && size < 8)) return undefinedOpcode(slot);
  return misuse('load', [dst, src], { imm }) ?? { kind: 'load', size, signed, dst, base: src, off };
}

function decodeStore(slot: Slot): Instruction | InvalidInstruction {
  const { code, dst, src, off, imm } = slot;
  const fromRegister = op.BPF_CLASS(code) === op.BPF_STX;
  if (fromRegister && op.BPF_MODE(code) === op.BPF_ATOMIC) return decodeAtomic(slot);
  if (op.BPF_MODE(code) !== op.BPF_MEM) return undefinedOpcode(slot);
  const size = accessSize(code);
  if (fromRegister)
    return misuse('store', [dst, src], { imm }) ?? { kind: 'store', size, base: dst, off, source: { register: src } };
  return misuse('store', [dst], { src }) ?? { kind: 'store', size, base: dst, off, source: { immediate: imm } };
}

function decodeAtomic(slot: Slot): Instruction | InvalidInstruction {
  const { code, dst, src, off, imm } = slot;
  const size = accessSize(code);
  const misused = misuse('atomic operation', [dst, src], {});
  if (misused !== undefined) return misused;
  if (imm === op.BPF_LOAD_ACQ) return { kind: 'load_acquire', size, dst, base: src, off };
  if (imm === op.BPF_STORE_REL) return { kind: 'store_release', size, base: dst, off, src };
  const operation = atomicOperation(imm);
  if (operation === undefined) return invalid(`atomic operation 0x${(imm >>> 0).toString(16)} is not defined`);
  if (size < 4) return invalid(`atomic ${operation.name} of ${size} bytes; there are only 4 and 8`);
  return { kind: 'atomic', op: operation.name, size: size === 4 ? 4 : 8, base: dst, off, src };
}

function decodeJump(slot: Slot): Instruction | InvalidInstruction {
  const { code, dst, src, off, imm } = slot;
  const width: Width = op.BPF_CLASS(code) === op.BPF_JMP ? 64 : 32;
  switch (code) {
    case op.BPF_JMP | op.BPF_JA:
      return misuse('goto', [], { dst, src, imm }) ?? jump('goto', off);
    case op.BPF_JMP32 | op.BPF_JA:
      return misuse('gotol', [], { dst, src, off }) ?? jump('gotol', imm);
    case op.BPF_JMP | op.BPF_JA | op.BPF_X:
      return misuse('gotox', [dst], { src, off, imm }) ?? { kind: 'gotox', register: dst };
    case op.BPF_JMP | op.BPF_JCOND:
      return misuse('may_goto', [], { dst, src, imm }) ?? jump('may_goto', off);
    case op.BPF_JMP | op.BPF_CALL:
      return decodeCall(slot);
    case op.BPF_JMP | op.BPF_CALL | op.BPF_X:
      // clang before 19 put the register into imm.
      return misuse('callx', [dst], { src, off, imm }) ?? { kind: 'callx', register: dst };
    case op.BPF_JMP | op.BPF_EXIT:
      return misuse('exit', [], { dst, src, imm }) ?? { kind: 'exit' };
  }
  const condition = jumpCondition(code);
  if (condition === undefined) return undefinedOpcode(slot);
  return (
    misuse('jump', operandRegisters(slot), unusedSource(slot)) ?? {
      kind: 'jump',
      width,
      condition: condition.name,
      dst,
      source: operand(slot),
      off,
    }
  );
}

const jump = (kind: GotoInstruction['kind'], off: number): Instruction => ({ kind, off });

function decodeCall(slot: Slot): Instruction | InvalidInstruction {
  const { dst, src, off, imm } = slot;
  switch (src) {
    case 0:
      return misuse('call', [], { dst, off }) ?? { kind: 'call', target: { kind: 'helper', id: imm } };
    case op.BPF_PSEUDO_CALL:
      return misuse('call', [], { dst, off }) ?? { kind: 'call', target: { kind: 'subprogram', off: imm } };
    case op.BPF_PSEUDO_KFUNC_CALL:
      return misuse('call', [], { dst }) ?? { kind: 'call', target: { kind: 'kfunc', btfId: imm, module: off } };
    default:
      return invalid(`call has src ${src}, which has no meaning`);
  }
}

function decodePacketLoad(slot: Slot): Instruction | InvalidInstruction {
  const { code, dst, src, off, imm } = slot;
  const size = accessSize(code);
  if (size === 8) return undefinedOpcode(slot);
  if (op.BPF_MODE(code) === op.BPF_ABS)
    return misuse('packet load', [], { dst, src, off }) ?? { kind: 'ld_abs', size, imm };
  if (op.BPF_MODE(code) === op.BPF_IND)
    return misuse('packet load', [src], { dst, off }) ?? { kind: 'ld_ind', size, src, imm };
  return undefinedOpcode(slot);
}

function decodeLdImm64(slot: Slot, view: InstructionView, index: number): Instruction | InvalidInstruction {
  const second = index + 1;
  if (second >= view.length) return invalid('ld_imm64 lacks its second slot');
  const { dst, src, off, imm } = slot;
  const misused =
    misuse('ld_imm64', [dst], { off }) ??
    misuse('the second slot of ld_imm64', [], {
      code: view.code(second),
      dst: view.dst(second),
      src: view.src(second),
      off: view.off(second),
    });
  if (misused !== undefined) return misused;
  const upper = view.imm(second);
  const source = immediateSource(src, imm, upper, view.imm64(index));
  if (source === undefined) return invalid(`ld_imm64 has src ${src}, which has no meaning`);
  if (upper !== 0 && (source.kind === 'map_fd' || source.kind === 'map_idx'))
    return invalid(`ld_imm64 of a map has ${upper} in its second slot, which should be 0`);
  return { kind: 'ld_imm64', dst, source };
}

function immediateSource(
  src: number,
  imm: number,
  upper: number,
  value: bigint,
): LdImm64Instruction['source'] | undefined {
  switch (src) {
    case 0:
      return { kind: 'value', value };
    case op.BPF_PSEUDO_MAP_FD:
      return { kind: 'map_fd', fd: imm };
    case op.BPF_PSEUDO_MAP_VALUE:
      return { kind: 'map_value', fd: imm, off: upper };
    case op.BPF_PSEUDO_MAP_IDX:
      return { kind: 'map_idx', index: imm };
    case op.BPF_PSEUDO_MAP_IDX_VALUE:
      return { kind: 'map_idx_value', index: imm, off: upper };
    case op.BPF_PSEUDO_BTF_ID:
      return { kind: 'btf_id', id: imm, moduleFd: upper };
    case op.BPF_PSEUDO_FUNC:
      return { kind: 'func', off: imm };
    default:
      return undefined;
  }
}
