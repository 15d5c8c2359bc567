import { expect, it } from 'vitest';
import { HostMap, tryCreateMap } from '../src/host/maps.ts';
import { bpfPermitted } from '../src/host/privilege.ts';
import type { KernelMap } from '../src/kernel.ts';
import { TypedMap } from '../src/typed-map.ts';
import * as uapi from '../src/uapi/index.ts';
import { testKernel } from './embedded/maps/kernel.ts';
import { CTypes } from './records/c-types.ts';

type Create = (given: { type: number; keySize: number; valueSize: number; maxEntries: number }) => KernelMap;

const embedded: Create = (given) => testKernel(2).create(given);
const host: Create = ({ type, keySize, valueSize, maxEntries }) => {
  const fd = tryCreateMap({ map_type: type, key_size: keySize, value_size: valueSize, max_entries: maxEntries });
  if (fd < 0) throw new Error(`errno ${-fd}`);
  return new HostMap(fd, 'typed');
};

const permission = bpfPermitted();
const kernels: readonly (readonly [title: string, skipped: boolean, create: Create])[] = [
  ['embedded', false, embedded],
  [`running${permission.ok ? '' : ` (skipped: ${permission.reason})`}`, !permission.ok, host],
];

const types = new CTypes();
const event = types.struct('event', 16, [
  ['pid', types.u32, 0],
  ['when', types.u64, 8],
]);
const btf = types.btf();

for (const [title, skipped, create] of kernels) {
  it.skipIf(skipped)(`typed maps of the ${title} kernel take and give values`, () => {
    using map = create({ type: uapi.BPF_MAP_TYPE_HASH, keySize: 4, valueSize: 16, maxEntries: 8 });
    interface Event {
      readonly pid: number;
      readonly when: bigint;
    }
    const typed = new TypedMap<number, Event>(map, btf, { btfKeyTypeId: types.u32, btfValueTypeId: event });
    typed.set(1, { pid: 10, when: 100n });
    typed.set(2, { pid: 20, when: 200n });
    expect(() => typed.set(2, { pid: 20, when: 200n }, uapi.BPF_NOEXIST)).toThrow('EEXIST');
    expect(typed.get(2)).toEqual({ pid: 20, when: 200n });
    expect(typed.get(3)).toBeUndefined();
    expect([...typed].sort(([a], [b]) => a - b)).toEqual([
      [1, { pid: 10, when: 100n }],
      [2, { pid: 20, when: 200n }],
    ]);
    expect([typed.delete(1), typed.delete(1), [...typed.keys()]]).toEqual([true, false, [2]]);
  });

  it.skipIf(skipped)(`per-CPU values of the ${title} kernel are arrays`, () => {
    using map = create({ type: uapi.BPF_MAP_TYPE_PERCPU_ARRAY, keySize: 4, valueSize: 4, maxEntries: 2 });
    const typed = new TypedMap<number, readonly number[]>(map, btf, { btfKeyTypeId: 0, btfValueTypeId: types.i32 });
    const before = typed.get(1) ?? [];
    expect(before.length).toBeGreaterThan(0);
    const values = before.map((_, cpu) => -cpu - 1);
    typed.set(1, values);
    expect([...typed.entries()]).toEqual([
      [0, before],
      [1, values],
    ]);
  });
}

it('a type of another size is refused', () => {
  const map = embedded({ type: uapi.BPF_MAP_TYPE_HASH, keySize: 4, valueSize: 8, maxEntries: 8 });
  expect(() => new TypedMap(map, btf, { btfKeyTypeId: 0, btfValueTypeId: event })).toThrow(
    "values of map '' have 8 bytes, and their type struct event has 16",
  );
});
