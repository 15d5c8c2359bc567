/**
 * When a type of the object and a type of the kernel are taken for the same. There are three relations, from
 * lenient to strict; names of the outermost types have been compared before:
 *
 *   fieldTypesCompatible  a field may be read as the other: same sort of thing, whatever its size
 *   typesCompatible       bpf_core_type_exists, _size, _id: same sort of thing, through pointers and parameters
 *   typesMatch            bpf_core_type_matches: same names, sizes and signs, through pointers and members
 *
 * None trusts the type graph: depth is bounded as in libbpf, where exceeding it is an error and not a "no", and so
 * is the number of comparisons. Facts: behaviour of libbpf 1.8 (src/relo_core.c).
 */
import {
  BTF_KIND_ARRAY,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_FLOAT,
  BTF_KIND_FUNC_PROTO,
  BTF_KIND_FWD,
  BTF_KIND_INT,
  BTF_KIND_PTR,
  BTF_KIND_STRUCT,
  BTF_KIND_UNION,
  BTF_KIND_UNKN,
  type Btf,
} from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import {
  arrayElement,
  arrayLength,
  enumeratorName,
  essential,
  INT_SIGNED,
  intBitOffset,
  intEncoding,
  isComposite,
  isEnum,
  kindsCompatible,
  memberName,
  memberType,
  parameterType,
} from './records.ts';
import { describeType } from './subject.ts';

/** Links of one chain of pointers and arrays, and levels of parameters and members. */
const DEPTH = 32;
/** Pairs of types that one comparison may look at: beyond what any real type needs, and soon reached. */
const LARGEST_COMPARISON = 1_000_000;

const sameName = (one: string, other: string): boolean => essential(one) === essential(other);

const tooDeep = (btf: Btf, id: number): BpfiterError =>
  new BpfiterError('malformed', `${describeType(btf, id)} is nested too deeply to be compared`);

/** Structs and unions stand for each other; of arrays only the elements count; of enums the name, if both have one. */
export function fieldTypesCompatible(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  let here = localId;
  let there = targetId;
  for (let depth = 0; depth <= DEPTH; depth++) {
    here = local.skipModifiersAndTypedefs(here);
    there = target.skipModifiersAndTypedefs(there);
    const kind = local.kindOf(here);
    const otherKind = target.kindOf(there);
    if (isComposite(kind) && isComposite(otherKind)) return true;
    if (!kindsCompatible(kind, otherKind)) return false;
    switch (kind) {
      case BTF_KIND_PTR:
      case BTF_KIND_FLOAT:
        return true;
      case BTF_KIND_FWD:
      case BTF_KIND_ENUM:
      case BTF_KIND_ENUM64: {
        const name = local.nameOf(here);
        const otherName = target.nameOf(there);
        return name === '' || otherName === '' || sameName(name, otherName);
      }
      case BTF_KIND_INT:
        return intBitOffset(local, here) === 0 && intBitOffset(target, there) === 0;
      case BTF_KIND_ARRAY:
        here = arrayElement(local, here);
        there = arrayElement(target, there);
        break;
      default:
        return false;
    }
  }
  throw tooDeep(local, localId);
}

/** @throws BpfiterError `malformed` beyond the depth to which types are compared */
export function typesCompatible(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  return new Comparison(local, target).compatible(localId, targetId, DEPTH);
}

/** @throws BpfiterError `malformed` beyond the depth to which types are compared */
export function typesMatch(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  return new Comparison(local, target).match(localId, targetId, false, DEPTH);
}

class Comparison {
  readonly #local: Btf;
  readonly #target: Btf;
  #pairs = 0;

  constructor(local: Btf, target: Btf) {
    this.#local = local;
    this.#target = target;
  }

  /** @param level how many more levels of parameters may follow */
  compatible(localId: number, targetId: number, level: number): boolean {
    const [local, target] = [this.#local, this.#target];
    if (!kindsCompatible(local.kindOf(localId), target.kindOf(targetId))) return false;
    let here = localId;
    let there = targetId;
    for (let depth = 0; depth < DEPTH; depth++) {
      this.#count(localId);
      here = local.skipModifiersAndTypedefs(here);
      there = target.skipModifiersAndTypedefs(there);
      const kind = local.kindOf(here);
      if (!kindsCompatible(kind, target.kindOf(there))) return false;
      switch (kind) {
        case BTF_KIND_UNKN:
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
        case BTF_KIND_ENUM:
        case BTF_KIND_ENUM64:
        case BTF_KIND_FWD:
          return true;
        case BTF_KIND_INT:
          return intBitOffset(local, here) === 0 && intBitOffset(target, there) === 0;
        case BTF_KIND_PTR:
          here = local.referencedType(here);
          there = target.referencedType(there);
          break;
        case BTF_KIND_ARRAY:
          here = arrayElement(local, here);
          there = arrayElement(target, there);
          break;
        case BTF_KIND_FUNC_PROTO: {
          const count = local.vlenOf(here);
          if (count !== target.vlenOf(there)) return false;
          if (count > 0 && level <= 0) throw tooDeep(local, localId);
          for (let index = 0; index < count; index++) {
            const parameter = local.skipModifiersAndTypedefs(parameterType(local, here, index));
            const other = target.skipModifiersAndTypedefs(parameterType(target, there, index));
            if (!this.compatible(parameter, other, level - 1)) return false;
          }
          here = local.referencedType(here);
          there = target.referencedType(there);
          break;
        }
        default:
          return false;
      }
    }
    throw tooDeep(local, localId);
  }

  /**
   * @param behindPointer then structs need only have the same name, or be declared without their members
   * @param level how many more levels of parameters and members may follow
   */
  match(localId: number, targetId: number, behindPointer: boolean, level: number): boolean {
    const [local, target] = [this.#local, this.#target];
    if (level <= 0) throw tooDeep(local, localId);
    let here = localId;
    let there = targetId;
    let behind = behindPointer;
    for (let depth = 0; depth < DEPTH; depth++) {
      this.#count(localId);
      here = local.skipModifiersAndTypedefs(here);
      there = target.skipModifiersAndTypedefs(there);
      if (!sameName(local.nameOf(here), target.nameOf(there))) return false;
      const kind = local.kindOf(here);
      const otherKind = target.kindOf(there);
      switch (kind) {
        case BTF_KIND_UNKN:
          return otherKind === BTF_KIND_UNKN;
        case BTF_KIND_FWD: {
          const declared = local.kindFlagOf(here) ? BTF_KIND_UNION : BTF_KIND_STRUCT;
          if (otherKind === BTF_KIND_FWD) return local.kindFlagOf(here) === target.kindFlagOf(there);
          return behind && otherKind === declared;
        }
        case BTF_KIND_ENUM:
        case BTF_KIND_ENUM64:
          return isEnum(otherKind) && this.#enumsMatch(here, there);
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
          if (!behind) return kind === otherKind && this.#membersMatch(here, there, level);
          if (otherKind === BTF_KIND_FWD) return (kind === BTF_KIND_UNION) === target.kindFlagOf(there);
          return kind === otherKind;
        case BTF_KIND_INT:
          return otherKind === BTF_KIND_INT && this.#intsMatch(here, there);
        case BTF_KIND_PTR:
          if (otherKind !== kind) return false;
          behind = true;
          here = local.referencedType(here);
          there = target.referencedType(there);
          break;
        case BTF_KIND_ARRAY:
          if (otherKind !== kind || arrayLength(local, here) !== arrayLength(target, there)) return false;
          here = arrayElement(local, here);
          there = arrayElement(target, there);
          break;
        case BTF_KIND_FUNC_PROTO: {
          const count = local.vlenOf(here);
          if (otherKind !== kind || count !== target.vlenOf(there)) return false;
          for (let index = 0; index < count; index++) {
            const parameter = parameterType(local, here, index);
            if (!this.match(parameter, parameterType(target, there, index), behind, level - 1)) return false;
          }
          here = local.referencedType(here);
          there = target.referencedType(there);
          break;
        }
        default:
          return false;
      }
    }
    throw tooDeep(local, localId);
  }

  #intsMatch(here: number, there: number): boolean {
    const [local, target] = [this.#local, this.#target];
    const signs = intEncoding(local, here) ^ intEncoding(target, there);
    return local.sizeOf(here) === target.sizeOf(there) && (signs & INT_SIGNED) === 0;
  }

  /** The kernel's enum may have more values, and other numbers for them. */
  #enumsMatch(here: number, there: number): boolean {
    const [local, target] = [this.#local, this.#target];
    const count = target.vlenOf(there);
    if (local.sizeOf(here) !== target.sizeOf(there) || local.vlenOf(here) > count) return false;
    const names = new Set<string>();
    for (let index = 0; index < count; index++) names.add(essential(enumeratorName(target, there, index)));
    for (let index = 0; index < local.vlenOf(here); index++) {
      if (!names.has(essential(enumeratorName(local, here, index)))) return false;
    }
    return true;
  }

  /** The kernel's struct may have more members, in any order. */
  #membersMatch(here: number, there: number, level: number): boolean {
    const [local, target] = [this.#local, this.#target];
    const count = target.vlenOf(there);
    if (local.vlenOf(here) > count) return false;
    for (let index = 0; index < local.vlenOf(here); index++) {
      const name = memberName(local, here, index);
      const type = memberType(local, here, index);
      let matched = false;
      for (let other = 0; other < count && !matched; other++) {
        if (!sameName(name, memberName(target, there, other))) continue;
        matched = this.match(type, memberType(target, there, other), false, level - 1);
      }
      if (!matched) return false;
    }
    return true;
  }

  #count(id: number): void {
    this.#pairs++;
    if (this.#pairs > LARGEST_COMPARISON) throw tooDeep(this.#local, id);
  }
}
