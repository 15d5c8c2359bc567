import { beforeEach, describe, expect, test } from 'vitest';
import type { CgroupOrder, CgroupSelector } from '../../../src/kernel.ts';
import { FakeMemory } from '../fake-memory.ts';
import { type Body, Fixture } from './fixture.ts';

const EOPNOTSUPP = 95;

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture(new FakeMemory());
  fixture.objects.cgroups = [
    { id: 1n, path: '/' },
    { id: 20n, path: '/a', parent: 1n },
    { id: 30n, path: '/b', parent: 1n },
    { id: 21n, path: '/a/x', parent: 20n },
    { id: 22n, path: '/a/y', parent: 20n },
    { id: 23n, path: '/a/x/z', parent: 21n },
  ];
});

const idOf = (at = 0): bigint | undefined => fixture.objects.cgroupOf(at)?.id;

const print: Body = ([at]) => `${idOf(at) ?? 'end'} `;

const attach = (cgroup: CgroupSelector, body: Body = print) =>
  fixture.iterators.attach(fixture.program('cgroup', body), { cgroup });

test.each<[order: CgroupOrder, cgroup: Partial<CgroupSelector>, text: string]>([
  ['self_only', { id: 20n }, '20 end '],
  ['descendants_pre', { id: 20n }, '20 21 23 22 end '],
  ['descendants_post', { id: 20n }, '23 21 22 20 end '],
  ['ancestors_up', { id: 23n }, '23 21 20 1 end '],
  ['descendants_pre', {}, '1 20 21 23 22 30 end '],
  ['descendants_post', {}, '23 21 22 20 30 1 end '],
  ['self_only', { path: '/a/y' }, '22 end '],
])('%s of %o', async (order, cgroup, text) => {
  using link = attach({ order, ...cgroup });
  expect(await link.open().text()).toBe(text);
  expect(link.info()).toMatchObject({ targetName: 'cgroup', cgroupOrder: order });
});

describe('a walk', () => {
  test('is done within one read, or not at all', () => {
    const read = fixture.reader(attach({ id: 20n, order: 'descendants_pre' }), 4);
    expect([read(), read(), read()]).toEqual(['20 2', '1 ', -EOPNOTSUPP]);
    expect(read()).toBe(-EOPNOTSUPP);
  });

  test('that is complete gives nothing more', () => {
    const read = fixture.reader(attach({ id: 22n, order: 'self_only' }));
    expect([read(), read(), read()]).toEqual(['22 end ', '', '']);
  });

  test('ends when the program returns 1, and what it wrote stays', () => {
    const body: Body = ([at]) => (idOf(at) === 21n ? 1 : print([at ?? 0]));
    const read = fixture.reader(attach({ id: 20n, order: 'descendants_pre' }, body));
    expect([read(), read()]).toEqual(['20 end ', '']);
  });

  test('of a cgroup that has gone since is empty', async () => {
    using link = attach({ id: 20n, order: 'descendants_pre' });
    fixture.objects.cgroups = [];
    expect(await link.open().text()).toBe('end ');
  });
});

test.each<[cgroup: CgroupSelector, code: string, errno: number | undefined, message: RegExp]>([
  [{ order: 'children' }, 'refused', 22, /does not know the order 'children'/],
  [{ order: 'self_only', id: 99n }, 'not-found', 2, /there is no cgroup with id 99 \(ENOENT\)/],
  [{ order: 'self_only', path: '/none' }, 'not-found', 2, /'\/none' is no cgroup/],
  [{ order: 'self_only', id: 0n }, 'usage', undefined, /0 is no id/],
  [{ order: 'self_only', fd: 5 }, 'unsupported', undefined, /by descriptor/],
])('%o is refused', (cgroup, code, errno, message) => {
  expect(() => attach(cgroup)).toThrow(message);
  expect(() => attach(cgroup)).toThrow(expect.objectContaining({ code, errno }));
  expect(fixture.objects.sessions).toBe(0);
});
