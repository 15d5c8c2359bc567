/**
 * Which members of the kernel's structs a program reads through BTF pointers, so that a kernel that makes its objects
 * up while programs walk need fill no others. What probe reads read is not known here; their relocations tell.
 */
import type { Btf } from '../../btf/index.ts';

/** Struct and offset as one number: offsets have fewer bits than this. */
const OFFSET_LIMIT = 2 ** 24;

export class KernelReads {
  /** Struct and offset -> most bytes that are read from there. */
  readonly #reads = new Map<number, number>();

  note(struct: number, off: number, size: number): void {
    const key = struct * OFFSET_LIMIT + off;
    const known = this.#reads.get(key);
    if (known === undefined || known < size) this.#reads.set(key, size);
  }

  /** As `task_struct.pid`; of structs within structs the member of each. @param btf the kernel's */
  members(btf: Btf): Set<string> {
    const members = new Set<string>();
    for (const [key, size] of this.#reads) {
      const off = key % OFFSET_LIMIT;
      collect(btf, Math.floor(key / OFFSET_LIMIT), off, off + size, '', members);
    }
    return members;
  }
}

/** @param owner of an unnamed struct: the struct whose members its members count as */
function collect(btf: Btf, id: number, from: number, to: number, owner: string, members: Set<string>): void {
  const type = btf.type(btf.skipModifiersAndTypedefs(id));
  if (type.kind === 'array') {
    // Elements are alike: what is read of one is read of any.
    const size = btf.sizeOfType(type.elementType);
    const begin = size === 0 ? 0 : from % size;
    collect(btf, type.elementType, begin, Math.min(size, begin + to - from), owner, members);
    return;
  }
  if (type.kind !== 'struct' && type.kind !== 'union') return;
  const name = type.name === '' ? owner : type.name;
  for (const member of type.members) {
    const begin = member.bitOffset >>> 3;
    const end = begin + Math.max(1, btf.sizeOfType(member.type));
    if (end <= from || begin >= to) continue;
    if (member.name !== '') members.add(`${name}.${member.name}`);
    collect(btf, member.type, Math.max(0, from - begin), to - begin, name, members);
  }
}
