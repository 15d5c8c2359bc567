/**
 * Whether the types of a program's BTF contain each other without end, or deeper than the kernel follows. Pointers end a
 * chain through structs and arrays, structs one through pointers.
 * After btf_resolve() in kernel/bpf/btf.c (Linux 6.18): types once found to be sound are not followed again, so that the
 * depth depends on the order of the types, as it does there.
 */
import {
  BTF_KIND_ARRAY,
  BTF_KIND_CONST,
  BTF_KIND_DATASEC,
  BTF_KIND_DECL_TAG,
  BTF_KIND_PTR,
  BTF_KIND_RESTRICT,
  BTF_KIND_STRUCT,
  BTF_KIND_TYPE_TAG,
  BTF_KIND_TYPEDEF,
  BTF_KIND_UNION,
  BTF_KIND_VAR,
  BTF_KIND_VOLATILE,
  type Btf,
} from '../../btf/index.ts';

const MAX_RESOLVE_DEPTH = 32;
const ENTRIES = 3;

const ALIASES: ReadonlySet<number> = new Set([
  BTF_KIND_TYPEDEF,
  BTF_KIND_VOLATILE,
  BTF_KIND_CONST,
  BTF_KIND_RESTRICT,
  BTF_KIND_TYPE_TAG,
]);
const POINTERS: ReadonlySet<number> = new Set([...ALIASES, BTF_KIND_PTR]);
const CONTAINERS: ReadonlySet<number> = new Set([...ALIASES, BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ARRAY]);
const ANY: ReadonlySet<number> = new Set([
  ...POINTERS,
  ...CONTAINERS,
  BTF_KIND_VAR,
  BTF_KIND_DATASEC,
  BTF_KIND_DECL_TAG,
]);

/** @returns the kernel's reason to refuse the BTF for how its types are nested */
export function nestingReason(btf: Btf): string | undefined {
  const nesting = new Nesting(btf);
  for (let id = btf.firstId; id < btf.endId; id++) {
    const reason = nesting.follow(id);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

class Nesting {
  readonly #btf: Btf;
  readonly #sound: Uint8Array;
  readonly #path = new Set<number>();
  /** Kinds that are followed on the current path. */
  #followed = ANY;

  constructor(btf: Btf) {
    this.#btf = btf;
    this.#sound = new Uint8Array(btf.endId);
  }

  follow(id: number): string | undefined {
    this.#followed = ANY;
    return this.#followed.has(this.#btf.kindOf(id)) ? this.#enter(id) : undefined;
  }

  #enter(id: number): string | undefined {
    if (this.#sound[id] === 1) return undefined;
    if (this.#path.has(id)) return `BTF type ${id}: Loop detected`;
    if (this.#path.size === MAX_RESOLVE_DEPTH)
      return `BTF type ${id}: Exceeded max resolving depth:${MAX_RESOLVE_DEPTH}`;
    this.#path.add(id);
    const kind = this.#btf.kindOf(id);
    if (this.#followed === ANY) {
      if (kind === BTF_KIND_PTR) this.#followed = POINTERS;
      else if (CONTAINERS.has(kind) && !ALIASES.has(kind)) this.#followed = CONTAINERS;
    }
    const reason = this.#enterParts(id, kind);
    this.#path.delete(id);
    this.#sound[id] = 1;
    return reason;
  }

  #enterParts(id: number, kind: number): string | undefined {
    const btf = this.#btf;
    switch (kind) {
      case BTF_KIND_STRUCT:
      case BTF_KIND_UNION:
        return this.#enterEach(btf.vlenOf(id), (i) => btf.rawWord(id, ENTRIES + i * 3 + 1));
      case BTF_KIND_DATASEC:
        return this.#enterEach(btf.vlenOf(id), (i) => {
          this.#followed = ANY;
          return btf.rawWord(id, ENTRIES + i * 3);
        });
      case BTF_KIND_ARRAY:
        return this.#enterEach(2, (i) => btf.rawWord(id, ENTRIES + 1 - i));
      default:
        return this.#enterEach(1, () => btf.referencedType(id));
    }
  }

  #enterEach(count: number, part: (index: number) => number): string | undefined {
    for (let i = 0; i < count; i++) {
      const id = part(i);
      // What does not exist is refused elsewhere.
      if (id >= this.#btf.endId || !this.#followed.has(this.#btf.kindOf(id))) continue;
      const reason = this.#enter(id);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }
}
