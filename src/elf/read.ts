/**
 * Reads ELF64 files of both endians: the headers of all sections at once, symbols (symbols.ts) and relocations
 * (relocations.ts) when they are first asked for; a vmlinux has 150,000 symbols that nobody wants here.
 *
 * Every offset is checked against the file before it is used, so that arbitrary bytes give a BpfiterError
 * `malformed` and nothing else; memory stays proportional to the file. What libelf does not look at is not looked
 * at here either, so that no object is refused that libbpf takes. Whether the file is a BPF object, and what its
 * sections mean, is left to src/object. Program headers are not read, compressed sections stay compressed.
 * Facts: the generic ABI, https://gabi.xinuos.com.
 */
import { checkBytes } from '../arguments.ts';
import { describe, ElfBytes, malformed, readName } from './bytes.ts';
import {
  headerSize,
  SHN_XINDEX,
  SHT_NOBITS,
  SHT_NULL,
  SHT_STRTAB,
  SHT_SYMTAB,
  sectionHeaderSize,
} from './constants.ts';
import type { ElfFile, ElfRelocationSection, ElfSection, ElfSymbol } from './file.ts';
import { relocationSections } from './relocations.ts';
import { readSymbols } from './symbols.ts';

/**
 * @param bytes a whole file; the result keeps views of it
 * @throws BpfiterError `malformed`
 */
export function readElf(bytes: Uint8Array): ElfFile {
  checkBytes('readElf()', 'the bytes of an ELF file', bytes);
  // A Node Buffer would hand its own kind on to every section, and its slice() does not copy.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new ElfReader(new ElfBytes(plain, readIdentification(plain)));
}

/** Checks the first bytes. @returns whether the file is little-endian */
function readIdentification(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46)
    throw malformed(bytes.length === 0 ? 'not an ELF file: it is empty' : 'not an ELF file');
  if (bytes.length < headerSize) throw malformed(`the ELF header is cut off: ${bytes.length} of ${headerSize} bytes`);
  if (bytes[4] === 1) throw malformed('ELF file is 32-bit; BPF objects are 64-bit');
  if (bytes[4] !== 2) throw malformed(`ELF class is ${bytes[4]}; there are only 1 (32-bit) and 2 (64-bit)`);
  if (bytes[5] !== 1 && bytes[5] !== 2)
    throw malformed(`ELF byte order is ${bytes[5]}; there are only 1 (little) and 2 (big)`);
  if (bytes[6] !== 1) throw malformed(`ELF version is ${bytes[6]}; there is only 1`);
  return bytes[5] === 1;
}

class ElfReader implements ElfFile {
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  readonly type: number;
  readonly machine: number;
  readonly sections: readonly ElfSection[];
  readonly relocations: readonly ElfRelocationSection[];
  readonly #file: ElfBytes;
  readonly #byName = new Map<string, ElfSection>();
  readonly #symbolTable: ElfSection | undefined;
  #symbols: readonly ElfSymbol[] | undefined;

  constructor(file: ElfBytes) {
    this.#file = file;
    this.bytes = file.bytes;
    this.littleEndian = file.littleEndian;
    this.type = file.u16(16);
    this.machine = file.u16(18);
    this.sections = readSections(file);
    for (const section of this.sections) if (!this.#byName.has(section.name)) this.#byName.set(section.name, section);
    const [symbolTable, second] = this.sections.filter((section) => section.type === SHT_SYMTAB);
    if (second !== undefined) throw malformed(`${describe(second)} is a second symbol table; a file has only one`);
    this.#symbolTable = symbolTable;
    this.relocations = relocationSections(file, this.sections);
  }

  get symbols(): readonly ElfSymbol[] {
    this.#symbols ??= this.#symbolTable === undefined ? [] : readSymbols(this.#file, this.#symbolTable, this.sections);
    return this.#symbols;
  }

  section(name: string): ElfSection | undefined {
    return this.#byName.get(name);
  }
}

function readSections(file: ElfBytes): readonly ElfSection[] {
  const tableOffset = file.size(40, () => 'the offset of the section headers');
  let count = file.u16(60);
  let namesIndex = file.u16(62);
  if (tableOffset === 0) {
    if (count !== 0) throw malformed(`the ELF header counts ${count} sections, but says not where their headers are`);
    return [];
  }
  const length = file.bytes.length;
  if (tableOffset + sectionHeaderSize > length)
    throw malformed(`the section headers at offset ${tableOffset} are past the end of the file (${length} bytes)`);
  // Numbers that do not fit in the ELF header stand in the null section.
  if (count === 0) count = file.size(tableOffset + 32, () => 'the number of sections');
  if (namesIndex === SHN_XINDEX) namesIndex = file.u32(tableOffset + 40);
  if (tableOffset + count * sectionHeaderSize > length)
    throw malformed(`the ${count} section headers at offset ${tableOffset} reach past the end of the file`);

  const names = sectionNames(file, tableOffset, count, namesIndex);
  const sections: ElfSection[] = [];
  for (let index = 0; index < count; index++)
    sections.push(readSection(file, tableOffset + index * sectionHeaderSize, index, names));
  return sections;
}

/** The string table of the section names, before there are sections. */
function sectionNames(file: ElfBytes, tableOffset: number, count: number, index: number): Uint8Array {
  if (index === 0) return new Uint8Array(0);
  if (index >= count) throw malformed(`section names are in section ${index}, but there are only ${count} sections`);
  const header = tableOffset + index * sectionHeaderSize;
  if (file.u32(header + 4) !== SHT_STRTAB)
    throw malformed(`section ${index} should hold section names, but has no strings`);
  const offset = file.size(header + 24, () => `the offset of section ${index}`);
  const size = file.size(header + 32, () => `the size of section ${index}`);
  if (offset + size > file.bytes.length)
    throw malformed(`section ${index} (section names) reaches past the end of the file`);
  return file.bytes.subarray(offset, offset + size);
}

function readSection(file: ElfBytes, header: number, index: number, names: Uint8Array): ElfSection {
  const name = readName(names, file.u32(header), () => `the name of section ${index}`);
  const what = (): string => describe({ index, name });
  const type = file.u32(header + 4);
  const offset = file.size(header + 24, () => `the offset of ${what()}`);
  const size = file.size(header + 32, () => `the size of ${what()}`);
  const stored = type === SHT_NOBITS || type === SHT_NULL ? 0 : size;
  if (stored > 0 && offset + stored > file.bytes.length) throw malformed(`${what()} reaches past the end of the file`);
  return {
    index,
    name,
    type,
    flags: file.size(header + 8, () => `the flags of ${what()}`),
    address: file.u64(header + 16),
    offset,
    size,
    link: file.u32(header + 40),
    info: file.u32(header + 44),
    alignment: file.size(header + 48, () => `the alignment of ${what()}`),
    entrySize: file.size(header + 56, () => `the entry size of ${what()}`),
    data: stored === 0 ? file.bytes.subarray(0, 0) : file.bytes.subarray(offset, offset + size),
  };
}
