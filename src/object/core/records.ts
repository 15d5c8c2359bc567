/**
 * The parts of type records that relocating looks at, as numbers: a program with a thousand relocations reads
 * tens of thousands of members, and no object is made for any of them.
 * Facts: https://docs.kernel.org/bpf/btf.html, section 2.2.
 */
import {
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_STRUCT,
  BTF_KIND_UNION,
  type Btf,
  essentialName,
} from '../../btf/index.ts';

/** Words of the part that all records share. */
const HEAD = 3;
const MEMBER_WORDS = 3;
const ENUM_WORDS = 2;
const ENUM64_WORDS = 3;
const PARAMETER_WORDS = 2;
const FLAVOUR_SEPARATOR = '___';

/** Encoding of integers that are signed and neither `char` nor `bool`. */
export const INT_SIGNED = 1;

/** A 64-bit number as two halves of 32 bits, each a signed number. */
export interface Word64 {
  readonly low: number;
  readonly high: number;
}

export const isComposite = (kind: number): boolean => kind === BTF_KIND_STRUCT || kind === BTF_KIND_UNION;

export const isEnum = (kind: number): boolean => kind === BTF_KIND_ENUM || kind === BTF_KIND_ENUM64;

/** Kinds that may stand for each other: equal ones, and the two sizes of enums. */
export const kindsCompatible = (one: number, other: number): boolean => one === other || (isEnum(one) && isEnum(other));

/** Names are compared without their `___flavour`. */
export const essential = (name: string): string => (name.includes(FLAVOUR_SEPARATOR) ? essentialName(name) : name);

export const memberName = (btf: Btf, id: number, index: number): string =>
  btf.string(btf.rawWord(id, HEAD + index * MEMBER_WORDS));

export const memberType = (btf: Btf, id: number, index: number): number =>
  btf.rawWord(id, HEAD + index * MEMBER_WORDS + 1);

export function memberBitOffset(btf: Btf, id: number, index: number): number {
  const offset = btf.rawWord(id, HEAD + index * MEMBER_WORDS + 2);
  return btf.kindFlagOf(id) ? offset & 0xffffff : offset;
}

/** 0 for members that are no bit fields. */
export function memberBitFieldSize(btf: Btf, id: number, index: number): number {
  return btf.kindFlagOf(id) ? btf.rawWord(id, HEAD + index * MEMBER_WORDS + 2) >>> 24 : 0;
}

export const arrayElement = (btf: Btf, id: number): number => btf.rawWord(id, HEAD);

export const arrayLength = (btf: Btf, id: number): number => btf.rawWord(id, HEAD + 2);

export const intEncoding = (btf: Btf, id: number): number => (btf.rawWord(id, HEAD) >>> 24) & 0xf;

/** Not 0 only for the integers by which old compilers described bit fields. */
export const intBitOffset = (btf: Btf, id: number): number => (btf.rawWord(id, HEAD) >>> 16) & 0xff;

export const parameterType = (btf: Btf, id: number, index: number): number =>
  btf.rawWord(id, HEAD + index * PARAMETER_WORDS + 1);

const enumeratorAt = (btf: Btf, id: number, index: number): number =>
  HEAD + index * (btf.kindOf(id) === BTF_KIND_ENUM ? ENUM_WORDS : ENUM64_WORDS);

export const enumeratorName = (btf: Btf, id: number, index: number): string =>
  btf.string(btf.rawWord(id, enumeratorAt(btf, id, index)));

/** Values of 32-bit enums are extended by their sign even where the enum is unsigned, as libbpf takes them. */
export function enumeratorValue(btf: Btf, id: number, index: number): Word64 {
  const at = enumeratorAt(btf, id, index);
  const low = btf.rawWord(id, at + 1) | 0;
  return { low, high: btf.kindOf(id) === BTF_KIND_ENUM ? low >> 31 : btf.rawWord(id, at + 2) | 0 };
}
