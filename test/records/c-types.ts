/** A few words to declare C types in BTF for tests: `types.struct('event', 32, [...])`. */
import { Btf, BtfBuilder, type EnumType, type TypeId } from '../../src/btf/index.ts';

interface FieldOptions {
  /** Bits from the beginning of the struct. */
  readonly bit: number;
  readonly bits?: number;
}

type Field = readonly [name: string, type: TypeId, byteOffset: number | FieldOptions];

export class CTypes {
  readonly builder: BtfBuilder;
  readonly u8: TypeId;
  readonly i8: TypeId;
  readonly u16: TypeId;
  readonly i16: TypeId;
  readonly u32: TypeId;
  readonly i32: TypeId;
  readonly u64: TypeId;
  readonly i64: TypeId;
  readonly u128: TypeId;
  readonly i128: TypeId;
  readonly char: TypeId;
  readonly bool: TypeId;
  readonly float: TypeId;
  readonly double: TypeId;

  constructor(options: { readonly littleEndian?: boolean } = {}) {
    this.builder = new BtfBuilder(options);
    this.u8 = this.int('unsigned char', 1, false);
    this.i8 = this.int('signed char', 1, true);
    this.u16 = this.int('unsigned short', 2, false);
    this.i16 = this.int('short', 2, true);
    this.u32 = this.int('unsigned int', 4, false);
    this.i32 = this.int('int', 4, true);
    this.u64 = this.int('unsigned long', 8, false);
    this.i64 = this.int('long', 8, true);
    this.u128 = this.int('unsigned __int128', 16, false);
    this.i128 = this.int('__int128', 16, true);
    this.char = this.int('char', 1, true);
    this.bool = this.int('_Bool', 1, false, { bool: true });
    this.float = this.builder.add({ kind: 'float', name: 'float', size: 4 });
    this.double = this.builder.add({ kind: 'float', name: 'double', size: 8 });
  }

  int(
    name: string,
    size: number,
    signed: boolean,
    more: { readonly bool?: boolean; readonly bits?: number; readonly bitOffset?: number } = {},
  ): TypeId {
    const { bool = false, bits = size * 8, bitOffset = 0 } = more;
    return this.builder.add({ kind: 'int', name, size, signed, char: false, bool, bits, bitOffset });
  }

  array(elementType: TypeId, length: number): TypeId {
    return this.builder.add({ kind: 'array', elementType, indexType: this.u32, length });
  }

  pointer(type: TypeId): TypeId {
    return this.builder.add({ kind: 'ptr', type });
  }

  alias(kind: 'typedef' | 'const' | 'volatile', type: TypeId, name = ''): TypeId {
    return this.builder.add({ kind, name, type });
  }

  struct(name: string, size: number, fields: readonly Field[], kind: 'struct' | 'union' = 'struct'): TypeId {
    const members = fields.map(([fieldName, type, place]) => {
      const bitOffset = typeof place === 'number' ? place * 8 : place.bit;
      return { name: fieldName, type, bitOffset, bitFieldSize: typeof place === 'number' ? 0 : (place.bits ?? 0) };
    });
    return this.builder.add({ kind, name, size, members });
  }

  union(name: string, size: number, fields: readonly (readonly [name: string, type: TypeId])[]): TypeId {
    return this.struct(
      name,
      size,
      fields.map(([fieldName, type]) => [fieldName, type, 0] as const),
      'union',
    );
  }

  enum(name: string, size: number, signed: boolean, values: Readonly<Record<string, bigint>>): TypeId {
    const kind: EnumType['kind'] = size === 8 ? 'enum64' : 'enum';
    const entries = Object.entries(values).map(([entry, value]) => ({ name: entry, value }));
    return this.builder.add({ kind, name, size, signed, values: entries });
  }

  btf(): Btf {
    return Btf.parse(this.builder.bytes(), { name: 'test.bpf.o' });
  }
}

/** Bytes written as hex, with spaces wherever they help. */
export const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.replaceAll(' ', '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
