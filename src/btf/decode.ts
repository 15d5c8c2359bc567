/**
 * Turns one record of the type section into the object of types.ts that stands for it.
 * Where the bits of a record mean what: https://docs.kernel.org/bpf/btf.html, section 2.2.
 */
import { BpfiterError } from '../errors.ts';
import type { Btf } from './btf.ts';
import { kindName } from './kinds.ts';
import {
  BTF_KIND_ARRAY,
  BTF_KIND_CONST,
  BTF_KIND_DATASEC,
  BTF_KIND_DECL_TAG,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_FLOAT,
  BTF_KIND_FUNC,
  BTF_KIND_FUNC_PROTO,
  BTF_KIND_FWD,
  BTF_KIND_INT,
  BTF_KIND_PTR,
  BTF_KIND_RESTRICT,
  BTF_KIND_STRUCT,
  BTF_KIND_TYPE_TAG,
  BTF_KIND_TYPEDEF,
  BTF_KIND_UNION,
  BTF_KIND_UNKN,
  BTF_KIND_VAR,
  BTF_KIND_VOLATILE,
  type BtfType,
  type EnumType,
  type Member,
  typeId,
} from './types.ts';

/** Index of the first word that follows the common three. */
const TAIL = 3;
const INT_SIGNED = 1;
const INT_CHAR = 2;
const INT_BOOL = 4;
const LINKAGES = ['static', 'global', 'extern'] as const;

/** @throws BpfiterError `malformed`; `unsupported` for kinds known only by the blob's own layout section */
export function decodeType(btf: Btf, number: number): BtfType {
  const kind = btf.kindOf(number);
  const id = typeId(number);
  const name = btf.nameOf(number);
  const word = (index: number) => btf.rawWord(number, TAIL + index);
  const size = btf.rawWord(number, 2);
  const type = typeId(size);

  switch (kind) {
    case BTF_KIND_UNKN:
      return { id, name, kind: 'void' };
    case BTF_KIND_INT: {
      const bits = word(0);
      const encoding = (bits >>> 24) & 0xf;
      return {
        id,
        name,
        kind: 'int',
        size,
        signed: (encoding & INT_SIGNED) !== 0,
        char: (encoding & INT_CHAR) !== 0,
        bool: (encoding & INT_BOOL) !== 0,
        bits: bits & 0xff,
        bitOffset: (bits >>> 16) & 0xff,
      };
    }
    case BTF_KIND_PTR:
      return { id, name, kind: 'ptr', type };
    case BTF_KIND_ARRAY:
      return { id, name, kind: 'array', elementType: typeId(word(0)), indexType: typeId(word(1)), length: word(2) };
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return { id, name, kind: kind === BTF_KIND_STRUCT ? 'struct' : 'union', size, members: members(btf, number) };
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      return enumeration(btf, number);
    case BTF_KIND_FWD:
      return { id, name, kind: 'fwd', target: btf.kindFlagOf(number) ? 'union' : 'struct' };
    case BTF_KIND_TYPEDEF:
      return { id, name, kind: 'typedef', type };
    case BTF_KIND_VOLATILE:
      return { id, name, kind: 'volatile', type };
    case BTF_KIND_CONST:
      return { id, name, kind: 'const', type };
    case BTF_KIND_RESTRICT:
      return { id, name, kind: 'restrict', type };
    case BTF_KIND_TYPE_TAG:
      return { id, name, kind: 'type_tag', type, ...attribute(btf, number) };
    case BTF_KIND_FUNC:
      return { id, name, kind: 'func', type, linkage: linkage(btf, number, btf.vlenOf(number)) };
    case BTF_KIND_FUNC_PROTO:
      return {
        id,
        name,
        kind: 'func_proto',
        returnType: type,
        parameters: Array.from({ length: btf.vlenOf(number) }, (_, index) => ({
          name: btf.string(word(index * 2)),
          type: typeId(word(index * 2 + 1)),
        })),
      };
    case BTF_KIND_VAR:
      return { id, name, kind: 'var', type, linkage: linkage(btf, number, word(0)) };
    case BTF_KIND_DATASEC:
      return {
        id,
        name,
        kind: 'datasec',
        size,
        entries: Array.from({ length: btf.vlenOf(number) }, (_, index) => ({
          type: typeId(word(index * 3)),
          offset: word(index * 3 + 1),
          size: word(index * 3 + 2),
        })),
      };
    case BTF_KIND_FLOAT:
      return { id, name, kind: 'float', size };
    case BTF_KIND_DECL_TAG:
      return { id, name, kind: 'decl_tag', type, componentIndex: word(0) | 0, ...attribute(btf, number) };
    default:
      throw new BpfiterError(
        'unsupported',
        `${btf.name}: BTF type ${number} has ${kindName(kind)}, which is not known`,
      );
  }
}

/** With the kind flag, the upper eight bits of a member's offset are the width of a bit field. */
function members(btf: Btf, number: number): readonly Member[] {
  const flagged = btf.kindFlagOf(number);
  return Array.from({ length: btf.vlenOf(number) }, (_, index) => {
    const offset = btf.rawWord(number, TAIL + index * 3 + 2);
    return {
      name: btf.string(btf.rawWord(number, TAIL + index * 3)),
      type: typeId(btf.rawWord(number, TAIL + index * 3 + 1)),
      bitOffset: flagged ? offset & 0xffffff : offset,
      bitFieldSize: flagged ? offset >>> 24 : 0,
    };
  });
}

/** The kind flag says that the values are signed. */
function enumeration(btf: Btf, number: number): EnumType {
  const wide = btf.kindOf(number) === BTF_KIND_ENUM64;
  const signed = btf.kindFlagOf(number);
  const entryWords = wide ? 3 : 2;
  const values = Array.from({ length: btf.vlenOf(number) }, (_, index) => {
    const at = TAIL + index * entryWords;
    let value = BigInt(btf.rawWord(number, at + 1));
    if (wide) value |= BigInt(btf.rawWord(number, at + 2)) << 32n;
    return { name: btf.string(btf.rawWord(number, at)), value: signed ? BigInt.asIntN(wide ? 64 : 32, value) : value };
  });
  return {
    id: typeId(number),
    name: btf.nameOf(number),
    kind: wide ? 'enum64' : 'enum',
    size: btf.sizeOf(number),
    signed,
    values,
  };
}

/** The kind flag says that a tag is an attribute. */
function attribute(btf: Btf, number: number): { readonly attribute?: true } {
  return btf.kindFlagOf(number) ? { attribute: true } : {};
}

function linkage(btf: Btf, number: number, value: number): (typeof LINKAGES)[number] {
  const name = LINKAGES[value];
  if (name === undefined) {
    throw new BpfiterError('malformed', `${btf.name}: BTF type ${number} has linkage ${value}, which does not exist`);
  }
  return name;
}
