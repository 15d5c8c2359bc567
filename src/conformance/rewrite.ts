/**
 * What the instruction set allows and Linux does not load, as what means the same there, so that such programs are
 * verified like all others:
 *
 *   shifts by an immediate beyond the width   masked to it (RFC 9669, section 4.1)
 *   callx, of a helper's number               a call of that helper, where the number is set right before
 *
 * In front of the program goes what the suite's other plugins do for it: r1 points at the memory, r2 is its size.
 */
import { BpfiterError } from '../errors.ts';
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_CALL,
  BPF_CLASS,
  BPF_INSN_SIZE,
  BPF_JMP,
  BPF_OP,
  BPF_SRC,
  BPF_X,
  encodeAll,
  InstructionView,
} from '../isa/index.ts';

const BPF_LSH = 0x60;
const BPF_RSH = 0x70;
const BPF_MOV = 0xb0;
const BPF_ARSH = 0xc0;

/** @returns a copy */
export function rewriteForLinux(program: Uint8Array): Uint8Array {
  const insns = new InstructionView(program.slice());
  for (let insn = 0; insn < insns.length; insn += insns.slots(insn)) {
    const code = insns.code(insn);
    const kind = BPF_CLASS(code);
    const isImmediate = BPF_SRC(code) !== BPF_X;
    if (
      (kind === BPF_ALU || kind === BPF_ALU64) &&
      isImmediate &&
      [BPF_LSH, BPF_RSH, BPF_ARSH].includes(BPF_OP(code))
    ) {
      insns.setImm(insn, insns.imm(insn) & (kind === BPF_ALU64 ? 63 : 31));
    } else if (code === (BPF_JMP | BPF_CALL | BPF_X)) {
      insns.setImm(insn, helperNumber(insns, insn));
      insns.setCode(insn, BPF_JMP | BPF_CALL);
      insns.setDst(insn, 0);
    }
  }
  return insns.bytes;
}

function helperNumber(insns: InstructionView, callx: number): number {
  const register = insns.dst(callx);
  const before = callx - 1;
  const code = before < 0 ? 0 : insns.code(before);
  const sets = code === (BPF_ALU64 | BPF_MOV) && BPF_SRC(code) !== BPF_X && insns.dst(before) === register;
  if (sets) return insns.imm(before);
  throw new BpfiterError(
    'unsupported',
    `instruction ${callx}: callx of a number that the instruction before does not set`,
  );
}

/** Loads of the packet's begin and end, and the check that Linux wants to see before the packet is touched. */
export function withPrologue(program: Uint8Array, size: number): Uint8Array {
  const prologue = encodeAll([
    { kind: 'load', size: 4, signed: false, dst: 2, base: 1, off: 4 },
    { kind: 'load', size: 4, signed: false, dst: 1, base: 1, off: 0 },
    { kind: 'alu', width: 64, op: 'mov', dst: 3, source: { register: 1 } },
    { kind: 'alu', width: 64, op: 'add', dst: 3, source: { immediate: size } },
    { kind: 'jump', width: 64, condition: 'le', dst: 3, source: { register: 2 }, off: 2 },
    { kind: 'alu', width: 64, op: 'mov', dst: 0, source: { immediate: -1 } },
    { kind: 'exit' },
    { kind: 'alu', width: 64, op: 'mov', dst: 2, source: { immediate: size } },
  ]);
  const out = new Uint8Array(prologue.length + program.length);
  out.set(prologue);
  out.set(program, prologue.length);
  return out;
}

/** @throws BpfiterError `malformed` if the program has no instruction, or part of one */
export function demandInstructions(program: Uint8Array): void {
  if (program.length === 0) throw new BpfiterError('malformed', 'the program has no instructions');
  if (program.length % BPF_INSN_SIZE !== 0) {
    throw new BpfiterError('malformed', `the program ends within an instruction of ${BPF_INSN_SIZE} bytes`);
  }
}
