/** Declaration tags (`__attribute__((btf_decl_tag("...")))`) of functions and their arguments. */
import type { Btf } from '../../btf/index.ts';
import { BTF_KIND_DECL_TAG } from '../../btf/index.ts';

interface Tag {
  readonly text: string;
  readonly component: number;
}

const NONE: readonly string[] = [];

const tagsOfBtf = new WeakMap<Btf, ReadonlyMap<number, readonly Tag[]>>();

/**
 * What follows a prefix in the tags of a type, in order of the tags' ids.
 * @param component index of the argument, -1 for the type itself
 */
export function declarationTags(btf: Btf, typeId: number, component: number, prefix: string): readonly string[] {
  let tags = tagsOfBtf.get(btf);
  if (tags === undefined) {
    tags = collect(btf);
    tagsOfBtf.set(btf, tags);
  }
  const found = tags.get(typeId);
  if (found === undefined) return NONE;
  return found
    .filter((tag) => tag.component === component && tag.text.startsWith(prefix))
    .map(({ text }) => text.slice(prefix.length));
}

function collect(btf: Btf): ReadonlyMap<number, readonly Tag[]> {
  const tags = new Map<number, Tag[]>();
  for (let id = btf.firstId; id < btf.endId; id++) {
    if (btf.kindOf(id) !== BTF_KIND_DECL_TAG) continue;
    const type = btf.type(id);
    if (type.kind !== 'decl_tag') continue;
    const tag = { text: type.name, component: type.componentIndex };
    const others = tags.get(type.type);
    if (others === undefined) tags.set(type.type, [tag]);
    else others.push(tag);
  }
  return tags;
}
