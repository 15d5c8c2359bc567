/**
 * Format strings of the printing helpers: checked and taken apart once, printed from often.
 *
 * A format becomes records of four words, each a stretch of plain text followed by one conversion:
 *
 *   0 where the text lies in `text`   1 its length   2 the conversion: kind and flags   3 field width, -1 for none
 *
 * Which conversions there are is decided by bpf_bprintf_prepare() of kernel/bpf/helpers.c, what their flags mean by
 * format_decode() of lib/vsprintf.c (Linux 6.12; text of bytes from 0x80 on is 6.18's). Printing is in print.ts.
 */
import { isAlphanumeric, isDigit, isPunctuation, isSpace } from '../../../ctype.ts';
import { EINVAL } from '../errno.ts';

// Kinds of conversion, the low four bits of word 2.
export const NONE = 0;
export const DECIMAL = 1;
export const HEX = 2;
export const CHARACTER = 3;
export const STRING = 4;
/** %pks: as a string, but its width is lost. */
export const PLAIN_STRING = 5;
/** %p and %pK: the pointer's hash. */
export const HASHED = 6;
/** %px */
export const POINTER = 7;
/** %ps and %pS */
export const SYMBOL = 8;
/** %pB, whose width is lost. */
export const PLAIN_SYMBOL = 9;
/** %pI4, %pi4, %pI6, %pi6: pointers to addresses, whose widths are lost. */
export const IP4 = 10;
export const IP4_PADDED = 11;
export const IP6 = 12;
export const IP6_PLAIN = 13;
/** %pus: of user memory, of which there is none. */
export const USER_STRING = 14;
export const KIND = 0xf;

// Flags in word 2.
export const LEFT = 1 << 4;
export const PLUS = 1 << 5;
export const SPACE = 1 << 6;
export const ZERO = 1 << 7;
export const SIGNED = 1 << 8;
export const WIDE = 1 << 9;
export const UPPER = 1 << 10;

/** Words of a record. */
export const RECORD = 4;
/** Widest field: the kernel keeps 24 bits of it. */
const MAX_WIDTH = (1 << 23) - 1;

export interface Format {
  /** The whole format, without the NUL. */
  readonly bytes: Uint8Array;
  /** Plain text of all records. */
  readonly text: Uint8Array;
  readonly records: Int32Array;
  /** How many values it prints. */
  readonly values: number;
  /** Has conversions that read memory, whose text has limits. */
  readonly readsMemory: boolean;
}

const code = (character: string): number => character.charCodeAt(0);
const PERCENT = code('%');
/** Of plain text; above ASCII anything goes. */
const isText = (byte: number): boolean => (byte >= 0x20 && byte !== 0x7f) || (byte >= 9 && byte <= 13);
/** After %s and %p: what cannot be taken for more of the conversion. */
const endsWord = (byte: number): boolean => byte === 0 || isSpace(byte) || isPunctuation(byte);

const flagBits: ReadonlyMap<number, number> = new Map([
  [code('0'), ZERO],
  [code('+'), PLUS],
  [code('-'), LEFT],
  [code(' '), SPACE],
]);

const integers: ReadonlyMap<number, number> = new Map([
  [code('d'), DECIMAL | SIGNED],
  [code('i'), DECIMAL | SIGNED],
  [code('u'), DECIMAL],
  [code('x'), HEX],
  [code('X'), HEX | UPPER],
]);

const pointers: ReadonlyMap<number, number> = new Map([
  [code('K'), HASHED],
  [code('x'), POINTER],
  [code('s'), SYMBOL],
  [code('S'), SYMBOL],
  [code('B'), PLAIN_SYMBOL],
]);

const addresses: ReadonlyMap<string, number> = new Map([
  ['I4', IP4],
  ['i4', IP4_PADDED],
  ['I6', IP6],
  ['i6', IP6_PLAIN],
]);

/**
 * @param bytes up to and without the NUL
 * @param values how many values there are to print
 * @returns an errno if there are fewer values than conversions, or one that these helpers do not have
 */
export function parseFormat(bytes: Uint8Array, values: number): Format | number {
  const parser = new Parser(bytes, values);
  return parser.parse() ? parser.format() : EINVAL;
}

class Parser {
  readonly #bytes: Uint8Array;
  readonly #available: number;
  readonly #text: number[] = [];
  readonly #records: number[] = [];
  #textStart = 0;
  #values = 0;
  #readsMemory = false;
  #at = 0;

  constructor(bytes: Uint8Array, values: number) {
    this.#bytes = bytes;
    this.#available = values;
  }

  format(): Format {
    return {
      bytes: this.#bytes,
      text: Uint8Array.from(this.#text),
      records: Int32Array.from(this.#records),
      values: this.#values,
      readsMemory: this.#readsMemory,
    };
  }

  parse(): boolean {
    while (this.#at < this.#bytes.length) {
      const byte = this.#peek();
      if (!isText(byte)) return false;
      this.#at += 1;
      if (byte !== PERCENT) this.#text.push(byte);
      else if (this.#peek() === PERCENT) {
        this.#text.push(PERCENT);
        this.#at += 1;
      } else if (this.#values >= this.#available || !this.#conversion()) return false;
    }
    this.#end(NONE, -1);
    return true;
  }

  #peek(ahead = 0): number {
    return this.#bytes[this.#at + ahead] ?? 0;
  }

  #end(conversion: number, width: number): void {
    this.#records.push(this.#textStart, this.#text.length - this.#textStart, conversion, width);
    this.#textStart = this.#text.length;
  }

  /** What follows a percent sign. @returns whether it is one of the conversions that there are */
  #conversion(): boolean {
    let flags = 0;
    for (let bit = flagBits.get(this.#peek()); bit !== undefined; bit = flagBits.get(this.#peek())) {
      flags |= bit;
      this.#at += 1;
    }
    let width = -1;
    while (isDigit(this.#peek())) {
      // C's int overflows; what comes of that is not worth copying.
      width = Math.min(Math.max(width, 0) * 10 + this.#peek() - 0x30, MAX_WIDTH);
      this.#at += 1;
    }
    const conversion = this.#kind();
    if (conversion === undefined) return false;
    const kind = conversion & KIND;
    this.#values += 1;
    this.#readsMemory ||= kind >= STRING && kind !== HASHED && kind !== POINTER && kind !== SYMBOL;
    this.#end(conversion | flags, width);
    return true;
  }

  #kind(): number | undefined {
    const byte = this.#peek();
    this.#at += 1;
    if (byte === code('p')) return this.#pointer();
    if (byte === code('s')) return endsWord(this.#peek()) ? STRING : undefined;
    if (byte === code('c')) return CHARACTER;
    this.#at -= 1;
    let wide = 0;
    for (let longs = 0; longs < 2 && this.#peek() === code('l'); longs++) {
      wide = WIDE;
      this.#at += 1;
    }
    const integer = integers.get(this.#peek());
    this.#at += 1;
    return integer === undefined ? undefined : integer | wide;
  }

  #pointer(): number | undefined {
    const byte = this.#peek();
    if (endsWord(byte)) return HASHED;
    if ((byte === code('k') || byte === code('u')) && this.#peek(1) === code('s')) {
      this.#at += 2;
      const kind = byte === code('k') ? PLAIN_STRING : USER_STRING;
      return endsWord(this.#peek()) ? kind : undefined;
    }
    const kind = pointers.get(byte) ?? addresses.get(String.fromCharCode(byte, this.#peek(1)));
    // The kernel looks no further than it knows, but does not print what follows either.
    while (kind !== undefined && isAlphanumeric(this.#peek())) this.#at += 1;
    return kind;
  }
}
