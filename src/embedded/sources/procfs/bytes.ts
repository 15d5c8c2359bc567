/** Reads numbers and words out of bytes without making strings of them. */

export const SPACE = 0x20;
export const TAB = 0x09;
export const NEWLINE = 0x0a;
export const MINUS = 0x2d;
export const COLON = 0x3a;
export const ZERO = 0x30;

export const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= 0x39;

/** Value of a hexadecimal digit, -1 for other bytes. */
export function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= 0x39) return byte - ZERO;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/**
 * Reads numbers one after the other. 64-bit ones come in two words, `low` and `high`; `number` is what a double holds.
 */
export class NumberReader {
  /** Where it stands: behind what was read. */
  at = 0;
  number = 0;
  low = 0;
  high = 0;

  /** A decimal number, after spaces and tabs, exactly to 64 bits. @returns whether there is one */
  decimal(bytes: Uint8Array, end: number): boolean {
    let at = skipBlanks(bytes, this.at, end);
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    const first = at;
    // Up to 15 digits fit a double, and so does nearly everything; the rest in two words.
    let value = 0;
    const short = Math.min(end, at + 15);
    for (; at < short; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === first) return false;
    let low = value >>> 0;
    let high = Math.floor(value / 4294967296);
    for (; at < end; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      const product = low * 10 + digit;
      low = product >>> 0;
      high = (high * 10 + Math.floor(product / 4294967296)) >>> 0;
      value = value * 10 + digit;
    }
    if (negative) {
      value = -value;
      high = low === 0 ? -high >>> 0 : ~high >>> 0;
      low = -low >>> 0;
    }
    this.#set(at, value, low, high);
    return true;
  }

  /** A hexadecimal number of up to 16 digits. */
  hexadecimal(bytes: Uint8Array, end: number): boolean {
    let at = skipBlanks(bytes, this.at, end);
    const first = at;
    let low = 0;
    let high = 0;
    for (; at < end; at++) {
      const digit = hexDigit(bytes[at] as number);
      if (digit < 0) break;
      high = ((high << 4) | (low >>> 28)) >>> 0;
      low = ((low << 4) | digit) >>> 0;
    }
    if (at === first) return false;
    this.#set(at, high * 4294967296 + low, low, high);
    return true;
  }

  octal(bytes: Uint8Array, end: number): boolean {
    let at = skipBlanks(bytes, this.at, end);
    const first = at;
    let value = 0;
    for (; at < end; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 7) break;
      value = value * 8 + digit;
    }
    if (at === first) return false;
    this.#set(at, value, value >>> 0, Math.floor(value / 4294967296));
    return true;
  }

  #set(at: number, number: number, low: number, high: number): void {
    this.at = at;
    this.number = number;
    this.low = low;
    this.high = high;
  }
}

export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && (bytes[next] === SPACE || bytes[next] === TAB)) next++;
  return next;
}

/** Behind the word that stands there. */
export function skipWord(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && (bytes[next] as number) > SPACE) next++;
  return next;
}

export function endOfLine(bytes: Uint8Array, at: number, end: number): number {
  const found = bytes.indexOf(NEWLINE, at);
  return found < 0 || found > end ? end : found;
}

/** A number for the text of a key, so that keys can be looked up without strings. */
export function hashOf(bytes: Uint8Array, at: number, end: number): number {
  let hash = 0;
  for (let i = at; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
  return hash;
}

const decoder = new TextDecoder();

/** What stands behind `KEY:` in a file of such lines, without blanks around it. For rare fields: it makes strings. */
export function lineValue(bytes: Uint8Array, length: number, key: string): string | undefined {
  const text = decoder.decode(bytes.subarray(0, length));
  for (const line of text.split('\n')) {
    if (line.startsWith(`${key}:`)) return line.slice(key.length + 1).trim();
  }
  return undefined;
}
