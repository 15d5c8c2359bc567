/**
 * Words and strings of an ELF file in its byte order. Offsets of words must have been checked against the file;
 * strings check theirs.
 */
import { BpfiterError } from '../errors.ts';
import type { ElfSection } from './file.ts';

export const malformed = (message: string): BpfiterError => new BpfiterError('malformed', message);

/** `section 7 (.text)`, as messages name a section. */
export const describe = (section: Pick<ElfSection, 'index' | 'name'>): string =>
  section.name === '' ? `section ${section.index}` : `section ${section.index} (${section.name})`;

export class ElfBytes {
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, littleEndian: boolean) {
    this.bytes = bytes;
    this.littleEndian = littleEndian;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(offset: number): number {
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    return this.#view.getUint16(offset, this.littleEndian);
  }

  u32(offset: number): number {
    return this.#view.getUint32(offset, this.littleEndian);
  }

  u64(offset: number): bigint {
    return this.#view.getBigUint64(offset, this.littleEndian);
  }

  i64(offset: number): bigint {
    return this.#view.getBigInt64(offset, this.littleEndian);
  }

  /** Upper and lower half of a 64-bit word. */
  high(offset: number): number {
    return this.u32(this.littleEndian ? offset + 4 : offset);
  }

  low(offset: number): number {
    return this.u32(this.littleEndian ? offset : offset + 4);
  }

  /** A 64-bit word that must be small enough for a number; `what` names it in the message. */
  size(offset: number, what: () => string): number {
    const high = this.high(offset);
    if (high > 0x1fffff) throw malformed(`${what()} is 0x${this.u64(offset).toString(16)}, which no file can hold`);
    return high * 0x1_0000_0000 + this.low(offset);
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The string at `offset` of a string table; `what` names it in the message. */
export function readName(strings: Uint8Array, offset: number, what: () => string): string {
  // A file without names has no string table, and offset 0 everywhere.
  if (offset === 0 && strings.length === 0) return '';
  const end = offset < strings.length ? strings.indexOf(0, offset) : -1;
  if (end < 0) throw malformed(`${what()} reaches past the end of its string table`);
  return utf8.decode(strings.subarray(offset, end));
}

/** Number of records in a table. @throws BpfiterError `malformed` where the last one is not whole */
export function recordCount(section: ElfSection, recordSize: number): number {
  if (section.data.length % recordSize !== 0)
    throw malformed(
      `${describe(section)} has ${section.data.length} bytes, no multiple of its entry size ${recordSize}`,
    );
  return section.data.length / recordSize;
}
