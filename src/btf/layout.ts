/**
 * Sizes, alignments and members of types. Blobs come from anywhere, so nothing here trusts a type graph: chains of
 * typedefs may close on themselves, and a struct may contain itself by value.
 */
import { BpfiterError } from '../errors.ts';
import type { Btf } from './btf.ts';
import { HEAD_WORDS, kindName } from './kinds.ts';
import { printable } from './strings.ts';
import {
  BTF_KIND_ARRAY,
  BTF_KIND_CONST,
  BTF_KIND_DATASEC,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_FLOAT,
  BTF_KIND_INT,
  BTF_KIND_PTR,
  BTF_KIND_RESTRICT,
  BTF_KIND_STRUCT,
  BTF_KIND_TYPE_TAG,
  BTF_KIND_TYPEDEF,
  BTF_KIND_UNION,
  BTF_KIND_VAR,
  BTF_KIND_VOLATILE,
  type TypeId,
  typeId,
} from './types.ts';

/** Longer chains than any compiler writes; the kernel itself follows no more than 32 links. */
const LONGEST_CHAIN = 256;
const LARGEST_SIZE = 0xffff_ffff;

export interface MemberLocation {
  /** From the beginning of the outermost struct. */
  readonly bitOffset: number;
  /** Only for bit fields. */
  readonly bitSize?: number;
  readonly type: TypeId;
}

export const isModifier = (kind: number): boolean =>
  kind === BTF_KIND_CONST || kind === BTF_KIND_VOLATILE || kind === BTF_KIND_RESTRICT || kind === BTF_KIND_TYPE_TAG;

export const isComposite = (kind: number): boolean => kind === BTF_KIND_STRUCT || kind === BTF_KIND_UNION;

export function skipModifiers(btf: Btf, id: number): TypeId {
  let at = id;
  for (let links = 0; isModifier(btf.kindOf(at)); links++) at = follow(btf, id, at, links);
  return typeId(at);
}

export function skipModifiersAndTypedefs(btf: Btf, id: number): TypeId {
  let at = id;
  for (let links = 0; isModifier(btf.kindOf(at)) || btf.kindOf(at) === BTF_KIND_TYPEDEF; links++) {
    at = follow(btf, id, at, links);
  }
  return typeId(at);
}

function follow(btf: Btf, from: number, at: number, links: number): number {
  if (links >= LONGEST_CHAIN) {
    throw new BpfiterError('malformed', `${btf.name}: BTF type ${from} leads into an endless chain of references`);
  }
  return btf.rawWord(at, 2);
}

/**
 * Bytes of a type.
 * @throws BpfiterError `usage` for types without a size: void, functions, forward declarations, tags
 */
export function sizeOfType(btf: Btf, id: number): number {
  let count = 1;
  let at = id;
  for (let links = 0; ; links++) {
    const kind = btf.kindOf(at);
    switch (kind) {
      case BTF_KIND_INT:
      case BTF_KIND_ENUM:
      case BTF_KIND_ENUM64:
      case BTF_KIND_FLOAT:
      case BTF_KIND_STRUCT:
      case BTF_KIND_UNION:
      case BTF_KIND_DATASEC:
        return product(btf, id, count, btf.sizeOf(at));
      case BTF_KIND_PTR:
        return product(btf, id, count, btf.pointerSize);
      case BTF_KIND_ARRAY:
        count = product(btf, id, count, btf.rawWord(at, 5));
        if (links >= LONGEST_CHAIN) follow(btf, id, at, links);
        at = btf.rawWord(at, 3);
        break;
      default:
        if (!isModifier(kind) && kind !== BTF_KIND_TYPEDEF && kind !== BTF_KIND_VAR) throw sizeless(btf, id, at);
        at = follow(btf, id, at, links);
    }
  }
}

function product(btf: Btf, id: number, count: number, size: number): number {
  const bytes = count * size;
  if (bytes > LARGEST_SIZE) throw new BpfiterError('malformed', `${btf.name}: BTF type ${id} is larger than 4 GiB`);
  return bytes;
}

function sizeless(btf: Btf, id: number, at: number): BpfiterError {
  const name = btf.nameOf(at);
  const what = `${kindName(btf.kindOf(at))}${name === '' ? '' : ` '${printable(name)}'`}`;
  return new BpfiterError(
    'usage',
    `${btf.name}: BTF type ${id} has no size: it is ${at === id ? '' : 'made of '}${what}`,
  );
}

/**
 * Alignments as a compiler laid the types out, which BTF does not say: the natural one, unless a layout contradicts
 * it, which is how a packed struct shows.
 */
export class Alignments {
  readonly #btf: Btf;
  /** 0 while a struct is being looked at: it then contains itself. */
  readonly #composites = new Map<number, number>();
  readonly #packed = new Set<number>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  of(id: number): number {
    return this.#of(id, 0);
  }

  /** Whether this struct or union can only be had with `__attribute__((packed))`. */
  isPacked(id: number): boolean {
    this.#ofComposite(id, 0);
    return this.#packed.has(id);
  }

  #of(id: number, depth: number): number {
    const btf = this.#btf;
    let at = id;
    for (let links = 0; ; links++) {
      const kind = btf.kindOf(at);
      switch (kind) {
        case BTF_KIND_INT:
        case BTF_KIND_ENUM:
        case BTF_KIND_ENUM64:
        case BTF_KIND_FLOAT:
          return Math.min(btf.pointerSize, Math.max(btf.sizeOf(at), 1));
        case BTF_KIND_PTR:
          return btf.pointerSize;
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
          return this.#ofComposite(at, depth);
        case BTF_KIND_ARRAY:
          if (links >= LONGEST_CHAIN) follow(btf, id, at, links);
          at = btf.rawWord(at, 3);
          break;
        default:
          if (!isModifier(kind) && kind !== BTF_KIND_TYPEDEF && kind !== BTF_KIND_VAR) throw sizeless(btf, id, at);
          at = follow(btf, id, at, links);
      }
    }
  }

  #ofComposite(id: number, depth: number): number {
    const known = this.#composites.get(id);
    if (known === 0 || depth > LONGEST_CHAIN) {
      throw new BpfiterError('malformed', `${this.#btf.name}: BTF type ${id} contains itself`);
    }
    if (known !== undefined) return known;
    this.#composites.set(id, 0);
    try {
      const alignment = this.#ofMembers(id, depth);
      this.#composites.set(id, alignment);
      return alignment;
    } catch (error) {
      this.#composites.delete(id);
      throw error;
    }
  }

  #ofMembers(id: number, depth: number): number {
    const btf = this.#btf;
    let largest = 1;
    let natural = true;
    for (let index = 0; index < btf.vlenOf(id); index++) {
      const { type, bitOffset, bitSize } = memberAt(btf, id, index);
      const alignment = this.#of(type, depth + 1);
      largest = Math.max(largest, alignment);
      if (bitSize === 0) natural &&= bitOffset % (8 * alignment) === 0;
      // A compiler never lets a bit field straddle two units of its type.
      else natural &&= (bitOffset % (8 * alignment)) + bitSize <= 8 * sizeOfType(btf, type);
    }
    if (natural && btf.sizeOf(id) % largest === 0) return largest;
    this.#packed.add(id);
    return 1;
  }
}

export interface MemberRecord {
  readonly nameOffset: number;
  readonly type: number;
  readonly bitOffset: number;
  /** 0 for an ordinary member. */
  readonly bitSize: number;
}

/** A member with its bit field resolved, whether the kind flag announces it or the type does (old compilers). */
export function memberAt(btf: Btf, id: number, index: number): MemberRecord {
  const at = HEAD_WORDS + index * 3;
  const nameOffset = btf.rawWord(id, at);
  const type = btf.rawWord(id, at + 1);
  const offset = btf.rawWord(id, at + 2);
  if (btf.kindFlagOf(id)) return { nameOffset, type, bitOffset: offset & 0xffffff, bitSize: offset >>> 24 };
  const integer = skipModifiersAndTypedefs(btf, type);
  if (btf.kindOf(integer) !== BTF_KIND_INT) return { nameOffset, type, bitOffset: offset, bitSize: 0 };
  const bits = btf.rawWord(integer, HEAD_WORDS);
  const bitSize = bits & 0xff;
  return bitSize === btf.sizeOf(integer) * 8
    ? { nameOffset, type, bitOffset: offset, bitSize: 0 }
    : { nameOffset, type, bitOffset: offset + ((bits >>> 16) & 0xff), bitSize };
}

/**
 * Finds a member by its path of names, looking through anonymous structs and unions, typedefs and qualifiers.
 * @returns undefined if a name is not there, or what should have members is no struct
 */
export function findMember(btf: Btf, id: number, path: string | readonly string[]): MemberLocation | undefined {
  let location: MemberLocation = { bitOffset: 0, type: typeId(id) };
  for (const name of typeof path === 'string' ? path.split('.') : path) {
    const found = memberNamed(btf, location.type, name, new Set());
    if (found === undefined) return undefined;
    location = { ...found, bitOffset: location.bitOffset + found.bitOffset };
  }
  return location;
}

/** @param seen structs already searched in vain: searching one again finds nothing, and a cycle must end */
function memberNamed(btf: Btf, outer: number, name: string, seen: Set<number>): MemberLocation | undefined {
  const id = skipModifiersAndTypedefs(btf, outer);
  if (!isComposite(btf.kindOf(id)) || seen.has(id) || seen.size > LONGEST_CHAIN) return undefined;
  seen.add(id);
  for (let index = 0; index < btf.vlenOf(id); index++) {
    const { nameOffset, type, bitOffset, bitSize } = memberAt(btf, id, index);
    const member = btf.string(nameOffset);
    if (member !== '') {
      if (member === name) return { bitOffset, type: typeId(type), ...(bitSize === 0 ? {} : { bitSize }) };
      continue;
    }
    const inner = memberNamed(btf, type, name, seen);
    if (inner !== undefined) return { ...inner, bitOffset: bitOffset + inner.bitOffset };
  }
  return undefined;
}
