/**
 * Instructions in place: fields of the slots of a byte array as numbers, without an object an instruction. What
 * loops over whole programs (linking, verifying, compiling) uses.
 */
import { checkBytes } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_INSN_SIZE, LD_IMM64, slotCount } from './opcodes.ts';

/**
 * A view of little-endian slots. Indexes are slots, from 0 to `length` - 1; beyond that the accessors throw the
 * RangeError of DataView, as an index comes from code and not from a file.
 */
export class InstructionView {
  readonly bytes: Uint8Array;
  /** Number of slots. */
  readonly length: number;
  readonly #view: DataView;

  /** @throws BpfiterError `malformed` unless the bytes are a whole number of slots */
  constructor(bytes: Uint8Array) {
    checkBytes('InstructionView', 'the bytes of instructions', bytes);
    if (bytes.length % BPF_INSN_SIZE !== 0)
      throw new BpfiterError(
        'malformed',
        `${bytes.length} bytes are no whole number of ${BPF_INSN_SIZE}-byte instructions`,
      );
    this.bytes = bytes;
    this.length = bytes.length / BPF_INSN_SIZE;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  code(index: number): number {
    return this.#view.getUint8(index * 8);
  }

  dst(index: number): number {
    return this.#view.getUint8(index * 8 + 1) & 0xf;
  }

  src(index: number): number {
    return this.#view.getUint8(index * 8 + 1) >> 4;
  }

  off(index: number): number {
    return this.#view.getInt16(index * 8 + 2, true);
  }

  imm(index: number): number {
    return this.#view.getInt32(index * 8 + 4, true);
  }

  /** The 64-bit constant of the ld_imm64 that begins here, unsigned. */
  imm64(index: number): bigint {
    const low = this.#view.getUint32(index * 8 + 4, true);
    const high = this.#view.getUint32(index * 8 + 12, true);
    return (BigInt(high) << 32n) | BigInt(low);
  }

  setCode(index: number, code: number): void {
    this.#view.setUint8(index * 8, code);
  }

  setDst(index: number, register: number): void {
    this.#view.setUint8(index * 8 + 1, (this.#view.getUint8(index * 8 + 1) & 0xf0) | (register & 0xf));
  }

  setSrc(index: number, register: number): void {
    this.#view.setUint8(index * 8 + 1, (this.#view.getUint8(index * 8 + 1) & 0xf) | (register << 4));
  }

  /** Keeps the lowest 16 bits. */
  setOff(index: number, off: number): void {
    this.#view.setInt16(index * 8 + 2, off, true);
  }

  /** Keeps the lowest 32 bits. */
  setImm(index: number, imm: number): void {
    this.#view.setInt32(index * 8 + 4, imm, true);
  }

  /** Both halves of the ld_imm64 that begins here; keeps the lowest 64 bits. */
  setImm64(index: number, value: bigint): void {
    this.#view.setUint32(index * 8 + 4, Number(value & 0xffff_ffffn), true);
    this.#view.setUint32(index * 8 + 12, Number((value >> 32n) & 0xffff_ffffn), true);
  }

  /** All fields of one slot. */
  set(index: number, code: number, dst: number, src: number, off: number, imm: number): void {
    this.setCode(index, code);
    this.#view.setUint8(index * 8 + 1, (dst & 0xf) | (src << 4));
    this.setOff(index, off);
    this.setImm(index, imm);
  }

  isLdImm64(index: number): boolean {
    return this.code(index) === LD_IMM64;
  }

  /** Slots of the instruction that begins here: 2 for ld_imm64, else 1. */
  slots(index: number): 1 | 2 {
    return slotCount(this.code(index));
  }
}
