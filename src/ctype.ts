/**
 * Kinds of characters as the kernel sees them: ASCII, and Latin-1 above it.
 * Facts: lib/ctype.c of Linux 6.12.
 */

/** Multiplication and division sign, the only ones among Latin-1's letters that are none. */
const TIMES = 0xd7;
const DIVISION = 0xf7;
const NO_BREAK_SPACE = 0xa0;
const FIRST_LATIN_LETTER = 0xc0;

const isLatinLetter = (byte: number): boolean => byte >= FIRST_LATIN_LETTER && byte !== TIMES && byte !== DIVISION;

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

export const isAlphanumeric = (byte: number): boolean =>
  isDigit(byte) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || isLatinLetter(byte);

export const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 9 && byte <= 13) || byte === NO_BREAK_SPACE;

export const isPrintable = (byte: number): boolean => (byte >= 0x20 && byte <= 0x7e) || byte >= NO_BREAK_SPACE;

export const isPunctuation = (byte: number): boolean =>
  ((byte > 0x20 && byte <= 0x7e) || byte > NO_BREAK_SPACE) && !isAlphanumeric(byte);

export function toLower(byte: number): number {
  const isUpper = (byte >= 0x41 && byte <= 0x5a) || (isLatinLetter(byte) && byte < 0xdf);
  return isUpper ? byte + 0x20 : byte;
}
