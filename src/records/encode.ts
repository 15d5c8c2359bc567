/**
 * Writes values into bytes: map keys and values, variables of data sections. Accepts what decoding gives, and says by
 * its path (`event.limits[2].soft`) which part of a value does not fit. What is not given keeps its bytes.
 */
import { describeValue as describe } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import { didYouMean } from '../near-names.ts';
import { type BitPlace, writeBits } from './bits.ts';
import {
  type ArrayShape,
  type CompositeShape,
  type EnumShape,
  type FieldShape,
  type FloatShape,
  fieldsOf,
  isField,
  type ScalarShape,
  type Shape,
  type StringShape,
} from './shape.ts';
import { encodeText } from './strings.ts';

/** Where a value goes, and what it is called in messages. */
interface Place {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly path: string;
  /** For bit fields: where in that byte. */
  readonly bits?: BitPlace | undefined;
}

export function writeValue(shape: Shape, littleEndian: boolean, place: Place, value: unknown): void {
  switch (shape.kind) {
    case 'float':
      writeFloat(place, littleEndian, shape.size, value);
      break;
    case 'string':
      writeString(shape, place, value);
      break;
    case 'array':
      writeArray(shape, littleEndian, place, value);
      break;
    case 'struct':
    case 'union':
      writeComposite(shape, littleEndian, place, value);
      break;
    default:
      writeInteger(shape, littleEndian, place, integerFor(shape, place.path, value));
  }
}

type IntegralShape = Exclude<ScalarShape, FloatShape>;

function integerFor(shape: IntegralShape, path: string, value: unknown): bigint {
  switch (shape.kind) {
    case 'bool':
      return truthOf(path, value);
    case 'enum':
      return enumValueOf(shape, path, value);
    default:
      return integerOf(path, value);
  }
}

function writeInteger(shape: IntegralShape, littleEndian: boolean, place: Place, value: bigint): void {
  const bits = place.bits ?? { start: 0, size: shape.size * 8 };
  const signed = (shape.kind === 'int' || shape.kind === 'enum') && shape.signed;
  const least = signed ? -(1n << BigInt(bits.size - 1)) : 0n;
  const most = (1n << BigInt(signed ? bits.size - 1 : bits.size)) - 1n;
  if (value < least || value > most) {
    throw bad(place.path, `${value} is out of range, ${least} to ${most} (${bits.size} bits)`);
  }
  writeBits(bits, littleEndian, place.bytes, place.offset, value);
}

function integerOf(path: string, value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'number') throw bad(path, `expected an integer, got ${describe(value)}`);
  if (!Number.isInteger(value)) throw bad(path, `${value} is no integer`);
  if (!Number.isSafeInteger(value)) throw bad(path, `${value} is not exact as a number; give a bigint`);
  return BigInt(value);
}

function truthOf(path: string, value: unknown): bigint {
  if (value === true || value === 1 || value === 1n) return 1n;
  if (value === false || value === 0 || value === 0n) return 0n;
  throw bad(path, `expected true or false, got ${describe(value)}`);
}

function enumValueOf(shape: EnumShape, path: string, value: unknown): bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return integerOf(path, value);
  if (typeof value !== 'string') throw bad(path, `expected a name or a number, got ${describe(value)}`);
  const entry = shape.values.find(({ name }) => name === value);
  if (entry === undefined) {
    const names = shape.values.map(({ name }) => name);
    throw bad(path, `no value is called ${describe(value)}${didYouMean(value, names)}`);
  }
  return entry.value;
}

function writeFloat({ bytes, offset, path }: Place, littleEndian: boolean, size: 4 | 8, value: unknown): void {
  if (typeof value !== 'number') throw bad(path, `expected a number, got ${describe(value)}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size);
  if (size === 4) view.setFloat32(0, value, littleEndian);
  else view.setFloat64(0, value, littleEndian);
}

function writeString(shape: StringShape, { bytes, offset, path }: Place, value: unknown): void {
  const text = typeof value === 'string' ? encodeText(value) : value;
  if (!(text instanceof Uint8Array)) throw bad(path, `expected a string, got ${describe(value)}`);
  if (text.length > shape.size) throw bad(path, `has ${text.length} bytes where there is room for ${shape.size}`);
  bytes.fill(0, offset, offset + shape.size);
  bytes.set(text, offset);
}

function writeArray(shape: ArrayShape, littleEndian: boolean, place: Place, value: unknown): void {
  const { bytes, offset, path } = place;
  const { element, length } = shape;
  if (!Array.isArray(value) && !isTypedArray(value)) throw bad(path, `expected an array, got ${describe(value)}`);
  if (value.length > length) throw bad(path, `has ${value.length} elements where there is room for ${length}`);
  if (value instanceof Uint8Array && element.kind === 'int' && element.size === 1 && !element.signed) {
    bytes.set(value, offset);
    return;
  }
  for (let index = 0; index < value.length; index += 1) {
    const at = { bytes, offset: offset + index * element.size, path: `${path}[${index}]` };
    writeValue(element, littleEndian, at, value[index]);
  }
}

/** Fields that a message lists where none has a name like the one that was given. */
const MOST_NAMED = 12;

type Properties = Readonly<Record<string, unknown>>;

function writeComposite(shape: CompositeShape, littleEndian: boolean, place: Place, value: unknown): void {
  if (!isProperties(value)) throw bad(place.path, `expected an object, got ${describe(value)}`);
  const fields = fieldsOf(shape);
  for (const name of Object.keys(value)) {
    if (fields.some((field) => field.name === name)) continue;
    const names = fields.map((field) => field.name);
    const hint = didYouMean(name, names) || `; it has ${names.slice(0, MOST_NAMED).join(', ')}`;
    const more = names.length > MOST_NAMED && hint.startsWith(';') ? ', ...' : '';
    throw bad(place.path, `${shape.kind} ${shape.typeName} has no field ${name}${hint}${more}`);
  }
  writeMembers(shape, littleEndian, place, value);
}

/** The fields of an anonymous member are properties of the same object; at most one alternative of a union may be. */
function writeMembers(shape: CompositeShape, littleEndian: boolean, place: Place, value: Properties): void {
  const given = shape.members.flatMap((member) => {
    const field = isField(member) ? member : fieldsOf(member.shape).find((inner) => isGiven(inner, value));
    return field !== undefined && isGiven(field, value) ? { member, field } : [];
  });
  if (shape.kind === 'union' && given.length > 1) {
    const names = given.map(({ field }) => field.name).join(' and ');
    throw bad(place.path, `${names} are alternatives of a union: give one of them`);
  }
  const { bytes, path } = place;
  for (const { member } of given) {
    const offset = place.offset + member.offset;
    if (isField(member)) {
      const { name, bits } = member;
      writeValue(member.shape, littleEndian, { bytes, offset, bits, path: `${path}.${name}` }, value[name]);
    } else {
      writeMembers(member.shape, littleEndian, { bytes, offset, path }, value);
    }
  }
}

const isGiven = ({ name }: FieldShape, value: Properties): boolean =>
  Object.hasOwn(value, name) && value[name] !== undefined;

const isProperties = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

const isTypedArray = (value: unknown): value is ArrayLike<number | bigint> =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);

const bad = (path: string, what: string): BpfiterError => new BpfiterError('usage', `${path}: ${what}`);
