/**
 * The header of a BTF blob: where its sections are, and in which byte order.
 *
 *   u16 magic 0xeb9f | u8 version 1 | u8 flags | u32 hdr_len
 *   u32 type_off, type_len, str_off, str_len           offsets count from the end of the header
 *   u32 layout_off, layout_len                         since Linux 7.1: sizes of the records of each kind
 *
 * A longer header is accepted while what is unknown in it is zero. Facts: https://docs.kernel.org/bpf/btf.html.
 */
import { BpfiterError } from '../errors.ts';

export const MAGIC = 0xeb9f;
export const VERSION = 1;
/** Up to and with str_len. */
const SHORT_HEADER = 24;
/** Up to and with layout_len. */
const LONG_HEADER = 32;

export interface BtfSections {
  readonly littleEndian: boolean;
  readonly types: Uint8Array;
  readonly strings: Uint8Array;
  /** Four bytes a kind: bytes after the common part, bytes of an entry, u16 flags. Empty if the blob has none. */
  readonly layout: Uint8Array;
}

/**
 * Whether a blob with this magic number is little-endian, or undefined if it is not BTF at all.
 * `.BTF.ext` begins in the same way.
 */
export function byteOrder(bytes: Uint8Array): boolean | undefined {
  const magic = bytes.length < 2 ? 0 : new DataView(bytes.buffer, bytes.byteOffset, 2).getUint16(0, true);
  if (magic === MAGIC) return true;
  return magic === (((MAGIC & 0xff) << 8) | (MAGIC >> 8)) ? false : undefined;
}

/** @throws BpfiterError `malformed`, or `unsupported` for another version of the format */
export function readHeader(bytes: Uint8Array, name: string): BtfSections {
  const malformed = (what: string) => new BpfiterError('malformed', `${name}: BTF ${what}`);
  const littleEndian = byteOrder(bytes);
  if (littleEndian === undefined) throw malformed('does not begin with the magic number 0xeb9f');
  if (bytes.length < SHORT_HEADER) throw malformed(`is cut short: ${bytes.length} bytes, less than a header`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (offset: number) => view.getUint32(offset, littleEndian);
  const version = view.getUint8(2);
  if (version !== VERSION) throw new BpfiterError('unsupported', `${name}: BTF version ${version} is not supported`);
  const headerLength = word(4);
  if (headerLength < SHORT_HEADER) throw malformed(`header is ${headerLength} bytes long, less than ${SHORT_HEADER}`);
  if (headerLength > bytes.length) {
    throw malformed(`is cut short: ${bytes.length} bytes, and its header alone claims ${headerLength}`);
  }
  const hasLayout = headerLength >= LONG_HEADER;
  if (bytes.subarray(hasLayout ? LONG_HEADER : SHORT_HEADER, headerLength).some((byte) => byte !== 0)) {
    throw new BpfiterError('unsupported', `${name}: BTF header of ${headerLength} bytes has fields that are not known`);
  }

  const section = (what: string, offset: number, length: number, alignment: number) => {
    if (offset % alignment !== 0 || length % alignment !== 0) {
      throw malformed(`${what} section (offset ${offset}, length ${length}) is not a multiple of ${alignment} bytes`);
    }
    if (headerLength + offset + length > bytes.length) {
      throw malformed(
        `${what} section (offset ${offset}, length ${length}) lies beyond the end at byte ${bytes.length}`,
      );
    }
    // Not subarray(): that of a Node Buffer gives Buffers, which are slower to take apart.
    return new Uint8Array(bytes.buffer, bytes.byteOffset + headerLength + offset, length);
  };
  const typeEnd = word(8) + word(12);
  if (typeEnd > word(16)) throw malformed('type section overlaps its string section');
  return {
    littleEndian,
    types: section('type', word(8), word(12), 4),
    strings: section('string', word(16), word(20), 1),
    layout: hasLayout && word(28) > 0 ? section('layout', word(24), word(28), 4) : new Uint8Array(0),
  };
}

const HOST_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * The section as 32-bit words of this machine: a view where byte order and alignment allow, else a copy.
 * Everything in a type section is a 32-bit word, so nothing else ever needs to know the byte order.
 */
export function toWords(bytes: Uint8Array, littleEndian: boolean): Uint32Array {
  const length = bytes.length >>> 2;
  if (littleEndian === HOST_LITTLE_ENDIAN) {
    if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, length);
    return new Uint32Array(bytes.slice(0, length * 4).buffer, 0, length);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length }, (_, index) => view.getUint32(index * 4, littleEndian));
}
