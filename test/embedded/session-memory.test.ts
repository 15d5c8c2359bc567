import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { objectsSource, openEmbeddedKernel } from '../../src/embedded/index.ts';
import { openObject } from '../../src/object/index.ts';

const tasks = Array.from({ length: 100 }, (_, index) => ({
  pid: index + 1,
  comm: `task ${index + 1}`,
  files: Array.from({ length: 10 }, (_, fd) => ({ fd, path: `/tmp/${index}-${fd}` })),
}));

it.each(['task', 'task_file'])('sessions of iter/%s give back all memory that they take', async (name) => {
  using kernel = openEmbeddedKernel({ source: objectsSource({ tasks }) });
  using loaded = await kernel.load(openObject(readFileSync(`programs/${name}.bpf.o`)));
  using link = loaded.program(`dump_${name}`).attachIter();
  // What the kernel makes once and keeps is made by the first session.
  const first = await link.open().text();
  const { memory } = kernel.runtime;
  const taken = vi.spyOn(memory, 'allocate');
  const given = vi.spyOn(memory, 'free');
  expect(await link.open().text()).toBe(first);
  expect(taken.mock.calls.length).toBeGreaterThan(2);
  expect(given.mock.calls.map(([offset]) => offset).sort()).toEqual(
    taken.mock.results.map(({ value }) => value).sort(),
  );
});
