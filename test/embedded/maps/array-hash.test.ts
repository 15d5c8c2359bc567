import { describe, expect, it } from 'vitest';
import { CURRENT_CPU } from '../../../src/embedded/memory/places.ts';
import { layoutOf } from '../../../src/embedded/model/index.ts';
import {
  BPF_F_LOCK,
  BPF_F_NO_PREALLOC,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
} from '../../../src/uapi/index.ts';
import { testKernel, u32 } from './kernel.ts';

const hash = { type: BPF_MAP_TYPE_HASH, keySize: 4, valueSize: 8, maxEntries: 4 };

describe('arrays', () => {
  const array = { type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 6, maxEntries: 3 };

  it('lie in memory as the plan for inline look-ups says', () => {
    const { create, memory } = testKernel();
    const map = create(array);
    map.update(u32(2), Uint8Array.of(1, 2, 3, 4, 5, 6));
    const plan = map.plan('bpf_map_lookup_elem');
    if (plan?.kind !== 'array-lookup') throw new Error('no such plan');
    const at = plan.base + 2 * plan.stride;
    expect([...memory.u8.subarray(at, at + 8)]).toEqual([1, 2, 3, 4, 5, 6, 0, 0]);
    expect(plan.count).toBe(3);
    expect(map.valueAddress).toBeUndefined();
    expect(create({ ...array, maxEntries: 1 }).valueAddress).toBeGreaterThan(0);
  });

  it('have all their keys, in order, and keep them', () => {
    const map = testKernel().create(array);
    expect([...map.entries()].map(([key, value]) => [key[0], ...value])).toEqual([
      [0, 0, 0, 0, 0, 0, 0],
      [1, 0, 0, 0, 0, 0, 0],
      [2, 0, 0, 0, 0, 0, 0],
    ]);
    expect(map.tryDelete(u32(0))).toBe(-22);
    expect(map.lookup(u32(3))).toBeUndefined();
    expect(() => map.update(u32(3), new Uint8Array(6))).toThrow('(E2BIG)');
    expect(() => map.update(u32(0), new Uint8Array(6), 1)).toThrow('(EEXIST)');
    expect(() => map.update(u32(0), new Uint8Array(7))).toThrow('takes values of 6 bytes, not 7');
  });

  it('per CPU: users see a block, programs their own value', () => {
    const { create, memory, registry } = testKernel(3);
    const map = create({ ...array, type: BPF_MAP_TYPE_PERCPU_ARRAY, valueSize: 4 });
    map.update(u32(1), u32(10, 0, 11, 0, 12, 0));
    const key = memory.allocate(4);
    memory.view.setUint32(key, 1, true);
    const { runtime } = memory;
    const seen = [0, 1, 2].map((cpu) => {
      memory.view.setUint32(CURRENT_CPU, cpu, true);
      return memory.view.getUint32(runtime.map_lookup_elem(map.address, key), true);
    });
    expect(seen).toEqual([10, 11, 12]);
    expect(registry.currentCpu).toBe(2);
    expect(memory.view.getUint32(runtime.map_lookup_percpu_elem(map.address, key, 1), true)).toBe(11);
    expect(runtime.map_lookup_percpu_elem(map.address, key, 3)).toBe(0);
  });
});

describe('hashes', () => {
  it('take as many keys as they were made for', () => {
    const map = testKernel().create(hash);
    for (let key = 0; key < 4; key += 1) map.update(u32(key), u32(key, key));
    expect(map.tryUpdate(u32(4), u32(4, 4))).toBe(-7);
    expect(map.tryUpdate(u32(3), u32(5, 5))).toBe(0);
    expect(map.delete(u32(0))).toBe(true);
    expect(map.delete(u32(0))).toBe(false);
    expect(map.tryUpdate(u32(4), u32(4, 4))).toBe(0);
    expect([...map.entries()].map(([key, value]) => [key[0], value[0]]).sort()).toEqual([
      [1, 1],
      [2, 2],
      [3, 5],
      [4, 4],
    ]);
  });

  it.each([1, 3, 4, 7, 8, 12, 13, 16, 24, 25, 40, 300])('find keys of %i bytes', (keySize) => {
    const map = testKernel().create({ ...hash, keySize, maxEntries: 200 });
    const keyOf = (n: number) => Uint8Array.from({ length: keySize }, (_, i) => (i === keySize >> 1 ? n : i));
    for (let n = 0; n < 200; n += 1) map.update(keyOf(n), u32(n, 0), 1);
    for (let n = 0; n < 200; n += 2) expect(map.delete(keyOf(n))).toBe(true);
    for (let n = 0; n < 200; n += 1) expect(map.lookup(keyOf(n))?.[0]).toBe(n % 2 === 0 ? undefined : n);
    expect([...map.keys()].length).toBe(100);
  });

  it('leave the memory of a deleted value to the map', () => {
    const { create, memory } = testKernel();
    const map = create({ ...hash, flags: BPF_F_NO_PREALLOC });
    map.update(u32(1), u32(7, 8));
    const key = memory.allocate(4);
    memory.view.setUint32(key, 1, true);
    const value = map.lookupElement(key);
    map.update(u32(1), u32(9, 9));
    expect(memory.view.getUint32(value, true)).toBe(7);
    expect(memory.view.getUint32(map.lookupElement(key), true)).toBe(9);
    map.delete(u32(1));
    memory.view.setUint32(value, 1, true);
    map.update(u32(2), u32(3, 3));
    expect(map.lookup(u32(2))).toEqual(u32(3, 3));
  });

  it('LRU: give up what no program has looked up for longest', () => {
    const { create, memory } = testKernel();
    const map = create({ ...hash, type: BPF_MAP_TYPE_LRU_HASH });
    const key = memory.allocate(4);
    for (let n = 0; n < 4; n += 1) map.update(u32(n), u32(n, n));
    memory.runtime.map_lookup_elem(map.address, key);
    map.update(u32(4), u32(4, 4));
    map.update(u32(5), u32(5, 5));
    expect([...map.keys()].map(([first]) => first).sort()).toEqual([0, 3, 4, 5]);
    expect(map.tryUpdate(u32(0), u32(0, 0), BPF_F_LOCK)).toBe(-22);
  });

  it('per CPU: a program that adds a key leaves the other values zero', () => {
    const { create, memory } = testKernel(2);
    const map = create({ ...hash, type: BPF_MAP_TYPE_PERCPU_HASH });
    const key = memory.allocate(16);
    memory.u8.fill(9, key + 8, key + 16);
    memory.view.setUint32(CURRENT_CPU, 1, true);
    expect(memory.runtime.map_update_elem(map.address, key, key + 8, 0, 0)).toBe(0);
    expect(map.lookup(u32(0))).toEqual(Uint8Array.from([...Array(8).fill(0), ...Array(8).fill(9)]));
    expect(memory.runtime.map_update_elem(map.address, key, key + 8, 0, 1)).toBe(-22);
  });

  it('give their memory back when nobody holds them any more', () => {
    const { create, memory, registry } = testKernel();
    const use = () => {
      const map = create({ ...hash, maxEntries: 10_000 });
      for (let n = 0; n < 10_000; n += 1) map.update(u32(n), u32(n, n));
      map.hold();
      map.close();
      expect(map.lookup(u32(17))).toEqual(u32(17, 17));
      map.release();
      expect(registry.at(map.address)).toBeUndefined();
    };
    use();
    const size = memory.wasm.buffer.byteLength;
    for (let round = 0; round < 20; round += 1) use();
    expect(memory.wasm.buffer.byteLength).toBe(size);
  });
});

it('the struct bpf_map tells what the map is', () => {
  const { create, memory } = testKernel();
  const map = create({ ...hash, name: 'a_rather_long_name' });
  const layout = layoutOf('bpf_map');
  const word = (name: string) => memory.view.getUint32(map.address + layout.field(name).offset, true);
  const names = ['map_type', 'key_size', 'value_size', 'max_entries', 'map_flags', 'id'];
  expect(names.map(word)).toEqual([1, 4, 8, 4, 0, map.id]);
  expect(memory.text(map.address + layout.field('name').offset, 16)).toBe('a_rather_long_n');
});
