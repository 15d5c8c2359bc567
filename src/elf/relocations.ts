/**
 * The relocation sections of an ELF file. Entries are read when they are first asked for: those of debug sections,
 * the most by far, are not wanted.
 */
import { describe, type ElfBytes, malformed, recordCount } from './bytes.ts';
import { relaSize, relSize, SHT_REL, SHT_RELA, symbolSize } from './constants.ts';
import type { ElfRelocation, ElfRelocationSection, ElfSection } from './file.ts';

/** @throws BpfiterError `malformed` for a section that relocates none; the entries throw it for themselves */
export function relocationSections(file: ElfBytes, sections: readonly ElfSection[]): readonly ElfRelocationSection[] {
  const holders = sections.filter((section) => section.type === SHT_REL || section.type === SHT_RELA);
  return holders.map((section) => {
    if (section.info >= sections.length)
      throw malformed(
        `${describe(section)} relocates section ${section.info}, but there are only ${sections.length} sections`,
      );
    return new RelocationSection(file, section, sections[section.link]);
  });
}

class RelocationSection implements ElfRelocationSection {
  readonly section: ElfSection;
  readonly target: number;
  readonly #file: ElfBytes;
  readonly #symbols: ElfSection | undefined;
  #entries: readonly ElfRelocation[] | undefined;

  constructor(file: ElfBytes, section: ElfSection, symbols: ElfSection | undefined) {
    this.section = section;
    this.target = section.info;
    this.#file = file;
    this.#symbols = symbols;
  }

  get entries(): readonly ElfRelocation[] {
    this.#entries ??= this.#read();
    return this.#entries;
  }

  #read(): readonly ElfRelocation[] {
    const { section } = this;
    const withAddend = section.type === SHT_RELA;
    const entrySize = withAddend ? relaSize : relSize;
    if (section.entrySize !== entrySize)
      throw malformed(`${describe(section)} has entries of ${section.entrySize} bytes; they should have ${entrySize}`);
    const count = recordCount(section, entrySize);
    if (this.#symbols === undefined)
      throw malformed(`${describe(section)} refers to symbols of section ${section.link}, which does not exist`);
    const symbolCount = Math.floor(this.#symbols.data.length / symbolSize);
    const file = this.#file;
    const entries: ElfRelocation[] = [];
    for (let index = 0; index < count; index++) {
      const at = section.offset + index * entrySize;
      const symbol = file.high(at + 8);
      if (symbol !== 0 && symbol >= symbolCount)
        throw malformed(
          `entry ${index} of ${describe(section)} refers to symbol ${symbol}, but there are only ${symbolCount}`,
        );
      entries.push({
        offset: file.size(at, () => `the offset in entry ${index} of ${describe(section)}`),
        symbol,
        type: file.low(at + 8),
        addend: withAddend ? file.i64(at + 16) : 0n,
      });
    }
    return entries;
  }
}
