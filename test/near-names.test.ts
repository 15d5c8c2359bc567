import { expect, test } from 'vitest';
import { nearNames } from '../src/near-names.ts';

const names = ['task', 'task_file', 'task_vma', 'tcp', 'udp', 'unix', 'ksym', 'bpf_map', 'bpf_map_elem'];

test.each([
  ['tasks', ['task']],
  ['taks', ['task']],
  ['task_fil', ['task_file']],
  ['udb', ['udp']],
  ['bpf_mapelem', ['bpf_map_elem']],
  ['cgroup', []],
  ['t', []],
  ['', []],
])('%s is taken for %j', (wanted, expected) => {
  expect(nearNames(wanted, names)).toEqual(expected);
});

test('of several only the nearest count, and not too many', () => {
  expect(nearNames('vfs_reat', ['vfs_ready', 'vfs_read', 'vfs_real', 'vfs_reap'])).toEqual(['vfs_read', 'vfs_real']);
});

test('the name itself is no guess', () => {
  expect(nearNames('task', ['task', 'tasks'])).toEqual(['tasks']);
});
