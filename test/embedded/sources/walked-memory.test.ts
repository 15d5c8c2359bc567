/**
 * Memory grows with what programs keep, not with what they walk over: walks over far more than a session holds, by
 * programs that remember an address and by ones that do not. Both print the same.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type EmbeddedKernel,
  objectsSource,
  openEmbeddedKernel,
  procfsSource,
  type SystemDescription,
} from '../../../src/embedded/index.ts';
import { ProcfsObjects } from '../../../src/embedded/sources/procfs/objects.ts';
import { openObject } from '../../../src/object/index.ts';
import { SnapshotReader, statLine } from './snapshot.ts';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

const systems: Readonly<Record<string, SystemDescription>> = {
  // Some have threads, some children; numbers of threads are among those of processes.
  task: {
    tasks: numbers(8000).map((index) => ({
      pid: 10 * index + 1,
      comm: `task ${index}`,
      parent: index < 100 ? 0 : 10 * (index % 100) + 1,
      uid: index % 7,
      threads: index % 5 === 0 ? [{ tid: 10 * index + 2 }, { tid: 10 * index + 23, comm: 'late' }] : [],
    })),
  },
  // One process with very many, and many with some.
  task_file: {
    tasks: numbers(400).map((index) => ({
      pid: index + 1,
      files: numbers(index === 200 ? 40_000 : 20).map((fd) => ({
        fd: 2 * fd,
        path: `/tmp/${index}/${fd}`,
        ino: fd + 1,
      })),
      threads: [{ tid: 1000 + index }],
    })),
  },
  task_vma: {
    tasks: numbers(400).map((index) => ({
      pid: index + 1,
      areas: numbers(index === 100 ? 40_000 : 200).map((area) => ({
        start: 0x10000 * (area + 1),
        end: 0x10000 * (area + 1) + 0x1000,
        ...(area % 3 === 0 && { path: `/lib/${index % 10}/${area % 50}`, ino: (area % 50) + 1 }),
      })),
    })),
  },
};

const object = openObject(readFileSync(new URL('fixtures/walks.bpf.o', import.meta.url)));

/** What the kernel's objects are in JavaScript's memory; its own count, as nobody can look there. */
function countOf({ objects }: EmbeddedKernel): number {
  if (!(objects instanceof ProcfsObjects)) throw new Error('the objects are not those of /proc');
  return objects.count;
}

/** The text, and the most that was in use at a time, beyond what was before. */
async function walk(kernel: EmbeddedKernel, name: string): Promise<{ text: string; bytes: number; objects: number }> {
  using loaded = await kernel.load(object);
  using link = loaded.program(name).attachIter();
  const { memory } = kernel.runtime;
  const before = memory.runtime.bytesInUse();
  let [bytes, objects] = [0, 0];
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of link.open().bytes()) {
    text += decoder.decode(chunk, { stream: true });
    bytes = Math.max(bytes, memory.runtime.bytesInUse() - before);
    objects = Math.max(objects, countOf(kernel));
  }
  return { text, bytes, objects };
}

/** What a session holds at most. */
const MOST_BYTES = 2_500_000;
/** The text that the areas of the largest process are read from, of 60 bytes each, with room for a longer one. */
const TEXT_BYTES = 40_000 * 60 * 1.25;
const MOST_OBJECTS = 60_000;

describe.each(Object.entries(systems))('a walk of iter/%s', (target, system) => {
  it('takes no more memory the longer it is, and says what it said', async () => {
    using kernel = openEmbeddedKernel({ source: objectsSource(system) });
    const kept = await walk(kernel, `keeps_${target}`);
    const forgotten = await walk(kernel, `forgets_${target}`);
    expect(forgotten.text).toBe(kept.text);
    const most = MOST_BYTES + (target === 'task_vma' ? TEXT_BYTES : 0);
    expect(kept.bytes).toBeGreaterThan(2 * most);
    expect(forgotten.bytes).toBeLessThan(most);
    expect(forgotten.objects).toBeLessThan(Math.min(MOST_OBJECTS, kept.objects / 3));
  });
});

describe('while somebody else may know objects by their address, they keep it:', () => {
  const system = systems.task as SystemDescription;

  it('another session', async () => {
    using kernel = openEmbeddedKernel({ source: objectsSource(system) });
    using loaded = await kernel.load(object);
    using link = loaded.program('keeps_task').attachIter();
    const other = link.open();
    expect((await walk(kernel, 'forgets_task')).bytes).toBeGreaterThan(2 * MOST_BYTES);
    other.close();
    expect((await walk(kernel, 'forgets_task')).bytes).toBeLessThan(MOST_BYTES);
  });

  it('a reference that is held', async () => {
    using kernel = openEmbeddedKernel({ source: objectsSource(system) });
    kernel.objects.hold(kernel.objects.currentTask);
    expect((await walk(kernel, 'forgets_task')).bytes).toBeGreaterThan(2 * MOST_BYTES);
    kernel.objects.release(kernel.objects.currentTask);
    expect((await walk(kernel, 'forgets_task')).bytes).toBeLessThan(MOST_BYTES);
  });
});

it('goes on with the next process when it looks at one again that has ended', async () => {
  const processes: readonly (readonly [pid: number, files: number])[] = [
    [7, 3],
    [8, 30_000],
    [9, 3],
  ];
  const files: Record<string, string> = {};
  const links: Record<string, string> = {};
  for (const [pid, count] of processes) {
    files[`/proc/${pid}/stat`] = statLine(pid, `p${pid}`, { 4: 1, 20: 1 });
    for (const fd of numbers(count)) {
      links[`/proc/${pid}/fd/${fd}`] = `/a/${pid}/${fd}`;
      files[`/proc/${pid}/fdinfo/${fd}`] = `pos:\t0\nflags:\t00\nmnt_id:\t1\nino:\t${fd + 1}\n`;
    }
  }
  using kernel = openEmbeddedKernel({ source: procfsSource(new SnapshotReader({ files, links })) });
  using loaded = await kernel.load(object);
  using link = loaded.program('forgets_task_file').attachIter();
  const shown: string[] = [];
  for await (const line of link.open().lines()) {
    shown.push(line.split(' ', 3).join(' '));
    // Its files stay, that it can be told when it was looked at again.
    if (shown.length === 100) delete files['/proc/8/stat'];
  }
  expect(shown.slice(0, 4)).toEqual(['7 p7 0', '7 p7 1', '7 p7 2', '8 p8 0']);
  expect(shown.slice(-4, -3)).not.toEqual(['8 p8 29999']);
  expect(shown.slice(-3)).toEqual(['9 p9 0', '9 p9 1', '9 p9 2']);
});
