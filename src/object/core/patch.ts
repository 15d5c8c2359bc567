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
import type { Access, CoreAnswer } from './answer.ts';
import { INT_SIGNED, intEncoding, type Word64 } from './records.ts';
import { wordText } from './subject.ts';

/** The number of the helper that poisoned instructions call: `bad relo`, more or less. */
export const POISON_HELPER = 0xbad2310;

const SLOT = 8;
const CLASS_MASK = 0x07;
const MODE_MASK = 0xe0;
const SIZE_MASK = 0x18;
const SOURCE_REGISTER = 0x08;
const BPF_LD = 0x00;
const BPF_LDX = 0x01;
const BPF_ST = 0x02;
const BPF_STX = 0x03;
const BPF_ALU = 0x04;
const BPF_ALU64 = 0x07;
const LD_IMM64 = 0x18;
const CALL = 0x85;
const LARGEST_OFFSET = 0x7fff;

/** Size bits of an opcode, and bytes moved. */
const SIZES: readonly (readonly [bits: number, bytes: number])[] = [
  [0x18, 8],
  [0x00, 4],
  [0x08, 2],
  [0x10, 1],
];

/** Why an instruction was poisoned although the field was found, or undefined for one that was patched. */
export type PatchResult = 'unsafe-size-change' | undefined;

/**
 * @param insns instruction slots of 8 bytes, little-endian
 * @param expected the answer for the object's types
 * @param answer the answer for the kernel's
 * @throws BpfiterError `malformed` if the instruction is not one that takes such an answer, or does not have the
 *   expected number; `relocation` if the answer does not fit
 */
export function patchInstruction(
  insns: Uint8Array,
  index: number,
  expected: CoreAnswer,
  answer: CoreAnswer,
): PatchResult {
  const view = new DataView(insns.buffer, insns.byteOffset + index * SLOT, insns.byteLength - index * SLOT);
  const opcode = view.getUint8(0);
  switch (opcode & CLASS_MASK) {
    case BPF_ALU:
    case BPF_ALU64:
      if ((opcode & SOURCE_REGISTER) !== 0) throw notRelocatable(opcode);
      check(expected, extend(view.getInt32(4, true)), answer);
      view.setInt32(4, answer.value.low, true);
      return undefined;
    case BPF_LDX:
    case BPF_ST:
    case BPF_STX:
      return patchAccess(view, expected, answer);
    case BPF_LD:
      if (!isPlainLoadImmediate(view)) throw notRelocatable(opcode);
      check(expected, { low: view.getInt32(4, true), high: view.getInt32(SLOT + 4, true) }, answer);
      view.setInt32(4, answer.value.low, true);
      view.setInt32(SLOT + 4, answer.value.high, true);
      return undefined;
    default:
      throw notRelocatable(opcode);
  }
}

function patchAccess(view: DataView, expected: CoreAnswer, answer: CoreAnswer): PatchResult {
  check(expected, extend(view.getInt16(2, true)), answer);
  const { low, high } = answer.value;
  if (high !== 0 || low < 0 || low > LARGEST_OFFSET) {
    throw new BpfiterError('relocation', `offset ${wordText(answer.value, false)} does not fit into a load or store`);
  }
  const from = expected.access?.size ?? 0;
  const to = answer.access?.size ?? 0;
  if (from !== to && !mayChangeSize(expected.access, answer.access)) return 'unsafe-size-change';
  view.setInt16(2, low, true);
  if (from === to) return undefined;

  const opcode = view.getUint8(0);
  const moved = SIZES.find(([bits]) => bits === (opcode & SIZE_MASK))?.[1];
  if (moved !== from) {
    throw new BpfiterError('malformed', `instruction moves ${moved} bytes, but the field has ${from} in the object`);
  }
  const size = SIZES.find(([, bytes]) => bytes === to)?.[0];
  if (size === undefined)
    throw new BpfiterError('relocation', `a field of ${to} bytes cannot be loaded or stored at once`);
  view.setUint8(0, (opcode & (MODE_MASK | CLASS_MASK)) | size);
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
export function poisonInstruction(insns: Uint8Array, index: number): void {
  const view = new DataView(insns.buffer, insns.byteOffset, insns.byteLength);
  const slots = view.getUint8(index * SLOT) === LD_IMM64 && (index + 2) * SLOT <= insns.byteLength ? 2 : 1;
  for (let at = index * SLOT; at < (index + slots) * SLOT; at += SLOT) {
    view.setUint32(at, CALL, true);
    view.setInt32(at + 4, POISON_HELPER, true);
  }
}

/** A number, not a descriptor or an address: no source register, and an empty second slot. */
function isPlainLoadImmediate(view: DataView): boolean {
  if (view.getUint8(0) !== LD_IMM64 || view.byteLength < 2 * SLOT) return false;
  return view.getUint8(1) >> 4 === 0 && view.getInt16(2, true) === 0 && view.getUint32(SLOT, true) === 0;
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

function notRelocatable(opcode: number): BpfiterError {
  const code = `0x${opcode.toString(16).padStart(2, '0')}`;
  return new BpfiterError('malformed', `instruction with opcode ${code} has no place for the answer`);
}
