/**
 * What a relocation is about, on one side (the object's types) or the other (the kernel's): a type, a value of an
 * enum, or a field reached through structs and arrays. Reading the object's side out of a relocation record and
 * rendering either for people is done here; finding the kernel's side is match.ts's.
 *
 * A relocation names a field by an access string, `0:5:2`: an index into what the pointer points to (an array of
 * one, mostly), then for each level the index of a member or of an array's element. Members of anonymous structs
 * take an index a level, though a programmer writes only one name: the *path* has all indices, the *steps* are what
 * the programmer wrote, and only steps are compared between object and kernel.
 *
 * Facts: the comment of struct bpf_core_relo in include/uapi/linux/bpf.h; limits as in libbpf 1.8.
 */
import { BTF_KIND_ARRAY, type Btf, essentialName, kindName } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import { BPF_CORE_TYPE_SIZE, coreSubjectKind } from './kinds.ts';
import {
  arrayElement,
  arrayLength,
  enumeratorName,
  enumeratorValue,
  isComposite,
  isEnum,
  memberBitOffset,
  memberName,
  memberType,
  type Word64,
} from './records.ts';

/** Indices that an access may have. */
export const LONGEST_PATH = 64;
const LARGEST_INDEX = 0x7fff_ffff;
/** Bits; offsets are 32-bit numbers in every implementation. */
const LARGEST_OFFSET = 0xffff_ffff;

/** One part of an access as a programmer writes it. */
export interface Step {
  /** The struct or union whose member is taken, or the type of the array's elements. */
  readonly typeId: number;
  /** Of the member or the element. */
  readonly index: number;
  /** Of the member; undefined for an element. */
  readonly name: string | undefined;
}

interface Rooted {
  readonly btf: Btf;
  /** The type that the relocation names, with its typedefs and qualifiers. */
  readonly rootId: number;
}

export interface TypeSubject extends Rooted {
  readonly kind: 'type';
}

export interface EnumeratorSubject extends Rooted {
  readonly kind: 'enumerator';
  /** The enum itself. */
  readonly enumId: number;
  readonly index: number;
  readonly name: string;
}

export interface FieldSubject extends Rooted {
  readonly kind: 'field';
  /** At least one: the index into what the pointer points to. */
  readonly steps: readonly Step[];
  readonly path: readonly number[];
  readonly bitOffset: number;
}

export type Subject = TypeSubject | EnumeratorSubject | FieldSubject;

const malformed = (message: string): BpfiterError => new BpfiterError('malformed', message);

/** `task_struct.cred`, as the kernel names the struct; members of unnamed structs in it count as its own. */
export function membersOf(subject: Subject, kind: number): string[] {
  // Whoever wants to know a struct's size is about to copy it.
  if (kind === BPF_CORE_TYPE_SIZE) return structOf(subject.btf, subject.rootId);
  if (subject.kind !== 'field') return [];
  const { btf, steps } = subject;
  const members: string[] = [];
  let owner = '';
  let unnamed = false;
  for (const { typeId, name } of steps) {
    const struct = essentialName(btf.nameOf(typeId));
    // An unnamed type of a member that has a name is nobody's: whoever reads it reads that member.
    if (struct !== '' || !unnamed) owner = struct;
    if (name !== undefined && owner !== '') members.push(`${owner}.${name}`);
    unnamed = name === undefined;
  }
  const last = steps.at(-1);
  // A struct within the struct may be read as a whole.
  if (last?.name !== undefined) members.push(...structOf(btf, memberType(btf, last.typeId, last.index)));
  return members;
}

/** The name of a struct or union, if it is one and has one. */
function structOf(btf: Btf, typeId: number): string[] {
  const id = btf.skipModifiersAndTypedefs(typeId);
  const name = essentialName(btf.nameOf(id));
  return isComposite(btf.kindOf(id)) && name !== '' ? [name] : [];
}

/**
 * The object's side of a relocation.
 * @throws BpfiterError `malformed` if type and access do not fit together; `unsupported` for an unknown kind
 */
export function readSubject(btf: Btf, rootId: number, access: string, kind: number): Subject {
  const subject = coreSubjectKind(kind);
  if (subject === undefined) throw new BpfiterError('unsupported', `unknown kind ${kind} of relocation`);
  if (subject === 'type') {
    if (access !== '0') throw malformed(`access string '${access}' should be '0' for a relocation about a type`);
    return { kind: 'type', btf, rootId };
  }
  const path = parsePath(access);
  return subject === 'enumerator' ? readEnumerator(btf, rootId, path) : readField(btf, rootId, path);
}

function parsePath(access: string): number[] {
  if (!/^\d+(:\d+)*$/.test(access)) throw malformed(`access string '${access}' is not a list of indices like '0:3:1'`);
  const path = access.split(':').map(Number);
  if (path.length > LONGEST_PATH)
    throw malformed(`access string has ${path.length} indices, more than ${LONGEST_PATH}`);
  if (path.some((index) => index > LARGEST_INDEX)) throw malformed(`access string '${access}' has an index too large`);
  return path;
}

function readEnumerator(btf: Btf, rootId: number, path: readonly number[]): EnumeratorSubject {
  const enumId = btf.skipModifiersAndTypedefs(rootId);
  const index = path[0] ?? 0;
  if (!isEnum(btf.kindOf(enumId))) throw malformed(`${describeType(btf, rootId)} is not an enum`);
  if (path.length > 1 || index >= btf.vlenOf(enumId)) {
    throw malformed(`${describeType(btf, rootId)} has no value number ${path.join(':')}`);
  }
  return { kind: 'enumerator', btf, rootId, enumId, index, name: enumeratorName(btf, enumId, index) };
}

function readField(btf: Btf, rootId: number, path: readonly number[]): FieldSubject {
  let typeId: number = btf.skipModifiersAndTypedefs(rootId);
  const first = path[0] ?? 0;
  const steps: Step[] = [{ typeId, index: first, name: undefined }];
  let bitOffset = elementOffset(btf, typeId, first);
  for (const index of path.slice(1)) {
    typeId = btf.skipModifiersAndTypedefs(typeId);
    const kind = btf.kindOf(typeId);
    if (isComposite(kind)) {
      if (index >= btf.vlenOf(typeId)) throw malformed(`${describeType(btf, typeId)} has no member number ${index}`);
      bitOffset += memberBitOffset(btf, typeId, index);
      const name = memberName(btf, typeId, index);
      if (name !== '') steps.push({ typeId, index, name });
      typeId = memberType(btf, typeId, index);
    } else if (kind === BTF_KIND_ARRAY) {
      if (!hasElement(btf, typeId, index, steps.at(-1))) {
        throw malformed(`array of ${arrayLength(btf, typeId)} elements has no element ${index}`);
      }
      typeId = btf.skipModifiersAndTypedefs(arrayElement(btf, typeId));
      steps.push({ typeId, index, name: undefined });
      bitOffset += elementOffset(btf, typeId, index);
    } else {
      throw malformed(`${describeType(btf, typeId)} has neither members nor elements`);
    }
  }
  if (bitOffset > LARGEST_OFFSET) throw malformed('field lies beyond 512 MiB');
  return { kind: 'field', btf, rootId, steps, path, bitOffset };
}

/** Bits before an element of that type. */
export const elementOffset = (btf: Btf, typeId: number, index: number): number => index * btf.sizeOfType(typeId) * 8;

/**
 * Whether an array may be indexed so. An array of no elements that ends its struct is a flexible one and has as
 * many elements as are asked for.
 * @param taken the step that led to the array
 */
export function hasElement(btf: Btf, arrayId: number, index: number, taken: Step | undefined): boolean {
  const length = arrayLength(btf, arrayId);
  if (index < length) return true;
  return length === 0 && taken?.name !== undefined && taken.index === btf.vlenOf(taken.typeId) - 1;
}

/** `struct task_struct`, `typedef pid_t`, `union (anonymous)`. */
export function describeType(btf: Btf, id: number): string {
  const name = btf.nameOf(id);
  const kind = kindName(btf.kindOf(id));
  return kind === 'void' ? kind : `${kind} ${name === '' ? '(anonymous)' : name}`;
}

/** The value as a person writes it. */
function enumeratorText(btf: Btf, enumId: number, index: number): string {
  const { low, high } = enumeratorValue(btf, enumId, index);
  const wide = btf.sizeOf(enumId) > 4;
  if (!wide) return String(btf.kindFlagOf(enumId) ? low : low >>> 0);
  return wordText({ low, high }, btf.kindFlagOf(enumId));
}

export function wordText({ low, high }: Word64, signed: boolean): string {
  const bits = (BigInt(high) << 32n) | BigInt(low >>> 0);
  return String(signed ? BigInt.asIntN(64, bits) : BigInt.asUintN(64, bits));
}

/** As C writes it: `struct task_struct.comm[3]`, `enum cgroup_subsys_id::memory_cgrp_id`, `struct file`. */
export function nameSubject(subject: Subject): string {
  const root = describeType(subject.btf, subject.rootId);
  switch (subject.kind) {
    case 'type':
      return root;
    case 'enumerator':
      return `${root}::${subject.name}`;
    case 'field':
      return root + nameSteps(subject.steps);
  }
}

/** `.se.vruntime`, `[2].comm[3]`; the index into what the pointer points to is left out where it is 0. */
export function nameSteps(steps: readonly Step[]): string {
  return steps
    .map(({ name, index }, position) => {
      if (name !== undefined) return `.${name}`;
      return position > 0 || index > 0 ? `[${index}]` : '';
    })
    .join('');
}

/** The name and where that is: `struct task_struct.pid (0:12 @ offset 8)`; bits follow a point. */
export function describeSubject(subject: Subject): string {
  const name = nameSubject(subject);
  switch (subject.kind) {
    case 'type':
      return name;
    case 'enumerator':
      return `${name} = ${enumeratorText(subject.btf, subject.enumId, subject.index)}`;
    case 'field': {
      const bits = subject.bitOffset % 8;
      const offset = `${Math.floor(subject.bitOffset / 8)}${bits === 0 ? '' : `.${bits}`}`;
      return `${name} (${subject.path.join(':')} @ offset ${offset})`;
    }
  }
}
