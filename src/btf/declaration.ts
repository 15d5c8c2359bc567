/**
 * C declarations: how a type and a name are written in C. A declaration is built from the name outwards: a pointer
 * puts a star before it, an array its length behind it, a function its parameters, until a type is reached that has
 * a spelling of its own. How that one is spelt is up to the caller: type-name.ts wants a short text, print-c.ts the
 * definition of an anonymous struct in place.
 */
import { BpfiterError } from '../errors.ts';
import type { Btf } from './btf.ts';
import { HEAD_WORDS, kindName } from './kinds.ts';
import {
  BTF_KIND_ARRAY,
  BTF_KIND_CONST,
  BTF_KIND_FUNC_PROTO,
  BTF_KIND_PTR,
  BTF_KIND_RESTRICT,
  BTF_KIND_TYPE_TAG,
  BTF_KIND_VOLATILE,
} from './types.ts';

/** Spells void, integers, floats, structs, unions, enums, forward declarations and typedefs. */
export type Spelling = (id: number) => string;

const QUALIFIERS: ReadonlyMap<number, string> = new Map([
  [BTF_KIND_CONST, 'const'],
  [BTF_KIND_VOLATILE, 'volatile'],
  [BTF_KIND_RESTRICT, 'restrict'],
]);

/** No declaration that a person wrote has as many parts; corrupt BTF can have any number. */
const MOST_PARTS = 10_000;
const DEEPEST_NESTING = 200;

export class Declarator {
  readonly #btf: Btf;
  readonly #spell: Spelling;
  readonly #parameterName: (name: string) => string;
  #parts = 0;
  #depth = 0;

  /** @param parameterName what to write for a parameter's name */
  constructor(btf: Btf, spell: Spelling, parameterName: (name: string) => string) {
    this.#btf = btf;
    this.#spell = spell;
    this.#parameterName = parameterName;
  }

  /**
   * @param name empty for the type alone
   * @throws BpfiterError `malformed` for types that no declaration could name
   */
  declare(id: number, name: string): string {
    if (this.#depth === 0) this.#parts = 0;
    this.#depth++;
    try {
      return this.#declare(id, name);
    } finally {
      this.#depth--;
    }
  }

  #declare(id: number, name: string): string {
    const btf = this.#btf;
    let declarator = name;
    let qualifiers = new Set<string>();
    let tags = '';
    /** Brackets and parameters bind closer than a star. */
    let needsParentheses = false;
    let at = id;
    for (;;) {
      if (++this.#parts > MOST_PARTS || this.#depth > DEEPEST_NESTING) {
        throw new BpfiterError('malformed', `${btf.name}: BTF type ${id} leads into endless or immense nesting`);
      }
      const kind = btf.kindOf(at);
      const qualifier = QUALIFIERS.get(kind);
      if (qualifier !== undefined) {
        qualifiers.add(qualifier);
        at = btf.referencedType(at);
      } else if (kind === BTF_KIND_TYPE_TAG) {
        tags = ` ${typeTag(btf, at)}${tags}`;
        at = btf.referencedType(at);
      } else if (kind === BTF_KIND_PTR) {
        const suffix = `${[...qualifiers].map((word) => ` ${word}`).join('')}${tags}`;
        declarator = `*${suffix}${suffix !== '' && declarator !== '' ? ' ' : ''}${declarator}`;
        qualifiers = new Set();
        tags = '';
        needsParentheses = true;
        at = btf.referencedType(at);
      } else if (kind === BTF_KIND_ARRAY) {
        // Qualifiers of an array are those of its elements.
        declarator = `${needsParentheses ? `(${declarator})` : declarator}[${btf.rawWord(at, HEAD_WORDS + 2)}]`;
        needsParentheses = false;
        at = btf.rawWord(at, HEAD_WORDS);
      } else if (kind === BTF_KIND_FUNC_PROTO) {
        // Compilers write `noreturn` as a qualifier of the function; C knows none.
        qualifiers = new Set();
        tags = '';
        declarator = `${needsParentheses ? `(${declarator})` : declarator}(${this.#parameters(at)})`;
        needsParentheses = false;
        at = btf.referencedType(at);
      } else {
        const words = [...qualifiers, this.#spell(at)].join(' ');
        return `${words}${tags}${declarator === '' ? '' : ' '}${declarator}`;
      }
    }
  }

  #parameters(id: number): string {
    const btf = this.#btf;
    const count = btf.vlenOf(id);
    if (count === 0 || (count === 1 && btf.rawWord(id, HEAD_WORDS + 1) === 0)) return 'void';
    return Array.from({ length: count }, (_, index) => {
      const nameOffset = btf.rawWord(id, HEAD_WORDS + index * 2);
      const type = btf.rawWord(id, HEAD_WORDS + index * 2 + 1);
      if (index === count - 1 && type === 0) return '...';
      return this.declare(type, this.#parameterName(btf.string(nameOffset)));
    }).join(', ');
  }
}

function typeTag(btf: Btf, id: number): string {
  const name = btf.nameOf(id);
  return btf.kindFlagOf(id) ? `__attribute__((${name}))` : `__attribute__((btf_type_tag(${JSON.stringify(name)})))`;
}

/** For a spelling that is asked for what cannot be part of a declaration: a variable, a section, a tag. */
export function notAType(btf: Btf, id: number): BpfiterError {
  return new BpfiterError('malformed', `${btf.name}: BTF type ${id} is a ${kindName(btf.kindOf(id))}, not a C type`);
}
