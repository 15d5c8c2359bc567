/** Going through an object's types of one kind, without making objects of all the others. */
import { type Btf, type BtfType, type Kind, kindNumber } from '../btf/index.ts';

type OfKind<K extends Kind> = Extract<BtfType, { readonly kind: K }>;

/** The types of a blob itself, not of its base, in the order of their ids. */
export function* typesOfKind<K extends Kind>(btf: Btf, kind: K): Iterable<OfKind<K>> {
  const number = kindNumber(kind);
  for (let id = btf.firstId; id < btf.endId; id++) {
    // The number is the kind's, which says what the object is.
    if (btf.kindOf(id) === number) yield btf.type(id) as OfKind<K>;
  }
}
