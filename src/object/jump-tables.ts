/**
 * Jump tables of `switch` statements (the instruction gotox): a piece of the section `.jumptables` becomes a map of
 * type BPF_MAP_TYPE_INSN_ARRAY, one for each program that uses it, whose elements are instructions of that program.
 *
 * Facts: libbpf 1.8, create_jt_map() in src/libbpf.c; struct bpf_insn_array_value in include/uapi/linux/bpf.h.
 */
import { BpfiterError } from '../errors.ts';
import { BPF_INSN_SIZE } from '../isa/index.ts';
import { BPF_MAP_TYPE_INSN_ARRAY } from '../uapi/index.ts';
import type { ElfParts } from './elf-parts.ts';
import type { LinkedMap } from './linked.ts';
import { linkMap } from './linked-maps.ts';
import { ParsedMap } from './maps.ts';
import type { PlacedFunction } from './subprograms.ts';
import type { LinkTarget } from './target.ts';

const SECTION = '.jumptables';
/** Bytes of an entry in the section. */
const ENTRY_BYTES = 8;
/** orig_off, xlated_off, jitted_off, padding. */
const VALUE_BYTES = 16;

/**
 * @param offset in the section
 * @param functions of the program, in which `insn` is the instruction that loads the table's address
 * @throws BpfiterError `malformed`
 */
export function jumpTable(
  { elf, jumpTables }: ElfParts,
  offset: number,
  size: number,
  functions: readonly PlacedFunction[],
  insn: number,
  target: LinkTarget,
): LinkedMap {
  const reject = (what: string) =>
    new BpfiterError('malformed', `jump table at offset ${offset} of '${SECTION}': ${what}`);
  if (offset % ENTRY_BYTES !== 0 || size % ENTRY_BYTES !== 0)
    throw reject(`offset and size (${size}) must be multiples of ${ENTRY_BYTES}`);
  if (jumpTables === undefined || offset + size > jumpTables.data.length)
    throw reject('reaches past the end of the section');
  const holder = functions.findLast(({ at }) => at <= insn);
  if (holder === undefined) throw reject(`instruction ${insn} is in no function`);

  const count = size / ENTRY_BYTES;
  const section = new DataView(jumpTables.data.buffer, jumpTables.data.byteOffset, jumpTables.data.byteLength);
  const values = new Uint8Array(count * VALUE_BYTES);
  const view = new DataView(values.buffer);
  for (let index = 0; index < count; index++) {
    // Entries are offsets in the section of the function.
    const entry = section.getBigUint64(offset + index * ENTRY_BYTES, elf.littleEndian) / BigInt(BPF_INSN_SIZE);
    const slot = entry - BigInt(holder.code.offset) + BigInt(holder.at);
    if (slot < 0n || slot > 0xffff_ffffn) throw reject(`entry ${index} points outside of the program`);
    view.setUint32(index * VALUE_BYTES, Number(slot), true);
  }
  const map = new ParsedMap({
    name: SECTION,
    origin: 'jump_table',
    section: SECTION,
    sectionIndex: jumpTables.index,
    type: BPF_MAP_TYPE_INSN_ARRAY,
    keySize: 4,
    valueSize: VALUE_BYTES,
    maxEntries: count,
    initialValue: values,
    readOnly: true,
  });
  return { ...linkMap(map, target), source: undefined };
}
