/**
 * The kinds of BTF types in one table: their names and how long the record of each is.
 * Facts: https://docs.kernel.org/bpf/btf.html, section 2 (Linux 6.18).
 */
import { BpfiterError } from '../errors.ts';
import type { Kind } from './types.ts';

export interface KindEntry {
  /** As bpftool's dumps spell it, in lower case. */
  readonly name: Kind;
  /** Words of 32 bits after the three that begin every record. */
  readonly words: number;
  /** Words of each of the `vlen` entries that follow those. */
  readonly entryWords: number;
}

const entry = (name: Kind, words: number, entryWords: number): KindEntry => ({ name, words, entryWords });

/** Indexed by BTF_KIND_*. */
export const KINDS: readonly KindEntry[] = [
  entry('void', 0, 0),
  entry('int', 1, 0),
  entry('ptr', 0, 0),
  entry('array', 3, 0),
  entry('struct', 0, 3),
  entry('union', 0, 3),
  entry('enum', 0, 2),
  entry('fwd', 0, 0),
  entry('typedef', 0, 0),
  entry('volatile', 0, 0),
  entry('const', 0, 0),
  entry('restrict', 0, 0),
  entry('func', 0, 0),
  entry('func_proto', 0, 2),
  entry('var', 1, 0),
  entry('datasec', 0, 3),
  entry('float', 0, 0),
  entry('decl_tag', 1, 0),
  entry('type_tag', 0, 0),
  entry('enum64', 0, 3),
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
