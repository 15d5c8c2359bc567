/**
 * A stretch of linear memory that text is appended to: digits, padding and bytes, without strings in between. What does
 * not fit is counted and lost, as snprintf() of the kernel does it.
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import { LEFT, PLUS, SIGNED, SPACE, UPPER, WIDE, ZERO } from './parse.ts';

const BLANK = 0x20;
const DIGIT = 0x30;
const MINUS = 0x2d;
const LOWER_LETTER = 0x61 - 10;
const UPPER_LETTER = 0x41 - 10;
const WORD = 0x1_0000_0000;
const BILLION = 1e9;
/** Numbers whose upper word is less are exact as doubles. */
const EXACT_HIGH = 1 << 21;

export class ByteSink {
  readonly #memory: KernelMemory;
  #u8: Uint8Array;
  #at = 0;
  #limit = 0;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.#u8 = memory.u8;
  }

  /** Text goes to memory from there, up to and without `limit`. Nothing may allocate until it is done. */
  open(at: number, limit: number): void {
    this.#u8 = this.#memory.u8;
    this.#at = at;
    this.#limit = limit;
  }

  /** Where text would go next; beyond the limit if some was lost. */
  get at(): number {
    return this.#at;
  }

  get isFull(): boolean {
    return this.#at >= this.#limit;
  }

  byte(value: number): void {
    if (this.#at < this.#limit) this.#u8[this.#at] = value;
    this.#at += 1;
  }

  fill(value: number, count: number): void {
    if (count <= 0) return;
    const end = Math.min(this.#at + count, this.#limit);
    for (let at = this.#at; at < end; at++) this.#u8[at] = value;
    this.#at += count;
  }

  /** @param from an array of bytes, or the memory itself */
  bytes(from: Uint8Array, start: number, length: number): void {
    const u8 = this.#u8;
    const at = this.#at;
    const count = Math.min(length, this.#limit - at);
    for (let i = 0; i < count; i++) u8[at + i] = from[start + i] as number; // the caller's stretch exists
    this.#at = at + length;
  }

  /** Bytes of linear memory. */
  copy(start: number, length: number): void {
    this.bytes(this.#u8, start, length);
  }

  /** ASCII. */
  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  /** Bytes of linear memory in a field of that width. */
  padded(start: number, length: number, flags: number, width: number): void {
    if ((flags & LEFT) === 0) this.fill(BLANK, width - length);
    this.copy(start, length);
    if ((flags & LEFT) !== 0) this.fill(BLANK, width - length);
  }

  /** As number() of lib/vsprintf.c. @param flags of a conversion; SIGNED: the words are one signed number */
  decimal(lowWord: number, highWord: number, flags: number, width: number): void {
    let low = lowWord | 0;
    let high = (flags & WIDE) !== 0 ? highWord | 0 : (flags & SIGNED) !== 0 ? low >> 31 : 0;
    let sign = 0;
    if ((flags & SIGNED) !== 0) {
      if (high < 0) {
        sign = MINUS;
        high = ~high + (low === 0 ? 1 : 0);
        low = -low | 0;
      } else if ((flags & PLUS) !== 0) sign = 0x2b;
      else if ((flags & SPACE) !== 0) sign = BLANK;
    }
    const value = low >>> 0;
    if (high === 0) {
      const digits = digitsOf(value);
      const padding = width - digits - (sign === 0 ? 0 : 1);
      this.#before(sign, padding, flags);
      this.#digits(value, digits);
      if ((flags & LEFT) !== 0) this.fill(BLANK, padding);
    } else this.#wide(value, high >>> 0, sign, flags, width);
  }

  /** Hexadecimal, without 0x. */
  hex(lowWord: number, highWord: number, flags: number, width: number): void {
    const low = lowWord | 0;
    const high = (flags & WIDE) === 0 ? 0 : highWord | 0;
    const nibbles = high === 0 ? Math.max(1, 8 - (Math.clz32(low) >>> 2)) : 16 - (Math.clz32(high) >>> 2);
    const letter = (flags & UPPER) === 0 ? LOWER_LETTER : UPPER_LETTER;
    this.#before(0, width - nibbles, flags);
    for (let i = nibbles - 1; i >= 0; i--) {
      const nibble = (i < 8 ? low >>> (i * 4) : high >>> ((i - 8) * 4)) & 0xf;
      this.byte(nibble + (nibble < 10 ? DIGIT : letter));
    }
    if ((flags & LEFT) !== 0) this.fill(BLANK, width - nibbles);
  }

  /** Padding before a number and its sign: zeros stand after the sign, blanks before it. */
  #before(sign: number, padding: number, flags: number): void {
    const zeros = (flags & (ZERO | LEFT)) === ZERO;
    if ((flags & (ZERO | LEFT)) === 0) this.fill(BLANK, padding);
    if (sign !== 0) this.byte(sign);
    if (zeros) this.fill(DIGIT, padding);
  }

  /** A number that needs its upper word, in pieces of nine digits. */
  #wide(low: number, high: number, sign: number, flags: number, width: number): void {
    let first: number;
    let middle: number;
    let last: number;
    if (high < EXACT_HIGH) {
      const value = high * WORD + low;
      middle = Math.floor(value / BILLION);
      last = value - middle * BILLION;
      first = Math.floor(middle / BILLION);
      middle -= first * BILLION;
    } else {
      // Long division by 10^9 in steps of 16 bits, so that each remainder with the next bits is exact.
      const top = Math.floor(high / BILLION);
      const upper = (high - top * BILLION) * 0x10000 + (low >>> 16);
      const upperQuotient = Math.floor(upper / BILLION);
      const lower = (upper - upperQuotient * BILLION) * 0x10000 + (low & 0xffff);
      const lowerQuotient = Math.floor(lower / BILLION);
      last = lower - lowerQuotient * BILLION;
      // The quotient has less than 2^35: top * 2^32 + upperQuotient * 2^16 + lowerQuotient.
      const quotient = top * WORD + upperQuotient * 0x10000 + lowerQuotient;
      first = Math.floor(quotient / BILLION);
      middle = quotient - first * BILLION;
    }
    const lead = first === 0 ? middle : first;
    const leadDigits = digitsOf(lead);
    const digits = leadDigits + (first === 0 ? 9 : 18);
    const padding = width - digits - (sign === 0 ? 0 : 1);
    this.#before(sign, padding, flags);
    this.#digits(lead, leadDigits);
    if (first !== 0) this.#digits(middle, 9);
    this.#digits(last, 9);
    if ((flags & LEFT) !== 0) this.fill(BLANK, padding);
  }

  /** @param value below 2^32 */
  #digits(value: number, count: number): void {
    const start = this.#at;
    this.#at = start + count;
    let rest = value >>> 0;
    for (let at = start + count - 1; at >= start; at--) {
      const quotient = (rest / 10) >>> 0;
      if (at < this.#limit) this.#u8[at] = DIGIT + rest - quotient * 10;
      rest = quotient;
    }
  }
}

/** @param value below 2^32 */
function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 1e4) return 4;
  if (value < 1e5) return 5;
  if (value < 1e6) return 6;
  if (value < 1e7) return 7;
  if (value < 1e8) return 8;
  return value < 1e9 ? 9 : 10;
}
