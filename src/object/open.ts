/**
 * Opens an object file: from bytes to programs, maps and externs, with nothing of a kernel yet. The order of the
 * steps is libbpf's, so that of several faults in one object the same one is reported.
 *
 * Facts: libbpf 1.8, bpf_object_open() in src/libbpf.c.
 */
import { checkBytes } from '../arguments.ts';
import { type ElfRelocationSection, type ElfSymbol, readElf } from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_INSN_SIZE } from '../isa/index.ts';
import { BPF_OBJ_NAME_LEN } from '../uapi/index.ts';
import { BpfObject } from './bpf-object.ts';
import { BtfEdits } from './btf-edits.ts';
import { dataMap, kconfigMap } from './data-maps.ts';
import { completeDataSections } from './data-sections.ts';
import { collectParts } from './elf-parts.ts';
import { declareExterns } from './extern-declarations.ts';
import { functionAt, readFunctions } from './functions.ts';
import { readDeclaredMaps } from './map-definitions.ts';
import { collectMapSlots } from './map-slots.ts';
import type { ParsedMap } from './maps.ts';
import { readObjectBtf } from './object-btf.ts';
import { ParsedProgram } from './programs.ts';
import { collectCodeRelocations } from './relocations.ts';
import { collectStructOpsPrograms, readStructOpsMaps } from './struct-ops-maps.ts';

export interface OpenOptions {
  /**
   * The object's name, or the file's: without directories and without what follows the first dot of its first 15 characters it
   * becomes the beginning of the names of the maps that stand for data sections. `object` if absent.
   */
  readonly name?: string;
  /** Lines like `CONFIG_X=y` that are asked before the kernel's own configuration. */
  readonly kconfig?: string;
}

function objectName(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1).slice(0, BPF_OBJ_NAME_LEN - 1);
  const dot = base.indexOf('.');
  return dot < 0 ? base : base.slice(0, dot);
}

/**
 *     const object = openObject(bytes, { name: 'task.bpf.o' });
 *     object.variable('limit').bytes.set([5]);
 *     const { programs, maps } = link(object, target);
 *
 * @param bytes a whole object file of either byte order; not to be changed afterwards
 * @throws BpfiterError `malformed`, `unsupported`
 */
export function openObject(bytes: Uint8Array, { name = 'object', kconfig }: OpenOptions = {}): BpfObject {
  checkBytes('openObject()', 'the bytes of an object file', bytes);
  const shortName = objectName(name);
  const parts = collectParts(readElf(bytes));
  const functions = readFunctions(parts);
  const { blob: compiled, ext } = readObjectBtf(parts, name);
  const edits = compiled && new BtfEdits(compiled);
  const { externs, bySymbol } = declareExterns(parts.elf, compiled?.btf, edits);
  if (compiled !== undefined && edits !== undefined) completeDataSections(parts.elf, compiled.btf, edits);
  const blob = edits?.apply();
  const btf = blob?.btf;

  const declaredMaps =
    parts.maps === undefined || btf === undefined ? [] : readDeclaredMaps(btf, parts.maps, parts.arena?.data.slice());
  const arenas = declaredMaps.filter(({ map }) => map.origin === 'arena');
  if (arenas.length > 1)
    throw new BpfiterError(
      'unsupported',
      `maps ${arenas.map(({ map }) => `'${map.name}'`).join(' and ')} are both arenas; an object can have one`,
    );
  if (parts.arena !== undefined && parts.maps !== undefined && arenas.length === 0)
    throw new BpfiterError(
      'malformed',
      `section '${parts.arena.name}' has variables of an arena, but no arena map is declared in '.maps'`,
    );
  const maps: ParsedMap[] = [
    ...declaredMaps.map(({ map }) => map),
    ...parts.data.map((section) => dataMap(shortName, btf, section)),
  ];
  const kconfigExterns = externs.filter((extern) => extern.kind === 'kconfig');
  const kconfigValues = kconfigMap(shortName, btf, kconfigExterns);
  if (kconfigValues !== undefined) maps.push(kconfigValues);
  if (btf !== undefined) maps.push(...parts.structOps.flatMap((section) => readStructOpsMaps(btf, section)));

  const programs = functions.filter(({ isSubprogram }) => !isSubprogram).map((code) => new ParsedProgram(code));
  const programAt = ({ sectionIndex, value, name: symbolName }: ElfSymbol) => {
    const code = functionAt(functions, sectionIndex, value / BPF_INSN_SIZE);
    const begins = code?.offset === value / BPF_INSN_SIZE && code.name === symbolName;
    return begins ? programs.find((program) => program.code === code) : undefined;
  };
  const programHolding = (sectionIndex: number, insn: number) => {
    const code = functionAt(functions, sectionIndex, insn);
    return programs.find((program) => program.code === code);
  };
  const collect = (relocations: ElfRelocationSection) => {
    const isStructOps = parts.structOps.some(({ index }) => index === relocations.target);
    if (btf !== undefined && isStructOps)
      collectStructOpsPrograms({ btf, symbols: parts.elf.symbols, maps, programHolding }, relocations);
    else if (relocations.target === parts.maps?.index)
      collectMapSlots({ parts, declared: declaredMaps, maps, programAt }, relocations);
    else collectCodeRelocations({ parts, functions, maps, externs: bySymbol }, relocations);
  };
  parts.relocations.forEach(collect);

  return new BpfObject({ name: shortName, parts, blob, btfExt: ext, functions, programs, maps, externs, kconfig });
}
