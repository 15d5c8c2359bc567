/**
 * Bytes of WebAssembly as they are emitted: a growing buffer with the format's integers, and the few instructions that
 * have operands. It checks nothing; a wrong sequence is refused by the engine.
 */
import { type BlockType, OP, SIMD_PREFIX } from './opcodes.ts';

export class CodeWriter {
  #bytes: Uint8Array;
  length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** What was written; valid until more is. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.length++] = value;
  }

  bytes(values: ArrayLike<number>): void {
    if (this.length + values.length > this.#bytes.length) this.#grow(values.length);
    this.#bytes.set(values, this.length);
    this.length += values.length;
  }

  #grow(by: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + by));
    larger.set(this.written);
    this.#bytes = larger;
  }

  /** Unsigned, of 32 bits. */
  u32(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed, of 32 bits. */
  s32(value: number): void {
    let rest = value | 0;
    while (rest < -0x40 || rest > 0x3f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** Signed, of 64 bits in two words. */
  s64(low: number, high: number): void {
    let lo = low | 0;
    let hi = high | 0;
    // While the rest is more than the sign of its lowest seven bits.
    while (hi !== lo >> 31 || lo < -0x40 || lo > 0x3f) {
      this.byte((lo & 0x7f) | 0x80);
      lo = (lo >>> 7) | (hi << 25);
      hi >>= 7;
    }
    this.byte(lo & 0x7f);
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.u32(bytes.length);
    this.bytes(bytes);
  }

  op(opcode: number): void {
    this.byte(opcode);
  }

  /** An operation on vectors. */
  simd(opcode: number): void {
    this.byte(SIMD_PREFIX);
    this.u32(opcode);
  }

  i32Const(value: number): void {
    this.byte(OP['i32.const']);
    this.s32(value);
  }

  i64Const(low: number, high: number): void {
    this.byte(OP['i64.const']);
    this.s64(low, high);
  }

  /** A number of 32 bits, sign-extended. */
  i64ConstOf(value: number): void {
    this.i64Const(value, value >> 31);
  }

  f64Const(value: number): void {
    this.byte(OP['f64.const']);
    this.bytes(new Uint8Array(new Float64Array([value]).buffer)); // every machine that runs JavaScript engines is little-endian
  }

  localGet(index: number): void {
    this.byte(OP['local.get']);
    this.u32(index);
  }

  localSet(index: number): void {
    this.byte(OP['local.set']);
    this.u32(index);
  }

  localTee(index: number): void {
    this.byte(OP['local.tee']);
    this.u32(index);
  }

  globalGet(index: number): void {
    this.byte(OP['global.get']);
    this.u32(index);
  }

  globalSet(index: number): void {
    this.byte(OP['global.set']);
    this.u32(index);
  }

  /** A load or store; programs' accesses need not be aligned. @param offset non-negative */
  access(opcode: number, offset: number): void {
    this.byte(opcode);
    this.byte(0);
    this.u32(offset);
  }

  call(index: number): void {
    this.byte(OP.call);
    this.u32(index);
  }

  begin(opcode: typeof OP.block | typeof OP.loop | typeof OP.if, type: BlockType): void {
    this.byte(opcode);
    this.byte(type);
  }

  branch(opcode: typeof OP.br | typeof OP.br_if, depth: number): void {
    this.byte(opcode);
    this.u32(depth);
  }
}
