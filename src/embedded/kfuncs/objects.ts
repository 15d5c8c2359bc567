/**
 * Kfuncs and helpers on objects that programs allocate, and on the lists, trees and fields of maps that hold them.
 *
 * Linux's verifier puts sizes, types and offsets into the hidden arguments of these calls; here the type's id is what
 * the program passed, objects know their type (object-heap.ts), and the plan of a call binds where its node is.
 * Facts: kernel/bpf/helpers.c of Linux 6.12, and 6.18 for looking into lists and trees.
 */
import type { CallPlan } from '../../jit/index.ts';
import { passPointer } from '../helpers/callbacks.ts';
import { type CallSite, type FunctionDefinition, signature } from '../helpers/definition.ts';
import { EINVAL } from '../helpers/errno.ts';
import { readPointer, writePointer } from '../helpers/words.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Runtime } from '../runtime.ts';
import { addToList, endOfList, LIST_OWNER, removeFromList } from './list.ts';
import { heapOf } from './object-heap.ts';
import { RB_OWNER, RbTree } from './rbtree.ts';

const ownerAt = ({ view }: KernelMemory, at: number): number => view.getUint32(at, true);

/** A function that depends on the place of the call. */
function bySite(
  name: string,
  notation: string,
  bind: (runtime: Runtime, site: CallSite) => (...words: number[]) => number,
): FunctionDefinition {
  const shape = signature(notation);
  return {
    name,
    signature: shape,
    make: () => {
      throw new Error(`${name} is made for each call`);
    },
    plan: (runtime, site): CallPlan => ({
      kind: 'import',
      name: `${name}#${site.insn}`,
      signature: shape,
      callee: bind(runtime, site),
    }),
  };
}

function allocation(name: string, perCpu: boolean): FunctionDefinition {
  return bySite(name, 'i -> p', (runtime, { types }) => {
    // A type's id without BTF is refused by the verifier.
    if (types === undefined) return () => 0;
    const heap = heapOf(runtime);
    const allocate = perCpu ? heap.perCpuAllocator(types) : heap.allocator(types);
    return (typeId = 0) => allocate(typeId);
  });
}

const drop = (name: string): FunctionDefinition => ({
  name,
  signature: signature('p -> v'),
  make(runtime) {
    const heap = heapOf(runtime);
    return (object: number) => heap.drop(object);
  },
});

/** A node that is in a list or tree already is not put in again: the reference that was given is dropped. */
const push = (name: string, atEnd: boolean): FunctionDefinition =>
  bySite(name, 'p p -> s', (runtime, { nodeOffset }) => {
    const { memory } = runtime;
    const heap = heapOf(runtime);
    return (head = 0, node = 0) => {
      if (ownerAt(memory, node + LIST_OWNER) !== 0) {
        heap.drop(node - nodeOffset);
        return EINVAL;
      }
      addToList(memory, head, node, atEnd);
      return 0;
    };
  });

const peek = (name: string, atEnd: boolean): FunctionDefinition => ({
  name,
  signature: signature('p -> p'),
  make:
    ({ memory }) =>
    (head: number) =>
      endOfList(memory, head, atEnd),
});

const pop = (name: string, atEnd: boolean): FunctionDefinition => ({
  name,
  signature: signature('p -> p'),
  make:
    ({ memory }) =>
    (head: number) => {
      const node = endOfList(memory, head, atEnd);
      if (node !== 0) removeFromList(memory, node);
      return node;
    },
});

/** A child of a node that is in that very tree. */
const child = (name: string, of: (tree: RbTree, node: number) => number): FunctionDefinition => ({
  name,
  signature: signature('p p -> p'),
  make:
    ({ memory }) =>
    (root: number, node: number) =>
      ownerAt(memory, node + RB_OWNER) === root ? of(new RbTree(memory, root), node) : 0,
});

const ofTree = (name: string, of: (tree: RbTree) => number): FunctionDefinition => ({
  name,
  signature: signature('p -> p'),
  make:
    ({ memory }) =>
    (root: number) =>
      of(new RbTree(memory, root)),
});

export const objectHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_kptr_xchg',
    signature: signature('p p -> p'),
    make:
      ({ memory }) =>
      (at: number, pointer: number) => {
        const old = readPointer(memory, at);
        writePointer(memory, at, pointer);
        return old;
      },
  },
  {
    name: 'bpf_per_cpu_ptr',
    signature: signature('p i -> p'),
    make(runtime) {
      const heap = heapOf(runtime);
      const { possibleCpus } = runtime.machine;
      return (object: number, cpu: number) => (cpu >>> 0 < possibleCpus ? heap.copyOf(object, cpu) : 0);
    },
  },
  {
    name: 'bpf_this_cpu_ptr',
    signature: signature('p -> p'),
    make(runtime) {
      const heap = heapOf(runtime);
      return (object: number) => heap.copyOf(object, 0);
    },
  },
];

export const objectKfuncs: readonly FunctionDefinition[] = [
  allocation('bpf_obj_new_impl', false),
  allocation('bpf_percpu_obj_new_impl', true),
  drop('bpf_obj_drop_impl'),
  drop('bpf_percpu_obj_drop_impl'),
  {
    name: 'bpf_refcount_acquire_impl',
    signature: signature('p -> p'),
    make(runtime) {
      const heap = heapOf(runtime);
      return (object: number) => (heap.acquire(object) ? object : 0);
    },
  },
  push('bpf_list_push_front_impl', false),
  push('bpf_list_push_back_impl', true),
  pop('bpf_list_pop_front', false),
  pop('bpf_list_pop_back', true),
  peek('bpf_list_front', false),
  peek('bpf_list_back', true),
  bySite('bpf_rbtree_add_impl', 'p p i -> s', (runtime, { nodeOffset }) => {
    const { memory } = runtime;
    const heap = heapOf(runtime);
    return (root = 0, node = 0, less = 0) => {
      if (ownerAt(memory, node + RB_OWNER) !== 0) {
        heap.drop(node - nodeOffset);
        return EINVAL;
      }
      new RbTree(memory, root).add(node, (other) => {
        passPointer(runtime, 0, node);
        passPointer(runtime, 1, other);
        return runtime.invoke(less) !== 0;
      });
      memory.view.setUint32(node + RB_OWNER, root, true);
      return 0;
    };
  }),
  {
    name: 'bpf_rbtree_remove',
    signature: signature('p p -> p'),
    make:
      ({ memory }) =>
      (root: number, node: number) => {
        if (ownerAt(memory, node + RB_OWNER) !== root) return 0;
        new RbTree(memory, root).remove(node);
        memory.view.setUint32(node + RB_OWNER, 0, true);
        return node;
      },
  },
  ofTree('bpf_rbtree_first', (tree) => tree.first),
  ofTree('bpf_rbtree_root', (tree) => tree.top),
  child('bpf_rbtree_left', (tree, node) => tree.left(node)),
  child('bpf_rbtree_right', (tree, node) => tree.right(node)),
];
