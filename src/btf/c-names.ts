/**
 * Names in a C file. C has one name space for the tags of structs, unions and enums and another for typedefs,
 * enumerators, functions and variables; BTF has neither, and may hold several different types of one name. The first
 * keeps its name, the others become `name___2`, `name___3`, which CO-RE takes for flavours of the first.
 */

export type TagKind = 'struct' | 'union' | 'enum';

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline int long ' +
    'register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while ' +
    '_Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local __int128 asm'
  ).split(' '),
);

/** BTF of other languages has names that C does not allow, like `Option<u32>`. */
export function identifier(name: string): string {
  const cleaned = name.replace(/[^A-Za-z0-9_$]/gu, '_').replace(/^(?=[0-9])/, '_');
  return KEYWORDS.has(cleaned) ? `${cleaned}_` : cleaned;
}

class NameSpace {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  take(name: string): string {
    let count = this.#counts.get(name) ?? 0;
    let free: string;
    do {
      count++;
      free = count === 1 ? name : `${name}___${count}`;
    } while (this.#taken.has(free));
    this.#counts.set(name, count);
    this.#taken.add(free);
    return free;
  }

  has(name: string): boolean {
    return this.#taken.has(name);
  }
}

interface Tag {
  readonly kind: TagKind;
  readonly text: string;
  /** Whether a definition has it; else only forward declarations so far. */
  defined: boolean;
}

export class CNames {
  readonly #tagSpace = new NameSpace();
  readonly #ordinarySpace = new NameSpace();
  readonly #tags = new Map<string, Tag[]>();
  readonly #byId = new Map<number, string>();

  /**
   * The tag of a type. A forward declaration shares the tag of the first definition of its name and kind, whichever
   * comes first.
   */
  tag(id: number, name: string, kind: TagKind, isDefinition: boolean): string {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const tags = this.#tags.get(name) ?? [];
    this.#tags.set(name, tags);
    let tag = tags.find((other) => other.kind === kind && !(isDefinition && other.defined));
    if (tag === undefined) {
      tag = { kind, text: this.#tagSpace.take(identifier(name)), defined: isDefinition };
      tags.push(tag);
    }
    tag.defined ||= isDefinition;
    this.#byId.set(id, tag.text);
    return tag.text;
  }

  /** The name of a typedef, function or variable, or of an integer type that C does not know. */
  ordinary(id: number, name: string): string {
    let text = this.#byId.get(id);
    if (text === undefined) {
      text = this.#ordinarySpace.take(identifier(name));
      this.#byId.set(id, text);
    }
    return text;
  }

  /** A new name each time: an anonymous enum that is written twice declares its values twice. */
  enumerator(name: string): string {
    return this.#ordinarySpace.take(identifier(name));
  }

  isTaken(name: string): boolean {
    return this.#ordinarySpace.has(identifier(name));
  }
}
