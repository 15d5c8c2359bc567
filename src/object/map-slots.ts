/**
 * Declared contents of maps of maps and program arrays: `.values = { &inner, [3] = &other }` compiles to relocations of
 * `.maps`, each against the symbol of a map or a program.
 *
 * Facts: libbpf 1.8, bpf_object__collect_map_relos() in src/libbpf.c.
 */
import type { ElfRelocationSection, ElfSymbol } from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';
import { BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_PROG_ARRAY } from '../uapi/index.ts';
import type { ElfParts } from './elf-parts.ts';
import { type DeclaredMap, isMapOfMaps } from './map-definitions.ts';
import { findMap, type MapSlot, type ParsedMap } from './maps.ts';
import type { ObjectProgram } from './model.ts';

const POINTER_BYTES = 8;
/** More than any kernel creates a map with; a corrupt offset must not make us fill memory with empty slots. */
const MOST_SLOTS = 1 << 24;

export interface SlotContext {
  readonly parts: ElfParts;
  readonly declared: readonly DeclaredMap[];
  readonly maps: readonly ParsedMap[];
  /** The program that begins at a symbol; undefined if none does. */
  programAt(symbol: ElfSymbol): ObjectProgram | undefined;
}

/** @throws BpfiterError */
export function collectMapSlots(context: SlotContext, relocations: ElfRelocationSection): void {
  relocations.entries.forEach((entry, index) => {
    const where = `section '${relocations.section.name}': relocation ${index}`;
    const symbol = context.parts.elf.symbols[entry.symbol];
    if (symbol === undefined)
      throw new BpfiterError('malformed', `${where} refers to symbol ${entry.symbol}, which does not exist`);
    const holder = context.declared.find(
      ({ offset, size }) => offset <= entry.offset && entry.offset + POINTER_BYTES <= offset + size,
    );
    if (holder === undefined)
      throw new BpfiterError('malformed', `${where} against '${symbol.name}' is at offset ${entry.offset}, in no map`);
    const content = slotContent(context, holder.map, symbol);
    setSlot(holder.map, slotIndex(holder, entry.offset), content);
  });
}

function slotIndex({ map, offset, definition }: DeclaredMap, at: number): number {
  const last = definition.members.at(-1);
  const bytes = last?.name === 'values' ? at - offset - last.bitOffset / 8 : -1;
  const slot = bytes / POINTER_BYTES;
  if (bytes < 0 || !Number.isInteger(slot) || slot >= MOST_SLOTS)
    throw new BpfiterError(
      'malformed',
      `map '${map.name}': a value is declared at offset ${at - offset}, which is no slot`,
    );
  return slot;
}

function setSlot(map: ParsedMap, slot: number, content: MapSlot): void {
  while (map.slots.length < slot) map.slots.push(undefined);
  map.slots[slot] = content;
}

function slotContent(context: SlotContext, map: ParsedMap, symbol: ElfSymbol): MapSlot {
  const reject = (what: string) =>
    new BpfiterError('malformed', `map '${map.name}': its value '${symbol.name}' ${what}`);
  if (isMapOfMaps(map.type)) {
    if (symbol.sectionIndex !== context.parts.maps?.index) throw reject("is not a map declared in '.maps'");
    if (map.type === BPF_MAP_TYPE_HASH_OF_MAPS && map.keySize !== 4)
      throw reject(`is declared by position, which needs keys of 4 bytes, not of ${map.keySize}`);
    const content = findMap(context.maps, symbol.name);
    if (content === undefined) throw reject('is not a map');
    return { map: content };
  }
  if (map.type !== BPF_MAP_TYPE_PROG_ARRAY)
    throw reject('is declared in a map that is no map of maps and no program array');
  const program = context.programAt(symbol);
  if (program === undefined) throw reject('is not an entry program');
  return { program };
}
