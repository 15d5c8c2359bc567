/**
 * What the kernel asks of each type of a program's BTF when it is loaded. BTF that fails is refused as a whole, and the
 * program then goes without.
 *
 * Left out: bit fields against the types of their members, array sizes beyond 32 bits. How types are nested:
 * btf-nesting.ts; records themselves, and that strings exist: Btf.parse() and the accessors.
 * After btf_check_all_metas() and btf_check_all_types() in kernel/bpf/btf.c (Linux 6.18).
 */
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
  type Btf,
} from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import { nestingReason } from './btf-nesting.ts';

/** First word after those that every type has: name, info, size or type. */
const ENTRIES = 3;
const LONGEST_NAME = 512;
const IDENTIFIER = /^[A-Za-z_.][A-Za-z0-9_.]*$/;
const PRINTABLE = /^[\x20-\x7e]+$/;
const FLOAT_SIZES = [2, 4, 8, 12, 16];
/** None, signed, char, bool. */
const INT_ENCODINGS = [0, 1, 2, 4];
const LARGEST_ENUM = 8;
const BTF_FUNC_GLOBAL = 1;
const BTF_VAR_GLOBAL_ALLOCATED = 1;

/** @returns the kernel's reason to refuse the BTF, undefined if it takes it */
export function whyRefused(btf: Btf): string | undefined {
  for (let id = btf.firstId; id < btf.endId; id++) {
    const reason = orMalformed(() => reasonOf(btf, id));
    if (reason !== undefined) return `BTF type ${id}: ${reason}`;
  }
  return nestingReason(btf);
}

/** What a record refers to need not exist. */
function orMalformed(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    if (error instanceof BpfiterError) return error.message;
    throw error;
  }
}

function reasonOf(btf: Btf, id: number): string | undefined {
  switch (btf.kindOf(id)) {
    case BTF_KIND_INT:
      return ofInt(btf, id);
    case BTF_KIND_PTR:
    case BTF_KIND_CONST:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_TYPE_TAG:
      return ofReference(btf, id);
    case BTF_KIND_ARRAY:
      return ofArray(btf, id);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return ofComposite(btf, id);
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      return ofEnum(btf, id);
    case BTF_KIND_FWD:
      return btf.vlenOf(id) !== 0 || btf.rawWord(id, 2) !== 0 ? 'type != 0' : nameReason(btf, id);
    case BTF_KIND_FUNC:
      return ofFunction(btf, id);
    case BTF_KIND_FUNC_PROTO:
      return ofPrototype(btf, id);
    case BTF_KIND_VAR:
      return ofVariable(btf, id);
    case BTF_KIND_DATASEC:
      return ofSection(btf, id);
    case BTF_KIND_FLOAT:
      return plainReason(btf, id) ?? (FLOAT_SIZES.includes(btf.sizeOf(id)) ? undefined : 'Invalid type_size');
    case BTF_KIND_DECL_TAG:
      return ofTag(btf, id);
    default:
      return 'Invalid kind';
  }
}

const isIdentifier = (name: string): boolean => name.length < LONGEST_NAME && IDENTIFIER.test(name);
const nameReason = (btf: Btf, id: number): string | undefined =>
  isIdentifier(btf.nameOf(id)) ? undefined : 'Invalid name';
/** Anonymous, or well named. */
const optionalName = (name: string): string | undefined =>
  name === '' || isIdentifier(name) ? undefined : 'Invalid name';
const exists = (btf: Btf, id: number): boolean => id < btf.endId;

/** Of types that have neither a number of entries nor a flag. */
function plainReason(btf: Btf, id: number): string | undefined {
  if (btf.vlenOf(id) !== 0) return 'vlen != 0';
  return btf.kindFlagOf(id) ? 'Invalid btf_info kind_flag' : undefined;
}

function ofInt(btf: Btf, id: number): string | undefined {
  const word = btf.rawWord(id, ENTRIES);
  const bits = (word & 0xff) + ((word >>> 16) & 0xff);
  const plain = plainReason(btf, id);
  if (plain !== undefined) return plain;
  if (word >>> 28 !== 0 || (word & 0xff00) !== 0) return 'Invalid int_data';
  if (bits > 128) return 'nr_bits exceeds 128';
  if (Math.ceil(bits / 8) > btf.sizeOf(id)) return 'nr_bits exceeds type_size';
  return INT_ENCODINGS.includes(word >>> 24) ? undefined : 'Unsupported encoding';
}

function ofReference(btf: Btf, id: number): string | undefined {
  const kind = btf.kindOf(id);
  if (btf.vlenOf(id) !== 0) return 'vlen != 0';
  if (btf.kindFlagOf(id) && kind !== BTF_KIND_TYPE_TAG) return 'Invalid btf_info kind_flag';
  if (kind === BTF_KIND_TYPEDEF) {
    if (!isIdentifier(btf.nameOf(id))) return 'Invalid name';
  } else if ((kind === BTF_KIND_TYPE_TAG) === (btf.nameOf(id) === '')) return 'Invalid name';
  return exists(btf, btf.referencedType(id)) ? undefined : 'Invalid type_id';
}

function ofArray(btf: Btf, id: number): string | undefined {
  if (btf.nameOf(id) !== '') return 'Invalid name';
  const plain = plainReason(btf, id);
  if (plain !== undefined) return plain;
  if (btf.sizeOf(id) !== 0) return 'size != 0';
  if (!hasSize(btf, btf.rawWord(id, ENTRIES))) return 'Invalid elem';
  const index = btf.rawWord(id, ENTRIES + 1);
  return hasSize(btf, index) && btf.kindOf(btf.skipModifiersAndTypedefs(index)) === BTF_KIND_INT
    ? undefined
    : 'Invalid index';
}

function ofComposite(btf: Btf, id: number): string | undefined {
  const size = btf.sizeOf(id);
  const isUnion = btf.kindOf(id) === BTF_KIND_UNION;
  const hasBitFields = btf.kindFlagOf(id);
  const name = optionalName(btf.nameOf(id));
  if (name !== undefined) return name;
  let last = 0;
  for (let at = ENTRIES; at < ENTRIES + btf.vlenOf(id) * 3; at += 3) {
    const member = optionalName(btf.string(btf.rawWord(id, at)));
    if (member !== undefined) return member;
    const type = btf.rawWord(id, at + 1);
    if (type === 0 || !exists(btf, type)) return 'Invalid type_id';
    const word = btf.rawWord(id, at + 2);
    const offset = hasBitFields ? word & 0xffffff : word;
    if (last > offset || (isUnion && offset !== 0)) return 'Invalid member bits_offset';
    if (Math.ceil(offset / 8) > size) return 'Member bits_offset exceeds its struct size';
    if (!hasSize(btf, type)) return 'Invalid member';
    last = offset;
  }
  return undefined;
}

function ofEnum(btf: Btf, id: number): string | undefined {
  const size = btf.sizeOf(id);
  if (size === 0 || size > LARGEST_ENUM || (size & (size - 1)) !== 0) return 'Unexpected size';
  const name = optionalName(btf.nameOf(id));
  if (name !== undefined) return name;
  const step = btf.kindOf(id) === BTF_KIND_ENUM ? 2 : 3;
  for (let at = ENTRIES; at < ENTRIES + btf.vlenOf(id) * step; at += step)
    if (!isIdentifier(btf.string(btf.rawWord(id, at)))) return 'Invalid name';
  return undefined;
}

function ofFunction(btf: Btf, id: number): string | undefined {
  if (btf.vlenOf(id) > BTF_FUNC_GLOBAL) return 'Invalid func linkage';
  if (btf.kindFlagOf(id)) return 'Invalid btf_info kind_flag';
  const type = btf.referencedType(id);
  if (!exists(btf, type) || btf.kindOf(type) !== BTF_KIND_FUNC_PROTO) return 'Invalid type_id';
  for (let at = ENTRIES; at < ENTRIES + btf.vlenOf(type) * 2; at += 2)
    if (btf.rawWord(type, at) === 0 && btf.rawWord(type, at + 1) !== 0) return 'Invalid arg';
  return nameReason(btf, id);
}

function ofPrototype(btf: Btf, id: number): string | undefined {
  if (btf.nameOf(id) !== '') return 'Invalid name';
  if (btf.kindFlagOf(id)) return 'Invalid btf_info kind_flag';
  const returned = btf.referencedType(id);
  if (returned !== 0 && !hasSizeOrIsVoid(btf, returned)) return 'Invalid return type';
  const count = btf.vlenOf(id);
  for (let i = 0; i < count; i++) {
    const type = btf.rawWord(id, ENTRIES + i * 2 + 1);
    const name = btf.string(btf.rawWord(id, ENTRIES + i * 2));
    const isVariadic = i === count - 1 && type === 0;
    if (isVariadic ? name !== '' : !hasSize(btf, type) || optionalName(name) !== undefined)
      return `Invalid arg#${i + 1}`;
  }
  return undefined;
}

function ofVariable(btf: Btf, id: number): string | undefined {
  const plain = plainReason(btf, id) ?? nameReason(btf, id);
  if (plain !== undefined) return plain;
  if (!hasSize(btf, btf.referencedType(id))) return 'Invalid type_id';
  return btf.rawWord(id, ENTRIES) > BTF_VAR_GLOBAL_ALLOCATED ? 'Linkage not supported' : undefined;
}

function ofSection(btf: Btf, id: number): string | undefined {
  const size = btf.sizeOf(id);
  const name = btf.nameOf(id);
  if (size === 0) return 'size == 0';
  if (btf.kindFlagOf(id)) return 'Invalid btf_info kind_flag';
  if (name.length >= LONGEST_NAME || !PRINTABLE.test(name)) return 'Invalid name';
  let end = 0;
  for (let at = ENTRIES; at < ENTRIES + btf.vlenOf(id) * 3; at += 3) {
    const type = btf.rawWord(id, at);
    const offset = btf.rawWord(id, at + 1);
    const length = btf.rawWord(id, at + 2);
    if (type === 0 || !exists(btf, type)) return 'Invalid type_id';
    if (offset < end || offset >= size) return 'Invalid offset';
    if (length === 0 || length > size) return 'Invalid size';
    end = offset + length;
    if (end > size) return 'Invalid offset+size';
    if (btf.kindOf(type) !== BTF_KIND_VAR) return 'Not a VAR kind member';
    const variable = sizeOf(btf, btf.referencedType(type));
    if (variable === undefined) return 'Invalid type';
    if (length < variable) return 'Invalid size';
  }
  return undefined;
}

function ofTag(btf: Btf, id: number): string | undefined {
  if (btf.nameOf(id) === '') return 'Invalid value';
  if (btf.vlenOf(id) !== 0) return 'vlen != 0';
  const component = btf.rawWord(id, ENTRIES) | 0;
  if (component < -1) return 'Invalid component_idx';
  const target = btf.referencedType(id);
  if (!exists(btf, target)) return 'Invalid type_id';
  switch (btf.kindOf(target)) {
    case BTF_KIND_VAR:
    case BTF_KIND_TYPEDEF:
      return component === -1 ? undefined : 'Invalid component_idx';
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return component < btf.vlenOf(target) ? undefined : 'Invalid component_idx';
    case BTF_KIND_FUNC: {
      const prototype = btf.referencedType(target);
      return exists(btf, prototype) && component < btf.vlenOf(prototype) ? undefined : 'Invalid component_idx';
    }
    default:
      return 'Invalid type_id';
  }
}

function sizeOf(btf: Btf, id: number): number | undefined {
  try {
    const type = btf.skipModifiersAndTypedefs(id);
    return btf.kindOf(type) === BTF_KIND_VAR ? undefined : btf.sizeOfType(type);
  } catch (error) {
    // A type without a size, a chain that does not end, a struct that contains itself.
    if (error instanceof BpfiterError) return undefined;
    throw error;
  }
}

/** Whether something can have the type: it is no function, section, forward declaration, tag or void. */
const hasSize = (btf: Btf, id: number): boolean => sizeOf(btf, id) !== undefined;

const hasSizeOrIsVoid = (btf: Btf, id: number): boolean =>
  hasSize(btf, id) || (exists(btf, id) && btf.kindOf(id) !== BTF_KIND_UNKN && isVoid(btf, id));

function isVoid(btf: Btf, id: number): boolean {
  try {
    return btf.skipModifiersAndTypedefs(id) === 0;
  } catch (error) {
    if (error instanceof BpfiterError) return false;
    throw error;
  }
}
