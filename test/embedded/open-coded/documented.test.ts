/** The examples that documentation of open-coded iterators gives, on both kernels. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { objectsSource, openEmbeddedKernel, procfsSource, type Source } from '../../../src/embedded/index.ts';
import { GlobalVariables } from '../../../src/global-variables.ts';
import { HostKernel } from '../../../src/host/kernel.ts';
import type { Kernel } from '../../../src/kernel.ts';
import { openObject } from '../../../src/object/index.ts';
import { LiveReader } from '../../../src/procfs-node/index.ts';
import { describeProcessesOnHost } from '../../host/permitted.ts';

const object = (name: string) => openObject(readFileSync(name), { name });
const documented = (name: string) => object(`test/embedded/open-coded/fixtures/documented_${name}.bpf.o`);
const embedded = (source: Source = procfsSource(new LiveReader())) => openEmbeddedKernel({ source });

const buffers = objectsSource({
  tasks: [{ pid: 1 }],
  dmaBuffers: [
    { name: 'camera', size: 65536, exporter: 'udmabuf' },
    {},
    { name: 'a name with spaces of 31 letters'.slice(0, 31), ino: 77 },
  ],
  slabCaches: [
    { name: 'inode_cache', objectSize: 600, size: 608, pagesPerSlab: 4 },
    { name: 'kmem_cache', objectSize: 232, size: 256 },
  ],
});

/** @returns of each name, whether there is a buffer that has it */
async function findBuffers(kernel: Kernel, names: readonly string[]): Promise<boolean[]> {
  using loaded = await kernel.load(documented('dmabuf'));
  const wanted = loaded.map('wanted');
  const key = (name: string) => Buffer.from(name.padEnd(32, '\0'));
  for (const name of names) wanted.update(key(name), Uint8Array.of(0));
  expect((await loaded.program('find_buffers').run({})).retval).toBe(0);
  return names.map((name) => wanted.lookup(key(name))?.[0] === 1);
}

/** Areas of this process's executable as the program found them. */
async function executableAreas(kernel: Kernel): Promise<bigint[][]> {
  using loaded = await kernel.load(documented('task_vma'));
  const variables = new GlobalVariables(loaded);
  variables.set({ target_pid: process.pid });
  await loaded.program('find_areas').run({});
  const count = Number(variables.get('areas_seen'));
  const found = (variables.get('areas') as unknown as { start: bigint; end: bigint }[]).slice(0, count);
  const executable = areasOf(process.execPath);
  return found.map(({ start, end }) => [start, end]).filter(([start]) => executable.some(([own]) => own === start));
}

const areasOf = (path: string): bigint[][] =>
  [...readFileSync('/proc/self/maps', 'latin1').matchAll(/^([\da-f]+)-([\da-f]+) .* (\/.*)$/gm)]
    .filter((match) => match[3] === path)
    .map(([, start, end]) => [BigInt(`0x${start}`), BigInt(`0x${end}`)]);

test('dma-bufs by name, of buffers that a test describes', async () => {
  using kernel = embedded(buffers);
  const names = ['camera', 'cam', 'a name with spaces of 31 letter', 'another'];
  expect(await findBuffers(kernel, names)).toEqual([true, false, true, false]);
});

test('iterators over described dma-bufs and slab caches show them', async () => {
  using kernel = embedded(buffers);
  const textOf = async (path: string) => {
    using loaded = await kernel.load(object(path));
    const [iterator] = loaded.programs;
    using link = iterator?.attachIter();
    return (await link?.open().text())?.trim().split('\n');
  };
  const shownBuffers = await textOf('programs/dmabuf.bpf.o');
  expect(shownBuffers?.length).toBe(4);
  expect(shownBuffers?.[1]).toMatch(/65536.*udmabuf.*camera/);
  const caches = await textOf('programs/kmem_cache.bpf.o');
  expect(caches?.find((line) => line.includes('inode_cache'))).toMatch(/608.*26/);
});

test('memory areas of the running process', async () => {
  using kernel = embedded();
  expect(await executableAreas(kernel)).toEqual(areasOf(process.execPath));
});

describeProcessesOnHost('the running kernel', () => {
  test('finds the same areas', async () => {
    using kernel = new HostKernel();
    expect(await executableAreas(kernel)).toEqual(areasOf(process.execPath));
  });

  test('finds the buffers that it has', async () => {
    using kernel = new HostKernel();
    expect(await findBuffers(kernel, ['there is none of this name'])).toEqual([false]);
  });
});
