/**
 * What a value of a BTF type looks like: the one reading of the BTF that decoding, encoding, tables and TypeScript
 * types are all made from. Typedefs and qualifiers are gone, sizes and places are checked against each other, and
 * bit fields of both styles (BTF's `kind_flag` and, before it, integers of a few bits) look alike.
 *
 * Facts: https://docs.kernel.org/bpf/btf.html for the encoding; bit fields count from the least significant bit of a
 * little-endian record and from the most significant of a big-endian one.
 */
import type { ArrayType, Btf, BtfType, CompositeType, EnumType, IntType, Member, TypeId } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import type { BitPlace } from './bits.ts';

export interface IntShape {
  readonly kind: 'int';
  readonly size: 1 | 2 | 4 | 8 | 16;
  readonly signed: boolean;
}
export interface BoolShape {
  readonly kind: 'bool';
  readonly size: 1 | 2 | 4 | 8 | 16;
}
export interface FloatShape {
  readonly kind: 'float';
  readonly size: 4 | 8;
}
export interface EnumShape {
  readonly kind: 'enum';
  readonly size: 1 | 2 | 4 | 8;
  readonly signed: boolean;
  readonly values: EnumType['values'];
}
export interface PointerShape {
  readonly kind: 'pointer';
  readonly size: 4 | 8;
}
/** An array of char: text up to the first NUL, or to its end. */
export interface StringShape {
  readonly kind: 'string';
  readonly size: number;
}
export interface ArrayShape {
  readonly kind: 'array';
  readonly size: number;
  readonly element: Shape;
  readonly length: number;
}
export interface CompositeShape {
  readonly kind: 'struct' | 'union';
  readonly size: number;
  /** Empty if anonymous. */
  readonly typeName: string;
  readonly members: readonly (FieldShape | AnonymousShape)[];
}
export type ScalarShape = IntShape | BoolShape | FloatShape | EnumShape | PointerShape;
export type Shape = ScalarShape | StringShape | ArrayShape | CompositeShape;

export interface FieldShape {
  readonly name: string;
  /** Bytes from the beginning of the struct; for a bit field, of the first byte that it has bits in. */
  readonly offset: number;
  /** For bit fields only: where in that byte it begins, and how long it is. */
  readonly bits?: BitPlace;
  readonly shape: Shape;
}
/** A struct or union without a name inside another: its fields stand among those of the outer one. */
export interface AnonymousShape {
  readonly name: '';
  readonly offset: number;
  readonly shape: CompositeShape;
}

/** Containment of types that is deeper than any compiler's output (the kernel refuses BTF beyond 32). */
const MAX_DEPTH = 64;
/** Values that one record may be decoded to: bounds what arrays of empty structs can ask for. */
const MAX_VALUES = 1 << 24;
/** Fields, nested ones included, that one type may have; task_struct has some thousand. */
const MAX_FIELDS = 1 << 16;

/** Bytes; what corrupt BTF asks for beyond this is not worth an attempt to allocate it. */
const MAX_SIZE = 1 << 30;

interface Built {
  readonly shape: Shape;
  /** Values that decoding it makes. */
  readonly values: number;
  /** Fields of it and of what is in it, those of an array's element once: what readers, columns and types grow with. */
  readonly fields: number;
}

/**
 * @param name for messages: what the user called the type
 * @throws BpfiterError `usage` for a type without a size, `malformed` for contradictory BTF, `unsupported` for floats
 * and integers that have no counterpart in JavaScript
 */
export function shapeOf(btf: Btf, id: TypeId, name: string): Shape {
  const { shape } = new ShapeBuilder(btf, name).build(id, 0);
  if (shape.size > MAX_SIZE) {
    throw new BpfiterError(
      'unsupported',
      `${name}: values of ${shape.size} bytes are too large to be handled in one piece`,
    );
  }
  return shape;
}

class ShapeBuilder {
  readonly #btf: Btf;
  readonly #name: string;
  readonly #built = new Map<TypeId, Built>();

  constructor(btf: Btf, name: string) {
    this.#btf = btf;
    this.#name = name;
  }

  build(id: TypeId, depth: number): Built {
    const known = this.#built.get(id);
    if (known !== undefined) return known;
    if (depth > MAX_DEPTH) throw this.#malformed('contains itself, or nests too deeply');
    const built = this.#make(this.#resolve(id), depth);
    if (built.values > MAX_VALUES) throw this.#unsupported(`a value made of more than ${MAX_VALUES}`);
    this.#built.set(id, built);
    return built;
  }

  #make(type: BtfType, depth: number): Built {
    switch (type.kind) {
      case 'int':
        return { shape: this.#int(type), values: 1, fields: 0 };
      case 'float':
        if (type.size !== 4 && type.size !== 8) throw this.#unsupported(`${type.name} of ${type.size} bytes`);
        return { shape: { kind: 'float', size: type.size }, values: 1, fields: 0 };
      case 'enum':
      case 'enum64':
        return { shape: this.#enum(type), values: 1, fields: 0 };
      case 'ptr':
        return { shape: { kind: 'pointer', size: this.#btf.pointerSize }, values: 1, fields: 0 };
      case 'array':
        return this.#array(type, depth);
      case 'struct':
      case 'union':
        return this.#composite(type, depth);
      case 'var':
        return this.build(type.type, depth + 1);
      case 'datasec':
        return this.#composite(this.#sectionAsStruct(type), depth);
      case 'fwd':
        throw new BpfiterError(
          'usage',
          `${this.#name}: ${type.target} ${type.name} is declared in this BTF but not defined, so it has no size`,
        );
      default:
        throw new BpfiterError('usage', `${this.#name}: a ${type.kind} has no size and cannot be part of a record`);
    }
  }

  #int(type: IntType): IntShape | BoolShape {
    const { size } = type;
    if (size !== 1 && size !== 2 && size !== 4 && size !== 8 && size !== 16) {
      throw this.#unsupported(`integer type ${type.name} of ${size} bytes`);
    }
    return type.bool ? { kind: 'bool', size } : { kind: 'int', size, signed: type.signed };
  }

  #enum(type: EnumType): EnumShape {
    const { size, signed, values } = type;
    if (size !== 1 && size !== 2 && size !== 4 && size !== 8) {
      throw this.#malformed(`has an enum ${type.name} of ${size} bytes`);
    }
    return { kind: 'enum', size, signed, values };
  }

  #array(type: ArrayType, depth: number): Built {
    const { length } = type;
    const element = this.#resolve(type.elementType);
    if (element.kind === 'int' && element.size === 1 && (element.char || element.name === 'char')) {
      return { shape: { kind: 'string', size: length }, values: 1, fields: 0 };
    }
    const { shape, values, fields } = this.build(type.elementType, depth + 1);
    return {
      shape: { kind: 'array', size: shape.size * length, element: shape, length },
      values: 1 + values * length,
      fields,
    };
  }

  #composite(type: CompositeType, depth: number): Built {
    const members: (FieldShape | AnonymousShape)[] = [];
    let values = 1;
    let fields = 0;
    for (const member of type.members) {
      const built = this.build(member.type, depth + 1);
      const made = this.#member(type, member, built.shape);
      if (made === undefined) continue;
      members.push(made);
      values += built.values;
      fields += 1 + built.fields;
    }
    if (fields > MAX_FIELDS) throw this.#unsupported(`a ${type.kind} of more than ${MAX_FIELDS} fields`);
    return { shape: { kind: type.kind, size: type.size, typeName: type.name, members }, values, fields };
  }

  /** @returns undefined for what only fills space */
  #member(outer: CompositeType, member: Member, shape: Shape): FieldShape | AnonymousShape | undefined {
    const type = this.#resolve(member.type);
    const { name } = member;
    const place = () => `${outer.kind} ${outer.name || '(anonymous)'}, member ${name || '(anonymous)'}`;
    let { bitOffset, bitFieldSize } = member;
    if (bitFieldSize === 0 && type.kind === 'int' && (type.bits !== type.size * 8 || type.bitOffset !== 0)) {
      bitOffset += type.bitOffset;
      bitFieldSize = type.bits;
    }
    const bitSize = bitFieldSize === 0 ? shape.size * 8 : bitFieldSize;
    if (bitOffset + bitSize > outer.size * 8) {
      throw this.#malformed(`${place()}: reaches beyond the ${outer.size} bytes of the ${outer.kind}`);
    }
    const offset = Math.floor(bitOffset / 8);
    if (bitFieldSize !== 0) {
      if (name === '') return undefined;
      if (shape.kind !== 'int' && shape.kind !== 'bool' && shape.kind !== 'enum') {
        throw this.#malformed(`${place()}: is a bit field of kind ${shape.kind}`);
      }
      if (bitFieldSize > shape.size * 8) throw this.#malformed(`${place()}: has more bits than its type`);
      return { name, offset, bits: { start: bitOffset % 8, size: bitFieldSize }, shape };
    }
    if (bitOffset % 8 !== 0) throw this.#malformed(`${place()}: does not begin at a byte`);
    if (name !== '') return { name, offset, shape };
    return shape.kind === 'struct' || shape.kind === 'union' ? { name: '', offset, shape } : undefined;
  }

  /** A data section is read like a struct of its variables. */
  #sectionAsStruct(section: BtfType & { kind: 'datasec' }): CompositeType {
    const members = section.entries.map((entry): Member => {
      const { name } = this.#btf.type(entry.type);
      return { name, type: entry.type, bitOffset: entry.offset * 8, bitFieldSize: 0 };
    });
    return { kind: 'struct', id: section.id, name: section.name, size: section.size, members };
  }

  #resolve(id: TypeId): BtfType {
    return this.#btf.type(this.#btf.skipModifiersAndTypedefs(id));
  }

  #malformed(what: string): BpfiterError {
    return new BpfiterError('malformed', `${this.#name}: ${what}`);
  }

  #unsupported(what: string): BpfiterError {
    return new BpfiterError('unsupported', `${this.#name}: ${what} is not supported in records`);
  }
}

export const isField = (member: FieldShape | AnonymousShape): member is FieldShape => member.name !== '';

const flattened = new WeakMap<CompositeShape, readonly FieldShape[]>();

/** The named members and, in their places, those of the anonymous ones: what a value has as properties. */
export function fieldsOf(shape: CompositeShape): readonly FieldShape[] {
  const known = flattened.get(shape);
  if (known !== undefined) return known;
  const fields = shape.members.flatMap((member) => {
    if (isField(member)) return member;
    return fieldsOf(member.shape).map((field) => ({ ...field, offset: field.offset + member.offset }));
  });
  flattened.set(shape, fields);
  return fields;
}
