/**
 * Finds the fields of a type that are more than bytes to the kernel: locks, timers, kptrs, lists, trees. They are
 * recognised by the names of their types and by tags, in structs, in structs within them, and in the variables of data
 * sections.
 *
 * Facts: kernel/bpf/btf.c (btf_parse_fields, btf_parse_struct_metas) and kernel/bpf/syscall.c (map_check_btf) of Linux
 * 6.12 and 6.19. Typedefs are not looked through, by the kernel neither.
 */
import {
  BTF_KIND_PTR,
  BTF_KIND_STRUCT,
  BTF_KIND_TYPE_TAG,
  BTF_KIND_VOLATILE,
  type Btf,
  type CompositeType,
  type TypeId,
} from '../../btf/index.ts';
import { E2BIG, EINVAL, ENOENT } from '../errno.ts';
import type { AllocatedType, FieldKind, MapFields, SpecialField } from '../fields.ts';

/** Why the kernel would not take a type for a map or for allocation. */
export class FieldError extends Error {
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(message);
    this.errno = errno;
  }
}

const EEXIST = 17;
const ELOOP = 40;
const EFAULT = 14;

const MOST_FIELDS = 11;
const DEEPEST = 32;

/** Kinds that are structs of the kernel, by name. */
const kindsByStruct: ReadonlyMap<string, FieldKind> = new Map([
  ['bpf_spin_lock', 'spin_lock'],
  ['bpf_res_spin_lock', 'res_spin_lock'],
  ['bpf_timer', 'timer'],
  ['bpf_wq', 'workqueue'],
  ['bpf_task_work', 'task_work'],
  ['bpf_list_head', 'list_head'],
  ['bpf_list_node', 'list_node'],
  ['bpf_rb_root', 'rb_root'],
  ['bpf_rb_node', 'rb_node'],
  ['bpf_refcount', 'refcount'],
]);

/** Kinds that are pointers, by their tag. */
const kindsByTag: ReadonlyMap<string, FieldKind> = new Map([
  ['kptr_untrusted', 'kptr_unref'],
  ['kptr', 'kptr_ref'],
  ['percpu_kptr', 'kptr_percpu'],
  ['uptr', 'uptr'],
]);

const POINTER_SIZE = 8;
const NODE_ALIGNMENT = 8;

/** At most one of these in a struct. */
const unique: ReadonlySet<FieldKind> = new Set(['spin_lock', 'res_spin_lock', 'timer', 'workqueue', 'task_work']);

/** These may be the elements of arrays. */
const repeatable: ReadonlySet<FieldKind> = new Set([
  'kptr_unref',
  'kptr_ref',
  'kptr_percpu',
  'uptr',
  'list_head',
  'rb_root',
]);

/** What map values may have. */
const inMaps: ReadonlySet<FieldKind> = new Set<FieldKind>([
  'spin_lock',
  'res_spin_lock',
  'timer',
  'workqueue',
  'task_work',
  'kptr_unref',
  'kptr_ref',
  'kptr_percpu',
  'uptr',
  'list_head',
  'rb_root',
  'refcount',
]);

/** What allocated types may have. */
const inAllocations: ReadonlySet<FieldKind> = new Set<FieldKind>([
  'spin_lock',
  'res_spin_lock',
  'list_head',
  'list_node',
  'rb_root',
  'rb_node',
  'refcount',
  'kptr_unref',
  'kptr_ref',
  'kptr_percpu',
]);

/** Structs whose presence makes a type one with special fields, even if they are only looked for in allocations. */
const kptrKinds: ReadonlySet<FieldKind> = new Set<FieldKind>(['kptr_unref', 'kptr_ref', 'kptr_percpu']);

/** Kernel types that a referenced kptr may point to: those with a registered destructor (Linux 6.18). */
const destructible: ReadonlySet<string> = new Set([
  'task_struct',
  'cgroup',
  'bpf_cpumask',
  'bpf_crypto_ctx',
  // Of the kernel's own test runs (net/bpf/test_run.c).
  'prog_test_ref_kfunc',
  'prog_test_member',
]);

export const KERNEL_BTF = 0;
export const PROGRAM_BTF = 1;

export class FieldFinder {
  readonly #btf: Btf;
  readonly #kernel: Btf;
  #allocated: ReadonlyMap<number, AllocatedType> | undefined;

  /** @param btf the program's own types @param kernel types that kptrs may point to, and the sizes of special structs */
  constructor(btf: Btf, kernel: Btf) {
    this.#btf = btf;
    this.#kernel = kernel;
  }

  /**
   * Fields of a map's value.
   * @returns undefined if there are none
   * @throws FieldError if the kernel would refuse the type
   */
  inMapValue(typeId: number): MapFields | undefined {
    const fields = this.#fieldsOf(typeId, inMaps);
    if (fields.length === 0) return undefined;
    this.#checkGraphs(fields);
    return { fields };
  }

  /** Types that bpf_obj_new knows more of than their size. @throws FieldError if the kernel would refuse the BTF */
  allocatedTypes(): ReadonlyMap<number, AllocatedType> {
    this.#allocated ??= this.#findAllocated();
    return this.#allocated;
  }

  #findAllocated(): ReadonlyMap<number, AllocatedType> {
    const special = new Set<number>();
    for (const [name, kind] of kindsByStruct) {
      if (kind === 'timer' || kind === 'workqueue' || kind === 'task_work') continue;
      const id = this.#btf.find(name, 'struct');
      if (id !== undefined) special.add(id);
    }
    for (let id = this.#btf.firstId; id < this.#btf.endId; id++) {
      const pointer = this.#taggedPointer(id);
      if (pointer !== undefined && kptrKinds.has(pointer.kind) && this.#isToStruct(pointer.target)) special.add(id);
    }
    const found = new Map<number, AllocatedType>();
    if (special.size === 0) return found;
    for (let id = this.#btf.firstId; id < this.#btf.endId; id++) {
      if (this.#btf.kindOf(id) !== BTF_KIND_STRUCT) continue;
      const type = this.#btf.type(id);
      if (type.kind !== 'struct' || !type.members.some((member) => special.has(member.type))) continue;
      const fields = this.#fieldsOf(id, inAllocations);
      if (fields.length === 0) throw new FieldError(EFAULT, `struct ${type.name} has no usable special field`);
      found.set(id, { typeId: id, size: type.size, fields: { fields } });
    }
    this.#allocated = found;
    for (const { fields } of found.values()) this.#checkGraphs(fields.fields);
    return found;
  }

  #fieldsOf(typeId: number, wanted: ReadonlySet<FieldKind>): SpecialField[] {
    const type = this.#btf.type(typeId);
    const fields: SpecialField[] = [];
    if (type.kind === 'struct') {
      this.#inStruct(type, 0, wanted, fields, 0);
    } else if (type.kind === 'datasec') {
      const seen = new Set<FieldKind>();
      for (const entry of type.entries) {
        const variable = this.#btf.type(entry.type);
        if (variable.kind !== 'var') continue;
        const place = { owner: entry.type, component: -1, offset: entry.offset, size: entry.size };
        this.#inMember(variable.type, place, wanted, fields, seen, 0);
      }
    } else {
      return fields;
    }
    this.#checkTogether(fields);
    return fields.sort((a, b) => a.offset - b.offset);
  }

  #inStruct(
    type: CompositeType,
    base: number,
    wanted: ReadonlySet<FieldKind>,
    fields: SpecialField[],
    depth: number,
  ): void {
    if (depth >= DEEPEST) throw new FieldError(E2BIG, `struct ${type.name} is nested too deep`);
    const seen = new Set<FieldKind>();
    type.members.forEach((member, component) => {
      if (member.bitOffset % 8 !== 0 && member.bitFieldSize === 0) {
        throw new FieldError(EINVAL, `struct ${type.name}: member ${member.name} is not at a byte`);
      }
      const place = { owner: type.id, component, offset: base + (member.bitOffset >> 3), size: 0 };
      this.#inMember(member.type, place, wanted, fields, seen, depth);
    });
  }

  #inMember(
    memberType: TypeId,
    place: Place,
    wanted: ReadonlySet<FieldKind>,
    fields: SpecialField[],
    seen: Set<FieldKind>,
    depth: number,
  ): void {
    const { element, count } = this.#flatten(memberType);
    if (count === 0) return;
    const type = this.#btf.type(element);
    const kind = type.kind === 'struct' ? kindsByStruct.get(type.name) : undefined;
    const found: SpecialField[] = [];
    let size: number;
    if (kind !== undefined && wanted.has(kind)) {
      if (unique.has(kind) && seen.has(kind)) throw new FieldError(E2BIG, `two fields of type ${type.name}`);
      seen.add(kind);
      const field = this.#structField(kind, type as CompositeType, place, count); // kinds of names are of structs
      if (field === undefined) return;
      found.push(field);
      size = field.size;
    } else if (type.kind === 'struct') {
      size = type.size;
      if (place.size !== 0 && place.size !== size * count) return;
      this.#inStruct(type, place.offset, wanted, found, depth + 1);
    } else {
      const pointer = this.#taggedPointer(element);
      if (pointer === undefined || !wanted.has(pointer.kind) || place.offset % POINTER_SIZE !== 0) return;
      size = POINTER_SIZE;
      if (place.size !== 0 && place.size !== size * count) return;
      found.push({ kind: pointer.kind, offset: place.offset, size, pointee: this.#pointee(pointer) });
    }
    if (found.length === 0) return;
    if (count > 1 && found.some((field) => !repeatable.has(field.kind))) {
      throw new FieldError(EINVAL, `an array of ${type.name || 'structs'} has fields that may stand only once`);
    }
    if (fields.length + found.length * count > MOST_FIELDS) throw new FieldError(E2BIG, 'more special fields than 11');
    for (let index = 0; index < count; index++) {
      for (const field of found) fields.push({ ...field, offset: field.offset + index * size });
    }
  }

  #structField(kind: FieldKind, type: CompositeType, place: Place, count: number): SpecialField | undefined {
    const own = this.#kernel.find(type.name, 'struct');
    const size = own === undefined ? type.size : this.#kernel.sizeOfType(own);
    const alignment = size % 8 === 0 ? 8 : 4;
    // A struct of that name that is not the kernel's is just bytes.
    if (type.size !== size || place.offset % alignment !== 0) return undefined;
    if (place.size !== 0 && place.size !== size * count) return undefined;
    const field = { kind, offset: place.offset, size };
    if (kind !== 'list_head' && kind !== 'rb_root') return field;
    return { ...field, contains: this.#contents(kind, place) };
  }

  /** `contains:struct:node` of a list head or tree root. */
  #contents(kind: 'list_head' | 'rb_root', { owner, component }: Place): NonNullable<SpecialField['contains']> {
    const tags: string[] = [];
    for (let id = this.#btf.firstId; id < this.#btf.endId; id++) {
      const tag = this.#btf.type(id);
      if (tag.kind !== 'decl_tag' || tag.type !== owner || tag.componentIndex !== component) continue;
      if (tag.name.startsWith('contains:')) tags.push(tag.name.slice('contains:'.length));
    }
    const [only] = tags;
    const [struct = '', node = ''] = only?.split(':') ?? [];
    if (tags.length !== 1 || node === '') throw new FieldError(EINVAL, `a ${kind} does not say what it contains`);
    const typeId = this.#btf.find(struct, 'struct');
    const type = typeId === undefined ? undefined : this.#btf.type(typeId);
    if (typeId === undefined || type?.kind !== 'struct') throw new FieldError(ENOENT, `no struct ${struct}`);
    const members = type.members.filter(({ name }) => name === node);
    const [member] = members;
    if (member === undefined) throw new FieldError(ENOENT, `struct ${struct} has no member ${node}`);
    const wanted = kind === 'list_head' ? 'bpf_list_node' : 'bpf_rb_node';
    const nodeOffset = member.bitOffset / 8;
    if (members.length > 1 || this.#btf.nameOf(member.type) !== wanted || nodeOffset % NODE_ALIGNMENT !== 0) {
      throw new FieldError(EINVAL, `member ${node} of struct ${struct} is no ${wanted}`);
    }
    return { typeId, nodeOffset };
  }

  /** A pointer (volatile or not) whose type has one of the tags. */
  #taggedPointer(id: number): { readonly kind: FieldKind; readonly target: TypeId } | undefined {
    // By the numbers, as hardly any type is one.
    const at = this.#btf.kindOf(id) === BTF_KIND_VOLATILE ? this.#btf.referencedType(id) : id;
    if (this.#btf.kindOf(at) !== BTF_KIND_PTR) return undefined;
    if (this.#btf.kindOf(this.#btf.referencedType(at)) !== BTF_KIND_TYPE_TAG) return undefined;
    const type = this.#btf.type(at);
    if (type.kind !== 'ptr') return undefined;
    const tag = this.#btf.type(type.type);
    if (tag.kind !== 'type_tag') return undefined;
    const kind = kindsByTag.get(tag.name);
    if (kind === undefined) return undefined;
    return { kind, target: tag.type };
  }

  /** Of one tag alone; others are no kptrs until a map or an allocated type has them. */
  #isToStruct(target: TypeId): boolean {
    if (this.#btf.type(target).kind === 'type_tag') return false;
    return this.#btf.type(this.#btf.skipModifiers(target)).kind === 'struct';
  }

  #pointee({
    kind,
    target,
  }: {
    readonly kind: FieldKind;
    readonly target: TypeId;
  }): NonNullable<SpecialField['pointee']> {
    if (this.#btf.type(target).kind === 'type_tag') throw new FieldError(EINVAL, 'a kptr has two tags');
    const typeId = this.#btf.skipModifiers(target);
    const type = this.#btf.type(typeId);
    if (type.kind !== 'struct') throw new FieldError(EINVAL, 'a kptr does not point to a struct');
    const inKernel = this.#kernel.find(type.name, 'struct');
    if (inKernel === undefined) return { btf: PROGRAM_BTF, typeId };
    if (kind === 'kptr_ref' && !destructible.has(type.name)) {
      throw new FieldError(ENOENT, `the kernel cannot release a struct ${type.name} held by a map`);
    }
    return { btf: KERNEL_BTF, typeId: inKernel };
  }

  #flatten(id: TypeId): { readonly element: TypeId; readonly count: number } {
    let element = id;
    let count = 1;
    for (let depth = 0; ; depth++) {
      const type = this.#btf.type(element);
      if (type.kind !== 'array') return { element, count };
      if (depth === DEEPEST) throw new FieldError(E2BIG, 'arrays are nested too deep');
      count *= type.length;
      element = type.elementType;
    }
  }

  /** Rules about which fields may and must stand together. Offsets ascend as the members do. */
  #checkTogether(fields: readonly SpecialField[]): void {
    let end = 0;
    for (const { offset, size } of fields) {
      if (offset < end) throw new FieldError(EEXIST, 'special fields overlap');
      end = offset + size;
    }
    const has = (kind: FieldKind) => fields.some((field) => field.kind === kind);
    const locked = has('spin_lock') || has('res_spin_lock');
    if (has('spin_lock') && has('res_spin_lock')) throw new FieldError(EINVAL, 'two kinds of locks in one value');
    if ((has('list_head') || has('rb_root')) && !locked) {
      throw new FieldError(EINVAL, 'a list or tree needs a lock beside it');
    }
    if (has('list_node') && has('rb_node') && !has('refcount')) {
      throw new FieldError(EINVAL, 'a node of both a list and a tree needs a bpf_refcount');
    }
  }

  /** What lists and trees contain must be allocatable, and may not own something in turn that could own it. */
  #checkGraphs(fields: readonly SpecialField[]): void {
    const isNode = fields.some(({ kind }) => kind === 'list_node' || kind === 'rb_node');
    for (const { contains } of fields) {
      if (contains === undefined) continue;
      const contents = this.allocatedTypes().get(contains.typeId);
      if (contents === undefined) throw new FieldError(EFAULT, 'what a list or tree contains has no special fields');
      const owns = contents.fields.fields.some(({ contains: inner }) => inner !== undefined);
      if (isNode && owns) throw new FieldError(ELOOP, 'lists or trees could own each other in a circle');
    }
  }
}

interface Place {
  /** Struct or variable that the member belongs to, and which member it is (-1: the variable itself). */
  readonly owner: number;
  readonly component: number;
  readonly offset: number;
  /** Of a variable, 0 for members. */
  readonly size: number;
}
