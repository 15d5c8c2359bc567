/**
 * Prints formats and their values into linear memory: what bpf_bprintf_prepare() and bstr_printf() do together, and the
 * helpers that programs call most often of all, bpf_seq_printf and bpf_snprintf.
 *
 * The kernel copies the values into a buffer of 512 bytes first, strings and addresses as text; what does not fit is
 * cut or refused. Here nothing is copied, but the places in that buffer are counted, so that the limits are the same.
 * One difference is left: where output is cut inside an address (%pI4 and its kind) the kernel then misreads later
 * strings; the length that it returns then is of what it misread.
 *
 * Facts: kernel/bpf/helpers.c, kernel/trace/bpf_trace.c and lib/vsprintf.c of Linux 6.12, and output of 6.18. Symbols of
 * the kernel's addresses are the source's. Of the few functions that structs point to here only the names are known: %ps
 * prints them; %pS and %pB, which tell how long a function is, print what the kernel prints of an address without a
 * symbol.
 */
import {
  CHARACTER,
  DECIMAL,
  FORMAT_COPY,
  FORMAT_LENGTH,
  FORMAT_READS,
  FORMAT_RECORDS,
  FORMAT_VALUES,
  HASHED,
  HEX,
  IP4,
  IP4_PADDED,
  IP6,
  IP6_PLAIN,
  KIND,
  LEFT,
  MAX_VALUES,
  NONE,
  PLAIN_STRING,
  PLAIN_SYMBOL,
  POINTER,
  RECORD_CONVERSION,
  RECORD_LENGTH,
  RECORD_SIZE,
  RECORD_WIDTH,
  STRING,
  SYMBOL,
  SYMBOL_NAME,
  USER_STRING,
  WIDE,
  ZERO,
} from '../format-codes.ts';
import { isReadable, memoryEnd } from './addresses.ts';
import { endOfText, same } from './bytes.ts';
import { EINVAL, ENOSPC } from './errno.ts';
import { parse_format, symbol_text } from './imports.ts';
import { SEQ_BUF, SEQ_COUNT, SEQ_SIZE, seq_commit } from './seq-file.ts';
import { byte, bytes, decimal, fill, hex, nibblesOf, padded } from './text.ts';

/** The kernel's buffer of values. */
const VALUE_BYTES: u32 = 512;
/** Error pointers, -4095 to -1, are shown as they are. */
const LOWEST_ERROR: i64 = -4095;
const POINTER_DIGITS: i32 = 16;
const BLANK: u32 = 0x20;
const COLON: u32 = 0x3a;
const DOT: u32 = 0x2e;

/** bpf_snprintf is not told how long its format is: the verifier saw the NUL. */
const UNBOUNDED: u32 = 0x7fffffff;

/** Formats that were used, by a number for their places; a power of two. */
const SLOT_BITS: u32 = 8;
const slots = <u32>memory.data(1024);
/** Lengths of the strings that are printed, by place among the values; -1 for addresses that cannot be read. */
const lengths = <u32>memory.data(48);

let hashKey: u32 = 0;

/** The key of the hashes that stand for pointers. */
export function format_seed(key: u32): void {
  hashKey = key;
}

export function format_forget(): void {
  memory.fill(slots, 0, 4 << SLOT_BITS);
}

/**
 * The format at a place in memory. Formats are nearly always constants, so the last one from there is compared.
 * @param size of the memory, which must hold a NUL
 * @returns its offset, or an errno for one that is not valid
 */
export function format_at(at: u32, size: u32, values: u32): i32 {
  const slot = slots + (((at * 0x9e3779b1) >> (32 - SLOT_BITS)) << 2);
  const known = load<u32>(slot);
  if (known !== 0 && load<u32>(known) === at && isAt(known, at, size)) {
    return load<u32>(known, FORMAT_VALUES) > values ? EINVAL : <i32>known;
  }
  const format = parse_format(at, size, values);
  if (format > 0) store<i32>(slot, format);
  return format;
}

function isAt(format: u32, at: u32, size: u32): bool {
  const length = load<u32>(format, FORMAT_LENGTH);
  if (length >= size || load<u8>(at + length) !== 0) return false;
  return same(at, load<u32>(format, FORMAT_COPY), length);
}

/** How many values that many bytes are. @returns an errno where they are none, or too many */
export function format_values(values: u32, size: u32): i32 {
  if ((size & 7) !== 0 || size > <u32>(MAX_VALUES * 8) || (size !== 0 && values === 0)) return EINVAL;
  return size >> 3;
}

/** As bpf_seq_printf(). */
export function seq_printf(seq: u32, at: u32, size: u32, values: u32, valuesSize: u32): i32 {
  const count = format_values(values, valuesSize);
  if (count < 0) return count;
  const format = format_at(at, size, count);
  if (format < 0) return format;
  const buf = load<u32>(seq, SEQ_BUF);
  const used = load<u32>(seq, SEQ_COUNT);
  const room = load<u32>(seq, SEQ_SIZE);
  const length = format_print(format, values, buf + used, buf + room);
  return length < 0 ? length : seq_commit(seq, length);
}

/** As bpf_snprintf(). @returns the length with the NUL, also of what there was no room for */
export function snprintf(to: u32, size: u32, at: u32, values: u32, valuesSize: u32): i32 {
  const count = format_values(values, valuesSize);
  if (count < 0) return count;
  const format = format_at(at, UNBOUNDED, count);
  if (format < 0) return format;
  const length = format_print(format, values, to, to + size);
  if (length < 0) return length;
  if (size > 0) store<u8>(to + min(<u32>length, size - 1), 0);
  return length + 1;
}

/**
 * Writes text from `to` on, never at or beyond `limit`, and no NUL.
 * @param values offset of the 64-bit values
 * @returns how long the text is, or would be with room for it; negative: an errno, and nothing is written
 */
export function format_print(format: u32, values: u32, to: u32, limit: u32): i32 {
  if (load<u32>(format, FORMAT_READS) !== 0) {
    const error = measure(format, values);
    if (error !== 0) return error;
  }
  let at = to;
  let value = values;
  let record = format + FORMAT_RECORDS;
  for (;;) {
    const length = load<u32>(record, RECORD_LENGTH);
    if (length !== 0) at = bytes(at, limit, load<u32>(record), length);
    const conversion = load<u32>(record, RECORD_CONVERSION);
    if (conversion === NONE) break;
    const width = load<i32>(record, RECORD_WIDTH);
    const kind = conversion & KIND;
    const word = load<u64>(value);
    if (kind === DECIMAL) at = decimal(at, limit, word, conversion, width);
    else if (kind === HEX) at = hex(at, limit, word, conversion, width);
    else at = other(at, limit, kind, conversion, width, word, load<i32>(lengths + ((value - values) >> 1)));
    value += 8;
    record += RECORD_SIZE;
  }
  return at - to;
}

function other(at: u32, limit: u32, kind: u32, flags: u32, width: i32, word: u64, length: i32): u32 {
  switch (kind) {
    case CHARACTER: {
      const next = (flags & LEFT) === 0 ? fill(at, limit, BLANK, width - 1) : at;
      const end = byte(next, limit, <u32>word);
      return (flags & LEFT) !== 0 ? fill(end, limit, BLANK, width - 1) : end;
    }
    case STRING:
      return padded(at, limit, <u32>word, length, flags, width);
    case PLAIN_STRING:
      return at < limit ? bytes(at, limit, <u32>word, length) : at;
    case USER_STRING:
      return at;
    case HASHED:
      return pointer(at, limit, hash(word), flags, width);
    case POINTER:
      return pointer(at, limit, word, flags, width);
    case SYMBOL_NAME: {
      const name = nameAt(word);
      if (name !== 0) return padded(at, limit, name, textLength(name), flags, width);
      return symbol(at, limit, word, SYMBOL_NAME, flags, width);
    }
    case SYMBOL:
      return symbol(at, limit, word, SYMBOL, flags, width);
    case PLAIN_SYMBOL:
      if (at >= limit) return at;
      // What had no room among the values is cut.
      return min(symbol(at, min(limit, at + length), word, PLAIN_SYMBOL, 0, 0), at + length);
    default:
      return at < limit ? address(at, limit, kind, length < 0 ? 0 : <u32>word) : at;
  }
}

/** Pointers are shown with all their digits unless a width is given. */
function pointer(at: u32, limit: u32, word: u64, flags: u32, width: i32): u32 {
  if (width < 0) return hex(at, limit, word, flags | WIDE | ZERO, POINTER_DIGITS);
  return hex(at, limit, word, flags | WIDE, width);
}

/** A pointer as %px, or as %p where it is not to be known; for JavaScript. */
export function text_pointer(at: u32, limit: u32, low: u32, high: u32, raw: bool): u32 {
  const word = ((<u64>high) << 32) | low;
  return pointer(at, limit, raw ? word : hash(word), 0, -1);
}

/** Places of functions, behind whose eight bytes stand their names. */
const SYMBOLS: i32 = 256;
const SYMBOL_SIZE: u32 = 8;
const symbols = <u32>memory.data(1024);
let symbolCount: i32 = 0;

/** Says that a function is there, and its name behind it. Beyond a few hundred they have no names any more. */
export function symbol_add(at: u32): void {
  if (symbolCount < SYMBOLS) store<u32>(symbols + (symbolCount++ << 2), at);
}

function nameAt(word: u64): u32 {
  if (!isReadable(<u32>word, <u32>(word >> 32), SYMBOL_SIZE)) return 0;
  for (let i = 0; i < symbolCount; i++) {
    if (load<u32>(symbols + (i << 2)) === <u32>word) return <u32>word + SYMBOL_SIZE;
  }
  return 0;
}

function textLength(at: u32): u32 {
  let end = at;
  while (load<u8>(end) !== 0) end++;
  return end - at;
}

function symbol(at: u32, limit: u32, word: u64, form: u32, flags: u32, width: i32): u32 {
  const text = symbol_text(<u32>word, <u32>(word >> 32), form);
  if (text !== 0) return padded(at, limit, text, textLength(text), flags, width);
  const padding = width - 2 - <i32>nibblesOf(word);
  let next = (flags & LEFT) === 0 ? fill(at, limit, BLANK, padding) : at;
  next = byte(byte(next, limit, 0x30), limit, 0x78);
  next = hex(next, limit, word, WIDE, -1);
  return (flags & LEFT) !== 0 ? fill(next, limit, BLANK, padding) : next;
}

function address(at: u32, limit: u32, kind: u32, from: u32): u32 {
  let next = at;
  if (kind === IP4 || kind === IP4_PADDED) {
    for (let i: u32 = 0; i < 4; i++) {
      if (i > 0) next = byte(next, limit, DOT);
      next = decimal(next, limit, load<u8>(from + i), ZERO, kind === IP4 ? -1 : 3);
    }
    return next;
  }
  for (let i: u32 = 0; i < 16; i++) {
    if (kind === IP6 && i > 0 && (i & 1) === 0) next = byte(next, limit, COLON);
    next = hex(next, limit, load<u8>(from + i), ZERO, 2);
  }
  return next;
}

/** 32 bits that stand for a pointer, for as long as this kernel lives. NULL and errors tell nothing about places. */
function hash(word: u64): u64 {
  if (word === 0 || (<i64>word < 0 && <i64>word >= LOWEST_ERROR)) return word;
  let mixed: u32 = (<u32>word ^ hashKey) * 0x85ebca6b;
  mixed = (mixed ^ (mixed >> 13) ^ <u32>(word >> 32)) * 0xc2b2ae35;
  return mixed ^ (mixed >> 16);
}

/** Finds how long strings are and whether all values fit into the kernel's buffer. */
function measure(format: u32, values: u32): i32 {
  let used: u32 = 0;
  let place = lengths;
  let value = values;
  let record = format + FORMAT_RECORDS;
  for (;;) {
    const conversion = load<u32>(record, RECORD_CONVERSION);
    const kind = conversion & KIND;
    if (kind === NONE) break;
    const word = load<u64>(value);
    if (kind === STRING || kind === PLAIN_STRING || kind === USER_STRING) {
      if (used >= VALUE_BYTES) return ENOSPC;
      const length = kind === USER_STRING ? 0 : stringLength(word, VALUE_BYTES - used);
      store<u32>(place, length);
      used += length + 1;
    } else if (kind === PLAIN_SYMBOL) {
      const text = symbol_text(<u32>word, <u32>(word >> 32), PLAIN_SYMBOL);
      const length = text !== 0 ? textLength(text) : 2 + nibblesOf(word);
      store<u32>(place, used < VALUE_BYTES ? min(length, VALUE_BYTES - used - 1) : 0);
      used += length + 1;
    } else if (kind >= <u32>IP4) {
      const size: u32 = kind === IP4 || kind === IP4_PADDED ? 4 : 16;
      if (used + size > VALUE_BYTES) return ENOSPC;
      const readable = isReadable(<u32>word, <u32>(word >> 32), size);
      store<i32>(place, readable ? size : -1);
      used += addressLength(kind, readable ? <u32>word : 0) + 1;
    } else if (kind === CHARACTER) {
      if (used >= VALUE_BYTES) return ENOSPC;
      used += 1;
    } else {
      const size: u32 = (conversion & WIDE) !== 0 || (kind !== DECIMAL && kind !== HEX) ? 8 : 4;
      used = (used + 3) & ~3;
      if (used + size > VALUE_BYTES) return ENOSPC;
      used += size;
    }
    place += 4;
    value += 8;
    record += RECORD_SIZE;
  }
  return 0;
}

function addressLength(kind: u32, from: u32): u32 {
  if (kind === IP6) return 39;
  if (kind === IP6_PLAIN) return 32;
  if (kind === IP4_PADDED) return 15;
  let length: u32 = 3;
  for (let i: u32 = 0; i < 4; i++) {
    const part: u32 = load<u8>(from + i);
    length += part < 10 ? 1 : part < 100 ? 2 : 3;
  }
  return length;
}

/** @param room for the string and its NUL @returns 0 for one that cannot be read, or has no end in memory */
function stringLength(word: u64, room: u32): u32 {
  if (!isReadable(<u32>word, <u32>(word >> 32), 1)) return 0;
  const start = <u32>word;
  const most = room - 1;
  const inMemory = <u32>min<u64>(most, memoryEnd() - start);
  const end = endOfText(start, start + inMemory);
  if (end < start + inMemory) return end - start;
  return inMemory < most ? 0 : most;
}
