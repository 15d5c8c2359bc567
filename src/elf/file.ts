/**
 * What an ELF file looks like to the rest of the package. Numbers are the file's own (constants.ts has the names).
 */

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** SHT_* */
  readonly type: number;
  /** SHF_* */
  readonly flags: number;
  /** A bigint, because those of vmlinux fill all 64 bits. */
  readonly address: bigint;
  /** Where the data begins in the file. */
  readonly offset: number;
  /** Bytes; for SHT_NOBITS more than `data` has. */
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
  /** A view of the file's bytes, not a copy; empty for SHT_NOBITS. */
  readonly data: Uint8Array;
}

/** Every field but `index` is read when it is asked for, and throws BpfiterError `malformed` where it is damaged. */
export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  readonly value: number;
  readonly size: number;
  /** Index of a section (which need not exist), or SHN_UNDEF, SHN_ABS, SHN_COMMON; SHN_XINDEX is already resolved. */
  readonly sectionIndex: number;
  /** STB_* */
  readonly binding: number;
  /** STT_* */
  readonly type: number;
  /** STV_* */
  readonly visibility: number;
}

export interface ElfRelocation {
  /** In the target section. */
  readonly offset: number;
  /** Index in the symbol table; 0 is "no symbol". */
  readonly symbol: number;
  /** R_BPF_* for BPF objects. */
  readonly type: number;
  /** 0 in a SHT_REL section, where the addend stands in the data to be changed. */
  readonly addend: bigint;
}

export interface ElfRelocationSection {
  /** The section that holds the entries. */
  readonly section: ElfSection;
  /** Index of the section that they change; 0 where they belong to the whole file. */
  readonly target: number;
  /** @throws BpfiterError `malformed`, at the first reading */
  readonly entries: readonly ElfRelocation[];
}

export interface ElfFile {
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  /** ET_* */
  readonly type: number;
  /** EM_* */
  readonly machine: number;
  /** By index; the first is the null section. */
  readonly sections: readonly ElfSection[];
  /** By index, the first is the null symbol; empty without a SHT_SYMTAB. @throws BpfiterError `malformed`, at the first reading */
  readonly symbols: readonly ElfSymbol[];
  /** One for each SHT_REL and SHT_RELA section, in the file's order. */
  readonly relocations: readonly ElfRelocationSection[];
  /** The first section of that name. */
  section(name: string): ElfSection | undefined;
}
