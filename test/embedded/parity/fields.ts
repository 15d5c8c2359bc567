/**
 * The fields of the model that programs reach from what iterators give them, and how: which pointers are followed.
 */
import type { Btf, TypeId } from '../../../src/btf/index.ts';
import type { Model } from '../../../src/embedded/model/index.ts';
import { ALL_OF_THEM, ROOTS, type RootName, rootNames, type Step } from './roots.ts';

export interface Field {
  readonly root: RootName;
  readonly struct: string;
  /** As the model's table has it. */
  readonly member: string;
  /** From the object that the root gives. */
  readonly path: readonly Step[];
  readonly kind: 'bytes' | 'pointer' | 'pointers' | 'text' | 'string';
}

/** `task_struct.signal` */
export const nameOf = ({ struct, member }: { readonly struct: string; readonly member: string }): string =>
  `${struct}.${member}`;

/** Structs that programs find around what a pointer leads to. */
const AROUND: Readonly<Record<string, { readonly struct: string; readonly member: string }>> = {
  vfsmount: { struct: 'mount', member: 'mnt' },
};

/** Fields of structs that the model tells about, each struct by the shortest way to it. */
export function fieldsOf(model: Model, roots: readonly RootName[] = rootNames): readonly Field[] {
  const found: Field[] = [];
  const met = new Set<string>();
  const queue = roots.map((root) => ({ root, struct: ROOTS[root].struct as string, way: ROOTS[root].way }));
  for (const { root, struct, way } of queue) {
    const meeting = ALL_OF_THEM.has(root) ? `${root} ${struct}` : struct;
    if (met.has(meeting)) continue;
    met.add(meeting);
    const around = AROUND[struct];
    if (around !== undefined) {
      queue.push({ root, struct: around.struct, way: [...way, { ...around, way: 'container' }] });
    }
    for (const { member } of model.fieldsOf(struct)) {
      for (const { path, inner } of partsOf(model.btf, struct, member.name)) {
        const step = { struct, member: path, way: 'inside' } as const;
        const leads = inner.struct !== undefined && model.fieldsOf(inner.struct).length > 0;
        if (leads && inner.struct !== undefined) {
          const next = inner.kind === 'pointer' ? ({ ...step, way: 'follow' } as const) : step;
          queue.push({ root, struct: inner.struct, way: [...way, next] });
          // A struct within another stands there by its own fields.
          if (inner.kind === 'struct') continue;
        }
        const { kind } = inner;
        found.push({
          root,
          struct,
          member: member.name,
          path: [...way, step],
          kind: kind === 'struct' ? (LISTS.has(inner.struct ?? '') ? 'pointers' : 'bytes') : kind,
        });
      }
    }
  }
  return found;
}

const LISTS: ReadonlySet<string> = new Set(['list_head', 'hlist_node']);

interface Part {
  readonly path: string;
  readonly inner: Described;
}

/** A member, or the members of the struct without a name that it is. */
function partsOf(btf: Btf, struct: string, path: string): readonly Part[] {
  const id = btf.find(struct, 'struct');
  const type = id === undefined ? undefined : btf.member(id, path)?.type;
  if (type === undefined) return [];
  const unnamed = btf.type(btf.skipModifiersAndTypedefs(type));
  if (unnamed.kind === 'struct' && unnamed.name === '') {
    return unnamed.members.flatMap(({ name }) => partsOf(btf, struct, `${path}.${name}`));
  }
  return [{ path, inner: describe(btf, type) }];
}

interface Described {
  readonly kind: Field['kind'] | 'struct';
  /** What it is, points to, or is an array of. */
  readonly struct?: string;
}

function describe(btf: Btf, id: TypeId): Described {
  const type = btf.type(btf.skipModifiersAndTypedefs(id));
  if (type.kind === 'struct') return { kind: 'struct', struct: type.name };
  if (type.kind === 'array') {
    const element = btf.type(btf.skipModifiersAndTypedefs(type.elementType));
    if (element.kind === 'ptr') return { kind: 'pointers' };
    if (element.kind === 'struct') return { kind: 'bytes', struct: element.name };
    return { kind: element.kind === 'int' && element.size === 1 ? 'text' : 'bytes' };
  }
  if (type.kind !== 'ptr') return { kind: 'bytes' };
  const pointee = btf.type(btf.skipModifiersAndTypedefs(type.type));
  if (pointee.kind === 'int' && pointee.size === 1) return { kind: 'string' };
  return { kind: 'pointer', ...(pointee.kind === 'struct' && { struct: pointee.name }) };
}
