/**
 * Sorts the sections of an object file by what they are to a loader: code, license, BTF, map definitions, data,
 * relocations. What is in them is read elsewhere; sections that mean nothing are left out without a word.
 *
 * Facts: libbpf 1.8, bpf_object__elf_collect() in src/libbpf.c.
 */
import {
  type ElfFile,
  type ElfRelocationSection,
  type ElfSection,
  EM_BPF,
  EM_NONE,
  ET_REL,
  SHF_EXECINSTR,
  SHT_LLVM_ADDRSIG,
  SHT_NOBITS,
  SHT_PROGBITS,
  SHT_REL,
  SHT_STRTAB,
  SHT_SYMTAB,
} from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';

/** A section whose variables become the value of an array map. */
export interface DataSection {
  readonly kind: 'data' | 'rodata' | 'bss';
  readonly section: ElfSection;
}

export interface ElfParts {
  readonly elf: ElfFile;
  readonly license: string;
  /** Of a `version` section. */
  readonly kernelVersion: number | undefined;
  /** Sections with instructions, empty ones left out. */
  readonly code: readonly ElfSection[];
  /** Index of `.text`, whose functions are subprograms; 0 without one. */
  readonly textIndex: number;
  readonly btf: ElfSection | undefined;
  readonly btfExt: ElfSection | undefined;
  /** `.maps` */
  readonly maps: ElfSection | undefined;
  /** In the file's order, empty ones left out. */
  readonly data: readonly DataSection[];
  readonly structOps: readonly ElfSection[];
  /** Global variables of the arena. */
  readonly arena: ElfSection | undefined;
  readonly jumpTables: ElfSection | undefined;
  /** Relocations of code, of `.maps` and of struct_ops sections, in the file's order. */
  readonly relocations: readonly ElfRelocationSection[];
}

const STRUCT_OPS_SECTIONS: readonly string[] = ['.struct_ops', '.struct_ops.link', '?.struct_ops', '?.struct_ops.link'];
const ARENA_SECTION = '.addr_space.1';
const JUMP_TABLES_SECTION = '.jumptables';
export const MAPS_SECTION = '.maps';
export const TEXT_SECTION = '.text';

/** License that fits in the 64 bytes libbpf has for it; what is longer is cut, as there. */
const LICENSE_BYTES = 63;

const isPartOf = (name: string, family: string): boolean => name === family || name.startsWith(`${family}.`);

function dataKind(section: ElfSection): DataSection['kind'] | undefined {
  if (section.type === SHT_NOBITS) return isPartOf(section.name, '.bss') ? 'bss' : undefined;
  if (isPartOf(section.name, '.data')) return 'data';
  return isPartOf(section.name, '.rodata') ? 'rodata' : undefined;
}

/** Sections that carry nothing for a loader whatever their name says. */
function isIgnored({ type, name, size }: ElfSection): boolean {
  if (type === SHT_STRTAB || type === SHT_LLVM_ADDRSIG) return true;
  if (type === SHT_PROGBITS && size === 0 && name === TEXT_SECTION) return true;
  const relocated = name.startsWith('.rel') ? name.slice('.rel'.length) : name;
  if (relocated.startsWith('.debug_')) return true;
  return relocated !== name && (relocated === '.BTF' || relocated === '.BTF.ext');
}

function readLicense({ data }: ElfSection): string {
  if (data.length === 0) throw new BpfiterError('malformed', "section 'license' is empty");
  const end = data.indexOf(0);
  const text = data.subarray(0, Math.min(end < 0 ? data.length : end, LICENSE_BYTES));
  return new TextDecoder().decode(text);
}

function readKernelVersion({ data }: ElfSection, littleEndian: boolean): number {
  if (data.length !== 4)
    throw new BpfiterError(
      'malformed',
      `section 'version' has ${data.length} bytes; a kernel version is a 4-byte number`,
    );
  return new DataView(data.buffer, data.byteOffset, 4).getUint32(0, littleEndian);
}

/** Those that a compiler makes objects for where nobody said otherwise (e_machine, elf.h of glibc). */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [3, 'x86'],
  [21, 'PowerPC'],
  [22, 's390'],
  [40, 'Arm'],
  [62, 'x86-64'],
  [183, 'AArch64'],
  [243, 'RISC-V'],
  [258, 'LoongArch'],
]);

/** @throws BpfiterError `malformed`, `unsupported` */
export function collectParts(elf: ElfFile): ElfParts {
  if (elf.machine !== EM_BPF && elf.machine !== EM_NONE) {
    const machine = MACHINES.get(elf.machine) ?? `machine ${elf.machine}`;
    throw new BpfiterError('malformed', `not a BPF object but one for ${machine}: compile it with clang --target=bpf`);
  }
  if (elf.type !== ET_REL)
    throw new BpfiterError(
      'malformed',
      `not a BPF object: ELF type ${elf.type}, where a relocatable file has ${ET_REL} (compile it with clang -c)`,
    );
  if (!elf.sections.some(({ type }) => type === SHT_SYMTAB))
    throw new BpfiterError('malformed', 'there is no symbol table; was the object file stripped?');

  let license = '';
  let kernelVersion: number | undefined;
  let textIndex = 0;
  const named = new Map<string, ElfSection>();
  const code: ElfSection[] = [];
  const data: DataSection[] = [];
  const structOps: ElfSection[] = [];
  let arena: ElfSection | undefined;
  let jumpTables: ElfSection | undefined;

  for (const section of elf.sections.slice(1)) {
    if (isIgnored(section)) continue;
    const { name, type } = section;
    switch (name) {
      case 'license':
        license = readLicense(section);
        continue;
      case 'version':
        kernelVersion = readKernelVersion(section, elf.littleEndian);
        continue;
      case 'maps':
        throw new BpfiterError(
          'unsupported',
          "map definitions in section 'maps' are not supported (nor by libbpf 1.0 and later); declare them in '.maps'",
        );
      case MAPS_SECTION:
        named.set(name, section);
        continue;
      case '.BTF':
      case '.BTF.ext':
        if (type !== SHT_PROGBITS)
          throw new BpfiterError('malformed', `section '${name}' has type ${type}, not that of data`);
        named.set(name, section);
        continue;
    }
    if (type === SHT_NOBITS || (type === SHT_PROGBITS && section.size > 0)) {
      const kind = dataKind(section);
      if (type === SHT_PROGBITS && (section.flags & SHF_EXECINSTR) !== 0) {
        if (name === TEXT_SECTION) textIndex = section.index;
        code.push(section);
      } else if (kind !== undefined) {
        if (section.size > 0) data.push({ kind, section });
      } else if (type === SHT_PROGBITS) {
        if (STRUCT_OPS_SECTIONS.includes(name)) structOps.push(section);
        else if (name === ARENA_SECTION) arena = section;
        else if (name === JUMP_TABLES_SECTION) jumpTables = section;
      }
    }
  }

  const relocations = elf.relocations.filter(({ section, target }) => {
    if (section.type !== SHT_REL || isIgnored(section)) return false;
    const flags = elf.sections[target]?.flags ?? 0;
    if ((flags & SHF_EXECINSTR) !== 0) return true;
    const relocated = section.name.startsWith('.rel') ? section.name.slice('.rel'.length) : '';
    return relocated === MAPS_SECTION || STRUCT_OPS_SECTIONS.includes(relocated);
  });

  return {
    elf,
    license,
    kernelVersion,
    code,
    textIndex,
    btf: named.get('.BTF'),
    btfExt: named.get('.BTF.ext'),
    maps: named.get(MAPS_SECTION),
    data,
    structOps,
    arena,
    jumpTables,
    relocations,
  };
}
