/**
 * The symbol table of an ELF file. A symbol reads its fields when they are asked for: a damaged symbol that nobody
 * needs does no harm, as with libelf.
 */
import { BpfiterError } from '../errors.ts';
import { describe, type ElfBytes, malformed, readName, recordCount } from './bytes.ts';
import { SHN_LORESERVE, SHN_XINDEX, SHT_STRTAB, SHT_SYMTAB_SHNDX, symbolSize } from './constants.ts';
import type { ElfSection, ElfSymbol } from './file.ts';

/** @throws BpfiterError `malformed` where the table's size is wrong; the symbols throw it for their own fields */
export function readSymbols(file: ElfBytes, table: ElfSection, sections: readonly ElfSection[]): readonly ElfSymbol[] {
  const source: SymbolSource = {
    file,
    table,
    names: sections[table.link],
    sectionIndexes: sections.find((section) => section.type === SHT_SYMTAB_SHNDX && section.link === table.index),
  };
  return Array.from({ length: recordCount(table, symbolSize) }, (_, index) => new TableSymbol(source, index));
}

/** What the symbols of one table share. */
interface SymbolSource {
  readonly file: ElfBytes;
  readonly table: ElfSection;
  readonly names: ElfSection | undefined;
  /** The table of section indexes that do not fit in a symbol. */
  readonly sectionIndexes: ElfSection | undefined;
}

class TableSymbol implements ElfSymbol {
  readonly index: number;
  readonly #source: SymbolSource;
  readonly #at: number;
  #name: string | undefined;

  constructor(source: SymbolSource, index: number) {
    this.index = index;
    this.#source = source;
    this.#at = source.table.offset + index * symbolSize;
  }

  get name(): string {
    if (this.#name === undefined) {
      const { file, names, table } = this.#source;
      if (names === undefined || names.type !== SHT_STRTAB)
        throw malformed(`${describe(table)} takes its names from section ${table.link}, which has no strings`);
      this.#name = readName(names.data, file.u32(this.#at), () => `the name of symbol ${this.index}`);
    }
    return this.#name;
  }

  get value(): number {
    return this.#source.file.size(this.#at + 8, () => `the value of symbol ${this.index}`);
  }

  get size(): number {
    return this.#source.file.size(this.#at + 16, () => `the size of symbol ${this.index}`);
  }

  get binding(): number {
    return this.#source.file.u8(this.#at + 4) >> 4;
  }

  get type(): number {
    return this.#source.file.u8(this.#at + 4) & 0xf;
  }

  get visibility(): number {
    return this.#source.file.u8(this.#at + 5) & 0x3;
  }

  get sectionIndex(): number {
    const { file, sectionIndexes } = this.#source;
    const stored = file.u16(this.#at + 6);
    if (stored !== SHN_XINDEX) return stored;
    if (sectionIndexes === undefined || (this.index + 1) * 4 > sectionIndexes.data.length)
      throw malformed(`symbol ${this.index} has its section index in a table that the file lacks`);
    const index = file.u32(sectionIndexes.offset + this.index * 4);
    if (index >= SHN_LORESERVE && index <= SHN_XINDEX)
      // As a plain number it would read as SHN_ABS and the like.
      throw new BpfiterError(
        'unsupported',
        `symbol ${this.index} is in section ${index}, a number with a meaning of its own`,
      );
    return index;
  }
}
