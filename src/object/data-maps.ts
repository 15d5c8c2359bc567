/**
 * Maps that stand for data sections: one array of one element each, whose value is the section.
 *
 * Facts: libbpf 1.8, bpf_object__init_internal_map() and internal_map_name() in src/libbpf.c.
 */
import type { Btf } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, BPF_MAP_TYPE_ARRAY, BPF_OBJ_NAME_LEN } from '../uapi/index.ts';
import type { DataSection } from './elf-parts.ts';
import { KCONFIG_SECTION } from './extern-declarations.ts';
import { ParsedMap } from './maps.ts';
import type { KconfigExtern } from './model.ts';

/** Room for `.rodata`, which shorter section names get as well. */
const LEAST_SUFFIX = 7;

/**
 * Name of such a map in the kernel: as much of the object's name as leaves room for the section's. Sections with a
 * name of their own (`.data.x`) go without the object's.
 */
function internalName(objectName: string, section: string): string {
  const room = BPF_OBJ_NAME_LEN - 1;
  const suffix = Math.min(Math.max(LEAST_SUFFIX, section.length), room);
  const prefix = section.includes('.', 1) ? '' : objectName.slice(0, room - suffix);
  return `${prefix}${section.slice(0, suffix)}`.replace(/[^A-Za-z0-9_.]/g, '_');
}

/** Whether user space has something to see there: a variable that is neither static nor hidden. */
function hasVisibleVariables(btf: Btf, datasec: number): boolean {
  const type = btf.type(datasec);
  return (
    type.kind === 'datasec' &&
    type.entries.some((entry) => {
      const variable = btf.type(entry.type);
      return variable.kind === 'var' && variable.linkage !== 'static';
    })
  );
}

interface InternalMap {
  readonly section: string;
  readonly sectionIndex: number;
  readonly origin: 'data' | 'kconfig';
  readonly readOnly: boolean;
  /** Whether users know the map by its section's name. */
  readonly namedBySection: boolean;
  readonly value: Uint8Array;
}

function internalMap(objectName: string, btf: Btf | undefined, map: InternalMap): ParsedMap {
  const kernelName = internalName(objectName, map.section);
  // Sections like .rodata.str1.1 are in no BTF.
  const type = btf?.find(map.section) ?? 0;
  const mappable = btf !== undefined && type !== 0 && hasVisibleVariables(btf, type);
  return new ParsedMap({
    name: map.namedBySection ? map.section : kernelName,
    kernelName,
    origin: map.origin,
    section: map.section,
    sectionIndex: map.sectionIndex,
    type: BPF_MAP_TYPE_ARRAY,
    keySize: 4,
    valueSize: map.value.length,
    maxEntries: 1,
    flags: (map.readOnly ? BPF_F_RDONLY_PROG : 0) | (mappable ? BPF_F_MMAPABLE : 0),
    btfValueTypeId: type,
    initialValue: map.value,
    readOnly: map.readOnly,
  });
}

/** Bytes; a `.bss` takes none in the file, so that a damaged size would otherwise claim all memory there is. */
const LARGEST_SECTION = 2 ** 30;

export function dataMap(objectName: string, btf: Btf | undefined, { kind, section }: DataSection): ParsedMap {
  if (section.size > LARGEST_SECTION)
    throw new BpfiterError('malformed', `section '${section.name}' claims ${section.size} bytes; no map is that large`);
  return internalMap(objectName, btf, {
    section: section.name,
    sectionIndex: section.index,
    origin: 'data',
    readOnly: kind === 'rodata',
    namedBySection: kind !== 'bss' && section.name !== `.${kind}`,
    value: kind === 'bss' ? new Uint8Array(section.size) : section.data.slice(),
  });
}

/** The map whose value holds the kconfig externs; undefined without any. */
export function kconfigMap(
  objectName: string,
  btf: Btf | undefined,
  externs: readonly KconfigExtern[],
): ParsedMap | undefined {
  const last = externs.at(-1);
  if (last === undefined) return undefined;
  return internalMap(objectName, btf, {
    section: KCONFIG_SECTION,
    sectionIndex: 0,
    origin: 'kconfig',
    readOnly: true,
    namedBySection: false,
    value: new Uint8Array(last.offset + last.size),
  });
}
