/**
 * Makes, once for each type, the function that reads a value of it: closures that call closures, so that reading a
 * record looks at no type and allocates nothing but the result. (Code generated as text would be about twice as
 * fast on small records, but is forbidden where a content security policy is; see docs/decisions.md.)
 */
import { type BitPlace, readLongBits, readShortBits } from './bits.ts';
import type { ArrayShape, CompositeShape, EnumShape, FieldShape, ScalarShape, Shape } from './shape.ts';
import { makeStringReader } from './strings.ts';

/**
 * Reads the value at `offset`, of which the caller has checked that the bytes are there.
 * @param view the same bytes as `bytes`
 */
export type Reader = (view: DataView, bytes: Uint8Array, offset: number) => unknown;

export function makeReader(shape: Shape, littleEndian: boolean): Reader {
  switch (shape.kind) {
    case 'string':
      return makeStringReader(shape.size);
    case 'array':
      return arrayReader(shape, littleEndian);
    case 'struct':
    case 'union':
      return compositeReader(shape, littleEndian);
    default:
      return scalarReader(shape, littleEndian);
  }
}

function scalarReader(shape: ScalarShape, littleEndian: boolean): Reader {
  switch (shape.kind) {
    case 'int':
      return intReader(shape.size, shape.signed, littleEndian);
    case 'pointer':
      return shape.size === 4
        ? (view, _, offset) => BigInt(view.getUint32(offset, littleEndian))
        : intReader(8, false, littleEndian);
    case 'bool': {
      const { size } = shape;
      if (size === 1) return (_, bytes, offset) => bytes[offset] !== 0;
      const read = intReader(size, false, littleEndian);
      return (view, bytes, offset) => Boolean(read(view, bytes, offset));
    }
    case 'enum':
      return named(shape, intReader(shape.size, shape.signed, littleEndian));
    case 'float':
      return shape.size === 4
        ? (view, _, offset) => view.getFloat32(offset, littleEndian)
        : (view, _, offset) => view.getFloat64(offset, littleEndian);
  }
}

type IntReader = (view: DataView, bytes: Uint8Array, offset: number) => number | bigint;

/** Up to four bytes give a number, more a bigint. */
function intReader(size: 1 | 2 | 4 | 8 | 16, signed: boolean, little: boolean): IntReader {
  switch (size) {
    case 1:
      return signed ? (view, _, offset) => view.getInt8(offset) : (view, _, offset) => view.getUint8(offset);
    case 2:
      return signed
        ? (view, _, offset) => view.getInt16(offset, little)
        : (view, _, offset) => view.getUint16(offset, little);
    case 4:
      return signed
        ? (view, _, offset) => view.getInt32(offset, little)
        : (view, _, offset) => view.getUint32(offset, little);
    case 8:
      return signed
        ? (view, _, offset) => view.getBigInt64(offset, little)
        : (view, _, offset) => view.getBigUint64(offset, little);
    case 16: {
      const low = little ? 0 : 8;
      const high = little ? 8 : 0;
      return (view, _, offset) => {
        const top = signed ? view.getBigInt64(offset + high, little) : view.getBigUint64(offset + high, little);
        return (top << 64n) | view.getBigUint64(offset + low, little);
      };
    }
  }
}

/** Values of an enum by name; one without a name stays what it is. Of several names for a value the first counts. */
function named(shape: EnumShape, read: IntReader): Reader {
  const names = new Map<number | bigint, string>();
  for (const { name, value } of shape.values) {
    const key = shape.size === 8 ? value : Number(value);
    if (!names.has(key)) names.set(key, name);
  }
  return (view, bytes, offset) => {
    const value = read(view, bytes, offset);
    return names.get(value) ?? value;
  };
}

function arrayReader(shape: ArrayShape, littleEndian: boolean): Reader {
  const { length, element } = shape;
  const stride = element.size;
  const read = makeReader(element, littleEndian);
  return (view, bytes, offset) => {
    const values: unknown[] = [];
    for (let index = 0, at = offset; index < length; index += 1, at += stride) values.push(read(view, bytes, at));
    return values;
  };
}

function compositeReader(shape: CompositeShape, littleEndian: boolean): Reader {
  const fields = shape.fields.map((field) => ({ name: field.name, read: fieldReader(field, littleEndian) }));
  return (view, bytes, offset) => {
    const value: Record<string, unknown> = {};
    for (const { name, read } of fields) value[name] = read(view, bytes, offset);
    return value;
  };
}

/** As a reader, but `offset` is that of the struct. */
function fieldReader(field: FieldShape, littleEndian: boolean): Reader {
  const { shape, offset: place } = field;
  if (field.bits !== undefined) return bitFieldReader(field, field.bits, littleEndian);
  const read = makeReader(shape, littleEndian);
  return place === 0 ? read : (view, bytes, offset) => read(view, bytes, offset + place);
}

/** As for whole integers, the declared type says whether the value is a number or a bigint. */
function bitFieldReader(field: FieldShape, bits: BitPlace, littleEndian: boolean): Reader {
  const { shape, offset: place } = field;
  const signed = (shape.kind === 'int' || shape.kind === 'enum') && shape.signed;
  const wide = shape.size > 4;
  const read = (wide ? readLongBits : readShortBits)(bits, signed, littleEndian);
  if (shape.kind === 'enum') return named(shape, (_, bytes, offset) => read(bytes, offset + place));
  if (shape.kind === 'bool') return (_, bytes, offset) => Boolean(read(bytes, offset + place));
  return (_, bytes, offset) => read(bytes, offset + place);
}
