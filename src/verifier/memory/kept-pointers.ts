/**
 * Pointers to objects of the kernel that a program can keep or show beyond the call in which it got them: those that
 * become numbers, that are stored anywhere but on the stack, or that a function gets which may keep what it is given.
 * A kernel that makes its objects up while programs walk may give an object's place to another one only where no
 * program could tell.
 *
 * What is found is never too little: what is in doubt counts as kept. Two pointers may be compared with each other, for
 * both are of the same call, and with NULL. Nothing of this is Linux's; no other verdict depends on it.
 */
import type { Btf } from '../../btf/index.ts';
import type { Frame } from '../frame.ts';
import { BTF, BTF_ID, TYPE } from '../register.ts';
import {
  baseType,
  MEM_ALLOC,
  MEM_RINGBUF,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  STACK_INVALID,
} from '../register-types.ts';

/** Stands for structs of all names, and for what has none. */
export const ANY_STRUCT = '*';

/** More than a frame has slots. */
const FUNCTION = 1024;

export class KeptPointers {
  /** While the data of a function that prints is checked: its format tells what becomes of each word. */
  skipsMemory = false;
  readonly #structs = new Set<string>();
  /** What was spilled in a slot of a function, by function and slot. */
  readonly #spilled = new Map<number, Set<string>>();
  /**
   * Slots that were read as data. Paths that differ in whether a slot holds a pointer or data count as one where the
   * verifier has seen the data, so that the two are looked at together.
   */
  readonly #readAsData = new Set<number>();
  /** Bytes were read that the call did not write: a call before may have left a pointer there. */
  #readsLeftovers = false;

  /** A register becomes a number, or goes where it stays. */
  note(btfs: readonly Btf[], w: Int32Array, r: number): void {
    const struct = structOfObject(btfs, w, r);
    if (struct !== undefined) this.#structs.add(struct);
  }

  noteAny(): void {
    this.#structs.add(ANY_STRUCT);
  }

  noteSpill(btfs: readonly Btf[], { subprogram }: Frame, slot: number, w: Int32Array, r: number): void {
    const struct = structOfObject(btfs, w, r);
    if (struct === undefined) return;
    const key = subprogram * FUNCTION + slot;
    const structs = this.#spilled.get(key) ?? new Set();
    structs.add(struct);
    this.#spilled.set(key, structs);
  }

  /** Bytes of a slot become a number, or are handed to somebody; or may be, if a text before them goes on to there. */
  noteSlot({ subprogram }: Frame, slot: number): void {
    this.#readAsData.add(subprogram * FUNCTION + slot);
  }

  /** The same of one byte, which is read in any case. @param byte of the slot */
  noteByte(frame: Frame, slot: number, byte: number): void {
    this.noteSlot(frame, slot);
    if (slot >= frame.slots || frame.slotType(slot, byte) === STACK_INVALID) this.#readsLeftovers = true;
  }

  /** Bytes of an object are read as numbers or handed to somebody: pointers among them are kept. */
  noteMembers(btf: Btf, id: number, from: number, to: number): void {
    if (hasPointers(btf, id, from, to)) this.noteAny();
  }

  /** Names of the structs to which pointers may be kept, or ANY_STRUCT. */
  structs(): ReadonlySet<string> {
    for (const [slot, structs] of this.#spilled) {
      if (this.#readsLeftovers || this.#readAsData.has(slot)) for (const struct of structs) this.#structs.add(struct);
    }
    return this.#structs;
  }
}

/** The struct of the kernel that a register points to; ANY_STRUCT for memory in one; undefined if it does not. */
function structOfObject(btfs: readonly Btf[], w: Int32Array, r: number): string | undefined {
  const type = w[r + TYPE] as number; // the record lies within the words
  switch (baseType(type)) {
    case PTR_TO_BTF_ID:
      if ((type & MEM_ALLOC) !== 0) return undefined;
      return btfs[w[r + BTF] as number]?.nameOf(w[r + BTF_ID] as number) || ANY_STRUCT;
    case PTR_TO_MEM:
      return (type & MEM_RINGBUF) !== 0 ? undefined : ANY_STRUCT;
    case PTR_TO_SOCKET:
    case PTR_TO_SOCK_COMMON:
    case PTR_TO_TCP_SOCK:
    case PTR_TO_XDP_SOCK:
      return ANY_STRUCT;
    default:
      return undefined;
  }
}

/** Whether there may be a pointer to an object in a range of a type; the kernel's functions are none. */
export function hasPointers(btf: Btf, id: number, from: number, to: number): boolean {
  const type = btf.type(btf.skipModifiersAndTypedefs(id));
  switch (type.kind) {
    case 'ptr':
      return btf.type(btf.skipModifiersAndTypedefs(type.type)).kind !== 'func_proto';
    case 'array': {
      // Elements are alike: what is read of one is read of any.
      const size = btf.sizeOfType(type.elementType);
      return size === 0 || hasPointers(btf, type.elementType, 0, size);
    }
    case 'struct':
    case 'union': {
      if (to > btf.sizeOfType(id)) return true;
      for (const { bitOffset, type: member } of type.members) {
        const begin = bitOffset >>> 3;
        const end = begin + btf.sizeOfType(member);
        if (end > from && begin < to && hasPointers(btf, member, Math.max(0, from - begin), Math.min(end, to) - begin))
          return true;
      }
      return false;
    }
    default:
      return false;
  }
}

/** Whether what begins at an offset of a type is text that ends with a NUL: an array of char. */
export const isTextAt = (btf: Btf, id: number, off: number): boolean =>
  everyAt(btf, id, off, (leaf) => {
    const type = btf.type(leaf);
    return type.kind === 'array' && btf.nameOf(btf.skipModifiersAndTypedefs(type.elementType)) === 'char';
  });

/** Whether the pointer at an offset of a type leads to a text or a function, and not to an object. */
export const leadsToNoObject = (btf: Btf, id: number, off: number): boolean =>
  everyAt(btf, id, off, (leaf) => {
    const type = btf.type(leaf);
    if (type.kind !== 'ptr') return false;
    const target = btf.type(btf.skipModifiersAndTypedefs(type.type));
    return target.kind === 'func_proto' || (target.kind === 'int' && target.size === 1);
  });

/** Looks at what is no struct at an offset: of a union, at that of all members. Arrays of structs are looked into. */
function everyAt(btf: Btf, id: number, off: number, test: (leaf: number) => boolean): boolean {
  const at = btf.skipModifiersAndTypedefs(id);
  const type = btf.type(at);
  if (type.kind === 'array') {
    const element = btf.type(btf.skipModifiersAndTypedefs(type.elementType));
    if (element.kind !== 'struct' && element.kind !== 'union') return test(at);
    return everyAt(btf, type.elementType, off % btf.sizeOfType(type.elementType), test);
  }
  if (type.kind !== 'struct' && type.kind !== 'union') return off === 0 && test(at);
  const within = type.members.filter(({ bitOffset, type: member }) => {
    const begin = bitOffset >>> 3;
    // An array without a length goes on to the end of the memory.
    return off >= begin && off < begin + (btf.sizeOfType(member) || Number.POSITIVE_INFINITY);
  });
  return within.length > 0 && within.every((member) => everyAt(btf, member.type, off - (member.bitOffset >>> 3), test));
}
