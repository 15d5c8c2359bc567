/**
 * The fields of the model that programs reach from what iterators give them, and how: which pointers are followed.
 */
import type { Btf, TypeId } from '../../../src/btf/index.ts';
import type { Model } from '../../../src/embedded/model/index.ts';

export const TARGETS = ['task', 'task_file', 'task_vma', 'cgroup'] as const;
export type Target = (typeof TARGETS)[number];

/** Where a program of each target finds its object, and the struct of that. */
export const ROOTS: Readonly<Record<Target, { readonly slot: number; readonly struct: string }>> = {
  task: { slot: 8, struct: 'task_struct' },
  task_file: { slot: 24, struct: 'file' },
  task_vma: { slot: 16, struct: 'vm_area_struct' },
  cgroup: { slot: 8, struct: 'cgroup' },
};

export interface Field {
  readonly target: Target;
  readonly struct: string;
  readonly member: string;
  /** From the object: members of which all but those of inner structs are pointers that are followed. */
  readonly path: readonly Step[];
  readonly kind: 'bytes' | 'pointer' | 'pointers' | 'text' | 'string';
}

export interface Step {
  readonly struct: string;
  readonly member: string;
  /** Whether it is a pointer that is followed; the last step of a path is the field itself. */
  readonly follow: boolean;
}

/** `task_struct.signal` */
export const nameOf = ({ struct, member }: Pick<Field, 'struct' | 'member'>): string => `${struct}.${member}`;

/** Fields of structs that the model tells about, each struct by the shortest way to it. */
export function fieldsOf(model: Model, targets: readonly Target[] = TARGETS): readonly Field[] {
  const found: Field[] = [];
  const met = new Set<string>();
  const queue = targets.map((target) => ({ target, struct: ROOTS[target].struct, way: [] as readonly Step[] }));
  for (const { target, struct, way } of queue) {
    if (met.has(struct)) continue;
    met.add(struct);
    for (const { member } of model.fieldsOf(struct)) {
      const step = { struct, member: member.name, follow: false };
      const type = typeOf(model.btf, struct, member.name);
      if (type === undefined) continue;
      const inner = describe(model.btf, type);
      const path = [...way, step];
      if (inner.kind === 'struct' && model.fieldsOf(inner.struct).length > 0) {
        queue.push({ target, struct: inner.struct, way: path });
        continue;
      }
      if (inner.kind === 'pointer' && inner.struct !== undefined && model.fieldsOf(inner.struct).length > 0) {
        queue.push({ target, struct: inner.struct, way: [...way, { ...step, follow: true }] });
      }
      const kind = inner.kind !== 'struct' ? inner.kind : inner.struct === 'list_head' ? 'pointers' : 'bytes';
      found.push({ target, struct, member: member.name, path, kind });
    }
  }
  return found;
}

function typeOf(btf: Btf, struct: string, member: string): TypeId | undefined {
  const id = btf.find(struct, 'struct');
  return id === undefined ? undefined : btf.member(id, member)?.type;
}

type Described =
  | { readonly kind: 'struct'; readonly struct: string }
  | { readonly kind: 'pointer'; readonly struct: string | undefined }
  | { readonly kind: 'bytes' | 'pointers' | 'text' | 'string' };

function describe(btf: Btf, id: TypeId): Described {
  const type = btf.type(btf.skipModifiersAndTypedefs(id));
  if (type.kind === 'struct') return { kind: 'struct', struct: type.name };
  if (type.kind === 'array') {
    const element = btf.type(btf.skipModifiersAndTypedefs(type.elementType));
    if (element.kind === 'ptr') return { kind: 'pointers' };
    return { kind: element.kind === 'int' && element.size === 1 ? 'text' : 'bytes' };
  }
  if (type.kind !== 'ptr') return { kind: 'bytes' };
  const pointee = btf.type(btf.skipModifiersAndTypedefs(type.type));
  if (pointee.kind === 'int' && pointee.size === 1) return { kind: 'string' };
  return { kind: 'pointer', struct: pointee.kind === 'struct' ? pointee.name : undefined };
}
