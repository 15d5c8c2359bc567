/**
 * Writes ELF64 relocatable objects of both endians: the sections given, then their relocations, the symbol table and
 * the strings. Enough for BPF objects that readElf, libbpf and LLVM's tools accept; no program headers, no groups.
 * Facts: the generic ABI, https://gabi.xinuos.com.
 *
 * Layout: header | data of each section at its alignment | section headers. File numbering differs from the input's
 * (a null section and a null symbol come first, local symbols before the others), so the input refers to its own
 * positions and this file renumbers.
 */
import { checkObject } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import {
  EM_BPF,
  ET_REL,
  headerSize,
  relaSize,
  relSize,
  SHF_INFO_LINK,
  SHN_ABS,
  SHN_COMMON,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHN_XINDEX,
  SHT_NOBITS,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
  STB_LOCAL,
  STT_NOTYPE,
  STV_DEFAULT,
  sectionHeaderSize,
  symbolSize,
} from './constants.ts';

export interface SectionInput {
  readonly name: string;
  /** SHT_* */
  readonly type: number;
  /** SHF_*, none if absent. */
  readonly flags?: number;
  readonly data?: Uint8Array;
  /** For SHT_NOBITS, which has no data. */
  readonly size?: number;
  /** 1 if absent. */
  readonly alignment?: number;
  readonly entrySize?: number;
}

export interface SymbolInput {
  readonly name: string;
  /** Position in `sections`, or why there is none. */
  readonly section: number | 'undefined' | 'absolute' | 'common';
  readonly value?: number;
  readonly size?: number;
  /** STB_* */
  readonly binding?: number;
  /** STT_* */
  readonly type?: number;
  /** STV_* */
  readonly visibility?: number;
}

export interface RelocationsInput {
  /** Position in `sections` of what is relocated. */
  readonly section: number;
  /** With an addend in the first entry a SHT_RELA section is written, else SHT_REL. */
  readonly entries: readonly {
    readonly offset: number;
    /** Position in `symbols`. */
    readonly symbol: number;
    /** R_BPF_* */
    readonly type: number;
    readonly addend?: bigint;
  }[];
}

export interface ElfInput {
  /** True if absent. */
  readonly littleEndian?: boolean;
  /** EM_BPF if absent. */
  readonly machine?: number;
  /** e_flags. */
  readonly flags?: number;
  readonly sections: readonly SectionInput[];
  readonly symbols?: readonly SymbolInput[];
  readonly relocations?: readonly RelocationsInput[];
}

/** A section as it goes to the file. */
interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly data: Uint8Array;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
}

/** @throws BpfiterError `usage` where a relocation refers to a section or symbol that is not given */
export function writeElf(input: ElfInput): Uint8Array {
  checkObject('writeElf()', 'what is to be in the file: { sections: [...] }', input, ['sections']);
  const littleEndian = input.littleEndian ?? true;
  const symbols = input.symbols ?? [];
  const relocations = input.relocations ?? [];
  const numbering = numberSymbols(symbols);
  const strings = new StringTable();

  const symbolTable = input.sections.length + 1 + relocations.length;
  const sections: Section[] = input.sections.map((section) => ({
    name: section.name,
    type: section.type,
    flags: section.flags ?? 0,
    data: section.data ?? new Uint8Array(0),
    size: section.type === SHT_NOBITS ? (section.size ?? 0) : (section.data?.length ?? 0),
    link: 0,
    info: 0,
    alignment: section.alignment ?? 1,
    entrySize: section.entrySize ?? 0,
  }));
  for (const relocation of relocations)
    sections.push(relocationSection(relocation, input.sections, numbering.indexes, symbolTable, littleEndian));
  sections.push(...symbolSections(symbols, numbering, strings, symbolTable, littleEndian));

  const namesIndex = sections.length + 1;
  const names = new StringTable();
  for (const section of sections) names.add(section.name);
  names.add('.shstrtab');
  sections.push(tableSection('.shstrtab', SHT_STRTAB, names.bytes()));
  return assemble(sections, names, namesIndex, {
    littleEndian,
    machine: input.machine ?? EM_BPF,
    flags: input.flags ?? 0,
  });
}

const tableSection = (name: string, type: number, data: Uint8Array, more: Partial<Section> = {}): Section => ({
  name,
  type,
  flags: 0,
  data,
  size: data.length,
  link: 0,
  info: 0,
  alignment: 1,
  entrySize: 0,
  ...more,
});

interface SymbolNumbering {
  /** Positions in the input, in the file's order. */
  readonly order: readonly number[];
  /** Position in the input -> index in the file. */
  readonly indexes: readonly number[];
  /** Index of the first symbol that is not local, the null symbol counted. */
  readonly firstGlobal: number;
}

function numberSymbols(symbols: readonly SymbolInput[]): SymbolNumbering {
  const isLocal = (position: number): boolean => (symbols[position]?.binding ?? STB_LOCAL) === STB_LOCAL;
  const positions = symbols.map((_, position) => position);
  const locals = positions.filter(isLocal);
  const order = [...locals, ...positions.filter((position) => !isLocal(position))];
  const indexes: number[] = [];
  order.forEach((position, index) => {
    indexes[position] = index + 1;
  });
  return { order, indexes, firstGlobal: locals.length + 1 };
}

function relocationSection(
  input: RelocationsInput,
  targets: readonly SectionInput[],
  symbolIndexes: readonly number[],
  symbolTable: number,
  littleEndian: boolean,
): Section {
  const withAddend = input.entries[0]?.addend !== undefined;
  const entrySize = withAddend ? relaSize : relSize;
  const data = new Uint8Array(input.entries.length * entrySize);
  const view = new DataView(data.buffer);
  input.entries.forEach((entry, index) => {
    const symbol = symbolIndexes[entry.symbol];
    if (symbol === undefined)
      throw new BpfiterError('usage', `relocation ${index} of section ${input.section}: no symbol ${entry.symbol}`);
    const at = index * entrySize;
    view.setBigUint64(at, BigInt(entry.offset), littleEndian);
    view.setBigUint64(at + 8, (BigInt(symbol) << 32n) | BigInt(entry.type), littleEndian);
    if (withAddend) view.setBigInt64(at + 16, entry.addend ?? 0n, littleEndian);
  });
  const target = targets[input.section];
  if (target === undefined)
    throw new BpfiterError('usage', `relocations for section ${input.section}, which is not given`);
  return tableSection(`${withAddend ? '.rela' : '.rel'}${target.name}`, withAddend ? SHT_RELA : SHT_REL, data, {
    flags: SHF_INFO_LINK,
    link: symbolTable,
    info: input.section + 1,
    alignment: 8,
    entrySize,
  });
}

/** `.symtab`, the table of section indexes that do not fit in it if there are such, and `.strtab`. */
function symbolSections(
  symbols: readonly SymbolInput[],
  numbering: SymbolNumbering,
  strings: StringTable,
  symbolTable: number,
  littleEndian: boolean,
): readonly Section[] {
  const data = new Uint8Array((symbols.length + 1) * symbolSize);
  const view = new DataView(data.buffer);
  const extended = new Uint8Array((symbols.length + 1) * 4);
  const extendedView = new DataView(extended.buffer);
  let needsExtended = false;
  numbering.order.forEach((position, order) => {
    const symbol = symbols[position];
    if (symbol === undefined) return;
    const index = order + 1;
    const at = index * symbolSize;
    let section = sectionNumber(symbol.section);
    if (typeof symbol.section === 'number' && section >= SHN_LORESERVE) {
      extendedView.setUint32(index * 4, section, littleEndian);
      needsExtended = true;
      section = SHN_XINDEX;
    }
    view.setUint32(at, strings.add(symbol.name), littleEndian);
    view.setUint8(at + 4, ((symbol.binding ?? STB_LOCAL) << 4) | (symbol.type ?? STT_NOTYPE));
    view.setUint8(at + 5, symbol.visibility ?? STV_DEFAULT);
    view.setUint16(at + 6, section, littleEndian);
    view.setBigUint64(at + 8, BigInt(symbol.value ?? 0), littleEndian);
    view.setBigUint64(at + 16, BigInt(symbol.size ?? 0), littleEndian);
  });
  const table = tableSection('.symtab', SHT_SYMTAB, data, {
    link: symbolTable + (needsExtended ? 2 : 1),
    info: numbering.firstGlobal,
    alignment: 8,
    entrySize: symbolSize,
  });
  const names = tableSection('.strtab', SHT_STRTAB, strings.bytes());
  if (!needsExtended) return [table, names];
  const indexes = tableSection('.symtab_shndx', SHT_SYMTAB_SHNDX, extended, {
    link: symbolTable,
    alignment: 4,
    entrySize: 4,
  });
  return [table, indexes, names];
}

function sectionNumber(section: SymbolInput['section']): number {
  switch (section) {
    case 'undefined':
      return SHN_UNDEF;
    case 'absolute':
      return SHN_ABS;
    case 'common':
      return SHN_COMMON;
    default:
      return section + 1;
  }
}

interface HeaderFields {
  readonly littleEndian: boolean;
  readonly machine: number;
  readonly flags: number;
}

const alignUp = (offset: number, alignment: number): number => Math.ceil(offset / alignment) * alignment;

function assemble(
  sections: readonly Section[],
  names: StringTable,
  namesIndex: number,
  header: HeaderFields,
): Uint8Array {
  const { littleEndian } = header;
  const offsets: number[] = [];
  let end = headerSize;
  for (const section of sections) {
    end = alignUp(end, Math.max(section.alignment, 1));
    offsets.push(end);
    end += section.type === SHT_NOBITS ? 0 : section.data.length;
  }
  const tableOffset = alignUp(end, 8);
  const count = sections.length + 1;
  const bytes = new Uint8Array(tableOffset + count * sectionHeaderSize);
  const view = new DataView(bytes.buffer);
  const u16 = (at: number, value: number): void => view.setUint16(at, value, littleEndian);
  const u32 = (at: number, value: number): void => view.setUint32(at, value, littleEndian);
  const u64 = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), littleEndian);

  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, littleEndian ? 1 : 2, 1]);
  u16(16, ET_REL);
  u16(18, header.machine);
  u32(20, 1);
  u64(40, tableOffset);
  u32(48, header.flags);
  u16(52, headerSize);
  u16(58, sectionHeaderSize);
  // Numbers that do not fit in 16 bits go to the null section.
  u16(60, count < SHN_LORESERVE ? count : 0);
  u16(62, namesIndex < SHN_LORESERVE ? namesIndex : SHN_XINDEX);
  if (count >= SHN_LORESERVE) u64(tableOffset + 32, count);
  if (namesIndex >= SHN_LORESERVE) u32(tableOffset + 40, namesIndex);

  sections.forEach((section, position) => {
    const at = tableOffset + (position + 1) * sectionHeaderSize;
    const offset = offsets[position] ?? 0;
    bytes.set(section.type === SHT_NOBITS ? [] : section.data, offset);
    u32(at, names.add(section.name));
    u32(at + 4, section.type);
    u64(at + 8, section.flags);
    u64(at + 24, offset);
    u64(at + 32, section.size);
    u32(at + 40, section.link);
    u32(at + 44, section.info);
    u64(at + 48, section.alignment);
    u64(at + 56, section.entrySize);
  });
  return bytes;
}

/** Strings one after the other, each once, the empty one first. */
class StringTable {
  readonly #offsets = new Map<string, number>([['', 0]]);
  readonly #chunks: Uint8Array[] = [];
  #length = 1;

  /** @returns the offset of the string, which is added if it is new */
  add(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const chunk = new TextEncoder().encode(text);
    const offset = this.#length;
    this.#offsets.set(text, offset);
    this.#chunks.push(chunk);
    this.#length += chunk.length + 1;
    return offset;
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let at = 1;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length + 1;
    }
    return bytes;
  }
}
