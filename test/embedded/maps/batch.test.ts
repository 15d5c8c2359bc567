/** Batches of the embedded kernel's maps against those of the running one. */
import { expect, it } from 'vitest';
import { mapAttributes } from '../../../src/embedded/maps/attributes.ts';
import { type BatchResult, deleteBatch, lookupBatch, updateBatch } from '../../../src/embedded/maps/batch.ts';
import { possibleCpus } from '../../../src/host/cpus.ts';
import * as uapi from '../../../src/uapi/index.ts';
import { describeOnHost } from '../../host/permitted.ts';
import { RawHostMap } from './host-map.ts';
import { testKernel, u32 } from './kernel.ts';

const unseeded = uapi.BPF_F_ZERO_SEED;
const cases: readonly (readonly [title: string, given: Parameters<typeof mapAttributes>[0]])[] = [
  ['an array', { type: uapi.BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 4, maxEntries: 7 }],
  ['a per-CPU array', { type: uapi.BPF_MAP_TYPE_PERCPU_ARRAY, keySize: 4, valueSize: 8, maxEntries: 7 }],
  ['a hash', { type: uapi.BPF_MAP_TYPE_HASH, keySize: 4, valueSize: 4, maxEntries: 20, flags: unseeded }],
  [
    'a per-CPU hash',
    { type: uapi.BPF_MAP_TYPE_PERCPU_HASH, keySize: 4, valueSize: 8, maxEntries: 20, flags: unseeded },
  ],
  ['an LRU hash', { type: uapi.BPF_MAP_TYPE_LRU_HASH, keySize: 4, valueSize: 4, maxEntries: 200, flags: unseeded }],
  [
    'a trie',
    { type: uapi.BPF_MAP_TYPE_LPM_TRIE, keySize: 8, valueSize: 4, maxEntries: 20, flags: uapi.BPF_F_NO_PREALLOC },
  ],
  ['a queue', { type: uapi.BPF_MAP_TYPE_QUEUE, valueSize: 4, maxEntries: 20 }],
  ['a cpumap', { type: uapi.BPF_MAP_TYPE_CPUMAP, keySize: 4, valueSize: 4, maxEntries: 2 }],
  [
    'a read-only hash',
    { type: uapi.BPF_MAP_TYPE_HASH, keySize: 4, valueSize: 4, maxEntries: 20, flags: uapi.BPF_F_RDONLY },
  ],
];

describeOnHost('batches', () => {
  it.each(cases)('%s answers as that of the running kernel', (_title, given) => {
    const attributes = mapAttributes(given);
    const ours = testKernel(possibleCpus()).create(given);
    const theirs = new RawHostMap(attributes, ours.transferSize);
    const { keySize } = attributes;
    const keys = Array.from({ length: 12 }, (_, n) => {
      if (keySize === 0) return new Uint8Array(0);
      return keySize === 8 ? u32(8 + (n % 3) * 8, n * 5) : u32(n % 11);
    });
    const values = keys.map((_, n) => new Uint8Array(ours.transferSize).fill(n + 1));
    const joined = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

    const summary = ({ result, count }: { result: number; count: number }) => ({ result, count });
    const update = (flags: number): void => {
      const here = updateBatch(
        ours,
        keys.map((key, n) => [key, values[n] ?? key]),
        flags,
      );
      const there = theirs.batch(uapi.BPF_MAP_UPDATE_BATCH, {
        keys: joined(keys),
        values: joined(values),
        count: 12,
        flags,
      });
      expect(here.result).toBe(there.result);
      if (![-1, -22, -524].includes(here.result)) expect(summary(here)).toEqual(summary(there));
    };
    update(8);
    update(4);
    update(0);
    const walk = (room: number, take: boolean): void => {
      let here: BatchResult = { result: 0, count: 0, keys: [], values: [], position: undefined };
      let position: Uint8Array | undefined;
      for (let round = 0; round < 30; round += 1) {
        here = lookupBatch(ours, room, { position: here.position, take });
        const command = take ? uapi.BPF_MAP_LOOKUP_AND_DELETE_BATCH : uapi.BPF_MAP_LOOKUP_BATCH;
        const there = theirs.batch(command, { count: room, position });
        expect(here.result).toBe(there.result);
        if (here.result !== 0 && here.result !== -2) return;
        expect(here.count).toBe(there.count);
        expect(joined(here.keys)).toEqual(there.keys.slice(0, there.count * keySize));
        expect(joined(here.values)).toEqual(there.values.slice(0, there.count * ours.transferSize));
        position = there.position;
        if (here.result === -2) return;
      }
      throw new Error('the walk does not end');
    };
    for (const room of [1, 2, 5, 30]) walk(room, false);
    const deletion = (): void => {
      const here = deleteBatch(ours, keys.slice(0, 3));
      const there = theirs.batch(uapi.BPF_MAP_DELETE_BATCH, { keys: joined(keys.slice(0, 3)), count: 3 });
      expect(here.result).toBe(there.result);
      if (here.result === 0 || here.result === -2) expect(here.count).toBe(there.count);
    };
    deletion();
    deletion();
    walk(4, true);
    walk(30, true);
    walk(30, false);
    theirs.close();
  });
});
