/**
 * Objects that programs allocate (bpf_obj_new): memory with a header that says what type it is of, so that whoever lets
 * go of one, be it a program, a list or a map, needs to know no more than where it is.
 *
 *   -16 number of its type   -12 bytes between the CPUs' copies of a per-CPU object, else 0   0 the object
 *
 * Also what special fields hold when memory goes that has some, objects' and map values' alike.
 * Facts: bpf_obj_free_fields(), __bpf_obj_drop_impl() and their kin in kernel/bpf of Linux 6.12.
 */
import type { SpecialField } from '../../verifier/index.ts';
import { forgetDeferred } from '../helpers/async.ts';
import type { ProgramTypes } from '../helpers/definition.ts';
import { readPointer, tryAllocate, writePointer, zeroBytes } from '../helpers/words.ts';
import type { Runtime } from '../runtime.ts';
import { releaseCpumask } from './cpumask.ts';
import { initList, LIST_OWNER, listNodes } from './list.ts';
import { RB_OWNER, RbTree } from './rbtree.ts';

const HEADER = 16;
const TYPE = -16;
const STRIDE = -12;
/** The first of the verifier's BTFs is the kernel's. */
const KERNEL_BTF = 0;

/** A type that a program allocates. */
interface ObjectType {
  readonly size: number;
  readonly fields: readonly SpecialField[];
}

export class ObjectHeap {
  readonly #runtime: Runtime;
  readonly #types: ObjectType[] = [];
  readonly #numbers = new WeakMap<ProgramTypes, Map<number, number>>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** What allocates objects of a type by its id in the program's BTF; 0 where there is no room. */
  allocator(types: ProgramTypes): (typeId: number) => number {
    return (typeId) => {
      const number = this.#numberOf(types, typeId);
      const { size, fields } = this.#types[number] as ObjectType; // just looked up
      const object = this.#allocate(number, size, 0);
      if (object !== 0) for (const field of fields) this.#initField(field, object + field.offset);
      return object;
    };
  }

  /** As allocator(), with a copy for each CPU. */
  perCpuAllocator(types: ProgramTypes): (typeId: number) => number {
    return (typeId) => {
      const number = this.#numberOf(types, typeId);
      const stride = (types.btf.sizeOfType(typeId) + 7) & ~7;
      return this.#allocate(number, stride * this.#runtime.machine.possibleCpus, stride);
    };
  }

  /** Where a CPU's copy of a per-CPU object is. */
  copyOf(object: number, cpu: number): number {
    return object + cpu * this.#runtime.memory.view.getUint32(object + STRIDE, true);
  }

  /** One more reference. @returns whether there was one before */
  acquire(object: number): boolean {
    const at = this.#referencesAt(object);
    const { view } = this.#runtime.memory;
    const count = at === 0 ? 0 : view.getInt32(at, true);
    if (count === 0) return false;
    view.setInt32(at, count + 1, true);
    return true;
  }

  /** Lets go of a reference; with the last one what the object holds goes too. */
  drop(object: number): void {
    const { memory } = this.#runtime;
    const at = this.#referencesAt(object);
    if (at !== 0) {
      const left = memory.view.getInt32(at, true) - 1;
      memory.view.setInt32(at, left, true);
      if (left > 0) return;
    }
    for (const field of this.#typeOf(object).fields) this.releaseField(field, object + field.offset);
    memory.free(object - HEADER);
  }

  /** Lets go of what a field of an object or a map value holds. */
  releaseField(field: SpecialField, at: number): void {
    const { memory } = this.#runtime;
    switch (field.kind) {
      case 'kptr_ref':
      case 'kptr_percpu': {
        const pointer = readPointer(memory, at);
        writePointer(memory, at, 0);
        if (pointer !== 0) this.#releasePointee(field, pointer);
        return;
      }
      case 'list_head': {
        const nodes = listNodes(memory, at);
        initList(memory, at);
        for (const node of nodes) {
          initList(memory, node);
          this.#dropNode(node, node + LIST_OWNER, field);
        }
        return;
      }
      case 'rb_root': {
        const tree = new RbTree(memory, at);
        const nodes = tree.postorder();
        tree.clear();
        for (const node of nodes) this.#dropNode(node, node + RB_OWNER, field);
        return;
      }
      case 'timer':
      case 'workqueue':
        forgetDeferred(this.#runtime, field.kind, at);
        return;
      case 'kptr_unref':
      case 'uptr':
        zeroBytes(memory, at, field.size);
    }
  }

  #dropNode(node: number, owner: number, { contains }: SpecialField): void {
    writePointer(this.#runtime.memory, owner, 0);
    this.drop(node - (contains?.nodeOffset ?? 0));
  }

  #releasePointee({ pointee }: SpecialField, pointer: number): void {
    if (pointee === undefined || pointee.btf !== KERNEL_BTF) {
      this.drop(pointer);
      return;
    }
    if (this.#runtime.btf.nameOf(pointee.typeId) === 'bpf_cpumask') releaseCpumask(this.#runtime, pointer);
    else this.#runtime.objects?.release(pointer);
  }

  #allocate(number: number, size: number, stride: number): number {
    const { memory } = this.#runtime;
    const at = tryAllocate(memory, HEADER + size);
    if (at === 0) return 0;
    const object = at + HEADER;
    memory.view.setUint32(object + TYPE, number, true);
    memory.view.setUint32(object + STRIDE, stride, true);
    return object;
  }

  #initField({ kind }: SpecialField, at: number): void {
    const { memory } = this.#runtime;
    if (kind === 'refcount') memory.view.setInt32(at, 1, true);
    else if (kind === 'list_head' || kind === 'list_node') initList(memory, at);
  }

  #numberOf(types: ProgramTypes, typeId: number): number {
    let numbers = this.#numbers.get(types);
    if (numbers === undefined) {
      numbers = new Map();
      this.#numbers.set(types, numbers);
    }
    let number = numbers.get(typeId);
    if (number === undefined) {
      const fields = types.allocated.get(typeId)?.fields.fields ?? [];
      number = this.#types.push({ size: types.btf.sizeOfType(typeId), fields }) - 1;
      numbers.set(typeId, number);
    }
    return number;
  }

  #typeOf(object: number): ObjectType {
    const type = this.#types[this.#runtime.memory.view.getUint32(object + TYPE, true)];
    if (type === undefined) throw new Error(`no object of a program is at 0x${object.toString(16)}`);
    return type;
  }

  /** Where an object counts its references; 0 if it does not. */
  #referencesAt(object: number): number {
    const field = this.#typeOf(object).fields.find(({ kind }) => kind === 'refcount');
    return field === undefined ? 0 : object + field.offset;
  }
}

const heaps = new WeakMap<Runtime, ObjectHeap>();

/** The heap of a kernel. */
export function heapOf(runtime: Runtime): ObjectHeap {
  let heap = heaps.get(runtime);
  if (heap === undefined) {
    heap = new ObjectHeap(runtime);
    heaps.set(runtime, heap);
  }
  return heap;
}
