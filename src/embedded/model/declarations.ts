/**
 * What tables of the model are made of: types with a sentence on what they are, and where what stands in them comes
 * from. A field is in a table only if something fills it; a program that asks for another one learns when it is
 * loaded that this kernel does not have it.
 */
import type { CDeclaration, CMember } from './c-types.ts';
import { parseDeclarations, parseMember } from './parse.ts';

/**
 * A field as a table has it: the declaration in C, what it is, and where it comes from: files of /proc (`stat`,
 * `status`; of a process unless they begin with a slash), or what makes it.
 */
export type FieldRow = readonly [declaration: string, doc: string, from: string];

export interface ModelField {
  readonly member: CMember;
  readonly doc: string;
  readonly from: string;
}

export interface ModelStruct {
  readonly tag: 'struct' | 'union';
  readonly name: string;
  readonly doc: string;
  readonly rows: readonly FieldRow[];
  /** What the rows say; their declarations are parsed when this is first asked for. */
  readonly fields: readonly ModelField[];
}

/** Types that are declared together. */
export interface ModelPart {
  readonly title: string;
  /** What the types of the part are, and where their facts come from. */
  readonly doc: string;
  readonly structs: readonly ModelStruct[];
  /** What else it declares; parsed when this is first asked for. */
  readonly declarations: readonly CDeclaration[];
  /** Whether its functions are those that programs may call; the kernel's BTF marks them. */
  readonly kfuncs: boolean;
}

/** A struct whose fields are each told about. */
export const struct = (name: string, doc: string, rows: readonly FieldRow[]): ModelStruct => new Table(name, doc, rows);

/** A part of which C says all there is to say: interfaces, opaque objects, prototypes. */
export const part = (title: string, doc: string, text: string, structs: readonly ModelStruct[] = []): ModelPart =>
  new Part(title, doc, text, structs, false);

/** A part of functions that programs may call. */
export const kfuncs = (title: string, text: string): ModelPart =>
  new Part(title, 'Functions that programs may call.', text, [], true);

class Table implements ModelStruct {
  readonly tag = 'struct';
  readonly name: string;
  readonly doc: string;
  readonly rows: readonly FieldRow[];
  #fields: readonly ModelField[] | undefined;

  constructor(name: string, doc: string, rows: readonly FieldRow[]) {
    this.name = name;
    this.doc = doc;
    this.rows = rows;
  }

  get fields(): readonly ModelField[] {
    this.#fields ??= this.rows.map(([text, doc, from]) => ({ member: parseMember(text), doc, from }));
    return this.#fields;
  }
}

class Part implements ModelPart {
  readonly title: string;
  readonly doc: string;
  readonly structs: readonly ModelStruct[];
  readonly kfuncs: boolean;
  readonly #text: string;
  #declarations: readonly CDeclaration[] | undefined;

  constructor(title: string, doc: string, text: string, structs: readonly ModelStruct[], kfuncs: boolean) {
    this.title = title;
    this.doc = doc;
    this.structs = structs;
    this.kfuncs = kfuncs;
    this.#text = text;
  }

  get declarations(): readonly CDeclaration[] {
    this.#declarations ??= parseDeclarations(this.#text);
    return this.#declarations;
  }
}
