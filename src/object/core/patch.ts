/**
 * Writes the answer to a relocation into its instruction. Which part takes it depends on the instruction's class:
 *
 *   alu            imm        rX = answer, rX += answer
 *   ld_imm64       imm64      rX = answer ll
 *   ldx, st, stx   off        *(T *)(rX + answer); T changes too where the field has another size
 *
 * The number that is there must be the one that the compiler computed from the object's own types: anything else
 * means that instructions and relocations of this object do not belong together.
 *
 * An instruction for which there is no answer is *poisoned*: it becomes the call of a helper function that cannot
 * exist, recognised by its number. The verifier removes dead branches before it looks at calls, so a program that
 * asked first whether a field exists loads, and one that reads it blindly is refused at that instruction.
 *
 * Facts: behaviour of libbpf 1.8 (src/relo_core.c), to the byte.
 */
import { BTF_KIND_INT, BTF_KIND_PTR } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_B,
  BPF_CLASS,
  BPF_DW,
  BPF_H,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_MODE,
  BPF_SIZE,
  BPF_SRC,
  BPF_ST,
  BPF_STX,
  BPF_W,
  type InstructionView,
} from '../../isa/index.ts';
import { poison } from '../instructions.ts';
import type { Access, CoreAnswer } from './answer.ts';
import { INT_SIGNED, intEncoding, type Word64 } from './records.ts';
import { wordText } from './subject.ts';

/** The number of the helper that poisoned instructions call: `bad relo`, more or less. */
export const POISON_HELPER = 0xbad2310;

const LARGEST_OFFSET = 0x7fff;

/** Size bits of an opcode, and bytes moved. */
const SIZES: readonly (readonly [bits: number, bytes: number])[] = [
  [BPF_DW, 8],
  [BPF_W, 4],
  [BPF_H, 2],
  [BPF_B, 1],
];

/** Why an instruction was poisoned although the field was found, or undefined for one that was patched. */
export type PatchResult = 'unsafe-size-change' | undefined;

/**
 * @param expected the answer for the object's types
 * @param answer the answer for the kernel's
 * @throws BpfiterError `malformed` if the instruction is not one that takes such an answer, or does not have the
 *   expected number; `relocation` if the answer does not fit
 */
export function patchInstruction(
  insns: InstructionView,
  at: number,
  expected: CoreAnswer,
  answer: CoreAnswer,
): PatchResult {
  const code = insns.code(at);
  switch (BPF_CLASS(code)) {
    case BPF_ALU:
    case BPF_ALU64:
      if (BPF_SRC(code) !== BPF_K) throw notRelocatable(code);
      check(expected, extend(insns.imm(at)), answer);
      insns.setImm(at, answer.value.low);
      return undefined;
    case BPF_LDX:
    case BPF_ST:
    case BPF_STX:
      return patchAccess(insns, at, expected, answer);
    case BPF_LD:
      if (!isPlainLoadImmediate(insns, at)) throw notRelocatable(code);
      check(expected, { low: insns.imm(at), high: insns.imm(at + 1) }, answer);
      insns.setImm(at, answer.value.low);
      insns.setImm(at + 1, answer.value.high);
      return undefined;
    default:
      throw notRelocatable(code);
  }
}

function patchAccess(insns: InstructionView, at: number, expected: CoreAnswer, answer: CoreAnswer): PatchResult {
  check(expected, extend(insns.off(at)), answer);
  const { low, high } = answer.value;
  if (high !== 0 || low < 0 || low > LARGEST_OFFSET) {
    throw new BpfiterError('relocation', `offset ${wordText(answer.value, false)} does not fit into a load or store`);
  }
  const from = expected.access?.size ?? 0;
  const to = answer.access?.size ?? 0;
  if (from !== to && !mayChangeSize(expected.access, answer.access)) return 'unsafe-size-change';
  insns.setOff(at, low);
  if (from === to) return undefined;

  const code = insns.code(at);
  const moved = SIZES.find(([bits]) => bits === BPF_SIZE(code))?.[1];
  if (moved !== from) {
    throw new BpfiterError('malformed', `instruction moves ${moved} bytes, but the field has ${from} in the object`);
  }
  const size = SIZES.find(([, bytes]) => bytes === to)?.[0];
  if (size === undefined)
    throw new BpfiterError('relocation', `a field of ${to} bytes cannot be loaded or stored at once`);
  insns.setCode(at, BPF_MODE(code) | size | BPF_CLASS(code));
  return undefined;
}

/** Pointers, and unsigned integers: what is loaded of them is extended by zeros, whatever their size. */
function mayChangeSize(from: Access | undefined, to: Access | undefined): boolean {
  if (from === undefined || to === undefined) return false;
  return (isPointer(from) && isPointer(to)) || (isUnsigned(from) && isUnsigned(to));
}

const isPointer = ({ btf, typeId }: Access): boolean => btf.kindOf(typeId) === BTF_KIND_PTR;

/** A signed `char` counts as unsigned, as it does for libbpf. */
const isUnsigned = ({ btf, typeId }: Access): boolean =>
  btf.kindOf(typeId) === BTF_KIND_INT && intEncoding(btf, typeId) !== INT_SIGNED;

/** Replaces an instruction by the call of a helper that cannot exist; of `ld_imm64` both slots. */
export function poisonInstruction(insns: InstructionView, at: number): void {
  if (insns.isLdImm64(at) && at + 1 < insns.length) poison(insns, at + 1, POISON_HELPER);
  poison(insns, at, POISON_HELPER);
}

/** A number, not a descriptor or an address: no source register, and an empty second slot. */
function isPlainLoadImmediate(insns: InstructionView, at: number): boolean {
  if (!insns.isLdImm64(at) || at + 1 >= insns.length) return false;
  const second = insns.code(at + 1) | insns.dst(at + 1) | insns.src(at + 1) | insns.off(at + 1);
  return insns.src(at) === 0 && insns.off(at) === 0 && second === 0;
}

/** Immediates and offsets are compared with 64-bit numbers: by their sign. */
const extend = (low: number): Word64 => ({ low, high: low >> 31 });

function check(expected: CoreAnswer, found: Word64, answer: CoreAnswer): void {
  if (!expected.certain) return;
  if (expected.value.low === found.low && expected.value.high === found.high) return;
  const [is, should, becomes] = [found, expected.value, answer.value].map((word) => wordText(word, true));
  throw new BpfiterError(
    'malformed',
    `instruction has ${is} where the compiler should have put ${should} (for ${becomes})`,
  );
}

function notRelocatable(code: number): BpfiterError {
  const opcode = `0x${code.toString(16).padStart(2, '0')}`;
  return new BpfiterError('malformed', `instruction with opcode ${opcode} has no place for the answer`);
}
