/**
 * The model's types as BTF: the embedded kernel's own `vmlinux`. Types that are named and never defined are forward
 * declarations, as compilers write them.
 */
import { BtfBuilder, type NewType, type TypeId } from '../../btf/index.ts';
import { integerNamed } from './base-types.ts';
import type { CFunction, CMember, Composite, CType, Enumeration, Prototype, Tag, Typedef } from './c-types.ts';
import { Layouts } from './layout.ts';

export interface Definitions {
  /** By tag and name: `struct task_struct`. */
  readonly composites: ReadonlyMap<string, Composite>;
  readonly enumerations: readonly Enumeration[];
  readonly typedefs: ReadonlyMap<string, Typedef>;
  readonly functions: readonly CFunction[];
  /** Names of the functions that programs may call. */
  readonly kfuncs: ReadonlySet<string>;
}

const VOID = 0;
/** DECL_TAG that marks functions which programs may call. */
const KFUNC_TAG = 'bpf_kfunc';

/** @throws RangeError for types that are used by value and not defined */
export function buildBtf(definitions: Definitions): Uint8Array {
  return new Writer(definitions).write();
}

class Writer {
  readonly #definitions: Definitions;
  readonly #layouts: Layouts;
  readonly #builder = new BtfBuilder();
  /** Types without a definition of their own, by what they are. */
  readonly #made = new Map<string, TypeId>();
  /** `struct task_struct`, `u32`: reserved at the first mention. */
  readonly #named = new Map<string, TypeId>();
  readonly #declared = new Map<string, { readonly tag: Tag; readonly name: string }>();

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
    this.#layouts = new Layouts({
      typedefOf: (name) => definitions.typedefs.get(name)?.type,
      membersOf: (tag, name) => definitions.composites.get(`${tag} ${name}`)?.members,
    });
  }

  write(): Uint8Array {
    const { composites, enumerations, typedefs, functions, kfuncs } = this.#definitions;
    const builder = this.#builder;
    // `long` tells readers of BTF the size of a pointer: it comes first, as compilers have it.
    this.#integer('unsigned long');
    for (const typedef of typedefs.values()) {
      const id = this.#typedef(typedef.name);
      builder.define(id, { kind: 'typedef', name: typedef.name, type: this.#type(typedef.type) });
    }
    for (const composite of composites.values()) {
      const id = this.#tagged(composite.tag, composite.name);
      builder.define(id, this.#composite(composite));
      this.#declared.delete(`${composite.tag} ${composite.name}`);
    }
    for (const enumeration of enumerations) this.#enumeration(enumeration);
    for (const { name, prototype } of functions) {
      const func = builder.add({ kind: 'func', name, type: this.#prototype(prototype), linkage: 'static' });
      if (kfuncs.has(name)) builder.add({ kind: 'decl_tag', name: KFUNC_TAG, type: func, componentIndex: -1 });
    }
    for (const [key, { tag, name }] of this.#declared) {
      const id = this.#named.get(key);
      if (id === undefined) continue;
      if (tag === 'enum') throw new RangeError(`enum ${name} is used and not defined`);
      builder.define(id, { kind: 'fwd', name, target: tag });
    }
    return builder.bytes();
  }

  #composite({ tag, name, members }: Composite): NewType {
    const layout = this.#layouts.layoutOf(tag, members);
    return {
      kind: tag,
      name,
      size: layout.size,
      members: layout.members.map(({ member, bitOffset }) => ({
        name: member.name,
        type: this.#memberType(member),
        bitOffset,
        bitFieldSize: member.bits,
      })),
    };
  }

  #memberType(member: CMember): TypeId {
    return this.#type(member.type);
  }

  #enumeration({ name, values }: Enumeration): void {
    const signed = values.some(([, value]) => value < 0n);
    const wide = values.some(([, value]) => value >= (signed ? 1n << 31n : 1n << 32n));
    const type: NewType = {
      kind: wide ? 'enum64' : 'enum',
      name,
      size: wide ? 8 : 4,
      signed,
      values: values.map(([valueName, value]) => ({ name: valueName, value })),
    };
    if (name === '') {
      this.#builder.add(type);
      return;
    }
    this.#builder.define(this.#tagged('enum', name), type);
    this.#declared.delete(`enum ${name}`);
  }

  #type(type: CType): TypeId {
    switch (type.kind) {
      case 'void':
        return VOID as TypeId; // type 0 is void in every BTF
      case 'named':
        return integerNamed(type.name) === undefined ? this.#typedef(type.name) : this.#integer(type.name);
      case 'tagged':
        return this.#tagged(type.tag, type.name);
      case 'inline':
        return this.#builder.add(this.#composite(type.composite));
      case 'pointer':
        return this.#once({ kind: 'ptr', type: this.#type(type.to) });
      case 'const':
      case 'volatile':
        return this.#once({ kind: type.kind, type: this.#type(type.of) });
      case 'array': {
        const elementType = this.#type(type.of);
        return this.#once({
          kind: 'array',
          elementType,
          indexType: this.#integer('unsigned int'),
          length: type.length,
        });
      }
      case 'prototype':
        return this.#prototype(type);
    }
  }

  #prototype({ returns, parameters, variadic }: Prototype): TypeId {
    return this.#once({
      kind: 'func_proto',
      returnType: this.#type(returns),
      parameters: [
        ...parameters.map(({ name, type }) => ({ name, type: this.#type(type) })),
        ...(variadic ? [{ name: '', type: VOID }] : []),
      ],
    });
  }

  #integer(words: string): TypeId {
    const integer = integerNamed(words);
    if (integer === undefined) throw new RangeError(`'${words}' is no integer`);
    const { name, size, signed, bool = false } = integer;
    // Compilers mark bool as such and leave `char` without the mark for characters.
    return this.#once({ kind: 'int', name, size, signed, char: false, bool, bits: size * 8, bitOffset: 0 });
  }

  #typedef(name: string): TypeId {
    return this.#reserve(name);
  }

  #tagged(tag: Tag, name: string): TypeId {
    const key = `${tag} ${name}`;
    if (!this.#named.has(key)) this.#declared.set(key, { tag, name });
    return this.#reserve(key);
  }

  #reserve(key: string): TypeId {
    const id = this.#named.get(key) ?? this.#builder.reserve();
    this.#named.set(key, id);
    return id;
  }

  #once(type: NewType): TypeId {
    const key = JSON.stringify(type);
    const id = this.#made.get(key) ?? this.#builder.add(type);
    this.#made.set(key, id);
    return id;
  }
}
