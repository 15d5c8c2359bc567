/**
 * Format strings of the printing helpers: checked and taken apart once, printed from often (assembly/print.ts). What
 * they become is format-codes.ts's.
 *
 * Which conversions there are is decided by bpf_bprintf_prepare() of kernel/bpf/helpers.c, what their flags mean by
 * format_decode() of lib/vsprintf.c (Linux 6.12; text of bytes from 0x80 on is 6.18's).
 */
import { isAlphanumeric, isDigit, isPunctuation, isSpace } from '../../ctype.ts';
import {
  CHARACTER,
  DECIMAL,
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
  PLUS,
  POINTER,
  SIGNED,
  SPACE,
  STRING,
  SYMBOL,
  SYMBOL_NAME,
  UPPER,
  USER_STRING,
  WIDE,
  ZERO,
} from './format-codes.ts';

/** Widest field: the kernel keeps 24 bits of it. */
const MAX_WIDTH = (1 << 23) - 1;

export interface Format {
  /** The whole format, without the NUL. */
  readonly bytes: Uint8Array;
  /** Plain text of all records. */
  readonly text: Uint8Array;
  /** Four words each; where their text begins is counted in `text`. */
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

/** Pointers that are printed as numbers, or as names of which the kernel knows the place. */
const READS_NOTHING: ReadonlySet<number> = new Set([HASHED, POINTER, SYMBOL, SYMBOL_NAME]);

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
  [code('s'), SYMBOL_NAME],
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
 * @returns undefined if there are fewer values than conversions, or one that these helpers do not have
 */
export function parseFormat(bytes: Uint8Array, values: number): Format | undefined {
  const parser = new Parser(bytes, values);
  return parser.parse() ? parser.format() : undefined;
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
    this.#readsMemory ||= kind >= STRING && !READS_NOTHING.has(kind);
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
