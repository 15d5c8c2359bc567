/**
 * Text in linear memory: digits, padding and bytes appended at a place. What lies at or beyond a limit is counted and
 * not written, as snprintf() of the kernel does it. Each function gives the place behind what it appended.
 */
import { LEFT, PLUS, SIGNED, SPACE, UPPER, WIDE, ZERO } from '../format-codes.ts';
import { copy, LOW_BITS } from './bytes.ts';

const BLANK: u32 = 0x20;
const DIGIT: u32 = 0x30;
const MINUS: u32 = 0x2d;
const PLUS_SIGN: u32 = 0x2b;
const EVEN_BYTES: u64 = ((<u64>0x00ff00ff) << 32) | 0x00ff00ff;
/** What is between a letter and the digit that it would be. */
const LOWER_LETTERS: u64 = 0x27;
const UPPER_LETTERS: u64 = 0x07;
const FOUR: u32 = 0x01010101;

export function byte(at: u32, limit: u32, value: u32): u32 {
  if (at < limit) store<u8>(at, <u8>value);
  return at + 1;
}

/** @param count nothing is appended if it is not above 0 */
export function fill(at: u32, limit: u32, value: u32, count: i32): u32 {
  if (count <= 0) return at;
  const end = at + <u32>count;
  const last = min(end, limit);
  let next = at;
  const four = value * FOUR;
  for (; next + 8 <= last; next += 8) store<u64>(next, ((<u64>four) << 32) | four);
  for (; next < last; next++) store<u8>(next, <u8>value);
  return end;
}

export function bytes(at: u32, limit: u32, from: u32, length: u32): u32 {
  if (at < limit) copy(at, from, min(length, limit - at));
  return at + length;
}

/** In a field of that width. */
export function padded(at: u32, limit: u32, from: u32, length: u32, flags: u32, width: i32): u32 {
  const padding = width - <i32>length;
  let next = at;
  if ((flags & LEFT) === 0) next = fill(next, limit, BLANK, padding);
  next = bytes(next, limit, from, length);
  return (flags & LEFT) !== 0 ? fill(next, limit, BLANK, padding) : next;
}

/** As number() of lib/vsprintf.c, base 10. @param flags of a conversion; without WIDE only the low word counts */
export function decimal(at: u32, limit: u32, word: u64, flags: u32, width: i32): u32 {
  let value = word;
  let sign: u32 = 0;
  if ((flags & SIGNED) !== 0) {
    if ((flags & WIDE) === 0) value = <u64>(<i64>(<i32>word));
    if (<i64>value < 0) {
      sign = MINUS;
      value = -value;
    } else if ((flags & PLUS) !== 0) sign = PLUS_SIGN;
    else if ((flags & SPACE) !== 0) sign = BLANK;
  } else if ((flags & WIDE) === 0) value &= 0xffffffff;
  const count = digitsOf(value);
  const padding = width - <i32>count - (sign !== 0 ? 1 : 0);
  const start = padding > 0 || sign !== 0 ? before(at, limit, sign, padding, flags) : at;
  const next = digits(start, limit, value, count);
  return padding > 0 && (flags & LEFT) !== 0 ? fill(next, limit, BLANK, padding) : next;
}

/** Hexadecimal, without 0x. */
export function hex(at: u32, limit: u32, word: u64, flags: u32, width: i32): u32 {
  const value = (flags & WIDE) !== 0 ? word : word & 0xffffffff;
  const count = nibblesOf(value);
  const letters: u64 = (flags & UPPER) !== 0 ? UPPER_LETTERS : LOWER_LETTERS;
  const padding = width - <i32>count;
  const start = padding > 0 ? before(at, limit, 0, padding, flags) : at;
  const end = start + count;
  let rest = value;
  let next = end;
  // From the last digit on, eight at a time.
  for (; next >= start + 8; rest >>= 32) {
    next -= 8;
    some(next, limit, hexDigits(<u32>rest, letters), 8);
  }
  const left = next - start;
  if (left > 0) some(start, limit, hexDigits(<u32>rest, letters) >> (64 - (left << 3)), left);
  return padding > 0 && (flags & LEFT) !== 0 ? fill(end, limit, BLANK, padding) : end;
}

/** The eight digits of 32 bits, the first of them in the lowest byte. @param letters what to add from ten on */
function hexDigits(value: u32, letters: u64): u64 {
  let digits: u64 = value;
  digits = (digits | (digits << 16)) & 0x0000ffff0000ffff;
  digits = (digits | (digits << 8)) & EVEN_BYTES;
  digits = (digits | (digits << 4)) & (LOW_BITS * 0xf);
  const aboveNine = ((digits + LOW_BITS * 6) >> 4) & LOW_BITS;
  return bswap<u64>(digits + LOW_BITS * DIGIT + aboveNine * letters);
}

/** Writes up to eight bytes, the lowest first. */
function some(at: u32, limit: u32, bytes: u64, count: u32): void {
  if (at + count > limit) {
    for (let i: u32 = 0; i < count && at + i < limit; i++) store<u8>(at + i, <u8>(bytes >> (i << 3)));
    return;
  }
  if (count === 8) {
    store<u64>(at, bytes);
    return;
  }
  let next = at;
  let rest = bytes;
  if ((count & 4) !== 0) {
    store<u32>(next, <u32>rest);
    next += 4;
    rest >>= 32;
  }
  if ((count & 2) !== 0) {
    store<u16>(next, <u16>rest);
    next += 2;
    rest >>= 16;
  }
  if ((count & 1) !== 0) store<u8>(next, <u8>rest);
}

export function nibblesOf(value: u64): u32 {
  return value === 0 ? 1 : 16 - <u32>(clz(value) >> 2);
}

/** Padding before a number and its sign: zeros stand after the sign, blanks before it. */
function before(at: u32, limit: u32, sign: u32, padding: i32, flags: u32): u32 {
  let next = at;
  if ((flags & (ZERO | LEFT)) === 0) next = fill(next, limit, BLANK, padding);
  if (sign !== 0) next = byte(next, limit, sign);
  return (flags & (ZERO | LEFT)) === ZERO ? fill(next, limit, DIGIT, padding) : next;
}

function digits(at: u32, limit: u32, value: u64, count: u32): u32 {
  const end = at + count;
  let next = end;
  let wide = value;
  // Numbers of 32 bits are much faster to divide.
  while (wide > 0xffffffff) {
    const quotient = wide / 10;
    next--;
    if (next < limit) store<u8>(next, <u8>(<u32>(wide - quotient * 10) + DIGIT));
    wide = quotient;
  }
  let rest = <u32>wide;
  while (next > at) {
    const quotient = rest / 10;
    next--;
    if (next < limit) store<u8>(next, <u8>(rest - quotient * 10 + DIGIT));
    rest = quotient;
  }
  return end;
}

function digitsOf(value: u64): u32 {
  let count: u32 = 1;
  let rest = value;
  for (; rest >= 10000; rest /= 10000) count += 4;
  return count + (rest < 10 ? 0 : rest < 100 ? 1 : rest < 1000 ? 2 : 3);
}

/** For JavaScript, which has numbers in two words. */
export function text_decimal(at: u32, limit: u32, low: u32, high: u32, flags: u32, width: i32): u32 {
  return decimal(at, limit, ((<u64>high) << 32) | low, flags, width);
}
