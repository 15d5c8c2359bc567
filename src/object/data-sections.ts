/**
 * Completes the BTF of data sections from the ELF file: compilers leave sizes of sections and offsets of global
 * variables at zero, since only the linker knows them, and BTF says nothing of a symbol's visibility.
 *
 * Facts: libbpf 1.8, btf_fixup_datasec() in src/libbpf.c.
 */
import type { Btf, DataSectionType, NewType } from '../btf/index.ts';
import {
  type ElfFile,
  type ElfSymbol,
  STB_GLOBAL,
  STB_WEAK,
  STT_OBJECT,
  STV_HIDDEN,
  STV_INTERNAL,
} from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';
import type { BtfEdits } from './btf-edits.ts';
import { KCONFIG_SECTION, KSYMS_SECTION } from './extern-declarations.ts';
import { typesOfKind } from './types-of-kind.ts';

type NewDataSection = NewType & { readonly kind: 'datasec' };

/** @throws BpfiterError `malformed` */
export function completeDataSections(elf: ElfFile, btf: Btf, edits: BtfEdits): void {
  const variables = new Map<string, ElfSymbol>();
  for (const symbol of elf.symbols)
    if (
      symbol.type === STT_OBJECT &&
      (symbol.binding === STB_GLOBAL || symbol.binding === STB_WEAK) &&
      !variables.has(symbol.name)
    )
      variables.set(symbol.name, symbol);

  for (const type of typesOfKind(btf, 'datasec')) {
    // Those two have got their sizes and offsets with the externs.
    const isExtern = type.name === KCONFIG_SECTION || type.name === KSYMS_SECTION;
    const completed = isExtern ? edits.current(type.id, 'datasec') : complete(elf, btf, edits, type, variables);
    const entries = [...completed.entries].sort((a, b) => a.offset - b.offset);
    edits.replace(type.id, { ...completed, entries });
  }
}

function complete(
  elf: ElfFile,
  btf: Btf,
  edits: BtfEdits,
  section: DataSectionType,
  variables: ReadonlyMap<string, ElfSymbol>,
): NewDataSection {
  const size = section.size || elf.section(section.name)?.size;
  if (!size)
    throw new BpfiterError('malformed', `BTF has data section '${section.name}', the object has none or an empty one`);

  const entries = section.entries.map((entry) => {
    const variable = btf.type(entry.type);
    if (variable.kind !== 'var')
      throw new BpfiterError('malformed', `BTF data section '${section.name}' contains a ${variable.kind}`);
    if (variable.linkage !== 'global') return entry;
    const symbol = variables.get(variable.name);
    if (symbol === undefined)
      throw new BpfiterError(
        'malformed',
        `section '${section.name}': there is no symbol for variable '${variable.name}'`,
      );
    if (symbol.visibility === STV_HIDDEN || symbol.visibility === STV_INTERNAL)
      edits.replace(variable.id, { ...variable, linkage: 'static' });
    // A linker that has set the size has set the offsets too.
    return section.size === 0 ? { ...entry, offset: symbol.value } : entry;
  });
  return { kind: 'datasec', name: section.name, size, entries };
}
