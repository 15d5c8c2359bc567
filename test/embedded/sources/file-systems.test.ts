import { expect, it } from 'vitest';
import { model, Needs, procfsSource } from '../../../src/embedded/index.ts';
import { FakeMemory } from '../fake-memory.ts';
import { Fields } from './fields.ts';
import { SnapshotReader, statLine } from './snapshot.ts';

function open(needs: readonly string[]) {
  const memory = new FakeMemory();
  const reader = new SnapshotReader({
    files: {
      '/proc/self/mountinfo': '22 1 8:1 / / rw - ext4 /dev/root rw\n23 22 0:50 / /rare rw - rarefs none rw\n',
      '/proc/7/stat': statLine(7, 'reader', { 4: 1, 20: 1, 23: 4096 }),
      '/proc/7/fdinfo/0': 'pos:\t0\nflags:\t0100000\nmnt_id:\t22\nino:\t5\n',
      '/proc/7/fdinfo/1': 'pos:\t0\nflags:\t0100000\nmnt_id:\t23\nino:\t6\n',
    },
    links: { '/proc/self': '7', '/proc/7/fd/0': '/etc/hosts', '/proc/7/fd/1': '/rare/thing' },
  });
  const session = procfsSource(reader).open(memory, model).session(Needs.of(needs));
  const fields = new Fields(memory);
  const files = session.files(session.taskByPid(7));
  const superBlocks = [files.next(), files.next()].map((file) => {
    return fields.pointer(fields.pointer(file, 'file', 'f_inode'), 'inode', 'i_sb');
  });
  return { session, fields, superBlocks };
}

it('numbers types of file systems, and says of which it does not know the number', () => {
  const { session, fields, superBlocks } = open(['file.f_inode', 'inode.i_sb', 'super_block.s_magic']);
  expect(superBlocks.map((block) => Number(fields.number(block, 'super_block', 's_magic')))).toEqual([0xef53, 0]);
  expect([...session.unreadable]).toEqual([['s_magic', 1]]);
});

it('says so only to those who ask', () => {
  expect([...open(['file.f_inode', 'inode.i_sb']).session.unreadable]).toEqual([]);
});
