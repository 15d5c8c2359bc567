import { expect, test } from 'vitest';
import { BpfiterError } from '../../src/errors.ts';
import { possibleCpus } from '../../src/host/cpus.ts';
import { HostKernel } from '../../src/host/kernel.ts';
import { HostMap, type MapCreateValues, tryCreateMap } from '../../src/host/maps.ts';
import {
  BPF_EXIST,
  BPF_F_NO_PREALLOC,
  BPF_F_RDONLY_PROG,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_BLOOM_FILTER,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_QUEUE,
  BPF_NOEXIST,
} from '../../src/uapi/index.ts';
import { describeOnHost, openDescriptors, u32 } from './permitted.ts';

function create(values: MapCreateValues): HostMap {
  const fd = tryCreateMap({ key_size: 4, value_size: 4, max_entries: 100, map_name: 'bpfiter_test', ...values });
  if (fd < 0) throw new Error(`errno ${-fd}`);
  return new HostMap(fd);
}

const errnoOf = (work: () => void): number | undefined => {
  try {
    work();
  } catch (error) {
    if (error instanceof BpfiterError) return error.errno;
    throw error;
  }
  return undefined;
};

const numberAt = (bytes: Uint8Array | undefined, at = 0): number =>
  bytes === undefined ? Number.NaN : new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);

describeOnHost('maps', () => {
  test('tell what they are', () => {
    using map = create({ map_type: BPF_MAP_TYPE_HASH, key_size: 8, value_size: 12, max_entries: 7 });
    expect(map).toMatchObject({ name: 'bpfiter_test', type: 1, keySize: 8, valueSize: 12, maxEntries: 7 });
    expect(map.id).toBeGreaterThan(0);
  });

  test('of kind hash take, give and lose keys', () => {
    using map = create({ map_type: BPF_MAP_TYPE_HASH });
    expect(map.lookup(u32(1))).toBeUndefined();
    map.update(u32(1), u32(10));
    expect(map.lookup(u32(1))).toEqual(u32(10));
    map.update(u32(1), u32(11), BPF_EXIST);
    expect(map.lookup(u32(1))).toEqual(u32(11));
    expect(errnoOf(() => map.update(u32(1), u32(12), BPF_NOEXIST))).toBe(17);
    expect(() => map.update(u32(2), u32(12), BPF_EXIST)).toThrow(
      "cannot update map 'bpfiter_test': there is no such key (ENOENT)",
    );
    expect(map.delete(u32(1))).toBe(true);
    expect(map.delete(u32(1))).toBe(false);
    expect([...map.keys()]).toEqual([]);
  });

  test.each([
    ['hash', BPF_MAP_TYPE_HASH, 0],
    ['LRU hash', BPF_MAP_TYPE_LRU_HASH, 0],
    ['hash without preallocation', BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC],
  ])('of kind %s give all entries, each once', (_, map_type, map_flags) => {
    using map = create({ map_type, map_flags, max_entries: 30_000 });
    const count = 10_000;
    for (let key = 0; key < count; key += 1) map.update(u32(key), u32(key * 3));
    const entries = Array.from(map.entries(), ([key, value]) => [numberAt(key), numberAt(value)] as const);
    expect(entries.length).toBe(count);
    expect(new Map(entries).size).toBe(count);
    expect(entries.every(([key, value]) => value === key * 3)).toBe(true);
    const keys = new Set(Array.from(map.keys(), (key) => numberAt(key)));
    expect(keys.size).toBe(count);
  });

  test('of a kind that cannot be read in batches are walked from key to key', () => {
    using map = create({ map_type: BPF_MAP_TYPE_DEVMAP_HASH });
    const loopback = u32(1);
    for (let key = 0; key < 50; key += 1) map.update(u32(key), loopback);
    const wanted = Array.from({ length: 50 }, (_, key) => key);
    const ascending = (numbers: number[]) => numbers.sort((a, b) => a - b);
    expect(ascending(Array.from(map.keys(), (key) => numberAt(key)))).toEqual(wanted);
    expect(ascending(Array.from(map.entries(), ([key]) => numberAt(key)))).toEqual(wanted);
    expect([...map.entries()].every(([, value]) => numberAt(value) === 1)).toBe(true);
  });

  test('of kind LPM trie, whose keys vary in weight, are walked', () => {
    using map = create({ map_type: BPF_MAP_TYPE_LPM_TRIE, key_size: 8, map_flags: BPF_F_NO_PREALLOC });
    const keys = [8, 16, 24].map((bits) => new Uint8Array(Uint32Array.of(bits, 10).buffer));
    for (const key of keys) map.update(key, u32(numberAt(key)));
    expect(Array.from(map.entries(), ([key, value]) => [numberAt(key), numberAt(value)]).sort()).toEqual([
      [16, 16],
      [24, 24],
      [8, 8],
    ]);
  });

  test('of kind array have all keys, and no others', () => {
    using map = create({ map_type: BPF_MAP_TYPE_ARRAY, max_entries: 5 });
    expect(Array.from(map.keys(), (key) => numberAt(key))).toEqual([0, 1, 2, 3, 4]);
    expect(map.lookup(u32(5))).toBeUndefined();
    expect(errnoOf(() => map.update(u32(5), u32(0)))).toBe(7);
    expect(errnoOf(() => map.delete(u32(0)))).toBe(22);
  });

  test.each([
    ['hash', BPF_MAP_TYPE_PERCPU_HASH],
    ['array', BPF_MAP_TYPE_PERCPU_ARRAY],
  ])('of kind per-CPU %s have a block of 8-byte-aligned bytes for each CPU', (_, map_type) => {
    using map = create({ map_type, value_size: 12, max_entries: 3 });
    const value = Uint8Array.from({ length: 16 * possibleCpus() }, (__, at) => (at % 16 < 12 ? at : 0));
    map.update(u32(2), value);
    expect(map.lookup(u32(2))).toEqual(value);
    const entries = [...map.entries()].filter(([key]) => numberAt(key) === 2);
    expect(entries).toEqual([[u32(2), value]]);
    expect(() => map.update(u32(0), new Uint8Array(12))).toThrow(/takes values of \d+ bytes, not 12/);
  });

  test('of kind map of maps give the ids of what they hold', () => {
    using inner = create({ map_type: BPF_MAP_TYPE_ARRAY });
    using outer = create({ map_type: BPF_MAP_TYPE_ARRAY_OF_MAPS, max_entries: 2, inner_map_fd: inner.fd });
    outer.update(u32(1), u32(inner.fd));
    expect(numberAt(outer.lookup(u32(1)))).toBe(inner.id);
  });

  test('of kind queue have values without keys', () => {
    using map = create({ map_type: BPF_MAP_TYPE_QUEUE, key_size: 0 });
    const none = new Uint8Array();
    map.update(none, u32(5));
    expect(map.lookup(none)).toEqual(u32(5));
    expect(() => [...map.keys()]).toThrow(/its type has no keys to walk over/);
  });

  test('of kind bloom filter say that they cannot be looked into', () => {
    using map = create({ map_type: BPF_MAP_TYPE_BLOOM_FILTER, key_size: 0 });
    map.update(new Uint8Array(), u32(5));
    expect(() => map.lookup(new Uint8Array())).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  test('refuse keys and values of another size before the kernel reads beyond them', () => {
    using map = create({ map_type: BPF_MAP_TYPE_HASH });
    expect(() => map.lookup(new Uint8Array(3))).toThrow("map 'bpfiter_test' takes keys of 4 bytes, not 3");
    expect(() => map.update(u32(1), new Uint8Array(8))).toThrow(/takes values of 4 bytes, not 8/);
  });

  test('that are frozen take no values any more', () => {
    using map = create({ map_type: BPF_MAP_TYPE_ARRAY, map_flags: BPF_F_RDONLY_PROG });
    map.update(u32(0), u32(1));
    map.freeze();
    expect(() => map.update(u32(0), u32(2))).toThrow(/read-only for user space, or frozen \(EPERM\)/);
    expect(map.lookup(u32(0))).toEqual(u32(1));
  });

  test('that are closed say so, and closing them twice does nothing', () => {
    const before = openDescriptors();
    const map = create({ map_type: BPF_MAP_TYPE_ARRAY });
    map.close();
    map.close();
    expect(openDescriptors()).toBe(before);
    expect(() => map.lookup(u32(0))).toThrow("map 'bpfiter_test' is closed");
  });
});

describeOnHost('a map is found', () => {
  const kernel = new HostKernel();

  test('by its id', () => {
    using map = create({ map_type: BPF_MAP_TYPE_ARRAY });
    using same = kernel.openMap({ id: map.id });
    map.update(u32(3), u32(33));
    expect(same.lookup(u32(3))).toEqual(u32(33));
  });

  test('by a descriptor, which stays the caller’s', () => {
    using map = create({ map_type: BPF_MAP_TYPE_ARRAY });
    kernel.openMap({ fd: map.fd }).close();
    expect(map.lookup(u32(0))).toEqual(u32(0));
  });

  test('by its name, if that is its alone', () => {
    const map_name = `t${process.pid}_${Date.now() % 10_000}`;
    using first = create({ map_type: BPF_MAP_TYPE_ARRAY, map_name });
    using found = kernel.openMap({ name: map_name });
    expect(found.id).toBe(first.id);
    using _second = create({ map_type: BPF_MAP_TYPE_ARRAY, map_name });
    expect(() => kernel.openMap({ name: map_name })).toThrow(
      /^several maps are named '.*'; choose one by its id: \d+, \d+$/,
    );
  });

  test.each([
    [{ id: 0x7fff_fff0 }, 'not-found', 'there is no map with id 2147483632'],
    [{ name: 'no_such_map_' }, 'not-found', "there is no map named 'no_such_map_'"],
    [{ name: 'longer_than_names_are' }, 'usage', /names have at most 15 characters/],
    [{ pinned: '/no/such/path' }, 'not-found', /no map is pinned at '\/no\/such\/path': no such file/],
    [{ pinned: '/etc/passwd' }, 'usage', /it is not in a BPF file system/],
    [{ fd: 987_654 }, 'refused', /cannot use descriptor 987654 as a map: Bad file descriptor/],
    [{ fd: 0 }, 'refused', /information about the map/],
  ])('and %j is none: %s', (selector, code, message) => {
    const before = openDescriptors();
    expect(() => kernel.openMap(selector)).toThrow(expect.objectContaining({ code }));
    expect(() => kernel.openMap(selector)).toThrow(message);
    expect(openDescriptors()).toBe(before);
  });
});
