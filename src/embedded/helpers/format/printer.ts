/**
 * Prints a format and its values into linear memory: what bpf_bprintf_prepare() and bstr_printf() do together.
 *
 * The kernel copies the values into a buffer of 512 bytes first, strings and addresses as text; what does not fit is
 * cut or refused. Here nothing is copied, but the places in that buffer are counted, so that the limits are the same.
 * One difference is left: where output is cut inside an address (%pI4 and its kind) the kernel then misreads later
 * strings; the length that it returns then is of what it misread.
 *
 * Facts: kernel/bpf/helpers.c and lib/vsprintf.c of Linux 6.12, and output of 6.18. No symbol lies in linear memory, so
 * %ps, %pS and %pB print what the kernel prints of an address without one.
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Runtime } from '../../runtime.ts';
import { EINVAL, ENOSPC } from '../errno.ts';
import { isReadable } from '../words.ts';
import { ByteSink } from './byte-sink.ts';
import {
  CHARACTER,
  DECIMAL,
  type Format,
  HASHED,
  HEX,
  IP4,
  IP4_PADDED,
  IP6,
  IP6_PLAIN,
  KIND,
  LEFT,
  NONE,
  PLAIN_STRING,
  PLAIN_SYMBOL,
  POINTER,
  parseFormat,
  RECORD,
  STRING,
  SYMBOL,
  USER_STRING,
  WIDE,
  ZERO,
} from './parse.ts';

/** The kernel's buffer of values. */
const VALUE_BYTES = 512;
/** MAX_BPRINTF_VARARGS */
export const MAX_VALUES = 12;
/** More formats than a few programs have are not remembered: they are made at run time. */
const MOST_FORMATS = 1024;
/** Error pointers, -4095 to -1, are shown as they are. */
const LOWEST_ERROR = -4095;
const POINTER_DIGITS = 16;
const BLANK = 0x20;
const COLON = 0x3a;
const DOT = 0x2e;

export class FormatPrinter {
  readonly #memory: KernelMemory;
  /** Where text goes; open it before appending anything. */
  readonly sink: ByteSink;
  readonly #formats = new Map<number, Format>();
  /** Lengths of the strings that are printed, by place among the values; -1 for addresses that cannot be read. */
  readonly #lengths = new Int32Array(MAX_VALUES);
  readonly #hashKey: number;

  constructor({ memory, machine }: Runtime) {
    this.#memory = memory;
    this.sink = new ByteSink(memory);
    this.#hashKey = machine.random() | 0;
  }

  /**
   * The format at a place in memory. Formats are nearly always constants, so the last one from there is compared.
   * @param size of the memory, which must hold a NUL
   * @returns an errno for one that is not valid
   */
  format(at: number, size: number, values: number): Format | number {
    const known = this.#formats.get(at);
    if (known !== undefined && this.#isAt(known, at, size)) return known.values > values ? EINVAL : known;
    const { u8 } = this.#memory;
    const end = u8.indexOf(0, at);
    if (end < 0 || end >= at + size) return EINVAL;
    const format = parseFormat(u8.slice(at, end), values);
    if (typeof format === 'object' && this.#formats.size < MOST_FORMATS) this.#formats.set(at, format);
    return format;
  }

  #isAt({ bytes }: Format, at: number, size: number): boolean {
    const { u8 } = this.#memory;
    const { length } = bytes;
    if (length >= size || u8[at + length] !== 0) return false;
    for (let i = 0; i < length; i++) if (u8[at + i] !== bytes[i]) return false;
    return true;
  }

  /**
   * Writes text from `at` on, never at or beyond `limit`, and no NUL.
   * @param values offset of the 64-bit values
   * @returns how long the text is, or would be with room for it; negative: an errno, and nothing is written
   */
  print(format: Format, values: number, at: number, limit: number): number {
    if (format.readsMemory) {
      const errno = this.#measure(format, values);
      if (errno !== 0) return errno;
    }
    const { view } = this.#memory;
    const { records, text } = format;
    const sink = this.sink;
    sink.open(at, limit);
    let value = values;
    for (let i = 0; i < records.length; i += RECORD) {
      const length = records[i + 1] as number;
      if (length !== 0) sink.bytes(text, records[i] as number, length);
      const conversion = records[i + 2] as number;
      if (conversion === NONE) break;
      const low = view.getInt32(value, true);
      const high = view.getInt32(value + 4, true);
      const width = records[i + 3] as number;
      const kind = conversion & KIND;
      if (kind === DECIMAL) sink.decimal(low, high, conversion, width);
      else if (kind === HEX) sink.hex(low, high, conversion, width);
      else this.#other(kind, conversion, width, low, high, (value - values) >> 3);
      value += 8;
    }
    return sink.at - at;
  }

  #other(kind: number, flags: number, width: number, low: number, high: number, place: number): void {
    const sink = this.sink;
    const length = this.#lengths[place] as number; // of twelve
    switch (kind) {
      case CHARACTER:
        if ((flags & LEFT) === 0) sink.fill(BLANK, width - 1);
        sink.byte(low);
        if ((flags & LEFT) !== 0) sink.fill(BLANK, width - 1);
        break;
      case STRING:
        sink.padded(low, length, flags, width);
        break;
      case PLAIN_STRING:
        if (!sink.isFull) sink.copy(low, length);
        break;
      case USER_STRING:
        break;
      case HASHED:
        this.#hashed(low, high, flags, width);
        break;
      case POINTER:
        this.#pointer(low, high, flags, width);
        break;
      case SYMBOL:
        this.#symbol(low, high, flags, width);
        break;
      case PLAIN_SYMBOL:
        if (!sink.isFull) this.#symbol(low, high, 0, 0);
        break;
      default:
        if (!sink.isFull) this.#address(kind, length < 0 ? 0 : low);
    }
  }

  /** Appends a pointer as %px, or as %p where it is not to be known. */
  pointer(low: number, high: number, isRaw: boolean): void {
    if (isRaw) this.#pointer(low, high, 0, -1);
    else this.#hashed(low, high, 0, -1);
  }

  #hashed(low: number, high: number, flags: number, width: number): void {
    this.#pointer(this.#hash(low, high), isShown(low, high) ? high : 0, flags, width);
  }

  /** Pointers are shown with all their digits unless a width is given. */
  #pointer(low: number, high: number, flags: number, width: number): void {
    if (width < 0) this.sink.hex(low, high, flags | WIDE | ZERO, POINTER_DIGITS);
    else this.sink.hex(low, high, flags | WIDE, width);
  }

  #symbol(low: number, high: number, flags: number, width: number): void {
    const length = 2 + hexLength(low, high);
    if ((flags & LEFT) === 0) this.sink.fill(BLANK, width - length);
    this.sink.text('0x');
    this.sink.hex(low, high, WIDE, -1);
    if ((flags & LEFT) !== 0) this.sink.fill(BLANK, width - length);
  }

  #address(kind: number, from: number): void {
    const { u8 } = this.#memory;
    const sink = this.sink;
    if (kind === IP4 || kind === IP4_PADDED) {
      for (let i = 0; i < 4; i++) {
        if (i > 0) sink.byte(DOT);
        sink.decimal(u8[from + i] as number, 0, ZERO, kind === IP4 ? -1 : 3); // measured
      }
      return;
    }
    for (let i = 0; i < 16; i++) {
      if (kind === IP6 && i > 0 && i % 2 === 0) sink.byte(COLON);
      sink.hex(u8[from + i] as number, 0, ZERO, 2);
    }
  }

  /** The same pointer has the same hash for as long as this kernel lives. */
  #hash(low: number, high: number): number {
    if (isShown(low, high)) return low;
    let hash = Math.imul(low ^ this.#hashKey, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13) ^ high, 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }

  /** Finds how long strings are and whether all values fit into the kernel's buffer. */
  #measure({ records }: Format, values: number): number {
    const { view } = this.#memory;
    let used = 0;
    let place = 0;
    for (let i = 0; i < records.length; i += RECORD) {
      const conversion = records[i + 2] as number;
      const kind = conversion & KIND;
      if (kind === NONE) break;
      const low = view.getInt32(values + place * 8, true);
      const high = view.getInt32(values + place * 8 + 4, true);
      if (kind === STRING || kind === PLAIN_STRING || kind === USER_STRING) {
        if (used >= VALUE_BYTES) return ENOSPC;
        const length = kind === USER_STRING ? 0 : this.#stringLength(low, high, VALUE_BYTES - used);
        this.#lengths[place] = length;
        used += length + 1;
      } else if (kind === PLAIN_SYMBOL) {
        used += 3 + hexLength(low, high);
      } else if (kind >= IP4) {
        const size = kind === IP4 || kind === IP4_PADDED ? 4 : 16;
        if (used + size > VALUE_BYTES) return ENOSPC;
        const readable = isReadable(this.#memory, low, high, size);
        this.#lengths[place] = readable ? size : -1;
        used += this.#addressLength(kind, readable ? low : 0) + 1;
      } else if (kind === CHARACTER) {
        if (used >= VALUE_BYTES) return ENOSPC;
        used += 1;
      } else {
        const isWide = (conversion & WIDE) !== 0 || (kind !== DECIMAL && kind !== HEX);
        const size = isWide ? 8 : 4;
        used = (used + 3) & ~3;
        if (used + size > VALUE_BYTES) return ENOSPC;
        used += size;
      }
      place += 1;
    }
    return 0;
  }

  #addressLength(kind: number, from: number): number {
    if (kind === IP6) return 39;
    if (kind === IP6_PLAIN) return 32;
    if (kind === IP4_PADDED) return 15;
    const { u8 } = this.#memory;
    let length = 3;
    for (let i = 0; i < 4; i++) {
      const byte = u8[from + i] as number; // measured
      length += byte < 10 ? 1 : byte < 100 ? 2 : 3;
    }
    return length;
  }

  /** @param room for the string and its NUL @returns 0 for one that cannot be read */
  #stringLength(low: number, high: number, room: number): number {
    if (!isReadable(this.#memory, low, high, 1)) return 0;
    const { u8 } = this.#memory;
    const start = low >>> 0;
    const most = room - 1;
    for (let length = 0; length < most; length++) {
      const byte = u8[start + length];
      if (byte === 0) return length;
      if (byte === undefined) return 0;
    }
    return most;
  }
}

/** Whether %p shows a pointer as it is: NULL and error pointers tell nothing about where things are. */
const isShown = (low: number, high: number): boolean =>
  (low === 0 && high === 0) || (high === -1 && low < 0 && low >= LOWEST_ERROR);

const hexLength = (low: number, high: number): number =>
  high === 0 ? Math.max(1, 8 - (Math.clz32(low) >>> 2)) : 16 - (Math.clz32(high) >>> 2);
