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
  readonly fields: readonly ModelField[];
}

/** Types that are declared together. */
export interface ModelPart {
  readonly title: string;
  /** What the types of the part are, and where their facts come from. */
  readonly doc: string;
  readonly structs: readonly ModelStruct[];
  readonly declarations: readonly CDeclaration[];
  /** Functions of the part that programs may call; the kernel's BTF marks them. */
  readonly kfuncs?: boolean;
}

/** A struct whose fields are each told about. */
export function struct(name: string, doc: string, rows: readonly FieldRow[]): ModelStruct {
  const fields = rows.map(([text, fieldDoc, from]) => ({ member: parseMember(text), doc: fieldDoc, from }));
  return { tag: 'struct', name, doc, fields };
}

/** A part of which C says all there is to say: interfaces, opaque objects, prototypes. */
export function part(title: string, doc: string, text: string, structs: readonly ModelStruct[] = []): ModelPart {
  return { title, doc, structs, declarations: parseDeclarations(text) };
}

/** A part of functions that programs may call. */
export const kfuncs = (title: string, text: string): ModelPart => ({
  ...part(title, 'Functions that programs may call.', text),
  kfuncs: true,
});
