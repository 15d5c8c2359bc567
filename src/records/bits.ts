/**
 * Bit fields: reading and writing `size` bits that begin `start` bits into a byte. They may cross bytes, up to nine
 * for 64 bits in a packed struct. Bits count from the least significant one of a little-endian record:
 *
 *   little   byte 0 [7 6 5 4 3 2 1 0]  byte 1 [15 14 13 12 11 10 9 8]  ...
 *   big      byte 0 [0 1 2 3 4 5 6 7]  byte 1 [8 9 10 11 12 13 14 15]  ...
 *
 * Either way the bytes taken as one integer of the record's byte order hold the field in one piece.
 */

export interface BitPlace {
  /** 0 to 7. */
  readonly start: number;
  readonly size: number;
}

/** Bytes that the field touches. */
const lengthOf = (place: BitPlace): number => Math.ceil((place.start + place.size) / 8);

/** Bits below the field in the integer that those bytes make. */
const shiftOf = (place: BitPlace, littleEndian: boolean): number =>
  littleEndian ? place.start : lengthOf(place) * 8 - place.start - place.size;

/** Fields of at most 32 bits, by way of numbers: five bytes stay far below 2^53. */
export function readShortBits(
  place: BitPlace,
  signed: boolean,
  littleEndian: boolean,
): (bytes: Uint8Array, offset: number) => number {
  const length = lengthOf(place);
  const divisor = 2 ** shiftOf(place, littleEndian);
  const range = 2 ** place.size;
  const negativeFrom = signed ? range / 2 : range;
  const step = littleEndian ? -1 : 1;
  const first = littleEndian ? length - 1 : 0;
  return (bytes, offset) => {
    let integer = 0;
    for (let index = 0, at = offset + first; index < length; index += 1, at += step) {
      integer = integer * 256 + (bytes[at] ?? 0);
    }
    const value = Math.floor(integer / divisor) % range;
    return value >= negativeFrom ? value - range : value;
  };
}

/** Fields of any size. */
export function readLongBits(
  place: BitPlace,
  signed: boolean,
  littleEndian: boolean,
): (bytes: Uint8Array, offset: number) => bigint {
  const length = lengthOf(place);
  const shift = BigInt(shiftOf(place, littleEndian));
  return (bytes, offset) => {
    const value = readInteger(bytes, offset, length, littleEndian) >> shift;
    return signed ? BigInt.asIntN(place.size, value) : BigInt.asUintN(place.size, value);
  };
}

/** Replaces the field's bits; the others of its bytes stay. */
export function writeBits(
  place: BitPlace,
  littleEndian: boolean,
  bytes: Uint8Array,
  offset: number,
  value: bigint,
): void {
  const length = lengthOf(place);
  const shift = BigInt(shiftOf(place, littleEndian));
  const mask = ((1n << BigInt(place.size)) - 1n) << shift;
  const before = readInteger(bytes, offset, length, littleEndian);
  let integer = (before & ~mask) | ((value << shift) & mask);
  for (let index = 0; index < length; index += 1) {
    bytes[offset + (littleEndian ? index : length - 1 - index)] = Number(integer & 0xffn);
    integer >>= 8n;
  }
}

function readInteger(bytes: Uint8Array, offset: number, length: number, littleEndian: boolean): bigint {
  let integer = 0n;
  for (let index = 0; index < length; index += 1) {
    integer = (integer << 8n) | BigInt(bytes[offset + (littleEndian ? length - 1 - index : index)] ?? 0);
  }
  return integer;
}
