import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { changedMaps, mapsLeftOut, readMaps } from '../../src/cli/map-changes.ts';
import type { KernelMap, LoadedObject } from '../../src/index.ts';
import { openObject } from '../../src/object/index.ts';
import { BPF_MAP_TYPE_ARRAY } from '../../src/uapi/index.ts';

function* zeros(count: number): Generator<readonly [Uint8Array, Uint8Array]> {
  for (let index = 0; index < count; index++) {
    yield [new Uint8Array(Uint32Array.of(index).buffer), new Uint8Array(8)];
  }
}

test('maps of too many entries are left out, by name, and read no further than that', () => {
  let read = 0;
  const map = (name: string, count: number) =>
    ({
      name,
      type: BPF_MAP_TYPE_ARRAY,
      valueSize: 8,
      *entries() {
        for (const entry of zeros(count)) {
          read++;
          yield entry;
        }
      },
    }) as unknown as KernelMap; // all that is read of it
  const object = openObject(readFileSync('programs/numbers.bpf.o'), { name: 'numbers' });
  const loaded = { object, maps: [map('small', 4), map('large', 2 ** 31)] } as unknown as LoadedObject;
  const before = readMaps(loaded);
  expect(mapsLeftOut(before)).toEqual(['large']);
  expect(read).toBeLessThan(2 ** 19);
  expect(changedMaps(loaded, before)).toEqual({});
});
