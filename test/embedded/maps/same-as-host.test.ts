/**
 * Maps of the embedded kernel against those of the running one: what can be created, and what the same operations
 * answer, one after the other. Hashes are made without a seed, so that both are walked in the same order.
 */
import { expect, it } from 'vitest';
import { mapAttributes } from '../../../src/embedded/maps/attributes.ts';
import { tryCreateMap } from '../../../src/embedded/maps/create-map.ts';
import { possibleCpus } from '../../../src/host/cpus.ts';
import * as uapi from '../../../src/uapi/index.ts';
import { describeOnHost } from '../../host/permitted.ts';
import { RawHostMap, type TriedMap, tryCreateOnHost } from './host-map.ts';
import { testKernel } from './kernel.ts';

/** Types that are created without anything else. */
const types = uapi.mapTypes.filter(
  ({ id }) =>
    id !== uapi.BPF_MAP_TYPE_UNSPEC &&
    id !== uapi.BPF_MAP_TYPE_ARRAY_OF_MAPS &&
    id !== uapi.BPF_MAP_TYPE_HASH_OF_MAPS &&
    id <= uapi.BPF_MAP_TYPE_ARENA,
);

const flags = [0, ...uapi.mapFlags.filter(({ id }) => id !== uapi.BPF_F_TOKEN_FD).map(({ id }) => id)];

describeOnHost('creating maps', () => {
  const cpus = possibleCpus();
  const sizes: readonly (readonly [key: number, value: number, max: number])[] = [
    [4, 4, 8],
    [4, 8, 8],
    [4, 0, 8],
    [0, 4, 8],
    [0, 0, 4096],
    [0, 0, 4095],
    [0, 0, 12288],
    [0, 0, 1],
    [4, 4, 0],
    [4, 5, 1],
    [8, 8, 0],
    [16, 4, 0],
    [16, 4, 5],
    [3, 3, 3],
    [5, 1, 1],
    [260, 1, 1],
    [261, 1, 1],
    [512, 4, 1],
    [513, 4, 1],
    [4, 32768, 1],
    [4, 32769, 1],
    [4, 65407, 0],
    [4, 65536, 0],
    [8, 65407, 0],
    [8, 65408, 0],
    [4, (4 << 20) - 1, 1],
    [4, 4 << 20, 1],
    [0, 4 << 20, 1],
    [0, (4 << 20) + 1, 1],
    [4, 8, 8193],
    [4, 127 * 8, 1],
    [4, 128 * 8, 1],
  ];

  it.each(types)('of type $name: as the running kernel', ({ id: type }) => {
    const { registry } = testKernel(cpus);
    const differing: unknown[] = [];
    const compare = (given: Parameters<typeof mapAttributes>[0]): void => {
      const attributes = mapAttributes(given);
      const ours = tryCreateMap(registry, attributes);
      if (typeof ours !== 'number') ours.close();
      const here = typeof ours === 'number' ? ours : 0;
      const there = tryCreateOnHost(attributes);
      if (here !== there) differing.push({ given, here, there });
    };
    for (const [keySize, valueSize, maxEntries] of sizes) {
      compare({ type, keySize, valueSize, maxEntries });
      compare({ type, keySize, valueSize, maxEntries, flags: uapi.BPF_F_NO_PREALLOC });
      compare({ type, keySize, valueSize, maxEntries, flags: uapi.BPF_F_MMAPABLE });
    }
    for (const flag of flags) {
      for (const [keySize, valueSize, maxEntries] of sizes.slice(0, 5)) {
        compare({ type, keySize, valueSize, maxEntries, flags: flag });
        compare({ type, keySize, valueSize, maxEntries, flags: flag | uapi.BPF_F_NO_PREALLOC });
      }
    }
    for (const both of [uapi.BPF_F_RDONLY | uapi.BPF_F_WRONLY, uapi.BPF_F_RDONLY_PROG | uapi.BPF_F_WRONLY_PROG]) {
      compare({ type, keySize: 4, valueSize: 4, maxEntries: 4, flags: both });
    }
    for (const extra of [1n, 5n, 15n, 16n, 4096n, 1n << 44n, (1n << 32n) - 4096n]) {
      compare({ type, keySize: 0, valueSize: 8, maxEntries: 2, extra });
      compare({ type, keySize: 0, valueSize: 0, maxEntries: 2, extra, flags: uapi.BPF_F_MMAPABLE });
    }
    expect(differing).toEqual([]);
  });
});

/** Numbers that are the same in each run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const shown = (result: Uint8Array | number): string =>
  typeof result === 'number' ? String(result) : Buffer.from(result).toString('hex');

describeOnHost('operations on maps', () => {
  const cpus = possibleCpus();
  const { BPF_F_ZERO_SEED: unseeded, BPF_F_NO_PREALLOC: lazy } = uapi;
  const devices = new Set([uapi.BPF_MAP_TYPE_DEVMAP, uapi.BPF_MAP_TYPE_DEVMAP_HASH]);
  const cases: readonly (readonly [title: string, given: Parameters<typeof mapAttributes>[0]])[] = [
    ['an array', { type: uapi.BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 6, maxEntries: 5 }],
    ['a per-CPU array', { type: uapi.BPF_MAP_TYPE_PERCPU_ARRAY, keySize: 4, valueSize: 6, maxEntries: 5 }],
    ['a hash', { type: uapi.BPF_MAP_TYPE_HASH, keySize: 4, valueSize: 4, maxEntries: 7, flags: unseeded }],
    ['a lazy hash', { type: uapi.BPF_MAP_TYPE_HASH, keySize: 8, valueSize: 9, maxEntries: 6, flags: unseeded | lazy }],
    ['a hash of odd keys', { type: uapi.BPF_MAP_TYPE_HASH, keySize: 7, valueSize: 3, maxEntries: 9, flags: unseeded }],
    [
      'a hash of long keys',
      { type: uapi.BPF_MAP_TYPE_HASH, keySize: 45, valueSize: 3, maxEntries: 9, flags: unseeded },
    ],
    [
      'a per-CPU hash',
      { type: uapi.BPF_MAP_TYPE_PERCPU_HASH, keySize: 16, valueSize: 5, maxEntries: 6, flags: unseeded },
    ],
    [
      'a roomy LRU hash',
      { type: uapi.BPF_MAP_TYPE_LRU_HASH, keySize: 4, valueSize: 4, maxEntries: 1000, flags: unseeded },
    ],
    ['a trie', { type: uapi.BPF_MAP_TYPE_LPM_TRIE, keySize: 6, valueSize: 2, maxEntries: 12, flags: lazy }],
    ['a queue', { type: uapi.BPF_MAP_TYPE_QUEUE, valueSize: 3, maxEntries: 4 }],
    ['a stack', { type: uapi.BPF_MAP_TYPE_STACK, valueSize: 3, maxEntries: 4 }],
    ['a ring buffer', { type: uapi.BPF_MAP_TYPE_RINGBUF, maxEntries: 4096 }],
    ['a program array', { type: uapi.BPF_MAP_TYPE_PROG_ARRAY, keySize: 4, valueSize: 4, maxEntries: 3 }],
    ['a perf event array', { type: uapi.BPF_MAP_TYPE_PERF_EVENT_ARRAY, keySize: 4, valueSize: 4, maxEntries: 3 }],
    ['a cgroup array', { type: uapi.BPF_MAP_TYPE_CGROUP_ARRAY, keySize: 4, valueSize: 4, maxEntries: 3 }],
    ['a sockmap', { type: uapi.BPF_MAP_TYPE_SOCKMAP, keySize: 4, valueSize: 4, maxEntries: 3 }],
    ['a sockmap with cookies', { type: uapi.BPF_MAP_TYPE_SOCKMAP, keySize: 4, valueSize: 8, maxEntries: 3 }],
    ['a sockhash', { type: uapi.BPF_MAP_TYPE_SOCKHASH, keySize: 4, valueSize: 8, maxEntries: 3 }],
    ['an xskmap', { type: uapi.BPF_MAP_TYPE_XSKMAP, keySize: 4, valueSize: 4, maxEntries: 3 }],
    ['a devmap', { type: uapi.BPF_MAP_TYPE_DEVMAP, keySize: 4, valueSize: 8, maxEntries: 3 }],
    ['a devmap hash', { type: uapi.BPF_MAP_TYPE_DEVMAP_HASH, keySize: 4, valueSize: 4, maxEntries: 3 }],
    ['a cpumap', { type: uapi.BPF_MAP_TYPE_CPUMAP, keySize: 4, valueSize: 4, maxEntries: 3 }],
    ['sockets to reuse', { type: uapi.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, keySize: 4, valueSize: 8, maxEntries: 3 }],
    ['a stack trace', { type: uapi.BPF_MAP_TYPE_STACK_TRACE, keySize: 4, valueSize: 16, maxEntries: 3 }],
    ['cgroup storage', { type: uapi.BPF_MAP_TYPE_CGROUP_STORAGE, keySize: 8, valueSize: 4 }],
    ['a read-only array', { type: uapi.BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 4, maxEntries: 2, flags: 8 }],
    ['a write-only array', { type: uapi.BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 4, maxEntries: 2, flags: 16 }],
  ];

  it.each(cases)('%s answers as that of the running kernel', (_title, given) => {
    const attributes = mapAttributes(given);
    // No device, socket, program or cgroup is there: what is named does not exist.
    const ours = testKernel(cpus, { object: () => (devices.has(given.type) ? -22 : -9) }).create(given);
    const theirs = new RawHostMap(attributes, ours.transferSize);
    const next = numbersFrom(attributes.type * 1000 + attributes.keySize);
    const differing: unknown[] = [];
    const log: string[] = [];
    const compare = (what: string, ask: (map: TriedMap) => Uint8Array | number): void => {
      const there = shown(ask(theirs));
      const here = shown(ask(ours));
      log.push(`${what} -> ${there}`);
      if (here !== there) differing.push({ what, here, there, log: log.slice(-8) });
    };
    const { keySize, type } = attributes;
    const keys = Math.max(2, Math.floor(attributes.maxEntries > 100 ? 100 : attributes.maxEntries * 1.5));
    const someKey = (): Uint8Array | undefined => {
      if (keySize === 0) return undefined;
      const key = new Uint8Array(keySize);
      if (type === uapi.BPF_MAP_TYPE_LPM_TRIE) {
        key[0] = next(18);
        key[4] = next(2) * 128 + next(3);
        key[5] = next(4) * 64;
        return key;
      }
      key[keySize > 8 ? keySize - 2 : 0] = next(keys);
      return key;
    };
    const someFlags = (): number => [0, 0, 0, 1, 2, 3, 4, 8, 6][next(9)] ?? 0;
    const isSmall = type === uapi.BPF_MAP_TYPE_CPUMAP || type === uapi.BPF_MAP_TYPE_DEVMAP_HASH;
    const someValue = (): Uint8Array =>
      Uint8Array.from({ length: ours.transferSize }, (_, i) =>
        isSmall ? (i === 3 ? 1 : 0) : i % 8 < attributes.valueSize ? next(256) : 0,
      );
    for (let step = 0; step < 1500; step += 1) {
      const key = someKey();
      const name = key === undefined ? 'none' : Buffer.from(key).toString('hex');
      switch (next(8)) {
        case 0:
        case 1:
        case 2: {
          const value = someValue();
          const flag = someFlags();
          compare(`update ${name} ${flag}`, (map) => map.tryUpdate(key, value, flag));
          break;
        }
        case 3:
          compare(`delete ${name}`, (map) => map.tryDelete(key));
          break;
        case 4:
          compare(`next ${name}`, (map) => map.tryNextKey(next(1) === 0 ? key : undefined));
          break;
        case 5: {
          const flag = next(4) === 0 ? someFlags() : 0;
          compare(`take ${name} ${flag}`, (map) => map.tryLookupAndDelete(key, flag));
          break;
        }
        case 6:
          compare('first', (map) => map.tryNextKey(undefined));
          break;
        default: {
          const flag = next(4) === 0 ? someFlags() : 0;
          compare(`look up ${name} ${flag}`, (map) => map.tryLookup(key, flag));
        }
      }
    }
    compare('freeze', (map) => map.tryFreeze());
    compare('freeze again', (map) => map.tryFreeze());
    const key = someKey();
    const value = someValue();
    compare('update what is frozen', (map) => map.tryUpdate(key, value));
    compare('delete what is frozen', (map) => map.tryDelete(key));
    compare('look up what is frozen', (map) => map.tryLookup(key));
    theirs.close();
    expect(differing.slice(0, 3)).toEqual([]);
  });
});
