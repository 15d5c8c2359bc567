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

it('puts pipes, sockets and the like on mounts that the kernel has for itself, and names sockets by their protocol', () => {
  const memory = new FakeMemory();
  const tcp = '0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 71 1 0 100 0 0 10 0\n';
  const reader = new SnapshotReader({
    files: {
      '/proc/self/mountinfo': '22 1 8:1 / / rw - ext4 /dev/root rw\n',
      '/proc/7/stat': statLine(7, 'reader', { 4: 1, 20: 1, 23: 4096 }),
      '/proc/7/fdinfo/0': 'pos:\t0\nflags:\t02\nmnt_id:\t9\nino:\t71\n',
      '/proc/7/fdinfo/1': 'pos:\t0\nflags:\t02\nmnt_id:\t9\nino:\t72\n',
      '/proc/7/fdinfo/2': 'pos:\t0\nflags:\t02\nmnt_id:\t14\nino:\t73\n',
      '/proc/7/fdinfo/3': 'pos:\t0\nflags:\t02\nmnt_id:\t30\nino:\t74\n',
      '/proc/net/tcp6': `header\n${tcp.replaceAll('0100007F', '0'.repeat(32)).replace('00000000:0000 ', `${'0'.repeat(32)}:0000 `)}`,
    },
    links: {
      '/proc/self': '7',
      '/proc/7/fd/0': 'socket:[71]',
      '/proc/7/fd/1': 'socket:[72]',
      '/proc/7/fd/2': 'pipe:[73]',
      '/proc/7/fd/3': '/gone/file',
    },
    statuses: { '/proc/net/tcp': {} },
  });
  const needs = Needs.of(['file.f_path', 'path', 'dentry.d_name', 'qstr.name', 'vfsmount', 'mount']);
  const session = procfsSource(reader).open(memory, model).session(needs);
  const fields = new Fields(memory);
  const files = session.files(session.taskByPid(7));
  const mnt = model.layoutOf('mount').field('mnt').offset;
  const seen = [files.next(), files.next(), files.next()].map((file) => {
    const mount = fields.pointer(file, 'file', 'f_path.mnt') - mnt;
    const dentry = fields.pointer(file, 'file', 'f_path.dentry');
    const root = fields.pointer(mount, 'mount', 'mnt.mnt_root');
    expect(fields.pointer(mount, 'mount', 'mnt_parent')).toBe(mount);
    expect(fields.pointer(mount, 'mount', 'mnt_mountpoint')).toBe(root);
    expect(fields.pointer(mount, 'mount', 'mnt.mnt_sb')).toBe(fields.pointer(root, 'dentry', 'd_sb'));
    return [fields.number(mount, 'mount', 'mnt_id'), memory.text(fields.pointer(dentry, 'dentry', 'd_name.name'), 16)];
  });
  expect(seen).toEqual([
    [9, 'TCPv6'],
    [9, ''],
    [14, ''],
  ]);
  // Of a mount that was taken away meanwhile nothing is known.
  expect(fields.pointer(files.next(), 'file', 'f_path.mnt')).toBe(0);
  expect([...session.unreadable.keys()]).toEqual(['socket']);
});
