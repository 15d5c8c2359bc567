import { describe, expect, test } from 'vitest';
import type { MapBase } from '../../../src/embedded/maps/map-base.ts';
import {
  BPF_F_NO_PREALLOC,
  BPF_F_RDONLY_PROG,
  BPF_F_ZERO_SEED,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_SOCKMAP,
} from '../../../src/uapi/index.ts';
import { testKernel, u32 } from '../maps/kernel.ts';
import { type Body, Fixture } from './fixture.ts';

const plain = { keySize: 4, valueSize: 4, maxEntries: 4 };

/** Sockets are numbers: their descriptors, with this in front. */
const SOCKET = 0x5000;

function setUp(possibleCpus = 2) {
  const kernel = testKernel(possibleCpus, { object: (descriptor) => SOCKET + descriptor });
  const fixture = new Fixture(kernel.memory, [], possibleCpus);
  const word = (at: number) => kernel.memory.view.getUint32(at, true);
  const create = (type: number, more: Parameters<typeof kernel.create>[0] | object = {}): MapBase => {
    const map = kernel.create({ ...plain, type, ...more });
    fixture.maps.add(map);
    return map;
  };
  /** Key and value, or `end`; whether the map is there in either case. */
  const print: Body = ([map = 0, key = 0, value = 0]) => {
    if (map === 0) return 'no map ';
    return key === 0 ? `end${value} ` : `${word(key)}=${word(value)} `;
  };
  return { kernel, fixture, word, create, print };
}

test.each([BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH])('a hash of type %d: what is in it', async (type) => {
  const { fixture, create, print } = setUp();
  const map = create(type, { flags: type === BPF_MAP_TYPE_HASH ? BPF_F_ZERO_SEED : 0 });
  for (const key of [1, 2, 3]) map.update(u32(key), u32(10 * key));
  using link = fixture.iterators.attach(fixture.program('bpf_map_elem', print), { map });
  expect(link.info()).toMatchObject({ targetName: 'bpf_map_elem', mapId: map.id });
  const text = await link.open().text();
  expect(text.split(' ').sort()).toEqual(['', '1=10', '2=20', '3=30', 'end0']);
  expect(text).toMatch(/end0 $/);
});

test('an array: every index, in reads of one element each', () => {
  const { fixture, create, print } = setUp();
  const map = create(BPF_MAP_TYPE_ARRAY);
  map.update(u32(2), u32(7));
  const read = fixture.reader(fixture.iterators.attach(fixture.program('bpf_map_elem', print), { map }), 4);
  expect(Array.from({ length: 6 }, read)).toEqual(['0=0 ', '1=0 ', '2=7 ', '3=0 ', 'end0', ' ']);
});

test('what a program writes stays in the map, whoever may write to it', async () => {
  const { kernel, fixture, create } = setUp();
  const map = create(BPF_MAP_TYPE_ARRAY, { flags: BPF_F_RDONLY_PROG });
  map.freeze();
  const program = fixture.program('bpf_map_elem', ([, key = 0, value = 0]) => {
    if (key !== 0) kernel.memory.view.setUint32(value, 5, true);
    return 0;
  });
  using link = fixture.iterators.attach(program, { map });
  await link.open().text();
  expect(map.lookup(u32(3))).toEqual(u32(5));
});

test('a program may delete the element that it is shown', async () => {
  const { fixture, create } = setUp();
  const map = create(BPF_MAP_TYPE_HASH);
  for (const key of [1, 2, 3]) map.update(u32(key), u32(key));
  let calls = 0;
  const program = fixture.program('bpf_map_elem', ([, key = 0]) => {
    if (key === 0) return 0;
    calls += 1;
    return map.deleteElement(key);
  });
  using link = fixture.iterators.attach(program, { map });
  await link.open().text();
  expect([calls, [...map.keys()].length]).toEqual([3, 0]);
});

test.each([BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH])(
  'a per-CPU map of type %d: a copy of the values of all processors, eight bytes apart',
  async (type) => {
    const { kernel, fixture, create, word } = setUp(3);
    const map = create(type, { maxEntries: 1 });
    map.update(u32(0), u32(1, 0, 2, 0, 3, 0));
    const program = fixture.program('bpf_map_elem', ([, key = 0, value = 0]) => {
      if (key === 0) return 'end';
      const text = `${word(key)}: ${word(value)} ${word(value + 8)} ${word(value + 16)}\n`;
      kernel.memory.u8.fill(0xff, value, value + 24);
      return text;
    });
    using link = fixture.iterators.attach(program, { map });
    expect(await link.open().text()).toBe('0: 1 2 3\nend');
    expect(map.lookup(u32(0))).toEqual(u32(1, 0, 2, 0, 3, 0));
  },
);

test('a sockmap: every slot, also empty ones; in reads of one each too', async () => {
  const { fixture, create, word } = setUp();
  const map = create(BPF_MAP_TYPE_SOCKMAP, { maxEntries: 3 });
  map.update(u32(1), u32(7));
  const program = fixture.program('sockmap', ([at = 0, key = 0, sk = 0]) => {
    expect(at).toBe(map.address);
    return key === 0 ? `end${sk} ` : `${word(key)}:${sk === 0 ? sk : sk - SOCKET} `;
  });
  using link = fixture.iterators.attach(program, { map });
  expect(await link.open().text()).toBe('0:0 1:7 2:0 end0 ');
  const read = fixture.reader(link, 4);
  expect([read(), read(), read(), read(), read()]).toEqual(['0:0 ', '1:7 ', '2:0 ', 'end0', ' ']);
});

test('a sockhash: each socket once, however small the reads', () => {
  const { fixture, create, word } = setUp();
  const map = create(BPF_MAP_TYPE_SOCKHASH, { maxEntries: 1 << 6 });
  for (let key = 0; key < 40; key += 1) map.update(u32(key), u32(key + 1));
  const seen: string[] = [];
  const program = fixture.program('sockmap', ([, key = 0, sk = 0]) => {
    if (key !== 0) seen.push(`${word(key)}:${sk - SOCKET}`);
    return 'x';
  });
  const read = fixture.reader(fixture.iterators.attach(program, { map }), 1);
  while (read() !== '');
  const all = Array.from({ length: 40 }, (_, key) => `${key}:${key + 1}`);
  expect(seen.sort()).toEqual(all.sort());
});

test('a storage map of sockets: those that have a value', async () => {
  const { fixture, create, word } = setUp();
  const types = { keySize: 4, flags: BPF_F_NO_PREALLOC, maxEntries: 0, btfKeyTypeId: 1, btfValueTypeId: 1 };
  const map = create(BPF_MAP_TYPE_SK_STORAGE, types);
  map.update(u32(3), u32(30));
  map.update(u32(4), u32(40));
  const program = fixture.program('bpf_sk_storage_map', ([at = 0, sk = 0, value = 0]) => {
    expect(at).toBe(map.address);
    return sk === 0 ? `end${value}` : `${sk - SOCKET}:${word(value)} `;
  });
  using link = fixture.iterators.attach(program, { map });
  const text = await link.open().text();
  expect(text.split(' ').sort()).toEqual(['3:30', '4:40', 'end0']);
});

test('a map lives as long as a link or a session needs it', async () => {
  const { fixture, create, print } = setUp();
  const map = create(BPF_MAP_TYPE_ARRAY, { maxEntries: 1 });
  const link = fixture.iterators.attach(fixture.program('bpf_map_elem', print), { map });
  map.close();
  const session = link.open();
  link.close();
  expect(map.registry.byId(map.id)).toBe(map);
  expect(await session.text()).toBe('0=0 end0 ');
  expect(map.registry.byId(map.id)).toBeUndefined();
});

describe('a program is not attached', () => {
  test.each<[what: string, type: number, facts: object, errno: number, message: RegExp]>([
    ['that reads beyond the key', BPF_MAP_TYPE_HASH, { maxRdonlyAccess: 5 }, 13, /the key \(4 bytes\)/],
    ['that reads beyond the value', BPF_MAP_TYPE_ARRAY, { maxRdwrAccess: 5 }, 13, /the value \(4 bytes\)/],
    ['that reads beyond all processors', BPF_MAP_TYPE_PERCPU_ARRAY, { maxRdwrAccess: 17 }, 13, /beyond/],
  ])('%s', (_, type, facts, errno, message) => {
    const { fixture, create } = setUp();
    const map = create(type);
    const program = fixture.program('bpf_map_elem', () => 0, facts);
    expect(() => fixture.iterators.attach(program, { map })).toThrow(message);
    expect(() => fixture.iterators.attach(program, { map })).toThrow(expect.objectContaining({ errno }));
  });

  test.each([
    ['bpf_map_elem', { maxRdonlyAccess: 4, maxRdwrAccess: 16 }],
    ['bpf_map_elem', {}],
  ])('to %s with %o: it is', (target, facts) => {
    const { fixture, create } = setUp();
    const map = create(BPF_MAP_TYPE_PERCPU_ARRAY);
    fixture.iterators
      .attach(
        fixture.program(target, () => 0, facts),
        { map },
      )
      .close();
  });

  test.each(['sockmap', 'bpf_sk_storage_map'])('to %s with a map of another type', (target) => {
    const { fixture, create } = setUp();
    const map = create(BPF_MAP_TYPE_HASH);
    expect(() =>
      fixture.iterators.attach(
        fixture.program(target, () => 0),
        { map },
      ),
    ).toThrow(/the target does not iterate over maps of type hash \(EINVAL\)/);
  });

  test('without a map', () => {
    const { fixture } = setUp();
    expect(() => fixture.iterators.attach(fixture.program('bpf_map_elem', () => 0))).toThrow(
      expect.objectContaining({ code: 'usage', errno: 9 }),
    );
  });
});
