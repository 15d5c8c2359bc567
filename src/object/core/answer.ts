/**
 * The number that answers a relocation: an offset, a size, a shift, a sign, a type id, an enum's value. It is asked
 * of the object's types, to check what the compiler wrote into the instruction, and of the kernel's, to replace it.
 *
 * A bit field is read as the smallest integer, aligned to its own size, that holds all its bits; where that lies is
 * a matter of taste, and the compiler's may differ, so that its number is not checked:
 *
 *                    byte_off                          byte_off + byte_sz
 *   little-endian    | (bits below) | the field | (bits above) |
 *                                                <- lshift ->     brings the field to the top of 64 bits,
 *                                                                 rshift then brings it down again
 *
 * Facts: behaviour of libbpf 1.8 (src/relo_core.c).
 */
import { BTF_KIND_ARRAY, BTF_KIND_INT, type Btf } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import {
  BPF_CORE_ENUMVAL_EXISTS,
  BPF_CORE_FIELD_BYTE_OFFSET,
  BPF_CORE_FIELD_BYTE_SIZE,
  BPF_CORE_FIELD_EXISTS,
  BPF_CORE_FIELD_LSHIFT_U64,
  BPF_CORE_FIELD_RSHIFT_U64,
  BPF_CORE_FIELD_SIGNED,
  BPF_CORE_TYPE_EXISTS,
  BPF_CORE_TYPE_ID_LOCAL,
  BPF_CORE_TYPE_ID_TARGET,
  BPF_CORE_TYPE_MATCHES,
  BPF_CORE_TYPE_SIZE,
  coreKindName,
} from './kinds.ts';
import {
  arrayElement,
  enumeratorValue,
  INT_SIGNED,
  intEncoding,
  isEnum,
  memberBitFieldSize,
  memberType,
  type Word64,
} from './records.ts';
import type { FieldSubject, Step, Subject, TypeSubject } from './subject.ts';

/** The integers that a load can read. */
const LARGEST_LOAD = 8;

/** What a load or store of a field moves at once. */
export interface Access {
  /** Bytes: of the field, or of one element of an array. */
  readonly size: number;
  readonly btf: Btf;
  /** The field's type, without typedefs and qualifiers. */
  readonly typeId: number;
}

export interface CoreAnswer {
  readonly value: Word64;
  /** Whether a compiler would have computed the same number for the object's types. */
  readonly certain: boolean;
  /** For offsets of fields that are no bit fields. */
  readonly access: Access | undefined;
}

/** All but the values of enums are unsigned 32-bit numbers. */
const exactly = (number: number, certain = true): CoreAnswer => ({
  value: { low: number | 0, high: 0 },
  certain,
  access: undefined,
});

/** @throws BpfiterError `malformed` if the question has no answer for such a subject */
export function answerFor(subject: Subject, kind: number): CoreAnswer {
  switch (subject.kind) {
    case 'type':
      return answerForType(subject, kind);
    case 'enumerator':
      if (kind === BPF_CORE_ENUMVAL_EXISTS) return exactly(1);
      return { value: enumeratorValue(subject.btf, subject.enumId, subject.index), certain: true, access: undefined };
    case 'field':
      if (kind === BPF_CORE_FIELD_EXISTS) return exactly(1);
      return answerForField(subject, kind);
  }
}

/** The answer where the kernel has nothing of the kind, or undefined if there is none and the instruction is void. */
export function answerForNothing(kind: number): CoreAnswer | undefined {
  switch (kind) {
    case BPF_CORE_FIELD_EXISTS:
    case BPF_CORE_ENUMVAL_EXISTS:
    case BPF_CORE_TYPE_EXISTS:
    case BPF_CORE_TYPE_MATCHES:
    case BPF_CORE_TYPE_SIZE:
    case BPF_CORE_TYPE_ID_TARGET:
      return exactly(0);
    default:
      return undefined;
  }
}

function answerForType({ btf, rootId }: TypeSubject, kind: number): CoreAnswer {
  switch (kind) {
    case BPF_CORE_TYPE_ID_LOCAL:
    case BPF_CORE_TYPE_ID_TARGET:
      // Static linking renumbers the object's types without touching its instructions.
      return exactly(rootId, false);
    case BPF_CORE_TYPE_SIZE:
      return exactly(btf.sizeOfType(rootId));
    default:
      return exactly(1);
  }
}

function answerForField(subject: FieldSubject, kind: number): CoreAnswer {
  const last = subject.steps.at(-1);
  if (last === undefined) throw new BpfiterError('malformed', 'access without a step');
  return last.name === undefined ? answerForElement(subject, last, kind) : answerForMember(subject, last, kind);
}

function answerForElement({ btf, bitOffset }: FieldSubject, { typeId }: Step, kind: number): CoreAnswer {
  switch (kind) {
    case BPF_CORE_FIELD_BYTE_OFFSET:
      return { ...exactly(Math.floor(bitOffset / 8)), access: accessTo(btf, typeId) };
    case BPF_CORE_FIELD_BYTE_SIZE:
      return exactly(btf.sizeOfType(typeId));
    default:
      throw new BpfiterError('malformed', `${coreKindName(kind)} cannot be asked of an array's element`);
  }
}

function answerForMember(subject: FieldSubject, { typeId, index }: Step, kind: number): CoreAnswer {
  const { btf, bitOffset } = subject;
  const type = btf.skipModifiersAndTypedefs(memberType(btf, typeId, index));
  const bits = memberBitFieldSize(btf, typeId, index);
  const bitField = bits > 0;
  const load = bitField ? bitFieldLoad(btf, type, bitOffset, bits) : plainLoad(btf, type, bitOffset);
  switch (kind) {
    case BPF_CORE_FIELD_BYTE_OFFSET:
      return { ...exactly(load.offset, !bitField), access: bitField ? undefined : accessTo(btf, type) };
    case BPF_CORE_FIELD_BYTE_SIZE:
      return exactly(load.size, !bitField);
    case BPF_CORE_FIELD_SIGNED:
      return exactly(isSigned(btf, type) ? 1 : 0);
    case BPF_CORE_FIELD_LSHIFT_U64: {
      const below = bitOffset - load.offset * 8;
      const width = bitField ? bits : load.size * 8;
      return exactly(btf.littleEndian ? 64 - (below + width) : (8 - load.size) * 8 + below, !bitField);
    }
    case BPF_CORE_FIELD_RSHIFT_U64:
      return exactly(64 - (bitField ? bits : load.size * 8));
    default:
      throw new BpfiterError('unsupported', `unknown kind ${kind} of relocation`);
  }
}

interface Load {
  /** Bytes. */
  readonly offset: number;
  readonly size: number;
}

function plainLoad(btf: Btf, type: number, bitOffset: number): Load {
  return { offset: Math.floor(bitOffset / 8), size: btf.sizeOfType(type) };
}

function bitFieldLoad(btf: Btf, type: number, bitOffset: number, bits: number): Load {
  const byte = Math.floor(bitOffset / 8);
  // The declared type is taken whatever its size; only where it does not do, a larger load must exist.
  for (let size = btf.sizeOfType(type); size > 0; size *= 2) {
    const offset = Math.floor(byte / size) * size;
    if (bitOffset + bits - offset * 8 <= size * 8) return { offset, size };
    if (size >= LARGEST_LOAD) break;
  }
  throw new BpfiterError('malformed', 'bit field cannot be read with one load of 64 bits or less');
}

function isSigned(btf: Btf, type: number): boolean {
  const kind = btf.kindOf(type);
  if (isEnum(kind)) return btf.kindFlagOf(type);
  return kind === BTF_KIND_INT && (intEncoding(btf, type) & INT_SIGNED) !== 0;
}

function accessTo(btf: Btf, typeId: number): Access {
  let element = typeId;
  // The size of the whole array is known to be finite, and so is the way to its elements.
  btf.sizeOfType(typeId);
  while (btf.kindOf(element) === BTF_KIND_ARRAY) {
    element = btf.skipModifiersAndTypedefs(arrayElement(btf, element));
  }
  return { size: btf.sizeOfType(element), btf, typeId };
}
