/**
 * Moves split BTF onto another base. A module that is built apart from its kernel carries, as `.BTF.base`, only the
 * names and sizes of the kernel's types that its own types refer to (a distilled base); before it can be used, each of
 * those is looked up in the BTF of the kernel at hand.
 *
 * What counts as the same type follows libbpf's btf_relocate.c: integers, floats and enums agree in name and size,
 * structs in name, and in size as well where they are contained by value or the name alone is ambiguous.
 */
import { checkBtf } from '../arguments.ts';
import { BpfiterError } from '../errors.ts';
import { Btf } from './btf.ts';
import { HEAD_WORDS } from './kinds.ts';
import { isComposite, isModifier, memberAt } from './layout.ts';
import { printable } from './strings.ts';
import { typeName } from './type-name.ts';
import {
  BTF_KIND_ARRAY,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_FLOAT,
  BTF_KIND_FWD,
  BTF_KIND_INT,
  BTF_KIND_STRUCT,
  BTF_KIND_TYPEDEF,
  BTF_KIND_UNION,
  type TypeId,
} from './types.ts';
import { BtfBuilder } from './write.ts';

/** @see isContained; the same limit as for chains of references elsewhere */
const LONGEST_CHAIN = 256;

/**
 * @param split BTF that was parsed with its distilled base
 * @param target the base that it is to have
 * @returns BTF on that base; ids of its own types continue those of `target`
 * @throws BpfiterError `relocation` if a type of the distilled base has no or several counterparts
 */
export function relocateBase(split: Btf, target: Btf): Btf {
  checkBtf('relocateBase()', split);
  checkBtf('relocateBase()', target);
  const distilled = split.base;
  if (distilled === undefined) {
    throw new BpfiterError('usage', `${split.name}: BTF without a base cannot be moved to another`);
  }
  const contained = containedTypes(split);
  const moved = new Map<number, TypeId>();
  for (let id = 1; id < distilled.endId; id++) moved.set(id, counterpart(distilled, id, target, contained.has(id)));

  const builder = new BtfBuilder({ base: target, littleEndian: split.littleEndian });
  const shift = target.endId - split.firstId;
  for (let id = split.firstId; id < split.endId; id++) {
    builder.addCopy(split, id, (old) => moved.get(old) ?? (old === 0 ? 0 : old + shift));
  }
  return Btf.parse(builder.bytes(), { base: target, name: split.name });
}

/** Structs of the base that structs of the split BTF contain by value: their size must not differ. */
function containedTypes(split: Btf): ReadonlySet<number> {
  const contained = new Set<number>();
  for (let id = split.firstId; id < split.endId; id++) {
    if (!isComposite(split.kindOf(id))) continue;
    for (let index = 0; index < split.vlenOf(id); index++) {
      let at = memberAt(split, id, index).type;
      for (let links = 0; links < LONGEST_CHAIN; links++) {
        const kind = split.kindOf(at);
        if (isModifier(kind) || kind === BTF_KIND_TYPEDEF) at = split.referencedType(at);
        else if (kind === BTF_KIND_ARRAY) at = split.rawWord(at, HEAD_WORDS);
        else break;
      }
      if (at < split.firstId) contained.add(at);
    }
  }
  return contained;
}

function counterpart(distilled: Btf, id: number, target: Btf, contained: boolean): TypeId {
  const name = distilled.nameOf(id);
  const named = target.findAll(name).filter((candidate) => isSameKind(distilled, id, target, candidate));
  // A forward declaration is satisfied by another, but the type itself is better.
  const defined = named.filter((candidate) => target.kindOf(candidate) !== BTF_KIND_FWD);
  let candidates = defined.length > 0 ? defined : named;
  if (isComposite(distilled.kindOf(id)) && (contained || candidates.length > 1)) {
    candidates = candidates.filter((candidate) => target.sizeOf(candidate) === distilled.sizeOf(id));
  }
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return only;
  const what = `${name === '' ? 'anonymous type' : typeName(distilled, id)} (${distilled.name} BTF type ${id})`;
  throw new BpfiterError(
    'relocation',
    only === undefined
      ? `${what} has no counterpart in the BTF of ${printable(target.name)}`
      : `${what} could be any of the types ${candidates.join(', ')} of ${printable(target.name)}`,
  );
}

function isSameKind(distilled: Btf, id: number, target: Btf, candidate: number): boolean {
  const kind = distilled.kindOf(id);
  const candidateKind = target.kindOf(candidate);
  const sameSize = () => distilled.sizeOf(id) === target.sizeOf(candidate);
  switch (kind) {
    case BTF_KIND_INT:
      return (
        kind === candidateKind &&
        sameSize() &&
        distilled.rawWord(id, HEAD_WORDS) === target.rawWord(candidate, HEAD_WORDS)
      );
    case BTF_KIND_FLOAT:
      return kind === candidateKind && sameSize();
    case BTF_KIND_ENUM:
      // Distilled enums have no values, so there is no need for the wide form.
      return (candidateKind === BTF_KIND_ENUM || candidateKind === BTF_KIND_ENUM64) && sameSize();
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return kind === candidateKind;
    case BTF_KIND_FWD: {
      const isUnion = distilled.kindFlagOf(id);
      if (candidateKind === BTF_KIND_FWD) return target.kindFlagOf(candidate) === isUnion;
      return candidateKind === (isUnion ? BTF_KIND_UNION : BTF_KIND_STRUCT);
    }
    default:
      return false;
  }
}
