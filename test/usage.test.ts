/** What types forbid, as users without types meet it: one clear line, and never another answer than they asked for. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { objectsSource, openEmbeddedKernel } from '../src/embedded/index.ts';
import { type BpfObject, type IterParameters, loadObject, openKernel, openObject } from '../src/index.ts';

/** As a caller without types gives it. */
const untyped = <T>(value: unknown): T => value as T;

describe('entry points', () => {
  const source = "loadObject() takes a path, a file's URL or the bytes of an object (Uint8Array), not ";
  it.each<[what: string, call: () => Promise<unknown>, message: string]>([
    ['an object of nothing', () => loadObject(untyped(undefined)), source],
    ['an object of another kind of bytes', () => loadObject(untyped(new ArrayBuffer(4))), source],
    ['a kernel that is not there', () => openKernel(untyped({ kernel: 'linux' })), "there is no kernel 'linux'"],
    ['a kernel by its name alone', () => openKernel(untyped('host')), `{ kernel: 'host' } for one, not "host"`],
    ['a source by its path', () => openKernel(untyped({ source: '/x.tar' })), 'a source is what openSource(path)'],
    ['a system of nothing', async () => objectsSource(untyped(undefined)), 'described by an object with tasks'],
    ['a system without tasks', async () => objectsSource(untyped({})), 'described by an object with tasks'],
    [
      'arguments that are no strings',
      async () => objectsSource({ tasks: [{ pid: 1, arguments: untyped([1, 2]) }] }),
      'task 1: arguments and variables are strings, not 1',
    ],
  ])('refuse %s', async (_, call, message) => {
    await expect(call()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
  });
});

describe('a kernel', () => {
  const object = (): BpfObject => openObject(readFileSync('programs/task.bpf.o'), { name: 'task' });
  const open = () => openEmbeddedKernel({ source: objectsSource({ tasks: [{ pid: 1 }] }) });

  it('loads programs by a list of names', async () => {
    using kernel = open();
    await expect(kernel.load(object(), { programs: untyped('dump_task') })).rejects.toThrow(
      "programs to load are an array of names, not 'dump_task'",
    );
  });

  it.each<[parameters: unknown, message: string]>([
    [{ pid: 1 }, "iterators take map, task, cgroup, not 'pid'"],
    [5, 'iterators take an object with map, task, cgroup, not 5'],
    [{ task: 1 }, "the parameter 'task' takes an object with tid, pid, pidFd, not 1"],
    [{ task: { tgid: 1 } }, "the parameter 'task' takes tid, pid, pidFd, not 'tgid'"],
  ])('attaches no iterator with %j, which would show everything', async (parameters, message) => {
    using kernel = open();
    using loaded = await kernel.load(object());
    expect(() => loaded.program('dump_task').attachIter(untyped<IterParameters>(parameters))).toThrow(message);
  });
});
