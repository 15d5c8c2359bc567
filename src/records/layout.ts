/**
 * Records by the name of their type: finds the type in BTF and offers reading and writing of its values.
 * How values look: shape.ts; reading: decode.ts; writing: encode.ts.
 */
import { checkBtf, checkBytes, isBytes, wrongArgument } from '../arguments.ts';
import { type Btf, type Kind, kindName, type TypeId } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import { didYouMean } from '../near-names.ts';
import { makeReader } from './decode.ts';
import { writeValue } from './encode.ts';
import { type Shape, shapeOf } from './shape.ts';

/** What decoding gives, where nothing more is known of the type. */
export type RecordValue =
  | number
  | bigint
  | boolean
  | string
  | readonly RecordValue[]
  | { readonly [field: string]: RecordValue };

/** What encoding takes; see RecordLayout.encode. */
export type RecordInput =
  | number
  | bigint
  | boolean
  | string
  | ArrayBufferView
  | readonly RecordInput[]
  | { readonly [field: string]: RecordInput | undefined };

/**
 * What encoding takes for a value that decodes to `T`: some of the fields, numbers and bigints alike, numbers for
 * enums, bytes for char arrays. Anything where nothing is known of the type.
 */
export type RecordInputOf<T> = [RecordValue] extends [T] ? RecordInput : InputOf<T>;

type InputOf<T> = T extends number | bigint
  ? number | bigint
  : T extends boolean
    ? boolean | 0 | 1 | 0n | 1n
    : T extends string
      ? T | number | bigint | Uint8Array
      : T extends readonly (infer Element)[]
        ? readonly RecordInputOf<Element>[] | ArrayBufferView
        : string extends keyof T
          ? RecordInput
          : { readonly [Field in keyof T]?: RecordInputOf<T[Field]> | undefined };

/** The half of a layout that reads: what sessions and tables take. */
export interface RecordReader<out T> {
  /** As C spells it: `struct event`, `u32`. */
  readonly typeName: string;
  /** Bytes of a value. */
  readonly size: number;
  readonly shape: Shape;
  readonly littleEndian: boolean;
  /** @throws BpfiterError `usage` if `bytes` ends before the value does */
  decode(bytes: Uint8Array, offset?: number): T;
}

/**
 * How values of a type lie in bytes.
 *
 * | C | JavaScript |
 * |---|---|
 * | integers of up to 4 bytes | number |
 * | integers of 8 and 16 bytes, pointers | bigint |
 * | bit fields | as their declared type |
 * | bool; float and double | boolean; number |
 * | enum | the value's name; the number (bigint for 8 bytes) where it has none |
 * | char[n] | string up to the first NUL, as UTF-8; a single char is a number |
 * | other arrays | array; arrays of arrays likewise |
 * | struct | object with its fields in order; those of anonymous members stand among them |
 * | union | object with all members, each read from the same bytes |
 */
export interface RecordLayout<T = { readonly [field: string]: RecordValue }> extends RecordReader<T> {
  /**
   * The bytes of a value. Fields that are not given, elements beyond a shorter array and padding are zero. Integers
   * may be numbers or bigints, enums names or numbers, char arrays strings or bytes; of a union give one member.
   * @throws BpfiterError `usage` saying which part does not fit
   */
  encode(value: RecordInputOf<T>): Uint8Array;
  /**
   * Writes a value over existing bytes, leaving those of fields and elements that are not given.
   * @param name of the value in messages; the type's if absent
   *
   * @example
   * const settings = object.maps.find((map) => map.section === '.rodata');
   * recordLayout(object.btf, '.rodata').encodeInto(settings.initialValue, { wanted_pid: process.pid });
   */
  encodeInto(bytes: Uint8Array, value: RecordInputOf<T>, offset?: number, name?: string): void;
}

/**
 * The layout of a type. `T` is the caller's own statement of what a value looks like (recordTypeScript() writes one);
 * nothing checks it.
 * @param type a type id, or a name: `struct event`, `union u`, `enum e`, or just `event`, a typedef or `u32`; also the
 * name of a data section such as `.rodata`, whose variables are then the fields
 * @throws BpfiterError `not-found`, with near names; `usage` if the type has no size; `unsupported`; `malformed`
 */
export function recordLayout<T = { readonly [field: string]: RecordValue }>(
  btf: Btf,
  type: string | TypeId,
): RecordLayout<T> {
  checkBtf('recordLayout()', btf);
  if (typeof type !== 'string' && typeof type !== 'number') {
    throw wrongArgument('recordLayout()', "the name of a type ('struct event') beside BTF", type);
  }
  const id = typeof type === 'string' ? findType(btf, type) : type;
  const { kind, name } = btf.type(id);
  const keyword = kind === 'struct' || kind === 'union' ? `${kind} ` : kind.startsWith('enum') ? 'enum ' : '';
  return new Layout<T>(shapeOf(btf, id, `${btf.name}: ${keyword}${name}`), btf.littleEndian, `${keyword}${name}`);
}

class Layout<T> implements RecordLayout<T> {
  readonly typeName: string;
  readonly size: number;
  readonly shape: Shape;
  readonly littleEndian: boolean;
  readonly #read: (view: DataView, bytes: Uint8Array, offset: number) => unknown;
  /** The view of the bytes decoded last: readers decode many records from one buffer. */
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);

  constructor(shape: Shape, littleEndian: boolean, typeName: string) {
    this.typeName = typeName;
    this.size = shape.size;
    this.shape = shape;
    this.littleEndian = littleEndian;
    this.#read = makeReader(shape, littleEndian, 0);
  }

  decode(bytes: Uint8Array, offset = 0): T {
    if (!(offset >= 0 && offset + this.size <= bytes?.length)) throw this.#beyond(bytes, offset);
    if (bytes !== this.#bytes) {
      checkBytes('decode()', 'the bytes of a record', bytes);
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#bytes = bytes;
    }
    return this.#read(this.#view, bytes, offset) as T; // T is the caller's statement
  }

  encode(value: RecordInputOf<T>): Uint8Array {
    const bytes = new Uint8Array(this.size);
    this.encodeInto(bytes, value);
    return bytes;
  }

  encodeInto(bytes: Uint8Array, value: RecordInputOf<T>, offset = 0, name = withoutKeyword(this.typeName)): void {
    if (!(offset >= 0 && offset + this.size <= bytes?.length)) throw this.#beyond(bytes, offset);
    checkBytes('encodeInto()', 'the bytes to write into', bytes);
    writeValue(this.shape, this.littleEndian, { bytes, offset, path: name || 'value' }, value);
  }

  #beyond(bytes: Uint8Array, offset: number): BpfiterError {
    if (!isBytes(bytes)) return wrongArgument('a layout', 'bytes (Uint8Array)', bytes);
    const what = `${this.typeName} has ${this.size} bytes`;
    return new BpfiterError('usage', `${what}, and of the ${bytes.length} given not so many are left at ${offset}`);
  }
}

/** `event` of `struct event`. */
export const withoutKeyword = (typeName: string): string => typeName.replace(/^(struct|union|enum) /, '');

/** Which of several types of one name is meant: the first of these kinds that there is. */
const KINDS_BY_PREFERENCE: readonly Kind[] = [
  'struct',
  'union',
  'typedef',
  'enum',
  'enum64',
  'int',
  'float',
  'datasec',
  'var',
  'fwd',
];

const KINDS_BY_KEYWORD: ReadonlyMap<string, readonly Kind[]> = new Map([
  ['struct', ['struct', 'fwd']],
  ['union', ['union', 'fwd']],
  ['enum', ['enum', 'enum64']],
]);

function findType(btf: Btf, spelling: string): TypeId {
  const [first = '', ...rest] = spelling.trim().split(/\s+/);
  const byKeyword = rest.length === 1 ? KINDS_BY_KEYWORD.get(first) : undefined;
  const name = byKeyword === undefined ? [first, ...rest].join(' ') : (rest[0] ?? '');
  const kinds = byKeyword ?? KINDS_BY_PREFERENCE;
  const candidates = btf.findAll(name);
  for (const kind of kinds) {
    const id = candidates.find((candidate) => btf.type(candidate).kind === kind);
    if (id !== undefined) return id;
  }
  throw noSuchType(btf, name, kinds);
}

function noSuchType(btf: Btf, name: string, kinds: readonly Kind[]): BpfiterError {
  // The usual cause, where it is no slip of the pen.
  const cause = ` (clang leaves out types that only local variables have; declare a global 'struct ${name} *unused')`;
  const hint = didYouMean(name, namesOf(btf, kinds)) || (name === '' ? '' : cause);
  return new BpfiterError('not-found', `${btf.name}: no type '${name}'${hint}`);
}

function* namesOf(btf: Btf, kinds: readonly Kind[]): Iterable<string> {
  for (let id = 1; id < btf.endId; id += 1) {
    const name = btf.nameOf(id);
    if (name !== '' && kinds.some((kind) => kind === kindName(btf.kindOf(id)))) yield name;
  }
}
