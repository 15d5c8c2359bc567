/** What users hold of an embedded kernel's objects, and for how long those live. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { objectsSource, openEmbeddedKernel, RingBufferMap } from '../../src/embedded/index.ts';
import { openObject } from '../../src/object/index.ts';

const source = () => objectsSource({ tasks: [{ pid: 1, comm: 'init' }] });
const object = (name: string) => openObject(readFileSync(`programs/${name}.bpf.o`), { name });

test('what a program wrote to a ring buffer is read by who loaded it, once', async () => {
  using kernel = openEmbeddedKernel({ source: source() });
  using loaded = await kernel.load(openObject(readFileSync('test/embedded/maps/fixtures/map_calls.bpf.o')));
  await loaded.program('rings').run({ data: new Uint8Array(64) });
  const ring = loaded.map('ring');
  if (!(ring instanceof RingBufferMap)) throw new Error('it is a ring buffer');
  const records = [...ring.drain()];
  expect(records.length).toBeGreaterThan(1);
  expect(records.every(({ length }) => length === 8)).toBe(true);
  expect([...ring.drain()]).toEqual([]);
});

test('a map that is opened twice is there until it is closed twice', async () => {
  using kernel = openEmbeddedKernel({ source: source() });
  const loaded = await kernel.load(object('tc_mark'));
  const map = loaded.map('classes');
  const again = kernel.openMap({ id: map.id });
  again.close();
  expect(map.lookup(new Uint8Array(4))).toBeDefined();
  loaded.close();
  expect(() => kernel.openMap({ id: map.id })).toThrow('there is no map');
});

test('a link keeps its program when the object is closed, and a pin the link', async () => {
  using kernel = openEmbeddedKernel({ source: source() });
  const loaded = await kernel.load(object('task'));
  const link = loaded.program('dump_task').attachIter();
  loaded.close();
  link.pin('/sys/fs/bpf/tasks');
  link.close();
  using pinned = kernel.openLink({ pinned: '/sys/fs/bpf/tasks' });
  expect(await pinned.open().text()).toMatch(/ init\n$/);
});

test('a link is updated only if its program is the expected one', async () => {
  using kernel = openEmbeddedKernel({ source: source() });
  const [first, second, third] = await Promise.all(
    [1, 2, 3].map(async () => (await kernel.load(object('task'))).program('dump_task')),
  );
  if (first === undefined || second === undefined || third === undefined) throw new Error('three were loaded');
  using link = first.attachIter();
  link.update(second, first);
  expect(link.info().programId).toBe(second.id);
  expect(() => link.update(third, first)).toThrow('(EPERM)');
});

test('programs for targets without objects are refused when they are loaded', async () => {
  using kernel = openEmbeddedKernel({ source: source() });
  await expect(kernel.load(object('tcp'))).rejects.toThrow(
    expect.objectContaining({
      code: 'unsupported',
      message: expect.stringContaining("the target 'tcp': its source, objects, has no list"),
    }),
  );
});

test('iterators show this kernel’s own maps and programs', async () => {
  using kernel = openEmbeddedKernel({ source: source() });
  await kernel.load(object('xdp_port'));
  const textOf = async (name: string, program: string) => {
    const loaded = await kernel.load(object(name));
    return loaded.program(program).attachIter().open().text();
  };
  expect(await textOf('bpf_map', 'dump_bpf_map')).toMatch(/^ +\d+ +2 \S*\.bss +4 /m);
  expect(await textOf('bpf_prog', 'dump_bpf_prog')).toMatch(/^ +1 +6 drop_port +[0-9a-f]{16} +\d+ +\d\d+ +2 -$/m);
});

test('the tag of a program is the one that Linux gives it', async () => {
  using kernel = openEmbeddedKernel({ source: source() });
  const loaded = await kernel.load(object('tc_mark'));
  const showing = await kernel.load(object('bpf_prog'));
  const text = await showing.program('dump_bpf_prog').attachIter().open().text();
  const [program] = loaded.programs;
  const tag = new RegExp(`^ +${program?.id} +\\d+ mark_length +([0-9a-f]{16})`, 'm').exec(text)?.[1];
  // `bpftool prog show` on Linux 6.18.44, of the same object. Calls of kfuncs would differ: they go by BTF ids.
  expect(tag).toBe('8bc7e35803cf4bfc');
});
