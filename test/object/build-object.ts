/**
 * Makes small objects for tests that no compiler would make: functions of given instructions, maps of given BTF,
 * sections of any name.
 */
import { BtfBuilder, type TypeId } from '../../src/btf/index.ts';
import {
  type RelocationsInput,
  type SectionInput,
  SHF_EXECINSTR,
  SHT_PROGBITS,
  STB_GLOBAL,
  STT_FUNC,
  STT_OBJECT,
  type SymbolInput,
  writeElf,
} from '../../src/elf/index.ts';
import { encodeAll, type Instruction } from '../../src/isa/index.ts';

/** `r0 = 0; exit` */
export const RETURN_0: readonly Instruction[] = [
  { kind: 'alu', width: 64, op: 'mov', dst: 0, source: { immediate: 0 } },
  { kind: 'exit' },
];

export interface FunctionInput {
  readonly name: string;
  readonly section: string;
  readonly insns?: readonly Instruction[];
  readonly binding?: number;
  /** In place of that of the instructions. */
  readonly size?: number;
}

export interface RelocationInput {
  /** Section that is relocated. */
  readonly section: string;
  readonly offset: number;
  /** Name of the symbol. */
  readonly symbol: string;
}

export interface ObjectInput {
  readonly functions?: readonly FunctionInput[];
  readonly sections?: readonly SectionInput[];
  /** `section` is a name; none means that the symbol is an extern. */
  readonly symbols?: readonly (Omit<SymbolInput, 'section'> & { readonly section?: string })[];
  readonly relocations?: readonly RelocationInput[];
  readonly btf?: Uint8Array;
  readonly machine?: number;
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export const dataSection = (name: string, data: Uint8Array): SectionInput => ({ name, type: SHT_PROGBITS, data });

/** One section a name; functions of the same section follow each other. */
export function buildObject(input: ObjectInput): Uint8Array {
  const sections: SectionInput[] = [...(input.sections ?? [])];
  const symbols: SymbolInput[] = [];
  const code = new Map<string, FunctionInput[]>();
  for (const one of input.functions ?? []) code.set(one.section, [...(code.get(one.section) ?? []), one]);
  for (const [name, functions] of code) {
    const bytes: number[] = [];
    for (const { name: symbol, insns = RETURN_0, binding = STB_GLOBAL, size } of functions) {
      const own = encodeAll(insns);
      symbols.push({
        name: symbol,
        section: sections.length,
        value: bytes.length,
        size: size ?? own.length,
        binding,
        type: STT_FUNC,
      });
      bytes.push(...own);
    }
    sections.push({ name, type: SHT_PROGBITS, flags: SHF_EXECINSTR, data: Uint8Array.from(bytes) });
  }
  if (input.btf !== undefined) sections.push(dataSection('.BTF', input.btf));

  const indexOf = (name: string): number => sections.findIndex((section) => section.name === name);
  for (const { section, ...symbol } of input.symbols ?? [])
    symbols.push({ ...symbol, section: section === undefined ? 'undefined' : indexOf(section) });

  const relocated = new Map<string, RelocationInput[]>();
  for (const one of input.relocations ?? []) relocated.set(one.section, [...(relocated.get(one.section) ?? []), one]);
  const relocations: RelocationsInput[] = [...relocated].map(([section, entries]) => ({
    section: indexOf(section),
    entries: entries.map(({ offset, symbol }) => ({
      offset,
      symbol: symbols.findIndex(({ name }) => name === symbol),
      type: 1,
    })),
  }));
  return writeElf({ sections, symbols, relocations, ...(input.machine !== undefined && { machine: input.machine }) });
}

/** A member of a map's definition. */
export type MapMember =
  /** `__uint(name, number)` */
  | readonly [name: string, number: number]
  /** `__type(name, integer of so many bytes)` */
  | readonly [name: string, type: { readonly bytes: number }]
  /** A pointer to a type without a size. */
  | readonly [name: string, type: 'void']
  /** `__array(name, map definition)` */
  | readonly [name: string, inner: { readonly inner: readonly MapMember[] }]
  /** A plain integer, which is no definition at all. */
  | readonly [name: string, type: 'plain'];

class MapBtf {
  readonly builder = new BtfBuilder();
  readonly #int = this.integer(4);

  integer(bytes: number): TypeId {
    return this.builder.add({
      kind: 'int',
      name: `u${bytes * 8}`,
      size: bytes,
      signed: false,
      char: false,
      bool: false,
      bits: bytes * 8,
      bitOffset: 0,
    });
  }

  array(elementType: number, length: number): TypeId {
    return this.builder.add({ kind: 'array', elementType, indexType: this.#int, length });
  }

  #member([, value]: MapMember): TypeId {
    if (value === 'plain') return this.#int;
    if (value === 'void') return this.builder.add({ kind: 'ptr', type: 0 });
    if (typeof value === 'number') return this.builder.add({ kind: 'ptr', type: this.array(this.#int, value) });
    if ('bytes' in value) return this.builder.add({ kind: 'ptr', type: this.integer(value.bytes) });
    return this.array(this.builder.add({ kind: 'ptr', type: this.definition(value.inner) }), 0);
  }

  definition(members: readonly MapMember[]): TypeId {
    const typed = members.map((member, index) => ({
      name: member[0],
      type: this.#member(member),
      bitOffset: index * 64,
      bitFieldSize: 0,
    }));
    return this.builder.add({ kind: 'struct', size: members.length * 8, members: typed });
  }
}

export interface MapVariable {
  readonly name: string;
  readonly members: readonly MapMember[];
  readonly linkage?: 'static' | 'global' | 'extern';
}

/** An object with maps and nothing else but what is added to it. */
export function buildMaps(maps: readonly MapVariable[], rest: ObjectInput = {}): Uint8Array {
  const types = new MapBtf();
  let end = 0;
  const placed = maps.map(({ name, members, linkage = 'global' }) => {
    const offset = end;
    const size = members.length * 8;
    end += size;
    const variable = types.builder.add({ kind: 'var', name, type: types.definition(members), linkage });
    return { name, offset, size, variable };
  });
  types.builder.add({
    kind: 'datasec',
    name: '.maps',
    size: end,
    entries: placed.map(({ variable, offset, size }) => ({ type: variable, offset, size })),
  });
  const symbols = placed.map(({ name, offset, size }) => ({
    name,
    section: '.maps',
    value: offset,
    size,
    binding: STB_GLOBAL,
    type: STT_OBJECT,
  }));
  return buildObject({
    ...rest,
    sections: [dataSection('.maps', new Uint8Array(end)), ...(rest.sections ?? [])],
    symbols: [...symbols, ...(rest.symbols ?? [])],
    btf: types.builder.bytes(),
  });
}
