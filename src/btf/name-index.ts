/**
 * Finds the types of one blob by name. The first question is answered by looking at every type's name, which needs no
 * preparation; whoever asks again gets a hash table:
 *
 *   heads[hash]  1 + the first type (counted from the blob's first id) whose essential name has that hash, or 0
 *   chains[type] 1 + the next such type, or 0
 *
 * Chains ascend, so both ways give types in id order. The hash covers the name without its flavour: `foo` and
 * `foo___v2` share a chain, and one table serves exact and essential searches. Functions, which are most
 * of the names of a kernel, are kept apart from all other types: hardly anyone looks for both at once.
 */
import { encodeName, essentialLength, type StringTable } from './strings.ts';
import { kindOfInfo } from './type-table.ts';
import { BTF_KIND_FUNC } from './types.ts';

const UNDERSCORE = 0x5f;

/**
 * Searches by scan before the table is built. In a fresh process a scan of the kernel's types takes about 3 ms and the
 * table 8 (Node 20, Linux 6.18): one search is better off without it, and many follow where there are two.
 */
const SCANS_BEFORE_INDEX = 1;

interface Query {
  /** NUL-terminated. */
  readonly bytes: Uint8Array;
  /** Bytes to compare, without the NUL. */
  readonly length: number;
  /** Whether the name must end there, or may go on with a flavour. */
  readonly exact: boolean;
}

export class NameIndex {
  readonly #functions: boolean;
  readonly #words: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #strings: StringTable;
  #scans = 0;
  #heads: Uint32Array | undefined;
  #chains = new Uint32Array(0);

  /** @param functions whether this is the index of functions, or of everything else */
  constructor(words: Uint32Array, starts: Uint32Array, strings: StringTable, functions: boolean) {
    this.#functions = functions;
    this.#words = words;
    this.#starts = starts;
    this.#strings = strings;
  }

  /** Types of that name in id order, counted from the blob's first. */
  exact(name: string): Iterable<number> {
    const bytes = encodeName(name);
    return this.#matches({ bytes, length: bytes.length - 1, exact: true });
  }

  /** Types whose name without flavour equals this name without flavour. */
  essential(name: string): Iterable<number> {
    const bytes = encodeName(name);
    return this.#matches({ bytes, length: essentialLength(bytes, 0), exact: false });
  }

  *#matches(query: Query): Iterable<number> {
    if (query.length === 0) return;
    if (this.#heads === undefined && this.#scans++ < SCANS_BEFORE_INDEX) {
      for (let type = this.#scan(query, 0); type >= 0; type = this.#scan(query, type + 1)) yield type;
      return;
    }
    const heads = this.#heads ?? this.#build();
    const hash = hashEssential(query.bytes, 0) & (heads.length - 1);
    for (let link = heads[hash] ?? 0; link !== 0; link = this.#chains[link - 1] ?? 0) {
      if (this.#matchesName(query, link - 1)) yield link - 1;
    }
  }

  #scan(query: Query, from: number): number {
    const count = this.#starts.length;
    for (let type = from; type < count; type++) if (this.#matchesName(query, type)) return type;
    return -1;
  }

  /** The offset of a type's name; 0 if it has none or belongs into the other index. */
  #nameOf(type: number): number {
    const start = this.#starts[type] as number;
    const isFunction = kindOfInfo(this.#words[start + 1] as number) === BTF_KIND_FUNC;
    return isFunction === this.#functions ? (this.#words[start] as number) : 0;
  }

  #matchesName({ bytes, length, exact }: Query, type: number): boolean {
    const offset = this.#nameOf(type);
    if (offset === 0) return false;
    let { bytes: strings, start } = this.#strings;
    if (offset < start) ({ bytes: strings, start } = this.#strings.owner(offset));
    const at = offset - start;
    // Most names fail at their first byte, the rest at the byte that should end them.
    if (strings[at] !== bytes[0]) return false;
    const end = strings[at + length];
    if (end !== 0 && (exact || end !== UNDERSCORE)) return false;
    for (let index = 1; index < length; index++) if (strings[at + index] !== bytes[index]) return false;
    return exact || essentialLength(strings, at) === length;
  }

  #build(): Uint32Array {
    const count = this.#starts.length;
    const heads = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(count, 16))));
    const chains = new Uint32Array(count);
    const { bytes, start } = this.#strings;
    for (let type = count - 1; type >= 0; type--) {
      const offset = this.#nameOf(type);
      if (offset === 0) continue;
      let hash: number;
      if (offset >= start) hash = hashEssential(bytes, offset - start);
      else {
        const owner = this.#strings.owner(offset);
        hash = hashEssential(owner.bytes, offset - owner.start);
      }
      hash &= heads.length - 1;
      chains[type] = heads[hash] as number;
      heads[hash] = type + 1;
    }
    this.#chains = chains;
    this.#heads = heads;
    return heads;
  }
}

/** FNV-1a of a NUL-terminated name up to its flavour, found in the same pass (the rule: essentialLength). */
function hashEssential(bytes: Uint8Array, from: number): number {
  let hash = 0x811c9dc5;
  let beforeUnderscores = hash;
  let essential = 0;
  let found = false;
  let underscores = 0;
  let at = from;
  for (let byte = bytes[at] ?? 0; byte !== 0; byte = bytes[++at] ?? 0) {
    if (byte === UNDERSCORE) {
      if (underscores++ === 0) beforeUnderscores = hash;
    } else if (underscores !== 0) {
      if (underscores === 3 && at - 3 > from) {
        essential = beforeUnderscores;
        found = true;
      }
      underscores = 0;
    }
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  if (found) hash = essential;
  // The low bits of FNV-1a are its weakest, and the table takes the low bits.
  return hash ^ (hash >>> 15);
}
