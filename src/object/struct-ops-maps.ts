/**
 * struct_ops maps as an object declares them: every variable of a section `.struct_ops` or `.struct_ops.link` is a
 * map, its struct is what a kernel subsystem wants to be told, and its function pointers are programs. What the
 * kernel makes of that struct is struct-ops.ts's subject.
 *
 * Facts: libbpf 1.8, init_struct_ops_maps() and bpf_object__collect_st_ops_relos() in src/libbpf.c.
 */
import type { Btf, CompositeType, TypeId } from '../btf/index.ts';
import type { ElfRelocationSection, ElfSection, ElfSymbol } from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_INSN_SIZE } from '../isa/index.ts';
import { BPF_F_LINK, BPF_MAP_TYPE_STRUCT_OPS, BPF_PROG_TYPE_STRUCT_OPS } from '../uapi/index.ts';
import { ParsedMap } from './maps.ts';
import type { ObjectProgram, StructOpsContent } from './model.ts';

/** Maps of such a section are registered by a link, not by filling the map. */
const LINK_SECTION = '.struct_ops.link';
const KEY_BYTES = 4;
const POINTER_BYTES = 8;

class ParsedStructOps implements StructOpsContent {
  readonly typeId: TypeId;
  readonly data: Uint8Array;
  readonly programs: (ObjectProgram | undefined)[];
  readonly declared: (ObjectProgram | undefined)[];

  constructor({ id, members }: CompositeType, data: Uint8Array) {
    this.typeId = id;
    this.data = data;
    this.programs = members.map(() => undefined);
    this.declared = members.map(() => undefined);
  }
}

/** The struct_ops maps that variables of a section declare. @throws BpfiterError */
export function readStructOpsMaps(btf: Btf, section: ElfSection): ParsedMap[] {
  const id = btf.find(section.name, 'datasec');
  const datasec = id === undefined ? undefined : btf.type(id);
  if (datasec?.kind !== 'datasec') {
    throw new BpfiterError('malformed', `section '${section.name}' is not described by the object's BTF`);
  }
  return datasec.entries.map(({ type, offset }) => readMap(btf, section, type, offset));
}

function readMap(btf: Btf, section: ElfSection, variableId: number, offset: number): ParsedMap {
  const variable = btf.type(variableId);
  const type = btf.type(btf.skipModifiersAndTypedefs(variable.kind === 'var' ? variable.type : variable.id));
  const where = `section '${section.name}': variable '${variable.name}'`;
  if (type.name === '') throw new BpfiterError('unsupported', `${where} has a type without a name`);
  if (type.kind !== 'struct') {
    throw new BpfiterError('malformed', `${where} is of type ${type.kind} '${type.name}'; it should be a struct`);
  }
  if (offset + type.size > section.data.length) {
    throw new BpfiterError('malformed', `${where} (struct ${type.name}) reaches past the end of the section`);
  }
  const optional = section.name.startsWith('?');
  const name = optional ? section.name.slice(1) : section.name;
  return new ParsedMap({
    name: variable.name,
    origin: 'struct_ops',
    section: name,
    sectionIndex: section.index,
    sectionOffset: offset,
    type: BPF_MAP_TYPE_STRUCT_OPS,
    keySize: KEY_BYTES,
    valueSize: type.size,
    maxEntries: 1,
    flags: name === LINK_SECTION ? BPF_F_LINK : 0,
    btfValueTypeId: type.id,
    autocreate: !optional,
    structOps: new ParsedStructOps(type, section.data.slice(offset, offset + type.size)),
  });
}

export interface StructOpsContext {
  readonly btf: Btf;
  readonly symbols: readonly ElfSymbol[];
  /** Of all sections. */
  readonly maps: readonly ParsedMap[];
  /** The entry program that holds an instruction of a section. */
  programHolding(sectionIndex: number, insn: number): ObjectProgram | undefined;
}

/** Says which programs the members of a section's maps point to. @throws BpfiterError */
export function collectStructOpsPrograms(context: StructOpsContext, relocations: ElfRelocationSection): void {
  relocations.entries.forEach((entry, index) => {
    const where = `section '${relocations.section.name}': relocation ${index}`;
    const symbol = context.symbols[entry.symbol];
    if (symbol === undefined) {
      throw new BpfiterError('malformed', `${where} refers to symbol ${entry.symbol}, which does not exist`);
    }
    const map = context.maps.find(
      ({ structOps, sectionIndex, sectionOffset, valueSize }) =>
        structOps !== undefined &&
        sectionIndex === relocations.target &&
        entry.offset >= sectionOffset &&
        entry.offset < sectionOffset + valueSize,
    );
    const content = map?.structOps;
    if (map === undefined || !(content instanceof ParsedStructOps)) {
      throw new BpfiterError(
        'malformed',
        `${where} against '${symbol.name}' is at offset ${entry.offset}, in no variable`,
      );
    }
    const offset = entry.offset - map.sectionOffset;
    const member = functionMember(context.btf, content.typeId, offset);
    const program = context.programHolding(symbol.sectionIndex, symbol.value / BPF_INSN_SIZE);
    if (member === undefined || program === undefined) {
      const what =
        member === undefined ? 'does not belong to a function pointer' : `refers to '${symbol.name}', no program`;
      throw new BpfiterError('malformed', `struct_ops '${map.name}': the value at offset ${offset} ${what}`);
    }
    if (program.type !== BPF_PROG_TYPE_STRUCT_OPS) {
      throw new BpfiterError(
        'malformed',
        `struct_ops '${map.name}': program '${program.name}' (section '${program.section}') is not in a section struct_ops`,
      );
    }
    content.declared[member] = program;
    content.programs[member] = program;
    // What the compiler left there is an address within the file.
    content.data.fill(0, offset, offset + POINTER_BYTES);
  });
}

/** Index of the member at that offset, if it points to a function. */
function functionMember(btf: Btf, structId: TypeId, offset: number): number | undefined {
  const type = btf.type(structId);
  if (type.kind !== 'struct') return undefined;
  const index = type.members.findIndex(({ bitOffset }) => bitOffset === offset * 8);
  const member = type.members[index];
  const pointer = member && btf.type(btf.skipModifiersAndTypedefs(member.type));
  if (pointer?.kind !== 'ptr') return undefined;
  return btf.type(btf.skipModifiersAndTypedefs(pointer.type)).kind === 'func_proto' ? index : undefined;
}
