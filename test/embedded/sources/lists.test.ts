import { beforeEach, expect, test } from 'vitest';
import { model } from '../../../src/embedded/model/index.ts';
import { ObjectLists } from '../../../src/embedded/sources/lists/object-lists.ts';
import { Needs } from '../../../src/embedded/sources/needs.ts';
import { procLists } from '../../../src/embedded/sources/procfs/lists.ts';
import type { Cursor } from '../../../src/embedded/sources/source.ts';
import { FakeMemory } from '../fake-memory.ts';
import { Fields } from './fields.ts';
import { SnapshotReader } from './snapshot.ts';

let memory: FakeMemory;
let fields: Fields;
beforeEach(() => {
  memory = new FakeMemory();
  fields = new Fields(memory);
});

function all(cursor: Cursor): number[] {
  const found: number[] = [];
  for (let at = cursor.next(); at !== 0; at = cursor.next()) found.push(at);
  return found;
}

const SLABINFO = `slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> ...
xfs_inode              0      0   1024   16    4 : tunables    0    0    0 : slabdata      0      0      0
kmem_cache           224    224    256   32    2 : tunables    0    0    0 : slabdata      7      7      0
`;

test('slab caches, in the order of /proc/slabinfo', () => {
  const files = { '/proc/slabinfo': SLABINFO, '/sys/kernel/slab/xfs_inode/object_size': '984\n' };
  const lists = new ObjectLists(memory, model, procLists(new SnapshotReader({ files })));
  expect(lists.has('kmem_cache')).toBe(true);
  const found = all(lists.cursor('kmem_cache', Needs.everything));
  const row = (at: number) => [
    fields.string(at, 'kmem_cache', 'name'),
    fields.number(at, 'kmem_cache', 'object_size'),
    fields.number(at, 'kmem_cache', 'size'),
    fields.number(at, 'kmem_cache', 'oo'),
  ];
  // What could not be read is 0.
  expect(found.map(row)).toEqual([
    ['xfs_inode', 984, 1024, (2 << 16) | 16],
    ['kmem_cache', 0, 256, (1 << 16) | 32],
  ]);
  expect(all(lists.cursor('kmem_cache', Needs.everything))).toEqual(found);
  lists.clear();
  expect(memory.live).toBe(0);
});

test('the size of objects is looked up only where it is wanted', () => {
  const reader = new SnapshotReader({ files: { '/proc/slabinfo': SLABINFO } });
  const lists = new ObjectLists(memory, model, procLists(reader));
  all(lists.cursor('kmem_cache', Needs.of(['kmem_cache.name'])));
  expect(reader.asked).toEqual(['/proc/slabinfo']);
});

const BUFINFO = `
Dma-buf Objects:
size    \tflags   \tmode    \tcount   \texp_name\tino     \tname
00004096\t00000002\t00080007\t00000001\tsystem\t00000012\ta name\tof two
\texclusive fence
\tAttached Devices:
Total 0 devices attached

4294971392\t00000002\t00080007\t00000003\tudmabuf\t4294967297\t<none>
\tAttached Devices:
\tcard0
Total 1 devices attached


Total 2 objects, 4294975488 bytes
`;

test('dma-bufs, in the order of bufinfo', () => {
  const reader = new SnapshotReader({ files: { '/sys/kernel/debug/dma_buf/bufinfo': BUFINFO } });
  const lists = new ObjectLists(memory, model, procLists(reader));
  expect(lists.has('dma_buf')).toBe(true);
  const row = (at: number) => [
    fields.number(at, 'dma_buf', 'size'),
    fields.string(at, 'dma_buf', 'exp_name'),
    fields.pointer(at, 'dma_buf', 'name') === 0 ? undefined : fields.string(at, 'dma_buf', 'name'),
    fields.number(fields.pointer(fields.pointer(at, 'dma_buf', 'file'), 'file', 'f_inode'), 'inode', 'i_ino'),
  ];
  const found = all(lists.cursor('dma_buf', Needs.everything));
  expect(
    found.map(row).map((values) => values.map((value) => (typeof value === 'bigint' ? Number(value) : value))),
  ).toEqual([
    [4096, 'system', 'a name\tof two', 12],
    [4294971392, 'udmabuf', undefined, 4294967297],
  ]);
});

test('symbols, one after the other in the same struct', () => {
  const text = [
    'ffffffff81000000 T _stext',
    'ffffffffc0203000 t ftrace_trampoline\t[__builtin__ftrace]',
    'ffffffffc0300010 T exported\t[xfs]',
    'ffffffffc0300020 d internal\t[xfs]',
    '0000000000000000 T hidden',
  ].join('\n');
  const reader = new SnapshotReader({ files: { '/proc/kallsyms': text }, statuses: { '/proc/kallsyms': {} } });
  const lists = new ObjectLists(memory, model, procLists(reader));
  expect(lists.has('kallsym_iter')).toBe(true);
  expect(reader.asked).toEqual([]);
  const cursor = lists.cursor('kallsym_iter', Needs.everything);
  const rows: unknown[] = [];
  const addresses = new Set<number>();
  for (let at = cursor.next(); at !== 0; at = cursor.next()) {
    addresses.add(at);
    const number = (path: string) => fields.number(at, 'kallsym_iter', path);
    const name = fields.text(at, 'kallsym_iter', 'name');
    const module = fields.text(at, 'kallsym_iter', 'module_name');
    const type = String.fromCharCode(Number(number('type')));
    rows.push([number('pos'), number('value'), type, name, module, number('exported'), number('show_value')]);
  }
  expect(addresses.size).toBe(1);
  // Of the kernel's own symbols pos is already that of the next one.
  expect(rows).toEqual([
    [1, 0xffffffff81000000n, 'T', '_stext', '', 0, 1],
    [1, 0xffffffffc0203000n, 't', 'ftrace_trampoline', '__builtin__ftrace', 0, 1],
    [2, 0xffffffffc0300010n, 't', 'exported', 'xfs', 1, 1],
    [3, 0xffffffffc0300020n, 'd', 'internal', 'xfs', 0, 1],
    [5, 0, 'T', 'hidden', '', 0, 0],
  ]);
});

test('symbols tell where each list ends through which Linux looks, once it is passed', () => {
  const modules = ['', 'xfs', '__builtin__ftrace', 'bpf', 'bpf', '__builtin__kprobes'];
  const text = modules.map((name) => `ffffffff81000000 t a${name === '' ? '' : `\t[${name}]`}`).join('\n');
  const statuses = { '/proc/kallsyms': {} };
  const lists = new ObjectLists(
    memory,
    model,
    procLists(new SnapshotReader({ files: { '/proc/kallsyms': text }, statuses })),
  );
  const cursor = lists.cursor('kallsym_iter', Needs.everything);
  const ends = modules.map(() => {
    const at = cursor.next();
    return ['pos_mod_end', 'pos_ftrace_mod_end', 'pos_bpf_end'].map((path) => fields.number(at, 'kallsym_iter', path));
  });
  expect(ends).toEqual([
    [0, 0, 0],
    [0, 0, 0],
    [2, 0, 0],
    [2, 3, 0],
    [2, 3, 0],
    [2, 3, 5],
  ]);
});

test('dma-bufs that somebody wrote down', () => {
  const buffers = [
    { inode: 7, size: 4096, exporter: 'system', name: 'mine' },
    { inode: 8, size: 2 ** 33, exporter: 'udmabuf' },
  ];
  const lists = new ObjectLists(memory, model, { dma_buf: { isThere: () => true, read: () => buffers } });
  const rows = all(lists.cursor('dma_buf', Needs.everything)).map((at) => [
    fields.number(fields.pointer(fields.pointer(at, 'dma_buf', 'file'), 'file', 'f_inode'), 'inode', 'i_ino'),
    fields.number(at, 'dma_buf', 'size'),
    fields.string(at, 'dma_buf', 'exp_name'),
    fields.pointer(at, 'dma_buf', 'name') === 0 ? undefined : fields.string(at, 'dma_buf', 'name'),
  ]);
  expect(rows).toEqual([
    [7, 4096, 'system', 'mine'],
    [8, 2 ** 33, 'udmabuf', undefined],
  ]);
});

test('lists that cannot be read are not there', () => {
  const lists = new ObjectLists(memory, model, procLists(new SnapshotReader({ files: {} })));
  expect((['kmem_cache', 'dma_buf', 'kallsym_iter'] as const).map((kind) => lists.has(kind))).toEqual([
    false,
    false,
    false,
  ]);
});
