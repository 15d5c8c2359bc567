import { describe, expect, it } from 'vitest';
import { ArenaMap } from '../../../src/embedded/maps/arena.ts';
import { CgroupStorageMap } from '../../../src/embedded/maps/cgroup-storage.ts';
import type { MapBase } from '../../../src/embedded/maps/map-base.ts';
import { StackTraceMap } from '../../../src/embedded/maps/stack-trace.ts';
import * as uapi from '../../../src/uapi/index.ts';
import type { SpecialField } from '../../../src/verifier/index.ts';
import { testKernel, u32 } from './kernel.ts';

describe('values with special fields', () => {
  // struct { u32 before; struct bpf_spin_lock lock; struct bpf_timer timer; u32 after; }
  const fields: readonly SpecialField[] = [
    { kind: 'spin_lock', offset: 4, size: 4 },
    { kind: 'timer', offset: 8, size: 16 },
  ];
  const value = { valueSize: 28, fields: { fields } };
  const all = (byte: number) => new Uint8Array(28).fill(byte);
  const copied = (byte: number) => all(byte).fill(0, 4, 24);

  it.each([
    ['hash', { type: uapi.BPF_MAP_TYPE_HASH, keySize: 4, maxEntries: 4, ...value }],
    ['array', { type: uapi.BPF_MAP_TYPE_ARRAY, keySize: 4, maxEntries: 4, ...value }],
    ['LRU hash', { type: uapi.BPF_MAP_TYPE_LRU_HASH, keySize: 4, maxEntries: 2, ...value }],
  ])('are copied without them, and let go of what they hold: %s', (_title, given) => {
    const released: [kind: string, offset: number][] = [];
    const { create, memory } = testKernel(1, {
      releaseField: ({ kind }, offset) => {
        released.push([kind, offset]);
      },
    });
    const map = create(given);
    const key = memory.allocate(4);
    map.update(u32(0), all(1));
    released.length = 0;
    const before = map.lookupElement(key);
    memory.u8.fill(9, before + 4, before + 24);
    expect(map.lookup(u32(0))).toEqual(copied(1));
    expect(() => map.update(u32(0), all(2), uapi.BPF_F_LOCK | 8)).toThrow('EINVAL');
    if (given.type !== uapi.BPF_MAP_TYPE_LRU_HASH) {
      map.update(u32(0), all(2), uapi.BPF_F_LOCK);
      expect(released).toEqual([]);
      expect(memory.u8[before + 5]).toBe(9);
      expect(memory.u8[before]).toBe(2);
      expect(map.tryLookup(u32(0), uapi.BPF_F_LOCK)).toEqual(copied(2));
    }
    map.update(u32(0), all(3));
    expect(released).toEqual([['timer', before + 8]]);
    expect(map.lookup(u32(0))).toEqual(copied(3));
    map.update(u32(1), all(4));
    map.update(u32(2), all(5));
    map.close();
    expect(released.length).toBe(given.type === uapi.BPF_MAP_TYPE_ARRAY ? 7 : 4);
  });

  it('cannot be frozen', () => {
    const map = testKernel().create({ type: uapi.BPF_MAP_TYPE_ARRAY, keySize: 4, maxEntries: 4, ...value });
    expect(map.tryFreeze()).toBe(-524);
  });
});

it('program arrays hold programs, and give tail calls their places in the function table', () => {
  const log: string[] = [];
  const { create, memory } = testKernel(1, {
    program: (descriptor) => {
      if (descriptor !== 7 && descriptor !== 8) return -9;
      const hold = () => log.push(`hold ${descriptor}`);
      const release = () => log.push(`release ${descriptor}`);
      return { id: descriptor, tableIndex: 100 + descriptor, hold, release };
    },
  });
  const map = create({ type: uapi.BPF_MAP_TYPE_PROG_ARRAY, keySize: 4, valueSize: 4, maxEntries: 3 });
  const slots = () => [0, 1, 2].map((index) => memory.view.getInt32((map.slotsAddress ?? 0) + 4 * index, true));
  map.update(u32(1), u32(7));
  expect(slots()).toEqual([0, 107, 0]);
  map.update(u32(1), u32(8));
  map.update(u32(2), u32(7));
  expect(slots()).toEqual([0, 108, 107]);
  expect(map.lookup(u32(2))).toEqual(u32(7));
  expect(() => map.update(u32(0), u32(9))).toThrow('EBADF');
  expect([map.delete(u32(2)), map.delete(u32(2))]).toEqual([true, false]);
  map.close();
  expect(log).toEqual(['hold 7', 'hold 8', 'release 7', 'hold 7', 'release 7', 'release 8']);
});

it('arenas allocate pages where they are asked to, or where there is room', () => {
  const { create, memory } = testKernel();
  const map = create({ type: uapi.BPF_MAP_TYPE_ARENA, maxEntries: 8, flags: uapi.BPF_F_MMAPABLE });
  if (!(map instanceof ArenaMap)) throw new Error('no arena');
  map.fill(Uint8Array.of(1, 2, 3), 7 * 4096);
  expect(map.allocatePages(3)).toBe(0);
  expect(map.allocatePages(2, 2)).toBeUndefined();
  expect(map.allocatePages(2, 5)).toBe(5);
  expect(map.allocatePages(3)).toBeUndefined();
  expect(map.allocatePages(2)).toBe(3);
  expect(map.allocatePages(1)).toBeUndefined();
  memory.u8.fill(5, map.base + 4096, map.base + 8192);
  map.freePages(1, 1);
  map.freePages(7, 100);
  expect(map.bytes().every((byte) => byte === 0)).toBe(true);
  expect([map.allocatePages(1), map.allocatePages(1), map.allocatePages(1)]).toEqual([1, 7, undefined]);
  expect(map.start % 2n ** 32n).not.toBe(0n);
});

it('maps keep the name that users know, whatever the kernel has room for', () => {
  const { create, memory, registry } = testKernel();
  const attributes = { type: uapi.BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 4, maxEntries: 1 };
  const inStruct = (map: MapBase): string => {
    const at = map.address + registry.layout.field('name').offset;
    return new TextDecoder().decode(memory.u8.subarray(at, at + 16)).replace(/\0+$/, '');
  };
  const long = create({ ...attributes, name: 'socket_of_program' });
  expect([long.name, long.kernelName, inStruct(long)]).toEqual([
    'socket_of_program',
    'socket_of_progr',
    'socket_of_progr',
  ]);
  const data = create({ ...attributes, name: '.data.buffers_of_two', kernelName: 'object.data.buf' });
  expect([data.name, inStruct(data)]).toEqual(['.data.buffers_of_two', 'object.data.buf']);
});

it('arenas begin at any page', () => {
  const { create } = testKernel();
  const extra = (1n << 44n) + 4096n * 3n;
  const map = create({ type: uapi.BPF_MAP_TYPE_ARENA, maxEntries: 8, flags: uapi.BPF_F_MMAPABLE, extra });
  if (!(map instanceof ArenaMap)) throw new Error('no arena');
  expect(map.start).toBe(extra);
  expect([map.lowOf(0), map.lowOf(5)]).toEqual([0x3000, 0x8000]);
  expect([map.pageAt(0x3000), map.pageAt(0x8fff)]).toEqual([0, 5]);
  expect(map.pageAt(0x2fff)).toBeGreaterThan(8);
});

it('nothing is in pages of arenas that are not allocated', () => {
  const { create, memory } = testKernel();
  const map = create({ type: uapi.BPF_MAP_TYPE_ARENA, maxEntries: 4, flags: uapi.BPF_F_MMAPABLE });
  if (!(map instanceof ArenaMap)) throw new Error('no arena');
  const pages = (): number[] => [...memory.u8.subarray(map.pages, map.pages + 4)];
  map.fill(Uint8Array.of(1), 3 * 4096);
  expect(map.allocatePages(1)).toBe(0);
  expect([map.reservePages(1, 1), map.reservePages(1, 2), map.reservePages(2, 3)]).toEqual([true, false, false]);
  expect(pages()).toEqual([1, 0, 0, 1]);
  expect([map.allocatePages(1, 1), map.allocatePages(2)]).toEqual([undefined, undefined]);
  map.freePages(0, 2);
  expect(pages()).toEqual([0, 0, 0, 1]);
  expect(map.allocatePages(3)).toBe(0);
});

it.each([
  ['shared', uapi.BPF_MAP_TYPE_CGROUP_STORAGE, 1],
  ['per CPU', uapi.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 2],
])('storage of cgroups is there while a program is attached: %s', (_title, type, copies) => {
  const { create, memory } = testKernel(2);
  const map = create({ type, keySize: 16, valueSize: 8 });
  if (!(map instanceof CgroupStorageMap)) throw new Error('no storage');
  const key = map.attach(5n, 3);
  const other = map.attach(6n, 3);
  expect([...map.keys()]).toEqual([key, other]);
  map.enter(key);
  memory.view.setUint32(map.current, 77, true);
  expect(map.lookup(key)).toEqual(copies === 1 ? u32(77, 0) : u32(77, 0, 0, 0));
  map.enter(undefined);
  expect(memory.view.getUint32(map.current, true)).toBe(0);
  map.enter(other);
  map.update(other, copies === 1 ? u32(1, 2) : u32(1, 2, 3, 4));
  expect(memory.view.getUint32(map.current + 4, true)).toBe(2);
  expect(map.tryUpdate(other, map.lookup(other) ?? key, uapi.BPF_NOEXIST)).toBe(-22);
  map.detach(6n, 3);
  expect(map.lookup(other)).toBeUndefined();
  expect(map.tryUpdate(other, new Uint8Array(map.transferSize))).toBe(-2);
  expect(map.tryDelete(key)).toBe(-22);
});

it('stacks are kept by what they are', () => {
  const map = testKernel().create({ type: uapi.BPF_MAP_TYPE_STACK_TRACE, keySize: 4, valueSize: 16, maxEntries: 1 });
  if (!(map instanceof StackTraceMap)) throw new Error('no stacks');
  const first = u32(1, 0, 2, 0);
  const id = map.store(first, 0);
  expect(map.store(first, 0)).toBe(id);
  expect(map.store(u32(9, 0), 0)).toBe(-17);
  expect(map.lookup(u32(id))).toEqual(first);
  expect(map.store(u32(9, 0), 1 << 10)).toBe(id);
  expect(map.lookup(u32(id))).toEqual(u32(9, 0, 0, 0));
  expect([...map.keys()]).toEqual([u32(id)]);
});

it('struct_ops maps take their value once', () => {
  const { create } = testKernel();
  const given = {
    type: uapi.BPF_MAP_TYPE_STRUCT_OPS,
    keySize: 4,
    valueSize: 16,
    maxEntries: 1,
    btfVmlinuxValueTypeId: 5,
  };
  const map = create(given);
  expect(map.lookup(u32(0))).toEqual(u32(0, 0, 0, 0));
  expect(map.tryUpdate(u32(0), u32(1, 0, 8, 9))).toBe(-22);
  map.update(u32(0), u32(0, 0, 8, 9));
  expect(map.lookup(u32(0))).toEqual(u32(0, 1, 8, 9));
  expect(map.tryUpdate(u32(0), u32(0, 0, 8, 9))).toBe(-16);
  expect([map.tryDelete(u32(0)), map.tryDelete(u32(0))]).toEqual([0, -2]);
  const linked = create({ ...given, flags: uapi.BPF_F_LINK });
  linked.update(u32(0), u32(0, 0, 8, 9));
  expect(linked.lookup(u32(0))).toEqual(u32(0, 3, 8, 9));
  expect(linked.tryDelete(u32(0))).toBe(-95);
});
