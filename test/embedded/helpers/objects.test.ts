import { expect, test } from 'vitest';
import { Btf, BtfBuilder } from '../../../src/btf/index.ts';
import { findFunction } from '../../../src/embedded/functions.ts';
import type { CallSite } from '../../../src/embedded/helpers/definition.ts';
import { addressOf } from '../../../src/embedded/index.ts';
import { heapOf } from '../../../src/embedded/kfuncs/object-heap.ts';
import { RbTree } from '../../../src/embedded/kfuncs/rbtree.ts';
import type { Callee } from '../../../src/jit/index.ts';
import type { AllocatedType, SpecialField } from '../../../src/verifier/index.ts';
import { FakeRuntime } from './fake-runtime.ts';

const EINVAL = -22;
const NODE = 8;
const REFCOUNT = 32;

/** A type whose objects are counted and can be in a list of a head or a tree of a root. */
function setUp(fields: readonly SpecialField[] = []) {
  const builder = new BtfBuilder();
  const id = builder.add({ kind: 'struct', name: 'object', size: 64, members: [] });
  const btf = Btf.parse(builder.bytes());
  const allocated = new Map<number, AllocatedType>([[id, { typeId: id, size: 64, fields: { fields } }]]);
  const runtime = new FakeRuntime();
  const site: CallSite = { insn: 0, programType: 1, map: undefined, nodeOffset: NODE, types: { btf, allocated } };
  const call = (name: string, ...words: number[]): number => {
    const definition = findFunction(name);
    const plan = definition?.plan?.(runtime, site);
    const callee: Callee = plan?.kind === 'import' ? plan.callee : runtime.function(name);
    return callee(...words);
  };
  return {
    runtime,
    call,
    create: () => call('bpf_obj_new_impl', id),
    perCpu: () => call('bpf_percpu_obj_new_impl', id),
  };
}

const node: SpecialField = { kind: 'list_node', offset: NODE, size: 24 };
const treeNode: SpecialField = { kind: 'rb_node', offset: NODE, size: 32 };
const refcount: SpecialField = { kind: 'refcount', offset: REFCOUNT, size: 4 };

test('objects are zero but for their fields, and freed when dropped', () => {
  const { runtime, call, create } = setUp([refcount]);
  const object = create();
  expect(runtime.memory.u32[(object + REFCOUNT) >> 2]).toBe(1);
  expect(call('bpf_refcount_acquire_impl', object)).toBe(object);
  call('bpf_obj_drop_impl', object);
  expect(runtime.memory.freed).toEqual([]);
  call('bpf_obj_drop_impl', object);
  expect(runtime.memory.freed).toEqual([object - 16]);
  expect(call('bpf_refcount_acquire_impl', object)).toBe(0);
});

test('lists give back what was put in, from either end', () => {
  const { runtime, call, create } = setUp([node]);
  const head = runtime.memory.allocate(16);
  const [a, b, c] = [create() + NODE, create() + NODE, create() + NODE];
  expect([call('bpf_list_pop_front', head), call('bpf_list_front', head), call('bpf_list_back', head)]).toEqual([
    0, 0, 0,
  ]);
  expect(call('bpf_list_push_back_impl', head, a)).toBe(0);
  expect(call('bpf_list_push_back_impl', head, b)).toBe(0);
  expect(call('bpf_list_push_front_impl', head, c)).toBe(0);
  expect([call('bpf_list_front', head), call('bpf_list_back', head)]).toEqual([c, b]);
  expect(call('bpf_list_pop_back', head)).toBe(b);
  expect(call('bpf_list_pop_front', head)).toBe(c);
  expect(call('bpf_list_push_front_impl', head, b)).toBe(0);
  expect([call('bpf_list_pop_back', head), call('bpf_list_pop_back', head), call('bpf_list_pop_back', head)]).toEqual([
    a,
    b,
    0,
  ]);
});

test('a node that is in a list already is not put into another, and its reference goes', () => {
  const { runtime, call, create } = setUp([node, refcount]);
  const head = runtime.memory.allocate(16);
  const other = runtime.memory.allocate(16);
  const object = create();
  call('bpf_list_push_back_impl', head, object + NODE);
  call('bpf_refcount_acquire_impl', object);
  expect(call('bpf_list_push_back_impl', other, object + NODE)).toBe(EINVAL);
  expect(runtime.memory.u32[(object + REFCOUNT) >> 2]).toBe(1);
  expect(call('bpf_list_pop_back', other)).toBe(0);
});

test('what a value holds goes with it', () => {
  const { runtime, call, create } = setUp([node]);
  const value = runtime.memory.allocate(32);
  const objects = [create(), create(), create()] as [number, number, number];
  call('bpf_list_push_back_impl', value, objects[0] + NODE);
  call('bpf_list_push_back_impl', value, objects[1] + NODE);
  expect(call('bpf_kptr_xchg', value + 16, objects[2])).toBe(0);
  expect(runtime.memory.view.getBigUint64(value + 16, true)).toBe(addressOf(objects[2]));
  const heap = heapOf(runtime);
  heap.releaseField({ kind: 'list_head', offset: 0, size: 16, contains: { typeId: 1, nodeOffset: NODE } }, value);
  heap.releaseField({ kind: 'kptr_ref', offset: 16, size: 8, pointee: { btf: 1, typeId: 1 } }, value + 16);
  expect(runtime.memory.freed).toEqual(objects.map((object) => object - 16));
  expect(call('bpf_kptr_xchg', value + 16, 0)).toBe(0);
});

test('per-CPU objects have a copy for each CPU', () => {
  const { call, perCpu } = setUp();
  const object = perCpu();
  expect(call('bpf_this_cpu_ptr', object)).toBe(object);
  expect(call('bpf_per_cpu_ptr', object, 3)).toBe(object + 3 * 64);
  expect(call('bpf_per_cpu_ptr', object, 4)).toBe(0);
});

/** Checks the rules of red-black trees. @returns the keys in order */
function checkTree(tree: RbTree, isBlack: (at: number) => boolean, keyOf: (at: number) => number): number[] {
  const keys: number[] = [];
  const walk = (at: number): number => {
    if (at === 0) return 1;
    const [left, right] = [tree.left(at), tree.right(at)];
    if (!isBlack(at)) expect([left, right].every((child) => child === 0 || isBlack(child))).toBe(true);
    const height = walk(left);
    keys.push(keyOf(at));
    expect(walk(right)).toBe(height);
    return height + (isBlack(at) ? 1 : 0);
  };
  walk(tree.top);
  return keys;
}

test('trees stay sorted and balanced, whatever is added and removed', () => {
  const { runtime, call, create } = setUp([treeNode]);
  const { memory } = runtime;
  const root = memory.allocate(16);
  const keyOf = (at: number): number => memory.view.getUint32(at - NODE, true);
  const isBlack = (at: number): boolean => (memory.view.getUint32(at, true) & 1) === 1;
  const less = runtime.callback((a = 0n, b = 0n) =>
    keyOf(Number(BigInt.asUintN(32, a))) < keyOf(Number(BigInt.asUintN(32, b))) ? 1 : 0,
  );
  const tree = new RbTree(memory, root);
  const inTree: number[] = [];
  let seed = 12345;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let step = 0; step < 2000; step++) {
    if (inTree.length === 0 || random(inTree.length > 60 ? 4 : 3) < 2) {
      const at = create() + NODE;
      memory.view.setUint32(at - NODE, random(50), true);
      expect(call('bpf_rbtree_add_impl', root, at, less)).toBe(0);
      inTree.push(at);
    } else {
      const [at = 0] = inTree.splice(random(inTree.length), 1);
      expect(call('bpf_rbtree_remove', root, at)).toBe(at);
      expect(call('bpf_rbtree_remove', root, at)).toBe(0);
    }
    const keys = checkTree(tree, isBlack, keyOf);
    expect(keys).toEqual(inTree.map(keyOf).sort((a, b) => a - b));
    const first = call('bpf_rbtree_first', root);
    expect(first === 0 ? undefined : keyOf(first)).toBe(keys[0]);
  }
  expect(tree.postorder()).toHaveLength(inTree.length);
});

test('nodes of another tree are not removed, looked into or added', () => {
  const { runtime, call, create } = setUp([treeNode, { ...refcount, offset: 48 }]);
  const roots = [runtime.memory.allocate(16), runtime.memory.allocate(16)] as const;
  const less = runtime.callback(() => 0);
  const object = create();
  call('bpf_rbtree_add_impl', roots[0], object + NODE, less);
  expect(call('bpf_rbtree_root', roots[0])).toBe(object + NODE);
  expect(call('bpf_rbtree_remove', roots[1], object + NODE)).toBe(0);
  expect(call('bpf_rbtree_left', roots[1], object + NODE)).toBe(0);
  call('bpf_refcount_acquire_impl', object);
  expect(call('bpf_rbtree_add_impl', roots[1], object + NODE, less)).toBe(EINVAL);
});

test('bpf_loop calls until it is told to stop', () => {
  const runtime = new FakeRuntime();
  const seen: [bigint, bigint][] = [];
  const callback = runtime.callback((index = 0n, context = 0n) => {
    seen.push([index, context]);
    return index === 2n ? 1 : 0;
  });
  const loop = runtime.function('bpf_loop');
  expect(loop(2, callback, 0x20000, 0, 0)).toBe(2);
  expect(loop(9, callback, 0, 0, 0)).toBe(3);
  expect(seen).toEqual([...[0n, 1n].map((i) => [i, addressOf(0x20000)]), ...[0n, 1n, 2n].map((i) => [i, 0n])]);
  expect(loop(0, callback, 0, 0, 0)).toBe(0);
  expect(loop(8 * 1024 * 1024 + 1, callback, 0, 0, 0)).toBe(-7);
  expect(loop(1, callback, 0, 1, 0)).toBe(EINVAL);
});

test('a bpf_res_spin_lock that is held cannot be taken again', () => {
  const runtime = new FakeRuntime();
  const lock = runtime.memory.allocate(8);
  const flags = runtime.memory.allocate(8);
  expect(runtime.function('bpf_res_spin_lock')(lock)).toBe(0);
  expect(runtime.function('bpf_res_spin_lock_irqsave')(lock, flags)).toBe(-35);
  runtime.function('bpf_res_spin_unlock')(lock);
  expect(runtime.function('bpf_res_spin_lock_irqsave')(lock, flags)).toBe(0);
});
