/**
 * C structs as data: a layout is the ordered list of a struct's fields, a `Struct` is the bytes of one, written
 * and read by field name. Only the few field types that bpf(2) uses exist here; offsets follow from C's natural
 * alignment, so that a table can be compared with the header line by line.
 *
 * Everything is in the byte order of this machine, as the kernel takes it.
 */
import { endianness } from 'node:os';
import { addressOf } from './foreign.ts';

/**
 * `pointer`: a 64-bit address of a buffer, held alive by the struct. `name`: 16 bytes of text that end with a NUL.
 * `tag`: 8 bytes. `_32`: padding that the header writes out.
 */
export type FieldType = 'u32' | 's32' | 'u64' | 'pointer' | 'name' | 'tag' | '_32';

type Fields = Readonly<Record<string, FieldType>>;

interface FieldValues {
  u32: number;
  s32: number;
  u64: bigint;
  pointer: Uint8Array | undefined;
  name: string;
  tag: Uint8Array;
  _32: never;
}

/** What may be assigned: an absent pointer is NULL, an absent number 0. */
export type StructValues<F extends Fields> = { readonly [K in keyof F]?: FieldValues[F[K]] | undefined };

type FieldsOf<F extends Fields, T extends FieldType> = { [K in keyof F]: F[K] extends T ? K : never }[keyof F] & string;

const sizes: Readonly<Record<FieldType, number>> = { u32: 4, s32: 4, u64: 8, pointer: 8, name: 16, tag: 8, _32: 4 };
const alignments: Readonly<Record<FieldType, number>> = { ...sizes, name: 1, tag: 1 };

export const littleEndian = endianness() === 'LE';

interface Place {
  readonly offset: number;
  readonly type: FieldType;
}

export class StructLayout<F extends Fields> {
  readonly name: string;
  readonly size: number;
  /** Names of the fields, in their order. */
  readonly fields: readonly string[];
  readonly #places: ReadonlyMap<string, Place>;

  /** @param fields in the order of the C declaration */
  constructor(name: string, fields: F) {
    const places = new Map<string, Place>();
    let end = 0;
    for (const [field, type] of Object.entries(fields)) {
      const offset = Math.ceil(end / alignments[type]) * alignments[type];
      places.set(field, { offset, type });
      end = offset + sizes[type];
    }
    this.name = name;
    this.size = end;
    this.fields = [...places.keys()];
    this.#places = places;
  }

  place(field: string): Place {
    const place = this.#places.get(field);
    if (place === undefined) throw new TypeError(`struct ${this.name} has no field '${field}'`);
    return place;
  }

  /** Bytes from the beginning up to the end of a field: what a kernel that knows no later field takes. */
  sizeThrough(field: FieldsOf<F, FieldType>): number {
    const { offset, type } = this.place(field);
    return offset + sizes[type];
  }

  create(values: StructValues<F> = {}): Struct<F> {
    const struct = new Struct(this);
    for (const [field, value] of Object.entries(values)) struct.write(field, value);
    return struct;
  }
}

export class Struct<F extends Fields> {
  readonly bytes: Uint8Array;
  readonly #layout: StructLayout<F>;
  readonly #view: DataView;
  /** Buffers that the bytes point to. They must outlive the call, so the struct keeps them. */
  readonly #targets = new Map<string, Uint8Array>();

  constructor(layout: StructLayout<F>) {
    this.#layout = layout;
    this.bytes = new Uint8Array(layout.size);
    this.#view = new DataView(this.bytes.buffer);
  }

  set<K extends keyof F & string>(field: K, value: FieldValues[F[K]] | undefined): void {
    this.write(field, value);
  }

  number(field: FieldsOf<F, 'u32' | 's32'>): number {
    const { offset, type } = this.#layout.place(field);
    return type === 's32' ? this.#view.getInt32(offset, littleEndian) : this.#view.getUint32(offset, littleEndian);
  }

  bigint(field: FieldsOf<F, 'u64'>): bigint {
    return this.#view.getBigUint64(this.#layout.place(field).offset, littleEndian);
  }

  name(field: FieldsOf<F, 'name'>): string {
    const { offset } = this.#layout.place(field);
    return cString(this.bytes.subarray(offset, offset + sizes.name));
  }

  tag(field: FieldsOf<F, 'tag'>): Uint8Array {
    const { offset } = this.#layout.place(field);
    return this.bytes.slice(offset, offset + sizes.tag);
  }

  /** The untyped form of `set`. */
  write(field: string, value: unknown): void {
    const { offset, type } = this.#layout.place(field);
    if (type === 'pointer') {
      // The kernel takes the address of an empty buffer for a buffer; NULL says that there is none.
      const target = value instanceof Uint8Array && value.length > 0 ? value : undefined;
      this.#view.setBigUint64(offset, target === undefined ? 0n : addressOf(target), littleEndian);
      if (target === undefined) this.#targets.delete(field);
      else this.#targets.set(field, target);
    } else if (type === 'u64') {
      this.#view.setBigUint64(offset, typeof value === 'bigint' ? value : 0n, littleEndian);
    } else if (type === 'name') {
      const text = new TextEncoder().encode(typeof value === 'string' ? value : '');
      const place = this.bytes.subarray(offset, offset + sizes.name);
      place.fill(0);
      place.set(text.subarray(0, sizes.name - 1));
    } else {
      this.#view.setUint32(offset, typeof value === 'number' ? value : 0, littleEndian);
    }
  }
}

/** The text before the first NUL. */
export function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Text with the NUL that C wants at its end. */
export const cText = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);

/** Descriptors or ids as the kernel's array of 32-bit numbers. */
export const words32 = (numbers: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(numbers).buffer);
