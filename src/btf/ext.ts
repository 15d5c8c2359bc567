/**
 * `.BTF.ext`: which function and which source line an instruction belongs to, and where CO-RE relocations are.
 *
 *   u16 magic | u8 version | u8 flags | u32 hdr_len
 *   u32 func_info_off, _len, line_info_off, _len [, core_relo_off, _len]     from the end of the header
 *
 * Each part begins with the size of its records; then for each ELF section its name, a count, and the records.
 * Sizes may grow in later versions: what follows the known fields of a record is kept as `extra`.
 * Facts: https://docs.kernel.org/bpf/btf.html, section 4.2.
 */
import { checkBtf, checkBytes } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import type { Btf } from './btf.ts';
import { byteOrder } from './header.ts';
import { printable } from './strings.ts';
import { type TypeId, typeId } from './types.ts';

interface ExtRecord {
  /** Bytes from the beginning of the ELF section. */
  readonly insnOffset: number;
  /** Bytes after the fields known here, as they stand in the file. */
  readonly extra?: Uint8Array;
}

export interface FuncInfo extends ExtRecord {
  /** A BTF_KIND_FUNC. */
  readonly typeId: TypeId;
}

export interface LineInfo extends ExtRecord {
  /** String offsets in the BTF. */
  readonly fileNameOffset: number;
  readonly lineOffset: number;
  readonly line: number;
  readonly column: number;
}

export interface CoreRelocation extends ExtRecord {
  readonly typeId: TypeId;
  /** Indices into members and arrays, e.g. `0:1:2`; what it means depends on the kind. */
  readonly accessString: string;
  readonly accessStringOffset: number;
  /** enum bpf_core_relo_kind. */
  readonly kind: number;
}

/** What one ELF section has of one sort of record. */
export interface BtfExtSection<Record> {
  readonly section: string;
  /** Bytes of a record in the file. */
  readonly recordSize: number;
  readonly records: readonly Record[];
}

export interface BtfExt {
  readonly littleEndian: boolean;
  readonly funcInfo: readonly BtfExtSection<FuncInfo>[];
  readonly lineInfo: readonly BtfExtSection<LineInfo>[];
  readonly coreRelocations: readonly BtfExtSection<CoreRelocation>[];
}

const FUNC_INFO_SIZE = 8;
const LINE_INFO_SIZE = 16;
const CORE_RELOCATION_SIZE = 16;
/** Up to and with line_info_len. */
const SHORT_HEADER = 24;
/** Up to and with core_relo_len. */
const LONG_HEADER = 32;
const COLUMN_BITS = 10;

/**
 * @param btf the object's own BTF, for the strings
 * @throws BpfiterError `malformed`; `unsupported` for another version
 */
export function parseBtfExt(bytes: Uint8Array, btf: Btf): BtfExt {
  checkBytes('parseBtfExt()', 'the bytes of a section .BTF.ext', bytes);
  checkBtf('parseBtfExt()', btf);
  const malformed = (what: string) => new BpfiterError('malformed', `${btf.name}: .BTF.ext ${what}`);
  const littleEndian = byteOrder(bytes);
  if (littleEndian === undefined) throw malformed('does not begin with the magic number 0xeb9f');
  if (bytes.length < SHORT_HEADER) throw malformed(`is cut short: ${bytes.length} bytes, less than a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (offset: number) => view.getUint32(offset, littleEndian);
  if (bytes[2] !== 1)
    throw new BpfiterError('unsupported', `${btf.name}: .BTF.ext version ${bytes[2]} is not supported`);
  const headerLength = word(4);
  if (headerLength < SHORT_HEADER || headerLength > bytes.length) {
    throw malformed(`has a header of ${headerLength} bytes in ${bytes.length}`);
  }

  function part<Record>(
    what: string,
    header: number,
    leastSize: number,
    read: (at: number, recordSize: number) => Record,
  ): BtfExtSection<Record>[] {
    const from = headerLength + word(header);
    const length = word(header + 4);
    const end = from + length;
    if (length === 0) return [];
    if (from % 4 !== 0 || end > bytes.length) {
      throw malformed(`has its ${what} at byte ${from}, length ${length}, of ${bytes.length}`);
    }
    if (length < 4) throw malformed(`${what} is cut short: ${length} bytes`);
    const recordSize = word(from);
    if (recordSize < leastSize || recordSize % 4 !== 0) throw malformed(`${what} has records of ${recordSize} bytes`);

    const sections: BtfExtSection<Record>[] = [];
    for (let at = from + 4; at < end; ) {
      if (end - at < 8) throw malformed(`${what} is cut short at byte ${at}`);
      const section = btf.string(word(at));
      const count = word(at + 4);
      at += 8;
      if (count === 0) throw malformed(`${what} of section '${printable(section)}' has no records`);
      if (count * recordSize > end - at) {
        throw malformed(
          `${what} of section '${printable(section)}' claims ${count} records, more than there are bytes for`,
        );
      }
      const first = at;
      const records = Array.from({ length: count }, (_, index) => read(first + index * recordSize, recordSize));
      sections.push({ section, recordSize, records });
      at += count * recordSize;
    }
    return sections;
  }

  const extra = (at: number, known: number, recordSize: number) =>
    recordSize === known ? {} : { extra: bytes.subarray(at + known, at + recordSize) };

  return {
    littleEndian,
    funcInfo: part('func_info', 8, FUNC_INFO_SIZE, (at, size) => ({
      insnOffset: word(at),
      typeId: typeId(word(at + 4)),
      ...extra(at, FUNC_INFO_SIZE, size),
    })),
    lineInfo: part('line_info', 16, LINE_INFO_SIZE, (at, size) => ({
      insnOffset: word(at),
      fileNameOffset: word(at + 4),
      lineOffset: word(at + 8),
      line: word(at + 12) >>> COLUMN_BITS,
      column: word(at + 12) & ((1 << COLUMN_BITS) - 1),
      ...extra(at, LINE_INFO_SIZE, size),
    })),
    coreRelocations:
      headerLength < LONG_HEADER
        ? []
        : part('core_relo', 24, CORE_RELOCATION_SIZE, (at, size) => ({
            insnOffset: word(at),
            typeId: typeId(word(at + 4)),
            accessStringOffset: word(at + 8),
            accessString: btf.string(word(at + 8)),
            kind: word(at + 12),
            ...extra(at, CORE_RELOCATION_SIZE, size),
          })),
  };
}
