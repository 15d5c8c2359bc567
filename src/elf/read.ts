/**
 * Reads ELF64 files of both endians: sections at once, symbols and relocations when they are first asked for
 * (a vmlinux has 150,000 symbols that nobody wants here).
 *
 * Every offset is checked against the file before it is used, so that arbitrary bytes give a BpfiterError
 * `malformed` and nothing else; memory stays proportional to the file. Whether the file is a BPF object, and
 * what its sections mean, is left to src/object. Program headers are not read, compressed sections stay compressed.
 * Facts: the generic ABI, https://gabi.xinuos.com.
 */
import { BpfiterError } from '../errors.ts';
import {
  headerSize,
  relaSize,
  relSize,
  SHN_LORESERVE,
  SHN_XINDEX,
  SHT_NOBITS,
  SHT_NULL,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
  sectionHeaderSize,
  symbolSize,
} from './constants.ts';
import type { ElfFile, ElfRelocation, ElfRelocationSection, ElfSection, ElfSymbol } from './file.ts';

const malformed = (message: string): BpfiterError => new BpfiterError('malformed', message);

/**
 * @param bytes a whole file; the result keeps views of it
 * @throws BpfiterError `malformed`
 */
export function readElf(bytes: Uint8Array): ElfFile {
  return new ElfReader(bytes);
}

/** `section 7 (.text)`, as messages name a section. */
const describe = (section: ElfSection): string =>
  section.name === '' ? `section ${section.index}` : `section ${section.index} (${section.name})`;

class ElfReader implements ElfFile {
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  readonly type: number;
  readonly machine: number;
  readonly sections: readonly ElfSection[];
  readonly relocations: readonly ElfRelocationSection[];
  readonly #view: DataView;
  readonly #byName = new Map<string, ElfSection>();
  readonly #symbolTable: ElfSection | undefined;
  #symbols: readonly ElfSymbol[] | undefined;

  constructor(bytes: Uint8Array) {
    // A Node Buffer would hand its own kind on to every section, and its slice() does not copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.littleEndian = readIdentification(bytes);
    this.type = this.#u16(16);
    this.machine = this.#u16(18);
    this.sections = this.#readSections();
    for (const section of this.sections) if (!this.#byName.has(section.name)) this.#byName.set(section.name, section);
    const symbolTables = this.sections.filter((section) => section.type === SHT_SYMTAB);
    if (symbolTables[1] !== undefined)
      throw malformed(`${describe(symbolTables[1])} is a second symbol table; a file has only one`);
    this.#symbolTable = symbolTables[0];
    this.relocations = this.sections
      .filter((section) => section.type === SHT_REL || section.type === SHT_RELA)
      .map((section) => this.#relocationSection(section));
  }

  get symbols(): readonly ElfSymbol[] {
    this.#symbols ??= this.#readSymbols();
    return this.#symbols;
  }

  section(name: string): ElfSection | undefined {
    return this.#byName.get(name);
  }

  #u16(offset: number): number {
    return this.#view.getUint16(offset, this.littleEndian);
  }

  #u32(offset: number): number {
    return this.#view.getUint32(offset, this.littleEndian);
  }

  #u64(offset: number): bigint {
    return this.#view.getBigUint64(offset, this.littleEndian);
  }

  /** A 64-bit word that must be small enough for a number; `what` names it in the message. */
  #size(offset: number, what: () => string): number {
    const high = this.#u32(this.littleEndian ? offset + 4 : offset);
    const low = this.#u32(this.littleEndian ? offset : offset + 4);
    if (high > 0x1fffff) throw malformed(`${what()} is 0x${this.#u64(offset).toString(16)}, which no file can hold`);
    return high * 0x1_0000_0000 + low;
  }

  #readSections(): readonly ElfSection[] {
    const tableOffset = this.#size(40, () => 'the offset of the section headers');
    let count = this.#u16(60);
    let namesIndex = this.#u16(62);
    if (tableOffset === 0) {
      if (count !== 0) throw malformed(`the ELF header counts ${count} sections, but says not where their headers are`);
      return [];
    }
    const headerSizeInFile = this.#u16(58);
    if (headerSizeInFile !== sectionHeaderSize)
      throw malformed(`section headers have ${headerSizeInFile} bytes; ELF64 has ${sectionHeaderSize}`);
    const length = this.bytes.length;
    if (tableOffset + sectionHeaderSize > length)
      throw malformed(`the section headers at offset ${tableOffset} are past the end of the file (${length} bytes)`);
    // Numbers that do not fit in the ELF header stand in the null section.
    if (count === 0) count = this.#size(tableOffset + 32, () => 'the number of sections');
    if (namesIndex === SHN_XINDEX) namesIndex = this.#u32(tableOffset + 40);
    if (tableOffset + count * sectionHeaderSize > length)
      throw malformed(`the ${count} section headers at offset ${tableOffset} reach past the end of the file`);

    const names = this.#sectionNames(tableOffset, count, namesIndex);
    const sections: ElfSection[] = [];
    for (let index = 0; index < count; index++)
      sections.push(this.#readSection(tableOffset + index * sectionHeaderSize, index, names));
    return sections;
  }

  /** The string table of the section names, before there are sections. */
  #sectionNames(tableOffset: number, count: number, index: number): Uint8Array {
    if (index === 0) return new Uint8Array(0);
    if (index >= count) throw malformed(`section names are in section ${index}, but there are only ${count} sections`);
    const header = tableOffset + index * sectionHeaderSize;
    if (this.#u32(header + 4) !== SHT_STRTAB)
      throw malformed(`section ${index} should hold section names, but has no strings`);
    const offset = this.#size(header + 24, () => `the offset of section ${index}`);
    const size = this.#size(header + 32, () => `the size of section ${index}`);
    if (offset + size > this.bytes.length)
      throw malformed(`section ${index} (section names) reaches past the end of the file`);
    return this.bytes.subarray(offset, offset + size);
  }

  #readSection(header: number, index: number, names: Uint8Array): ElfSection {
    const name = readName(names, this.#u32(header), () => `the name of section ${index}`);
    const what = (): string => (name === '' ? `section ${index}` : `section ${index} (${name})`);
    const type = this.#u32(header + 4);
    const offset = this.#size(header + 24, () => `the offset of ${what()}`);
    const size = this.#size(header + 32, () => `the size of ${what()}`);
    const stored = type === SHT_NOBITS || type === SHT_NULL ? 0 : size;
    if (offset + stored > this.bytes.length && stored > 0)
      throw malformed(`${what()} reaches past the end of the file`);
    return {
      index,
      name,
      type,
      flags: this.#size(header + 8, () => `the flags of ${what()}`),
      address: this.#u64(header + 16),
      offset,
      size,
      link: this.#u32(header + 40),
      info: this.#u32(header + 44),
      alignment: this.#size(header + 48, () => `the alignment of ${what()}`),
      entrySize: this.#size(header + 56, () => `the entry size of ${what()}`),
      data: stored === 0 ? this.bytes.subarray(0, 0) : this.bytes.subarray(offset, offset + size),
    };
  }

  /** Number of entries of a table. @throws BpfiterError `malformed` where the sizes do not fit together */
  #entryCount(section: ElfSection, entrySize: number): number {
    if (section.entrySize !== entrySize)
      throw malformed(`${describe(section)} has entries of ${section.entrySize} bytes; they should have ${entrySize}`);
    if (section.data.length % entrySize !== 0)
      throw malformed(
        `${describe(section)} has ${section.data.length} bytes, no multiple of its entry size ${entrySize}`,
      );
    return section.data.length / entrySize;
  }

  #readSymbols(): readonly ElfSymbol[] {
    const table = this.#symbolTable;
    if (table === undefined) return [];
    const count = this.#entryCount(table, symbolSize);
    const names = this.sections[table.link];
    if (names === undefined || names.type !== SHT_STRTAB)
      throw malformed(`${describe(table)} takes its names from section ${table.link}, which has no strings`);
    const extended = this.sections.find((s) => s.type === SHT_SYMTAB_SHNDX && s.link === table.index);
    const symbols: ElfSymbol[] = [];
    for (let index = 0; index < count; index++) {
      const at = table.offset + index * symbolSize;
      const info = this.#u8(at + 4);
      symbols.push({
        index,
        name: readName(names.data, this.#u32(at), () => `the name of symbol ${index}`),
        value: this.#size(at + 8, () => `the value of symbol ${index}`),
        size: this.#size(at + 16, () => `the size of symbol ${index}`),
        sectionIndex: this.#symbolSection(this.#u16(at + 6), index, extended),
        binding: info >> 4,
        type: info & 0xf,
        visibility: this.#u8(at + 5) & 0x3,
      });
    }
    return symbols;
  }

  #u8(offset: number): number {
    return this.#view.getUint8(offset);
  }

  #symbolSection(stored: number, symbol: number, extended: ElfSection | undefined): number {
    let index = stored;
    if (stored === SHN_XINDEX) {
      if (extended === undefined || (symbol + 1) * 4 > extended.data.length)
        throw malformed(`symbol ${symbol} has its section index in a table that the file lacks`);
      index = this.#u32(extended.offset + symbol * 4);
      if (index >= SHN_LORESERVE && index <= SHN_XINDEX)
        // As a plain number it would read as SHN_ABS and the like.
        throw new BpfiterError(
          'unsupported',
          `symbol ${symbol} is in section ${index}, a number with a meaning of its own`,
        );
    } else if (stored >= SHN_LORESERVE) return stored;
    if (index >= this.sections.length)
      throw malformed(`symbol ${symbol} is in section ${index}, but there are only ${this.sections.length} sections`);
    return index;
  }

  #relocationSection(section: ElfSection): ElfRelocationSection {
    if (section.info >= this.sections.length)
      throw malformed(
        `${describe(section)} relocates section ${section.info}, but there are only ${this.sections.length}`,
      );
    let entries: readonly ElfRelocation[] | undefined;
    const read = (): readonly ElfRelocation[] => {
      entries ??= this.#readRelocations(section);
      return entries;
    };
    return {
      section,
      target: section.info,
      get entries() {
        return read();
      },
    };
  }

  #readRelocations(section: ElfSection): readonly ElfRelocation[] {
    const withAddend = section.type === SHT_RELA;
    const entrySize = withAddend ? relaSize : relSize;
    const count = this.#entryCount(section, entrySize);
    const table = this.sections[section.link];
    if (table === undefined)
      throw malformed(`${describe(section)} refers to symbols of section ${section.link}, which does not exist`);
    const symbolCount = Math.floor(table.data.length / symbolSize);
    const relocations: ElfRelocation[] = [];
    for (let index = 0; index < count; index++) {
      const at = section.offset + index * entrySize;
      const info = at + 8;
      const symbol = this.#u32(this.littleEndian ? info + 4 : info);
      if (symbol !== 0 && symbol >= symbolCount)
        throw malformed(
          `entry ${index} of ${describe(section)} refers to symbol ${symbol}, but there are only ${symbolCount}`,
        );
      relocations.push({
        offset: this.#size(at, () => `the offset in entry ${index} of ${describe(section)}`),
        symbol,
        type: this.#u32(this.littleEndian ? info : info + 4),
        addend: withAddend ? this.#view.getBigInt64(at + 16, this.littleEndian) : 0n,
      });
    }
    return relocations;
  }
}

/** Checks the first bytes. @returns whether the file is little-endian */
function readIdentification(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46)
    throw malformed('not an ELF file');
  if (bytes.length < headerSize) throw malformed(`the ELF header is cut off: ${bytes.length} of ${headerSize} bytes`);
  if (bytes[4] === 1) throw malformed('ELF file is 32-bit; BPF objects are 64-bit');
  if (bytes[4] !== 2) throw malformed(`ELF class is ${bytes[4]}; there are only 1 (32-bit) and 2 (64-bit)`);
  if (bytes[5] !== 1 && bytes[5] !== 2)
    throw malformed(`ELF byte order is ${bytes[5]}; there are only 1 (little) and 2 (big)`);
  if (bytes[6] !== 1) throw malformed(`ELF version is ${bytes[6]}; there is only 1`);
  return bytes[5] === 1;
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function readName(strings: Uint8Array, offset: number, what: () => string): string {
  // A file without names has no string table, and offset 0 everywhere.
  if (offset === 0 && strings.length === 0) return '';
  const end = offset < strings.length ? strings.indexOf(0, offset) : -1;
  if (end < 0) throw malformed(`${what()} reaches past the end of its string table`);
  return utf8.decode(strings.subarray(offset, end));
}
