import { beforeEach, describe, expect, test } from 'vitest';
import { layoutOf, model } from '../../../src/embedded/model/index.ts';
import { openCodedIterators } from '../../../src/embedded/open-coded/index.ts';
import { Needs } from '../../../src/embedded/sources/needs.ts';
import type { ObjectSession } from '../../../src/embedded/sources/source.ts';
import { FakeMemory } from '../fake-memory.ts';
import { FakeObjects } from '../fake-objects.ts';
import { type Trio, trioOf } from './open-coded.ts';

const EINVAL = 22;
const ENOENT = 2;

let memory: FakeMemory;
let objects: FakeObjects;
let session: ObjectSession;
let it: number;
beforeEach(() => {
  memory = new FakeMemory();
  objects = new FakeObjects(memory, [
    { pid: 0 },
    { pid: 1, areas: [11, 12], cgroup: 1n },
    { pid: 10, cgroup: 20n },
    { pid: 15, tgid: 10, cgroup: 20n },
    { pid: 12, tgid: 10, cgroup: 20n },
    { pid: 7 },
  ]);
  objects.cgroups = [
    { id: 1n, path: '/' },
    { id: 20n, path: '/a', parent: 1n },
    { id: 21n, path: '/a/x', parent: 20n },
    { id: 30n, path: '/b', parent: 1n },
  ];
  session = objects.session(Needs.everything);
  it = memory.allocate(24);
  memory.u8.fill(0xaa, it, it + 24);
});

function family(name: string): Trio {
  const definitions = openCodedIterators.filter((definition) =>
    new RegExp(`^bpf_iter_${name}_(new|next|destroy)$`).test(definition.name),
  );
  const invocation = {
    programType: 0,
    expectedAttachType: 0,
    programName: 'test',
    context: 0,
    subject: undefined,
    objects: session,
  };
  return trioOf(definitions, memory, { btf: model.btf, invocation, objects });
}

function items(trio: Trio): number[] {
  const found: number[] = [];
  for (let at = trio.next(it); at !== 0; at = trio.next(it)) found.push(at);
  return found;
}

const pid = (at: number): number | undefined => objects.taskOf(at)?.pid;
const task = (number: number): number => session.taskByPid(number);
/** Of a cgroup by id. */
const css = (id: bigint): number => session.cgroup(id) + layoutOf('cgroup').field('self').offset;
const cgroupId = (at: number): bigint => session.cgroupId(at - layoutOf('cgroup').field('self').offset);

describe('task', () => {
  test.each<[what: string, of: number, flags: number, pids: number[]]>([
    ['all processes', 0, 0, [0, 1, 10, 7]],
    ['all threads', 0, 1, [0, 1, 10, 15, 12, 7]],
    ['all processes, whatever task is given', 10, 0, [0, 1, 10, 7]],
    ['the threads of a process', 10, 2, [10, 15, 12]],
    ['the threads from one on that does not lead', 15, 2, [15, 12]],
  ])('%s', (_, of, flags, pids) => {
    const tasks = family('task');
    expect(tasks.create(it, of === 0 ? 0 : task(of), flags)).toBe(0);
    expect(items(tasks).map(pid)).toEqual(pids);
    expect(tasks.next(it)).toBe(0);
    tasks.destroy(it);
  });

  test.each<[of: number, flags: number]>([
    [0, 2],
    [10, 3],
    [0, -1],
  ])('task %d, flags %d: nothing', (of, flags) => {
    const tasks = family('task');
    expect(tasks.create(it, of === 0 ? 0 : task(of), flags)).toBe(-EINVAL);
    expect([tasks.next(it), tasks.next(it)]).toEqual([0, 0]);
    tasks.destroy(it);
  });

  test('two at once, and one after the other in the same place', () => {
    const tasks = family('task');
    const other = memory.allocate(24);
    tasks.create(it, 0, 0);
    tasks.create(other, task(10), 2);
    tasks.next(it);
    expect(pid(tasks.next(other))).toBe(10);
    expect(pid(tasks.next(it))).toBe(1);
    tasks.destroy(it);
    expect(tasks.next(it)).toBe(0);
    tasks.create(it, task(10), 2);
    expect(pid(tasks.next(other))).toBe(15);
    expect(pid(tasks.next(it))).toBe(10);
  });
});

describe('task_vma', () => {
  test('the areas of a task', () => {
    const areas = family('task_vma');
    expect(areas.create(it, task(1), 0, 0)).toBe(0);
    expect(items(areas)).toEqual([11, 12]);
    areas.destroy(it);
  });

  test('a task without memory has none', () => {
    const areas = family('task_vma');
    expect(areas.create(it, task(10), 0, 0)).toBe(-ENOENT);
    expect(areas.next(it)).toBe(0);
    areas.destroy(it);
  });
});

describe('css', () => {
  test.each<[order: number, of: bigint, ids: bigint[]]>([
    [2, 1n, [1n, 20n, 21n, 30n]],
    [3, 1n, [21n, 20n, 30n, 1n]],
    [4, 21n, [21n, 20n, 1n]],
    [2, 30n, [30n]],
  ])('order %d from cgroup %d; behind the end it begins anew', (order, of, ids) => {
    const csses = family('css');
    expect(csses.create(it, css(of), order)).toBe(0);
    expect(items(csses).map(cgroupId)).toEqual(ids);
    expect(items(csses).map(cgroupId)).toEqual(ids);
    csses.destroy(it);
  });

  test.each([0, 1, 5, 6])('there is no order %d', (order) => {
    const csses = family('css');
    expect(csses.create(it, css(1n), order)).toBe(-EINVAL);
    expect(csses.next(it)).toBe(0);
    csses.destroy(it);
  });
});

describe('css_task', () => {
  test.each<[flags: number, pids: number[]]>([
    [0, [10, 15, 12]],
    [1, [10]],
    [3, [10]],
  ])('flags %d', (flags, pids) => {
    const tasks = family('css_task');
    expect(tasks.create(it, css(20n), flags)).toBe(0);
    expect(items(tasks).map(pid)).toEqual(pids);
    expect(tasks.next(it)).toBe(0);
    tasks.destroy(it);
  });

  test('tasks of cgroups below are not those of the cgroup', () => {
    const tasks = family('css_task');
    tasks.create(it, css(30n), 0);
    expect(items(tasks)).toEqual([]);
  });

  test.each([2, 4])('there are no flags %d', (flags) => {
    expect(family('css_task').create(it, css(20n), flags)).toBe(-EINVAL);
  });
});

describe('lists', () => {
  test('kmem_cache: the end stays the end', () => {
    objects.listed = [11, 12];
    const caches = family('kmem_cache');
    expect(caches.create(it)).toBe(0);
    expect(items(caches)).toEqual([11, 12]);
    expect(items(caches)).toEqual([]);
    caches.destroy(it);
  });

  test('dmabuf: behind the end the walk begins anew', () => {
    objects.listed = [11, 12];
    const buffers = family('dmabuf');
    expect(buffers.create(it)).toBe(0);
    expect(items(buffers)).toEqual([11, 12]);
    expect(items(buffers)).toEqual([11, 12]);
    buffers.destroy(it);
  });

  test('that a source lacks are not there for programs', () => {
    objects.lists.clear();
    expect(() => family('kmem_cache')).toThrow(expect.objectContaining({ code: 'unsupported' }));
    expect(() => family('dmabuf')).toThrow(/none of struct dma_buf/);
  });
});
