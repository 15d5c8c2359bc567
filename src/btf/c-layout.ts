/**
 * What has to stand in a C struct so that its members land where BTF says. The compiler's own rules are followed
 * member by member; where they would put one elsewhere, unnamed bit fields fill the gap (they take room but do not
 * change the alignment of the struct). A struct that no padding can express is packed (layout.ts tells), and one
 * whose members overlap is only a block of bytes.
 *
 * The rules are those of the System V ABI, which the BPF target shares.
 */
import type { Btf } from './btf.ts';
import { type Alignments, type MemberRecord, memberAt, sizeOfType } from './layout.ts';
import { BTF_KIND_UNION } from './types.ts';

type Unit = 'long' | 'int' | 'short' | 'char';

/** An unnamed bit field of `bits` bits in a unit of type `unit`, or, for large gaps, an array of bytes. */
export type Padding =
  | { readonly unit: Unit; readonly bits: number }
  | { readonly offset: number; readonly bytes: number };

/** Gaps of more bits than this are filled by an array. */
const LARGE_GAP = 64 * 64;

export interface CLayout {
  readonly packed: boolean;
  /** In the order of their offsets; undefined if there is no way to write them. */
  readonly members: readonly { readonly before: readonly Padding[]; readonly member: MemberRecord }[] | undefined;
  readonly after: readonly Padding[];
}

const UNITS: readonly { readonly name: Unit; readonly bits: number }[] = [
  { name: 'long', bits: 64 },
  { name: 'int', bits: 32 },
  { name: 'short', bits: 16 },
  { name: 'char', bits: 8 },
];

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

function padding(from: number, to: number): readonly Padding[] {
  if (to - from <= LARGE_GAP) return bitPadding(from, to);
  const begin = roundUp(from, 8);
  const end = to - (to % 8);
  return [...bitPadding(from, begin), { offset: begin / 8, bytes: (end - begin) / 8 }, ...bitPadding(end, to)];
}

/** Bit fields that fill the gap, none of which straddles a unit of its type. */
function bitPadding(from: number, to: number): readonly Padding[] {
  const pieces: Padding[] = [];
  let at = from;
  while (at < to) {
    const start = at;
    // As far as the largest unit's next boundary, or else the rest in the smallest unit that holds it.
    const unit =
      UNITS.find(({ bits }) => roundUp(start + 1, bits) <= to) ??
      UNITS.findLast(({ bits }) => (start % bits) + (to - start) <= bits);
    if (unit === undefined) break;
    const end = Math.min(to, roundUp(start + 1, unit.bits));
    // The type may be smaller than the boundary that was aimed at.
    const type = UNITS.findLast(({ bits }) => bits >= end - start && (start % bits) + (end - start) <= bits) ?? unit;
    pieces.push({ unit: type.name, bits: end - start });
    at = end;
  }
  return pieces;
}

/** @throws BpfiterError `malformed` or `usage` if a member has no size */
export function layoutForC(btf: Btf, id: number, alignments: Alignments): CLayout {
  const isUnion = btf.kindOf(id) === BTF_KIND_UNION;
  const packed = alignments.isPacked(id);
  const size = btf.sizeOf(id) * 8;
  const opaque: CLayout = { packed: false, members: undefined, after: [] };
  const records = Array.from({ length: btf.vlenOf(id) }, (_, index) => memberAt(btf, id, index));
  // Other languages reorder members.
  if (!isUnion) records.sort((a, b) => a.bitOffset - b.bitOffset);

  const members: { before: readonly Padding[]; member: MemberRecord }[] = [];
  let end = 0;
  for (const member of records) {
    const bits = sizeOfType(btf, member.type) * 8;
    const alignment = packed ? 8 : alignments.of(member.type) * 8;
    const at = isUnion ? 0 : end;
    let natural = roundUp(at, alignment);
    if (member.bitSize > 0) {
      const fits = packed || (at % alignment) + member.bitSize <= bits;
      natural = fits ? at : roundUp(at, alignment);
    }
    if (member.bitOffset < at || (isUnion && member.bitOffset !== 0)) return opaque;
    members.push({ before: natural === member.bitOffset ? [] : padding(at, member.bitOffset), member });
    end = Math.max(end, member.bitOffset + (member.bitSize || bits));
  }
  if (end > size) return opaque;
  const naturalEnd = roundUp(end, alignments.of(id) * 8);
  return { packed, members, after: naturalEnd === size ? [] : padding(isUnion ? 0 : end, size) };
}
