/**
 * The kinds of BTF types in one table: their names, how long the record of each is, and which of its words are
 * type ids or string offsets.
 * Facts: https://docs.kernel.org/bpf/btf.html, section 2 (Linux 6.18).
 */
import { BpfiterError } from '../errors.ts';
import type { Kind } from './types.ts';

/** Words of 32 bits in front of every record: the name's offset, the info word, the size or type. */
export const HEAD_WORDS = 3;

export interface KindEntry {
  /** As bpftool's dumps spell it, in lower case. */
  readonly name: Kind;
  /** Words after those that begin every record. */
  readonly words: number;
  /** Words of each of the `vlen` entries (members, values, ...) that follow those. */
  readonly entryWords: number;
  /** Words of the record, counted from its beginning and before its entries, that are type ids. */
  readonly typeWords: readonly number[];
  /** Word of an entry that is a type id, if any. */
  readonly entryTypeWord?: number;
  /** Whether the first word of an entry is a name. */
  readonly namedEntries: boolean;
}

/** Kinds without entries. */
const plain = (name: Kind, words: number, typeWords: readonly number[] = []): KindEntry => ({
  name,
  words,
  entryWords: 0,
  typeWords,
  namedEntries: false,
});

/** Kinds whose third word is the type that they refer to. */
const reference = (name: Kind, words = 0): KindEntry => plain(name, words, [2]);

/** Kinds with members, whose entries are name, type and offset. */
const composite = (name: Kind): KindEntry => ({
  name,
  words: 0,
  entryWords: 3,
  typeWords: [],
  entryTypeWord: 1,
  namedEntries: true,
});

/** Kinds whose entries are a name and one or two words of value. */
const enumeration = (name: Kind, entryWords: number): KindEntry => ({
  name,
  words: 0,
  entryWords,
  typeWords: [],
  namedEntries: true,
});

/** Indexed by BTF_KIND_*. */
export const KINDS: readonly KindEntry[] = [
  plain('void', 0),
  plain('int', 1),
  reference('ptr'),
  plain('array', 3, [3, 4]),
  composite('struct'),
  composite('union'),
  enumeration('enum', 2),
  plain('fwd', 0),
  reference('typedef'),
  reference('volatile'),
  reference('const'),
  reference('restrict'),
  reference('func'),
  { name: 'func_proto', words: 0, entryWords: 2, typeWords: [2], entryTypeWord: 1, namedEntries: true },
  reference('var', 1),
  { name: 'datasec', words: 0, entryWords: 3, typeWords: [], entryTypeWord: 0, namedEntries: false },
  plain('float', 0),
  reference('decl_tag', 1),
  reference('type_tag'),
  enumeration('enum64', 3),
];

const NUMBERS: ReadonlyMap<string, number> = new Map(KINDS.map(({ name }, number) => [name, number]));

/** The BTF_KIND_* of a kind's name. */
export function kindNumber(kind: Kind): number {
  const number = NUMBERS.get(kind);
  if (number === undefined) throw new BpfiterError('usage', `'${kind}' is not a kind of BTF type`);
  return number;
}

/** The name of a BTF_KIND_*, or `kind 23` for one that is newer than this table. */
export function kindName(number: number): string {
  return KINDS[number]?.name ?? `kind ${number}`;
}
