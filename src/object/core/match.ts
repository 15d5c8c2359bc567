/**
 * Finds in a candidate of the kernel what a relocation is about in the object: the same type, the enum value of the
 * same name, or the field reached by the same names and indices. A candidate that does not have it gives a Mismatch,
 * which says where the two part; explain.ts makes a sentence of that.
 *
 * Facts: behaviour of libbpf 1.8 (src/relo_core.c).
 */
import { BTF_KIND_ARRAY, type Btf } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import { fieldTypesCompatible, typesCompatible, typesMatch } from './compatible-types.ts';
import { BPF_CORE_TYPE_MATCHES } from './kinds.ts';
import {
  arrayElement,
  enumeratorName,
  essential,
  isComposite,
  isEnum,
  memberBitOffset,
  memberName,
  memberType,
} from './records.ts';
import {
  describeType,
  type EnumeratorSubject,
  elementOffset,
  type FieldSubject,
  hasElement,
  LONGEST_PATH,
  type Step,
  type Subject,
} from './subject.ts';

/** Why a candidate does not have what is looked for. */
export interface Mismatch {
  readonly kind: 'mismatch';
  readonly why: /** The types differ too much. */
    | 'incompatible'
    /** No member, or no value of the enum, has the name. */
    | 'missing'
    /** A step goes into something that has no members, or no elements. */
    | 'not-nested'
    /** The array is shorter. */
    | 'out-of-bounds';
  readonly btf: Btf;
  /** The candidate. */
  readonly rootId: number;
  /** What was looked into; for an incompatible field its type. */
  readonly typeId: number;
  /** For fields: how many steps could be followed. */
  readonly followed: number;
}

/**
 * @param kind BPF_CORE_*
 * @returns the candidate's own view of the subject
 * @throws BpfiterError `malformed` for types nested beyond the depth to which they are compared
 */
export function matchSubject(subject: Subject, kind: number, btf: Btf, candidate: number): Subject | Mismatch {
  switch (subject.kind) {
    case 'type': {
      const same = kind === BPF_CORE_TYPE_MATCHES ? typesMatch : typesCompatible;
      if (same(subject.btf, subject.rootId, btf, candidate)) return { kind: 'type', btf, rootId: candidate };
      return { kind: 'mismatch', why: 'incompatible', btf, rootId: candidate, typeId: candidate, followed: 0 };
    }
    case 'enumerator':
      return matchEnumerator(subject, btf, candidate);
    case 'field':
      return new FieldMatch(subject, btf, candidate).run();
  }
}

function matchEnumerator(subject: EnumeratorSubject, btf: Btf, rootId: number): EnumeratorSubject | Mismatch {
  const enumId = btf.skipModifiersAndTypedefs(rootId);
  const mismatch = { kind: 'mismatch', btf, rootId, typeId: enumId, followed: 0 } as const;
  if (!isEnum(btf.kindOf(enumId))) return { ...mismatch, why: 'incompatible' };
  const wanted = essential(subject.name);
  for (let index = 0; index < btf.vlenOf(enumId); index++) {
    const name = enumeratorName(btf, enumId, index);
    if (essential(name) === wanted) return { kind: 'enumerator', btf, rootId, enumId, index, name };
  }
  return { ...mismatch, why: 'missing' };
}

/** Follows the steps of an access through the types of one candidate. */
class FieldMatch {
  readonly #local: FieldSubject;
  readonly #btf: Btf;
  readonly #rootId: number;
  readonly #steps: Step[] = [];
  readonly #path: number[] = [];
  #bitOffset = 0;
  /** The type that the steps so far have led to. */
  #typeId: number;

  constructor(local: FieldSubject, btf: Btf, rootId: number) {
    this.#local = local;
    this.#btf = btf;
    this.#rootId = rootId;
    this.#typeId = rootId;
  }

  run(): FieldSubject | Mismatch {
    for (const [position, step] of this.#local.steps.entries()) {
      this.#typeId = this.#btf.skipModifiersAndTypedefs(this.#typeId);
      const why = step.name === undefined ? this.#takeElement(step.index, position) : this.#takeMember(step, step.name);
      if (why !== undefined) {
        const place = { btf: this.#btf, rootId: this.#rootId, typeId: this.#typeId };
        return { kind: 'mismatch', why, ...place, followed: this.#steps.length };
      }
    }
    return {
      kind: 'field',
      btf: this.#btf,
      rootId: this.#rootId,
      steps: this.#steps,
      path: this.#path,
      bitOffset: this.#bitOffset,
    };
  }

  #takeElement(index: number, position: number): Mismatch['why'] | undefined {
    // The first index is into what the pointer points to: the candidate itself is the element.
    if (position > 0) {
      if (this.#btf.kindOf(this.#typeId) !== BTF_KIND_ARRAY) return 'not-nested';
      if (!hasElement(this.#btf, this.#typeId, index, this.#steps.at(-1))) return 'out-of-bounds';
      this.#typeId = this.#btf.skipModifiersAndTypedefs(arrayElement(this.#btf, this.#typeId));
    }
    this.#push(index);
    this.#steps.push({ typeId: this.#typeId, index, name: undefined });
    this.#bitOffset += elementOffset(this.#btf, this.#typeId, index);
    return undefined;
  }

  #takeMember(step: Step, name: string): Mismatch['why'] | undefined {
    const composite = this.#typeId;
    if (!isComposite(this.#btf.kindOf(composite))) return 'not-nested';
    const member = this.#findMember(composite, name);
    if (member === undefined) return 'missing';
    const type = memberType(this.#btf, member.typeId, member.index);
    const localType = memberType(this.#local.btf, step.typeId, step.index);
    if (!fieldTypesCompatible(this.#local.btf, localType, this.#btf, type)) {
      this.#typeId = type;
      return 'incompatible';
    }
    this.#steps.push(member);
    this.#typeId = type;
    return undefined;
  }

  /** Searches a struct and the anonymous ones within it in order; the path then leads to the member. */
  #findMember(composite: number, name: string): Step | undefined {
    const btf = this.#btf;
    for (let index = 0; index < btf.vlenOf(composite); index++) {
      const found = memberName(btf, composite, index);
      if (found === name) {
        this.#push(index);
        this.#bitOffset += memberBitOffset(btf, composite, index);
        return { typeId: composite, index, name };
      }
      if (found !== '') continue;
      const inner = btf.skipModifiersAndTypedefs(memberType(btf, composite, index));
      if (!isComposite(btf.kindOf(inner))) continue;
      const offset = memberBitOffset(btf, composite, index);
      this.#push(index);
      this.#bitOffset += offset;
      const member = this.#findMember(inner, name);
      if (member !== undefined) return member;
      this.#path.pop();
      this.#bitOffset -= offset;
    }
    return undefined;
  }

  #push(index: number): void {
    if (this.#path.length >= LONGEST_PATH) {
      throw new BpfiterError('malformed', `${describeType(this.#btf, this.#rootId)} is nested too deeply`);
    }
    this.#path.push(index);
  }
}
