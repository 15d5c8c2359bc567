import { describe, expect, it } from 'vitest';
import { model, Needs, objectsSource, type SystemDescription } from '../../../src/embedded/index.ts';
import { FakeMemory } from '../fake-memory.ts';
import { Fields } from './fields.ts';

const system: SystemDescription = {
  tasks: [
    { pid: 9, comm: 'older' },
    {
      pid: 3,
      comm: 'worker',
      parent: 9,
      state: 'R',
      uid: 1000,
      nice: 5,
      startTime: 20e9,
      threads: [{ tid: 4, comm: 'helper' }],
      cgroup: '/a/b',
      memory: { VmSize: 400, RssAnon: 40 },
      exe: '/usr/bin/worker',
      cwd: '/home/me',
      files: [
        { fd: 0, path: '/dev/null' },
        { fd: 1, path: 'pipe:[77]', flags: 1 },
        { fd: 5, path: '/var/log/x.log (deleted)', flags: 0o102001, pos: 2 ** 40, ino: 12, mode: 0o100600, size: 5 },
        { fd: 7, path: 'socket:[99]', flags: 2 },
      ],
      areas: [
        { start: 0x400000, end: 0x401000, permissions: 'r-xp', path: '/usr/bin/worker' },
        { start: 0x401000, end: 0x403000, path: '/usr/bin/worker', offset: 0x1000 },
        { start: 0x7f0000000000, end: 0x7f0000002000, path: '[anon:cache]' },
        { start: 0x7f0000002000, end: 0x7f0000003000, permissions: 'rw-s', path: '/dev/shm/with space' },
      ],
    },
  ],
  cgroups: [
    { path: '/a', id: 50 },
    { path: '/a/b', id: 70 },
    { path: '/a/c', id: 60 },
  ],
};

function open(needs: Needs = Needs.everything, of = system) {
  const memory = new FakeMemory();
  const kernel = objectsSource(of).open(memory, model);
  const session = kernel.session(needs);
  return { memory, kernel, session, fields: new Fields(memory) };
}

function collect(cursor: { next(): number }): number[] {
  const found: number[] = [];
  for (let object = cursor.next(); object !== 0; object = cursor.next()) found.push(object);
  return found;
}

/** Names from the root of a file system down. */
function pathOf(fields: Fields, dentry: number): string {
  const parent = fields.pointer(dentry, 'dentry', 'd_parent');
  const name = fields.string(dentry, 'dentry', 'd_name.name');
  if (parent === dentry) return name === '/' ? '' : name;
  return `${pathOf(fields, parent)}/${name}`;
}

describe('tasks', () => {
  it('are in the order of their start in one walk, of their number in the other', () => {
    const { session, fields } = open();
    const comm = (task: number) => fields.text(task, 'task_struct', 'comm');
    expect(collect(session.taskList(true)).map(comm)).toEqual(['swapper/0', 'older', 'worker', 'helper']);
    const byNumber = [0, 4, 5].map((pid) => comm(session.taskFrom(pid)));
    expect(byNumber).toEqual(['worker', 'helper', 'older']);
  });

  it('have what was written down, and defaults', () => {
    const { session, fields, kernel } = open();
    const task = session.taskByPid(3);
    expect(fields.number(task, 'task_struct', '__state')).toBe(0);
    expect(fields.number(task, 'task_struct', 'static_prio')).toBe(125);
    expect(fields.number(task, 'task_struct', 'start_boottime')).toBe(20e9);
    expect(fields.number(fields.pointer(task, 'task_struct', 'cred'), 'cred', 'uid')).toBe(1000);
    expect(fields.pointer(task, 'task_struct', 'real_parent')).toBe(session.taskByPid(9));
    expect(kernel.currentTask).toBe(session.taskByPid(9));
    expect(fields.pointer(session.taskByPid(9), 'task_struct', 'mm')).not.toBe(0);
  });

  it.each([
    [{ tasks: [{ pid: 1, parent: 2 }] }, 'task 1: its parent 2 is not among the tasks'],
    [{ tasks: [{ pid: 1 }, { pid: 2, threads: [{ tid: 1 }] }] }, 'two tasks have the number 1'],
    [{ tasks: [{ pid: 0 }] }, '0 is no number of a process'],
    [{ tasks: [{ pid: 1, comm: 'a name of many bytes' }] }, "'a name of many bytes' has more than 15 bytes"],
    [{ tasks: [{ pid: 1, startTime: 5 }] }, '5 ns is no multiple of 10 ms'],
    [{ tasks: [{ pid: 1, areas: [{ start: 1, end: 2 }] }] }, '1-2 is no range of pages'],
    [
      {
        tasks: [
          {
            pid: 1,
            files: [
              { fd: 1, path: '/' },
              { fd: 1, path: '/' },
            ],
          },
        ],
      },
      'two files have the descriptor 1',
    ],
    [{ tasks: [{ pid: 1 }], current: 7 }, 'the current task 7 is not among the tasks'],
  ])('are refused where they contradict themselves: %j', (description: SystemDescription, message) => {
    expect(() => objectsSource(description)).toThrow(message);
  });
});

describe('files', () => {
  it('come by number, with what /proc tells of them', () => {
    const { session, fields, kernel } = open();
    const cursor = session.files(session.taskByPid(3));
    const seen: unknown[] = [];
    for (let file = cursor.next(); file !== 0; file = cursor.next()) {
      const path = file + model.layoutOf('file').field('f_path').offset;
      const dentry = fields.pointer(path, 'path', 'dentry');
      const inode = fields.pointer(file, 'file', 'f_inode');
      const type = fields.pointer(fields.pointer(inode, 'inode', 'i_sb'), 'super_block', 's_type');
      seen.push([
        cursor.fd,
        pathOf(fields, dentry),
        kernel.pathText(path),
        fields.number(inode, 'inode', 'i_ino'),
        fields.string(type, 'file_system_type', 'name'),
        fields.number(file, 'file', 'f_flags'),
        fields.number(file, 'file', 'f_mode'),
        fields.number(file, 'file', 'f_pos'),
      ]);
    }
    expect(seen).toEqual([
      [0, '/dev/null', '/dev/null', expect.any(Number), 'ext4', 0, 1, 0],
      [1, '', 'pipe:[77]', 77, 'pipefs', 1, 2, 0],
      [5, '/var/log/x.log', '/var/log/x.log (deleted)', 12, 'ext4', 0o102001, 2, 2 ** 40],
      [7, '', 'socket:[99]', 99, 'sockfs', 2, 3, 0],
    ]);
  });

  it('tell by their operations what they are', () => {
    const { memory, session, fields, kernel } = open();
    const cursor = session.files(session.taskByPid(3));
    const operations = collect(cursor).map((file) => fields.pointer(file, 'file', 'f_op'));
    const expected = ['null_fops', 'pipeanon_fops', 'ext4_file_operations', 'socket_file_ops'].map((name) =>
      kernel.symbol(name),
    );
    expect(operations).toEqual(expected);
    expect(new Set(operations).size).toBe(4);
    const readers = operations.map((at) => fields.pointer(at, 'file_operations', 'read_iter'));
    // Behind a function's eight bytes stands its name, which %ps prints.
    const names = readers.map((at) => memory.text(at + 8, 100));
    expect(names).toEqual(['read_iter_null', 'anon_pipe_read', 'ext4_file_read_iter', 'sock_read_iter']);
    expect(kernel.symbol('jiffies')).toBeUndefined();
  });

  it('have what stat(2) tells in their inode', () => {
    const { session, fields } = open();
    const inode = fields.pointer(session.file(session.taskByPid(3), 5), 'file', 'f_inode');
    const seen = ['i_mode', 'i_size', 'i_nlink'].map((path) => fields.number(inode, 'inode', path));
    expect(seen).toEqual([0o100600, 5, 1]);
    expect(session.file(session.taskByPid(3), 6)).toBe(0);
  });

  it('are found in the table of the task, too', () => {
    const { session, fields } = open();
    const task = session.taskByPid(3);
    const table = fields.pointer(fields.pointer(task, 'task_struct', 'files'), 'files_struct', 'fdt');
    expect(fields.number(table, 'fdtable', 'max_fds')).toBe(64);
    const array = fields.pointer(table, 'fdtable', 'fd');
    const at = (fd: number) => fields.pointer(array + fd * 8, 'list_head', 'next');
    expect([at(0), at(2), at(5)]).toEqual([session.file(task, 0), 0, session.file(task, 5)]);
  });

  it('of a process: program, directory and root', () => {
    const { session, fields } = open();
    const task = session.taskByPid(3);
    const mm = fields.pointer(task, 'task_struct', 'mm');
    const program = fields.pointer(mm, 'mm_struct', 'exe_file');
    expect(pathOf(fields, fields.pointer(program, 'file', 'f_path.dentry'))).toBe('/usr/bin/worker');
    const fs = fields.pointer(task, 'task_struct', 'fs');
    expect(pathOf(fields, fields.pointer(fs, 'fs_struct', 'pwd.dentry'))).toBe('/home/me');
    expect(pathOf(fields, fields.pointer(fs, 'fs_struct', 'root.dentry'))).toBe('');
    const mount = fields.pointer(fs, 'fs_struct', 'pwd.mnt');
    const whole = mount - model.layoutOf('mount').field('mnt').offset;
    expect(fields.number(whole, 'mount', 'mnt_id')).toBe(20);
    expect(fields.pointer(whole, 'mount', 'mnt_parent')).toBe(whole);
  });
});

describe('memory areas', () => {
  it('come by address, with flags, pages, files and names', () => {
    const { session, fields } = open();
    const task = session.taskByPid(3);
    const areas = collect(session.memoryAreas(task, 0, 0));
    const seen = areas.map((area) => [
      fields.number(area, 'vm_area_struct', 'vm_start'),
      fields.number(area, 'vm_area_struct', 'vm_end'),
      fields.number(area, 'vm_area_struct', 'vm_flags'),
      fields.number(area, 'vm_area_struct', 'vm_pgoff'),
    ]);
    expect(seen).toEqual([
      [0x400000, 0x401000, 5, 0],
      [0x401000, 0x403000, 3, 1],
      [0x7f0000000000, 0x7f0000002000, 3, 0x7f0000000],
      [0x7f0000002000, 0x7f0000003000, 0x8b, 0],
    ]);
    const files = areas.map((area) => fields.pointer(area, 'vm_area_struct', 'vm_file'));
    expect(files[0]).toBe(files[1]);
    expect(files[2]).toBe(0);
    expect(pathOf(fields, fields.pointer(files[3] as number, 'file', 'f_path.dentry'))).toBe('/dev/shm/with space');
    const names = areas.map((area) => fields.pointer(area, 'vm_area_struct', 'anon_name'));
    expect(names.map((name) => (name === 0 ? undefined : fields.text(name, 'anon_vma_name', 'name')))).toEqual([
      undefined,
      undefined,
      'cache',
      undefined,
    ]);
    expect(fields.pointer(areas[0] as number, 'vm_area_struct', 'vm_mm')).toBe(
      fields.pointer(task, 'task_struct', 'mm'),
    );
  });

  it('tell the heap and what the kernel mapped', () => {
    const { session, fields, kernel } = open(Needs.everything, {
      tasks: [
        {
          pid: 1,
          memory: { VmSize: 40 },
          areas: [
            { start: 0x10000, end: 0x20000, path: '[heap]' },
            { start: 0x20000, end: 0x30000, path: '/lib/x' },
            { start: 0x30000, end: 0x40000, permissions: 'r-xp', path: '[vdso]' },
          ],
        },
      ],
    });
    const task = session.taskByPid(1);
    expect(fields.number(fields.pointer(task, 'task_struct', 'mm'), 'mm_struct', 'brk')).toBe(0x20000);
    const operations = collect(session.memoryAreas(task, 0, 0)).map((area) => {
      const vmOps = fields.pointer(area, 'vm_area_struct', 'vm_ops');
      const name = fields.pointer(vmOps, 'vm_operations_struct', 'name');
      const data = fields.pointer(area, 'vm_area_struct', 'vm_private_data');
      return [vmOps, name, data === 0 ? undefined : fields.string(data, 'vm_special_mapping', 'name')];
    });
    expect(operations).toEqual([
      [0, 0, undefined],
      [kernel.symbol('generic_file_vm_ops'), 0, undefined],
      [kernel.symbol('special_mapping_vmops'), kernel.symbol('special_mapping_name'), '[vdso]'],
    ]);
  });

  it('begin with the one that ends above the given address', () => {
    const { session, fields } = open();
    const from = (low: number, high = 0) =>
      fields.number(session.memoryAreas(session.taskByPid(3), low, high).next(), 'vm_area_struct', 'vm_start');
    expect([from(0x400fff), from(0x401000), from(0x500000), from(0x1fff, 0x7f00)]).toEqual([
      0x400000, 0x401000, 0x7f0000000000, 0x7f0000000000,
    ]);
    expect(session.memoryAreas(session.taskByPid(3), 0x3000, 0x7f00).next()).toBe(0);
  });
});

describe('control groups', () => {
  it('have numbers, names, parents, levels', () => {
    const { session, fields } = open();
    const set = fields.pointer(session.taskByPid(3), 'task_struct', 'cgroups');
    const cgroup = fields.pointer(set, 'css_set', 'dfl_cgrp');
    expect(cgroup).toBe(session.cgroup(70n));
    expect(cgroup).toBe(session.cgroupAt('/sys/fs/cgroup/a/b/'));
    expect(session.cgroupId(cgroup)).toBe(70n);
    expect(fields.number(cgroup, 'cgroup', 'level')).toBe(2);
    expect(fields.string(fields.pointer(cgroup, 'cgroup', 'kn'), 'kernfs_node', 'name')).toBe('b');
    expect(session.cgroupId(session.cgroupParent(cgroup))).toBe(50n);
    expect(session.cgroupParent(session.cgroup(0n))).toBe(0);
    expect([session.cgroup(999n), session.cgroupAt('/sys/fs/cgroup/z'), session.cgroupAt('/tmp')]).toEqual([0, 0, 0]);
  });

  it('have children in the order of creation, and members', () => {
    const { session, fields } = open();
    const children = collect(session.cgroupChildren(session.cgroup(50n)));
    expect(children.map((cgroup) => session.cgroupId(cgroup))).toEqual([60n, 70n]);
    const pids = (id: bigint, processes: boolean) =>
      collect(session.cgroupTasks(session.cgroup(id), processes)).map((task) =>
        fields.number(task, 'task_struct', 'pid'),
      );
    expect([pids(70n, true), pids(70n, false), pids(60n, false), pids(0n, true)]).toEqual([[3], [3, 4], [], [9]]);
  });
});

describe('lists', () => {
  it.each<[what: string, description: Partial<SystemDescription>, message: RegExp]>([
    ['two dma-bufs of one inode', { dmaBuffers: [{ ino: 2 }, {}] }, /another has the inode 2/],
    ['a name that is too long', { dmaBuffers: [{ name: 'x'.repeat(32) }] }, /more than 31 bytes/],
    ['a line break', { dmaBuffers: [{ name: 'a\nb' }] }, /line break/],
    ['three pages', { slabCaches: [{ name: 'a', objectSize: 8, pagesPerSlab: 3 }] }, /no power of two/],
    ['a name in two words', { slabCaches: [{ name: 'a b', objectSize: 8 }] }, /no name/],
  ])('refuse %s', (_, description, message) => {
    expect(() => objectsSource({ tasks: [{ pid: 1 }], ...description })).toThrow(message);
  });
});
