/**
 * Formats that were taken apart (format-parser.ts), as the runtime's wasm prints from them: records of four words, each
 * a stretch of plain text followed by one conversion. Read by TypeScript and by AssemblyScript, so: integer constants
 * only.
 */

// Kinds of conversion, the low four bits of a record's third word.
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
/** %pS; this one, %pB's and %ps's number say the form of a symbol's text as well. */
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
/** %ps: the name of a symbol, where there is one. */
export const SYMBOL_NAME = 15;
export const KIND = 0xf;

// Flags of a conversion, in the same word.
export const LEFT = 0x10;
export const PLUS = 0x20;
export const SPACE = 0x40;
export const ZERO = 0x80;
export const SIGNED = 0x100;
export const WIDE = 0x200;
export const UPPER = 0x400;

// A record: where the plain text begins, its length, the conversion, the field's width or -1.
export const RECORD_SIZE = 16;
export const RECORD_TEXT = 0;
export const RECORD_LENGTH = 4;
export const RECORD_CONVERSION = 8;
export const RECORD_WIDTH = 12;

// A format in memory.
/** Where it was found. */
export const FORMAT_SOURCE = 0;
/** Bytes of it, without the NUL. */
export const FORMAT_LENGTH = 4;
/** How many values it prints. */
export const FORMAT_VALUES = 8;
/** 1 if it has conversions that read memory, whose text has limits. */
export const FORMAT_READS = 12;
/** The records follow; behind the last, which has no conversion, the plain text and a copy of the whole format. */
export const FORMAT_RECORDS = 24;
/** Offset of that copy. */
export const FORMAT_COPY = 16;

/** MAX_BPRINTF_VARARGS */
export const MAX_VALUES = 12;
