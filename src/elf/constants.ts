/**
 * Numbers of the ELF format that BPF objects use, under the names of <elf.h>.
 * Facts: the generic ABI (https://gabi.xinuos.com); BPF relocations:
 * https://docs.kernel.org/bpf/llvm_reloc.html.
 */

export const ET_REL = 1;
export const ET_EXEC = 2;
export const ET_DYN = 3;

/** Objects of LLVM before 3.7.1 carry this one. */
export const EM_NONE = 0;
export const EM_BPF = 247;

export const SHT_NULL = 0;
export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_RELA = 4;
export const SHT_NOTE = 7;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;
export const SHT_DYNSYM = 11;
export const SHT_SYMTAB_SHNDX = 18;
export const SHT_LLVM_ADDRSIG = 0x6fff4c03;

export const SHF_WRITE = 0x1;
export const SHF_ALLOC = 0x2;
export const SHF_EXECINSTR = 0x4;
export const SHF_MERGE = 0x10;
export const SHF_STRINGS = 0x20;
export const SHF_INFO_LINK = 0x40;
/** The data begins with a compression header; this package leaves it as it is. */
export const SHF_COMPRESSED = 0x800;

/** Section "index" of a symbol that is defined elsewhere. */
export const SHN_UNDEF = 0;
/** From here to 0xffff an index means something else than a section. */
export const SHN_LORESERVE = 0xff00;
export const SHN_ABS = 0xfff1;
export const SHN_COMMON = 0xfff2;
export const SHN_XINDEX = 0xffff;

export const STB_LOCAL = 0;
export const STB_GLOBAL = 1;
export const STB_WEAK = 2;

export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STT_SECTION = 3;
export const STT_FILE = 4;

export const STV_DEFAULT = 0;
export const STV_INTERNAL = 1;
export const STV_HIDDEN = 2;
export const STV_PROTECTED = 3;

/** 64-bit immediate of a ld_imm64. */
export const R_BPF_64_64 = 1;
/** 64-bit data. */
export const R_BPF_64_ABS64 = 2;
/** 32-bit data. */
export const R_BPF_64_ABS32 = 3;
/** 32-bit data that a dynamic linker would leave alone: .BTF and .BTF.ext. */
export const R_BPF_64_NODYLD32 = 4;
/** 32-bit immediate of a call. */
export const R_BPF_64_32 = 10;

// Sizes of the records of ELF64.
export const headerSize = 64;
export const sectionHeaderSize = 64;
export const symbolSize = 24;
export const relSize = 16;
export const relaSize = 24;
