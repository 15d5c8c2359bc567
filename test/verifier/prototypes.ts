/**
 * BTF of a test program's functions, from prototypes in C:
 *
 *   int prog(struct __sk_buff *ctx)
 *   static void sub(u64 a, char *b)
 *   int g(struct task_struct *task @arg:trusted @arg:nullable)      tags of the argument
 *   int prog(void *ctx) @exception_callback:handler                 tags of the function
 *
 * Types are int, unsigned widths (u8 to u64), char, long, void, `struct NAME` and `union NAME` (of SIZE bytes: `struct
 * foo:16`; without a size only declared), `enum NAME`, `typedef NAME` (of an int), and pointers to them.
 */
import { BtfBuilder, type NewType, type TypeId, typeId } from '../../src/btf/index.ts';

export interface PrototypeBtf {
  readonly bytes: Uint8Array;
  /** In the order of the prototypes. */
  readonly functions: readonly { readonly name: string; readonly typeId: TypeId }[];
}

const INTEGERS: Readonly<Record<string, readonly [size: number, signed: boolean]>> = {
  char: [1, true],
  int: [4, true],
  long: [8, true],
  u8: [1, false],
  u16: [2, false],
  u32: [4, false],
  u64: [8, false],
  u128: [16, false],
};

export function prototypesToBtf(prototypes: readonly string[]): PrototypeBtf {
  const types = new Types();
  const functions = prototypes.map((prototype) => types.addFunction(prototype));
  return { bytes: types.builder.bytes(), functions };
}

class Types {
  readonly builder = new BtfBuilder();
  readonly #known = new Map<string, TypeId>();

  addFunction(prototype: string): { name: string; typeId: TypeId } {
    const match = /^(static |extern )?(.+?)(\w+)\((.*)\)((?: @\S+)*)$/.exec(prototype);
    if (match === null) throw new Error(`no prototype: ${prototype}`);
    const [, linkage = 'global', returned = '', name = '', list = '', tags = ''] = match;
    const parameters = list === '' ? [] : list.split(', ').map((each) => parameterOf(each));
    const type = this.builder.add({
      kind: 'func_proto',
      name: '',
      returnType: this.#type(returned),
      parameters: parameters.map((each) => ({ name: each.name, type: this.#type(each.type) })),
    });
    const id = this.builder.add({
      kind: 'func',
      name,
      type,
      linkage: linkage.trim() as 'static' | 'global' | 'extern', // the pattern takes no others
    });
    this.#addTags(id, -1, tags);
    parameters.forEach((each, index) => {
      this.#addTags(id, index, each.tags);
    });
    return { name, typeId: id };
  }

  #addTags(type: TypeId, componentIndex: number, tags: string): void {
    for (const tag of tags.split(' @').slice(1))
      this.builder.add({ kind: 'decl_tag', name: tag, type, componentIndex });
  }

  #type(spelled: string): TypeId {
    const text = spelled.trim();
    let id = this.#known.get(text);
    if (id === undefined) {
      id = text === 'void' ? typeId(0) : this.builder.add(this.#make(text));
      this.#known.set(text, id);
    }
    return id;
  }

  #make(text: string): NewType {
    if (text.endsWith('*')) return { kind: 'ptr', name: '', type: this.#type(text.slice(0, -1)) };
    if (text.startsWith('const ')) return { kind: 'const', name: '', type: this.#type(text.slice('const '.length)) };
    const integer = INTEGERS[text];
    if (integer !== undefined) {
      const [size, signed] = integer;
      return { kind: 'int', name: text, size, signed, char: false, bool: false, bits: size * 8, bitOffset: 0 };
    }
    const [, kind, name = '', size] = /^(struct|union|enum|typedef) (\w+)(?::(\d+))?$/.exec(text) ?? [];
    switch (kind) {
      case 'struct':
      case 'union':
        if (size === undefined) return { kind: 'fwd', name, target: kind };
        return { kind, name, size: Number(size), members: [] };
      case 'enum':
        return { kind: 'enum', name, size: 4, signed: false, values: [{ name: `${name}_value`, value: 0n }] };
      case 'typedef':
        return { kind: 'typedef', name, type: this.#type('int') };
      default:
        throw new Error(`no type: ${text}`);
    }
  }
}

function parameterOf(text: string): { type: string; name: string; tags: string } {
  const [, type = '', name = '', tags = ''] = /^(.+?)(\w+)((?: @\S+)*)$/.exec(text) ?? [];
  return { type, name, tags };
}
