/**
 * One model: what its parts declare, as BTF, and where fields lie by that BTF. Fields are found by path
 * (`task_struct` . `se.sum_exec_runtime`). Everything is worked out when it is first asked for, and once.
 */
import { Btf, type MemberLocation } from '../../btf/index.ts';
import { buildBtf } from './build-btf.ts';
import type { CDeclaration, Composite, Typedef } from './c-types.ts';
import type { ModelField, ModelPart, ModelStruct } from './declarations.ts';

export interface FieldPlace {
  /** From the beginning of the struct. */
  readonly offset: number;
  readonly size: number;
  /** Of a bit field, the lowest of its bits in the byte at the offset; else 0. */
  readonly bit: number;
}

export interface StructLayout {
  readonly name: string;
  readonly size: number;
  /** @param path members joined by dots; those of unnamed unions count as the struct's. @throws RangeError */
  field(path: string): FieldPlace;
  has(path: string): boolean;
}

/** A field that the model tells about, as its BTF has it. */
export interface SourcedField {
  readonly name: string;
  /** As the table says it: ModelField.from. */
  readonly from: string;
  /** The struct that it is, if it is one. */
  readonly struct?: string | undefined;
}

export class Model {
  readonly parts: readonly ModelPart[];
  readonly #readBtf: () => Uint8Array;
  readonly #structs = new Map<string, StructLayout>();
  #tables: ReadonlyMap<string, ModelStruct> | undefined;
  #btf: Btf | undefined;

  /** @param bytes what btfOf() makes of the parts, where somebody has done that before */
  constructor(parts: readonly ModelPart[], bytes: () => Uint8Array | undefined = () => undefined) {
    this.parts = parts;
    this.#readBtf = () => bytes() ?? btfOf(parts);
  }

  /** The kernel's own BTF. @throws RangeError, SyntaxError for parts that are not right */
  get btf(): Btf {
    this.#btf ??= Btf.parse(this.#readBtf(), { name: 'vmlinux' });
    return this.#btf;
  }

  /** @throws RangeError for a struct (or union) that the model lacks */
  layoutOf(name: string): StructLayout {
    let layout = this.#structs.get(name);
    if (layout === undefined) {
      const id = this.btf.find(name, 'struct') ?? this.btf.find(name, 'union');
      if (id === undefined) throw new RangeError(`the model has no struct ${name}`);
      layout = new Fields(name, this.btf, id);
      this.#structs.set(name, layout);
    }
    return layout;
  }

  /** What the model tells about the fields of a struct; none for those that are only declared in C. */
  fieldsOf(name: string): readonly ModelField[] {
    return this.#tableOf(name)?.fields ?? [];
  }

  /** The fields of fieldsOf() without what only readers of the model want to know. */
  sourcedFieldsOf(name: string): readonly SourcedField[] {
    const table = this.#tableOf(name);
    const type = table && this.btf.type(this.btf.find(name, table.tag) ?? 0);
    if (type?.kind !== 'struct' && type?.kind !== 'union') return [];
    return type.members.map((member, index) => {
      const inner = this.btf.type(member.type);
      return {
        name: member.name,
        from: table?.rows[index]?.[2] ?? '',
        struct: inner.kind === 'struct' ? inner.name : undefined,
      };
    });
  }

  /** Whether the model tells about the fields of that struct. */
  tellsOf(name: string): boolean {
    return this.#tableOf(name) !== undefined;
  }

  #tableOf(name: string): ModelStruct | undefined {
    this.#tables ??= new Map(this.parts.flatMap(({ structs }) => structs.map((struct) => [struct.name, struct])));
    return this.#tables.get(name);
  }
}

/** The BTF of what the parts declare. @throws RangeError, SyntaxError */
export function btfOf(parts: readonly ModelPart[]): Uint8Array {
  const declarations = [...declarationsOf(parts)];
  const composites = new Map<string, Composite>();
  const typedefs = new Map<string, Typedef>();
  for (const declaration of declarations) {
    if (declaration.tag === 'typedef') typedefs.set(declaration.name, declaration);
    else if (declaration.tag === 'struct' || declaration.tag === 'union') {
      const key = `${declaration.tag} ${declaration.name}`;
      if (composites.has(key)) throw new RangeError(`${key} is declared twice`);
      composites.set(key, declaration);
    }
  }
  const kfuncs = parts.filter((part) => part.kfuncs).flatMap((part) => part.declarations);
  return buildBtf({
    composites,
    typedefs,
    enumerations: declarations.filter((declaration) => declaration.tag === 'enum'),
    functions: declarations.filter((declaration) => declaration.tag === 'function'),
    kfuncs: new Set(kfuncs.map(({ name }) => name)),
  });
}

function* declarationsOf(parts: readonly ModelPart[]): Generator<CDeclaration> {
  for (const { structs, declarations } of parts) {
    for (const { tag, name, fields } of structs) yield { tag, name, members: fields.map(({ member }) => member) };
    yield* declarations;
  }
}

class Fields implements StructLayout {
  readonly name: string;
  readonly size: number;
  readonly #btf: Btf;
  readonly #id: number;
  readonly #found = new Map<string, FieldPlace | undefined>();

  constructor(name: string, btf: Btf, id: number) {
    this.name = name;
    this.size = btf.sizeOf(id);
    this.#btf = btf;
    this.#id = id;
  }

  field(path: string): FieldPlace {
    const place = this.#find(path);
    if (place === undefined) throw new RangeError(`struct ${this.name} of the model has no '${path}'`);
    return place;
  }

  has(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  #find(path: string): FieldPlace | undefined {
    if (!this.#found.has(path)) {
      const member = this.#btf.member(this.#id, path);
      this.#found.set(path, member && this.#placeOf(member));
    }
    return this.#found.get(path);
  }

  #placeOf({ bitOffset, type }: MemberLocation): FieldPlace {
    return { offset: Math.floor(bitOffset / 8), size: this.#btf.sizeOfType(type), bit: bitOffset % 8 };
  }
}
