/**
 * Which fields of the kernel's structs somebody reads: what a source is asked to fill. A program's come from its CO-RE
 * relocations, which name every field that it reads; helpers add their own.
 */

/** Stands for every field of every struct. */
export const EVERY_FIELD = '*';

export class Needs {
  /** STRUCT -> names of its members; undefined: every one. */
  readonly #fields: Map<string, Set<string> | undefined>;
  readonly #all: boolean;

  private constructor(all: boolean, fields: Map<string, Set<string> | undefined>) {
    this.#all = all;
    this.#fields = fields;
  }

  /** Every field: for printing whole objects, and where it is not known what is read. */
  static readonly everything = new Needs(true, new Map());
  static readonly nothing = new Needs(false, new Map());

  /** @param fields `task_struct.pid`, or `task_struct` for all of its fields, or EVERY_FIELD for those of all structs */
  static of(fields: Iterable<string>): Needs {
    const found = new Map<string, Set<string> | undefined>();
    for (const path of fields) {
      if (path === EVERY_FIELD) return Needs.everything;
      const dot = path.indexOf('.');
      if (dot < 0) {
        found.set(path, undefined);
        continue;
      }
      const struct = path.slice(0, dot);
      if (found.has(struct) && found.get(struct) === undefined) continue;
      const members = found.get(struct) ?? new Set();
      members.add(path.slice(dot + 1));
      found.set(struct, members);
    }
    return new Needs(false, found);
  }

  /** Whether the member of that struct is read. */
  has(struct: string, member: string): boolean {
    if (this.#all) return true;
    const members = this.#fields.get(struct);
    return members === undefined ? this.#fields.has(struct) : members.has(member);
  }

  /** Whether any of these members is. */
  any(struct: string, members: Iterable<string>): boolean {
    for (const member of members) if (this.has(struct, member)) return true;
    return false;
  }

  /** Whether anything of that struct is read. */
  mentions(struct: string): boolean {
    return this.#all || this.#fields.has(struct);
  }

  and(other: Needs): Needs {
    if (this.#all || other.#all) return Needs.everything;
    return Needs.of([...this.#paths(), ...other.#paths()]);
  }

  *#paths(): Generator<string> {
    for (const [struct, members] of this.#fields) {
      if (members === undefined) yield struct;
      else for (const member of members) yield `${struct}.${member}`;
    }
  }
}
