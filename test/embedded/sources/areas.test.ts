import { expect, it } from 'vitest';
import { model, Needs, procfsSource } from '../../../src/embedded/index.ts';
import { FakeMemory } from '../fake-memory.ts';
import { Fields } from './fields.ts';
import { SnapshotReader, statLine } from './snapshot.ts';

const AREAS = 20_000;
const PAGE = 4096;

const hex = (number: number) => number.toString(16).padStart(8, '0');

/** More areas than fit into the memory that a kernel begins with. */
const maps = Array.from({ length: AREAS }, (_, index) => {
  const start = 0x7f00_0000_0000 + index * 2 * PAGE;
  const file = index % 3 === 0 ? '00003000 08:01 77    /usr/lib/a file' : '00000000 00:00 0 ';
  return `${hex(start)}-${hex(start + PAGE)} ${index % 2 === 0 ? 'r-xp' : 'rw-s'} ${file}\n`;
}).join('');

function open() {
  const memory = new FakeMemory();
  const reader = new SnapshotReader({
    files: {
      '/proc/self/mountinfo': '22 1 8:1 / / rw - ext4 /dev/root rw\n',
      '/proc/7/stat': statLine(7, 'mapper', { 4: 1, 20: 1, 23: 4096 }),
      '/proc/7/maps': `${maps}ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n`,
    },
    links: { '/proc/self': '7' },
  });
  const kernel = procfsSource(reader).open(memory, model);
  const session = kernel.session(Needs.of(['vm_area_struct', 'file.f_inode', 'inode.i_ino', 'task_struct.mm']));
  return { memory, session, fields: new Fields(memory) };
}

function collect(cursor: { next(): number }): number[] {
  const found: number[] = [];
  for (let object = cursor.next(); object !== 0; object = cursor.next()) found.push(object);
  return found;
}

it('fills every area of a process with very many, also while memory grows', () => {
  const { session, fields } = open();
  const areas = collect(session.memoryAreas(session.taskByPid(7), 0, 0));
  expect(areas.length).toBe(AREAS);
  for (const [index, area] of areas.entries()) {
    const start = 0x7f00_0000_0000 + index * 2 * PAGE;
    const of = (member: string) => Number(fields.number(area, 'vm_area_struct', member));
    expect([of('vm_start'), of('vm_end')]).toEqual([start, start + PAGE]);
    expect(of('vm_flags') & 0x87).toBe(index % 2 === 0 ? 5 : 0x83);
    expect(of('vm_file') !== 0).toBe(index % 3 === 0);
    expect(of('vm_pgoff')).toBe(index % 3 === 0 ? 3 : start / PAGE);
  }
});

it('gives an area the same place whenever its process is looked at, wherever a walk begins', () => {
  const { session } = open();
  const task = session.taskByPid(7);
  const middle = 0x7f00_0000_0000 + AREAS * PAGE;
  const upper = collect(session.memoryAreas(task, middle % 2 ** 32, Math.floor(middle / 2 ** 32)));
  expect(upper.length).toBe(AREAS / 2);
  const all = collect(session.memoryAreas(task, 0, 0));
  expect(all.slice(AREAS / 2)).toEqual(upper);
  expect(collect(session.memoryAreas(task, middle % 2 ** 32, Math.floor(middle / 2 ** 32)))).toEqual(upper);
  expect(collect(session.memoryAreas(task, 0, 0))).toEqual(all);
});
