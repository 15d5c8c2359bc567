/**
 * Makes, once for each type, the function that reads a value of it: closures that call closures, so that reading a
 * record looks at no type and allocates nothing but the result. (Code generated as text would be about twice as
 * fast on small records, but is forbidden where a content security policy is; see docs/decisions.md.)
 */
import { readLongBits, readShortBits } from './bits.ts';
import {
  type ArrayShape,
  type CompositeShape,
  type EnumShape,
  type FieldShape,
  fieldsOf,
  type Shape,
} from './shape.ts';
import { makeStringReader } from './strings.ts';

/**
 * Reads the value that lies in the record at `offset`, of which the caller has checked that its bytes are there. The
 * value's own place in the record is part of the reader.
 * @param view the same bytes as `bytes`
 */
export type Reader = (view: DataView, bytes: Uint8Array, offset: number) => unknown;

/** @param place offset of the value in the record */
export function makeReader(shape: Shape, littleEndian: boolean, place: number): Reader {
  switch (shape.kind) {
    case 'int':
      return intReader(shape.size, shape.signed, littleEndian, place);
    case 'pointer':
      return pointerReader(shape.size, littleEndian, place);
    case 'bool':
      return truthOf(intReader(shape.size, false, littleEndian, place));
    case 'enum':
      return nameOf(shape, intReader(shape.size, shape.signed, littleEndian, place));
    case 'float':
      return shape.size === 4
        ? (view, _, offset) => view.getFloat32(offset + place, littleEndian)
        : (view, _, offset) => view.getFloat64(offset + place, littleEndian);
    case 'string':
      return makeStringReader(shape.size, place);
    case 'array':
      return arrayReader(shape, littleEndian, place);
    case 'struct':
    case 'union':
      return compositeReader(shape, littleEndian, place);
  }
}

type IntReader = (view: DataView, bytes: Uint8Array, offset: number) => number | bigint;

/** Up to four bytes give a number, more a bigint. */
function intReader(size: 1 | 2 | 4 | 8 | 16, signed: boolean, little: boolean, place: number): IntReader {
  switch (size) {
    case 1:
      return signed
        ? (view, _, offset) => view.getInt8(offset + place)
        : (view, _, offset) => view.getUint8(offset + place);
    case 2:
      return signed
        ? (view, _, offset) => view.getInt16(offset + place, little)
        : (view, _, offset) => view.getUint16(offset + place, little);
    case 4:
      return signed
        ? (view, _, offset) => view.getInt32(offset + place, little)
        : (view, _, offset) => view.getUint32(offset + place, little);
    case 8:
      return signed
        ? (view, _, offset) => view.getBigInt64(offset + place, little)
        : (view, _, offset) => view.getBigUint64(offset + place, little);
    case 16: {
      const low = place + (little ? 0 : 8);
      const high = place + (little ? 8 : 0);
      return (view, _, offset) => {
        const top = signed ? view.getBigInt64(offset + high, little) : view.getBigUint64(offset + high, little);
        return (top << 64n) | view.getBigUint64(offset + low, little);
      };
    }
  }
}

/** Bigints on 32-bit machines too: whoever handles pointers need not ask where a record comes from. */
function pointerReader(size: 4 | 8, little: boolean, place: number): Reader {
  return size === 4
    ? (view, _, offset) => BigInt(view.getUint32(offset + place, little))
    : intReader(8, false, little, place);
}

const truthOf =
  (read: IntReader): Reader =>
  (view, bytes, offset) =>
    Boolean(read(view, bytes, offset));

/** Values of an enum by name; one without a name stays what it is. Of several names for a value the first counts. */
function nameOf(shape: EnumShape, read: IntReader): Reader {
  const names = new Map<number | bigint, string>();
  for (const { name, value } of shape.values) {
    const key = shape.size > 4 ? value : Number(value);
    if (!names.has(key)) names.set(key, name);
  }
  return (view, bytes, offset) => {
    const value = read(view, bytes, offset);
    return names.get(value) ?? value;
  };
}

function arrayReader(shape: ArrayShape, littleEndian: boolean, place: number): Reader {
  const { length, element } = shape;
  const stride = element.size;
  const read = makeReader(element, littleEndian, place);
  return (view, bytes, offset) => {
    const values: unknown[] = [];
    for (let index = 0, at = offset; index < length; index += 1, at += stride) values.push(read(view, bytes, at));
    return values;
  };
}

function compositeReader(shape: CompositeShape, littleEndian: boolean, place: number): Reader {
  const fields = fieldsOf(shape);
  const names = fields.map(({ name }) => name);
  const readers = fields.map((field) => fieldReader(field, littleEndian, place + field.offset));
  const { length } = names;
  return (view, bytes, offset) => {
    const value: Record<string, unknown> = {};
    for (let index = 0; index < length; index += 1) {
      // Both arrays have that length.
      value[names[index] as string] = (readers[index] as Reader)(view, bytes, offset);
    }
    return value;
  };
}

function fieldReader({ shape, bits }: FieldShape, littleEndian: boolean, place: number): Reader {
  if (bits === undefined) return makeReader(shape, littleEndian, place);
  // As for whole integers, the declared type says whether the value is a number or a bigint.
  const signed = (shape.kind === 'int' || shape.kind === 'enum') && shape.signed;
  const readBits = (shape.size > 4 ? readLongBits : readShortBits)(bits, signed, littleEndian);
  const read: IntReader = (_, bytes, offset) => readBits(bytes, offset + place);
  if (shape.kind === 'enum') return nameOf(shape, read);
  return shape.kind === 'bool' ? truthOf(read) : read;
}
