/** Maps of maps: what may go into one, as the running kernel has it; and how long maps in them live. */
import { describe, expect, it } from 'vitest';
import { type MapAttributes, mapAttributes } from '../../../src/embedded/maps/attributes.ts';
import { tryCreateMap } from '../../../src/embedded/maps/create-map.ts';
import * as uapi from '../../../src/uapi/index.ts';
import { describeOnHost } from '../../host/permitted.ts';
import { RawHostMap, tryCreateOnHost } from './host-map.ts';
import { testKernel, u32 } from './kernel.ts';

type Given = Partial<MapAttributes> & { readonly type: number };

const array: Given = { type: uapi.BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 4, maxEntries: 2 };
const hash: Given = { type: uapi.BPF_MAP_TYPE_HASH, keySize: 4, valueSize: 4, maxEntries: 2 };
const arrayOf: Given = { type: uapi.BPF_MAP_TYPE_ARRAY_OF_MAPS, keySize: 4, valueSize: 4, maxEntries: 2 };
const hashOf: Given = { type: uapi.BPF_MAP_TYPE_HASH_OF_MAPS, keySize: 4, valueSize: 4, maxEntries: 2 };

const inners: readonly Given[] = [
  array,
  { ...array, maxEntries: 3 },
  { ...array, valueSize: 8 },
  { ...array, flags: uapi.BPF_F_INNER_MAP },
  { ...array, flags: uapi.BPF_F_INNER_MAP, maxEntries: 7 },
  { ...array, flags: uapi.BPF_F_RDONLY_PROG },
  hash,
  { ...hash, maxEntries: 9 },
  { ...hash, flags: uapi.BPF_F_NO_PREALLOC },
  { ...hash, type: uapi.BPF_MAP_TYPE_LRU_HASH },
  { ...array, type: uapi.BPF_MAP_TYPE_PERCPU_ARRAY },
  { type: uapi.BPF_MAP_TYPE_QUEUE, valueSize: 4, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_RINGBUF, maxEntries: 4096 },
  { type: uapi.BPF_MAP_TYPE_BLOOM_FILTER, valueSize: 4, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_PROG_ARRAY, keySize: 4, valueSize: 4, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_PERF_EVENT_ARRAY, keySize: 4, valueSize: 4, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_CGROUP_ARRAY, keySize: 4, valueSize: 4, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_CGROUP_STORAGE, keySize: 8, valueSize: 4 },
  { type: uapi.BPF_MAP_TYPE_STACK_TRACE, keySize: 4, valueSize: 8, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_SOCKMAP, keySize: 4, valueSize: 4, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_SOCKHASH, keySize: 4, valueSize: 4, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_DEVMAP, keySize: 4, valueSize: 4, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_CPUMAP, keySize: 4, valueSize: 4, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_XSKMAP, keySize: 4, valueSize: 4, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, keySize: 4, valueSize: 8, maxEntries: 2 },
  { type: uapi.BPF_MAP_TYPE_ARENA, maxEntries: 2, flags: uapi.BPF_F_MMAPABLE },
  { type: uapi.BPF_MAP_TYPE_LPM_TRIE, keySize: 8, valueSize: 4, maxEntries: 2, flags: uapi.BPF_F_NO_PREALLOC },
];

describeOnHost('maps in maps', () => {
  it.each([
    ['an array of maps', arrayOf],
    ['a hash of maps', hashOf],
  ])('%s takes what that of the running kernel takes', (_title, outer) => {
    const kernel = testKernel();
    const differing: unknown[] = [];
    const ours = inners.map((given) => kernel.create(given));
    const theirs = inners.map((given) => new RawHostMap(mapAttributes(given), 4));
    inners.forEach((given, pattern) => {
      const inner = ours[pattern];
      const made = tryCreateMap(kernel.registry, mapAttributes({ ...outer, ...(inner && { inner }) }));
      const attributes = mapAttributes(outer);
      const fd = theirs[pattern]?.fd;
      const created = { here: typeof made === 'number' ? made : 0, there: tryCreateOnHost(attributes, fd) };
      if (created.here !== created.there) differing.push({ given, created });
      if (typeof made === 'number' || created.there !== 0) return;
      const host = new RawHostMap(attributes, 4, fd);
      inners.forEach((other, index) => {
        const here = made.tryUpdate(u32(1), u32(ours[index]?.id ?? 0));
        const there = host.tryUpdate(u32(1), u32(theirs[index]?.fd ?? 0));
        if (here !== there) differing.push({ given, other, here, there });
      });
      const ask = (map: Pick<RawHostMap, 'tryDelete' | 'tryUpdate' | 'tryLookup' | 'tryLookupAndDelete'>) => [
        map.tryUpdate(u32(1), u32(100_000)),
        map.tryUpdate(u32(5), u32(100_000)),
        map.tryUpdate(u32(1), u32(0xffffffff)),
        map.tryLookup(u32(5)),
        map.tryLookupAndDelete(u32(5)),
        typeof map.tryLookup(u32(1)),
        map.tryDelete(u32(1)),
        map.tryDelete(u32(1)),
        map.tryLookup(u32(1)),
      ];
      const answers = { here: ask(made), there: ask(host) };
      if (answers.here.join() !== answers.there.join()) differing.push({ given, answers });
      host.close();
    });
    for (const map of theirs) map.close();
    expect(differing).toEqual([]);
  });
});

describe.each([
  ['an array of maps', arrayOf],
  ['a hash of maps', hashOf],
])('%s', (_title, outer) => {
  it('gives users the id and programs the map, and holds it', () => {
    const { create, registry, memory } = testKernel();
    const pattern = create(array);
    const map = create({ ...outer, inner: pattern });
    pattern.close();
    const [first, second] = [create(array), create(array)];
    map.update(u32(1), u32(first.id));
    expect(map.lookup(u32(1))).toEqual(u32(first.id));
    first.close();
    const key = memory.allocate(4);
    memory.view.setUint32(key, 1, true);
    expect(memory.runtime.map_lookup_elem(map.address, key) >>> 0).toBe(first.address);
    map.update(u32(1), u32(second.id));
    expect(registry.byId(first.id)).toBeUndefined();
    second.close();
    expect(registry.byId(second.id)).toBe(second);
    map.close();
    expect(registry.byId(second.id)).toBeUndefined();
    expect([...registry.all()]).toEqual([]);
  });
});
