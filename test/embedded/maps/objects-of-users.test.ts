/** What users can put into maps of objects, and how long values of objects stay. */
import { afterAll, expect, it } from 'vitest';
import { openEmbeddedKernel } from '../../../src/embedded/index.ts';
import { type MapAttributes, mapAttributes } from '../../../src/embedded/maps/attributes.ts';
import { createMap } from '../../../src/embedded/maps/create-map.ts';
import * as uapi from '../../../src/uapi/index.ts';
import { emptySource } from '../packets/empty-source.ts';
import { u32 } from './kernel.ts';

const kernel = openEmbeddedKernel({ source: emptySource });
afterAll(() => kernel.close());

const create = (attributes: Partial<MapAttributes> & { readonly type: number }) =>
  createMap(kernel.maps, mapAttributes(attributes));
const storage = { keySize: 4, valueSize: 8, flags: uapi.BPF_F_NO_PREALLOC, btfKeyTypeId: 1, btfValueTypeId: 2 };

it.each([
  ['array', uapi.BPF_MAP_TYPE_DEVMAP],
  ['hash', uapi.BPF_MAP_TYPE_DEVMAP_HASH],
])('devices are numbers: %s', (_title, type) => {
  using map = create({ type, keySize: 4, valueSize: 4, maxEntries: 4 });
  map.update(u32(1), u32(7));
  expect(map.lookup(u32(1))).toEqual(u32(7));
  expect(() => map.update(u32(1), u32(0x8000_0000))).toThrow('EINVAL');
});

it.each([
  ['cgroups', { type: uapi.BPF_MAP_TYPE_CGROUP_ARRAY, keySize: 4, valueSize: 4, maxEntries: 2 }],
  ['sockets', { type: uapi.BPF_MAP_TYPE_SOCKMAP, keySize: 4, valueSize: 4, maxEntries: 2 }],
  ['sockets', { type: uapi.BPF_MAP_TYPE_SOCKHASH, keySize: 4, valueSize: 8, maxEntries: 2 }],
  ['processes', { type: uapi.BPF_MAP_TYPE_TASK_STORAGE, ...storage }],
  ['inodes', { type: uapi.BPF_MAP_TYPE_INODE_STORAGE, ...storage }],
])('there are no descriptors of %s: %o', (noun, attributes) => {
  using map = create({ name: 'objects', ...attributes });
  expect(() => map.update(u32(1), new Uint8Array(map.valueSize).fill(1, 0, 1))).toThrow(
    `map 'objects': the embedded kernel has no descriptors of ${noun}; use --kernel host`,
  );
});

it('the value of an object ends with it', () => {
  using map = create({ type: uapi.BPF_MAP_TYPE_SK_STORAGE, ...storage });
  const { memory } = kernel.maps;
  const socket = memory.allocate(64);
  expect(memory.runtime.storage_get(map.address, socket, 0, 1, 0)).not.toBe(0);
  kernel.runtime.objectEnds(socket + 64);
  expect(memory.runtime.storage_get(map.address, socket, 0, 0, 0)).not.toBe(0);
  expect(kernel.objects.inUse?.()).toBe(true);
  kernel.runtime.objectEnds(socket);
  expect(memory.runtime.storage_get(map.address, socket, 0, 0, 0)).toBe(0);
  expect(kernel.objects.inUse?.()).toBe(false);
});
