/**
 * One model: what its parts declare, with sizes, places and BTF. Everything is worked out once; fields are found by
 * path (`task_struct` . `se.sum_exec_runtime`).
 */
import type { Btf } from '../../btf/index.ts';
import { buildBtf } from './build-btf.ts';
import type { CDeclaration, CMember, Composite, CType, Typedef } from './c-types.ts';
import type { ModelField, ModelPart } from './declarations.ts';
import { type Layout, Layouts } from './layout.ts';

export interface FieldPlace {
  /** From the beginning of the struct. */
  readonly offset: number;
  readonly size: number;
}

export interface StructLayout {
  readonly name: string;
  readonly size: number;
  /** @param path members joined by dots; those of unnamed unions count as the struct's. @throws RangeError */
  field(path: string): FieldPlace;
  has(path: string): boolean;
}

export class Model {
  readonly parts: readonly ModelPart[];
  readonly #composites = new Map<string, Composite>();
  readonly #typedefs = new Map<string, Typedef>();
  readonly #layouts: Layouts;
  readonly #structs = new Map<string, StructLayout>();
  #btf: Btf | undefined;

  constructor(parts: readonly ModelPart[]) {
    this.parts = parts;
    for (const declaration of this.#declarations()) {
      if (declaration.tag === 'typedef') this.#typedefs.set(declaration.name, declaration);
      else if (declaration.tag === 'struct' || declaration.tag === 'union') {
        const key = `${declaration.tag} ${declaration.name}`;
        if (this.#composites.has(key)) throw new RangeError(`${key} is declared twice`);
        this.#composites.set(key, declaration);
      }
    }
    this.#layouts = new Layouts({
      typedefOf: (name) => this.#typedefs.get(name)?.type,
      membersOf: (tag, name) => this.#composites.get(`${tag} ${name}`)?.members,
    });
  }

  /** The kernel's own BTF. */
  get btf(): Btf {
    if (this.#btf === undefined) {
      const declarations = [...this.#declarations()];
      const kfuncs = this.parts.filter((part) => part.kfuncs === true).flatMap((part) => part.declarations);
      this.#btf = buildBtf(
        {
          composites: [...this.#composites.values()],
          typedefs: [...this.#typedefs.values()],
          enumerations: declarations.filter((declaration) => declaration.tag === 'enum'),
          functions: declarations.filter((declaration) => declaration.tag === 'function'),
          kfuncs: new Set(kfuncs.map(({ name }) => name)),
        },
        this.#layouts,
      );
    }
    return this.#btf;
  }

  /** @throws RangeError for a struct (or union) that the model lacks */
  layoutOf(name: string): StructLayout {
    let layout = this.#structs.get(name);
    if (layout === undefined) {
      const placed = this.#layouts.structLayout('struct', name) ?? this.#layouts.structLayout('union', name);
      if (placed === undefined) throw new RangeError(`the model has no struct ${name}`);
      layout = new Fields(name, placed, this.#layouts, (type) => this.#shapeOf(type));
      this.#structs.set(name, layout);
    }
    return layout;
  }

  /** What the model tells about the fields of a struct; none for those that are only declared in C. */
  fieldsOf(name: string): readonly ModelField[] {
    for (const { structs } of this.parts) {
      const found = structs.find((struct) => struct.name === name);
      if (found !== undefined) return found.fields;
    }
    return [];
  }

  has(name: string): boolean {
    return this.#composites.has(`struct ${name}`) || this.#composites.has(`union ${name}`);
  }

  *#declarations(): Generator<CDeclaration> {
    for (const { structs, declarations } of this.parts) {
      for (const { tag, name, fields } of structs) yield { tag, name, members: fields.map(({ member }) => member) };
      yield* declarations;
    }
  }

  /** The members of a struct or union by whatever name. */
  #shapeOf(type: CType): Layout | undefined {
    switch (type.kind) {
      case 'inline':
        return this.#layouts.layoutOf(type.composite.tag, type.composite.members);
      case 'tagged':
        return type.tag === 'enum' ? undefined : this.#layouts.structLayout(type.tag, type.name);
      case 'const':
      case 'volatile':
        return this.#shapeOf(type.of);
      case 'named': {
        const typedef = this.#typedefs.get(type.name);
        return typedef && this.#shapeOf(typedef.type);
      }
      default:
        return undefined;
    }
  }
}

class Fields implements StructLayout {
  readonly name: string;
  readonly size: number;
  readonly #layout: Layout;
  readonly #layouts: Layouts;
  readonly #shapeOf: (type: CType) => Layout | undefined;
  readonly #found = new Map<string, FieldPlace | undefined>();

  constructor(name: string, layout: Layout, layouts: Layouts, shapeOf: (type: CType) => Layout | undefined) {
    this.name = name;
    this.size = layout.size;
    this.#layout = layout;
    this.#layouts = layouts;
    this.#shapeOf = shapeOf;
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
    if (!this.#found.has(path)) this.#found.set(path, this.#resolve(path));
    return this.#found.get(path);
  }

  #resolve(path: string): FieldPlace | undefined {
    let layout: Layout | undefined = this.#layout;
    let offset = 0;
    let member: CMember | undefined;
    for (const name of path.split('.')) {
      const found: Located | undefined = layout && this.#locate(layout, name);
      if (found === undefined) return undefined;
      ({ member } = found);
      offset += found.offset;
      layout = this.#shapeOf(member.type);
    }
    return member && { offset, size: this.#layouts.extentOf(member.type).size };
  }

  #locate(layout: Layout, name: string): Located | undefined {
    for (const { member, bitOffset } of layout.members) {
      const offset = Math.floor(bitOffset / 8);
      if (member.name === name) return { member, offset };
      if (member.name !== '') continue;
      const inner = this.#shapeOf(member.type);
      const found = inner && this.#locate(inner, name);
      if (found !== undefined) return { member: found.member, offset: offset + found.offset };
    }
    return undefined;
  }
}

interface Located {
  readonly member: CMember;
  readonly offset: number;
}
