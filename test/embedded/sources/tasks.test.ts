import { describe, expect, it } from 'vitest';
import { model, Needs, procfsSource } from '../../../src/embedded/index.ts';
import { FakeMemory } from '../fake-memory.ts';
import { Fields } from './fields.ts';
import { type Snapshot, SnapshotReader, statLine } from './snapshot.ts';

const status = (lines: Record<string, string>) =>
  Object.entries(lines)
    .map(([key, value]) => `${key}:\t${value}\n`)
    .join('');

/** Columns of `stat`. */
const LEADER = {
  4: 1,
  14: 1,
  18: 20,
  19: 0,
  20: 3,
  22: 123456789,
  23: 4096,
  38: 17,
  39: 3,
  41: 0,
  48: 0x7ffc00001000,
  52: 256,
};

const snapshot: Snapshot = {
  files: {
    '/proc/loadavg': '0.00 0.00 0.00 1/5 300\n',
    '/proc/1/stat': statLine(1, 'init', { 4: 0, 22: 5 }),
    '/proc/1/task/1/stat': statLine(1, 'init', { 4: 0 }),
    '/proc/2/stat': statLine(2, 'kthreadd', { 4: 0, 9: 0x200000, 22: 5 }),
    '/proc/7/stat': statLine(7, 'kworker/0:1-events', { 3: 'I', 4: 2, 9: 0x200000, 22: 6 }),
    '/proc/200/stat': statLine(200, 'a (b) c', LEADER),
    '/proc/200/task/200/stat': statLine(200, 'a (b) c', { ...LEADER, 14: 9007199254 }),
    '/proc/200/task/201/stat': statLine(201, 'second', { ...LEADER, 14: 2, 22: 123456790 }),
    '/proc/200/task/250/stat': statLine(250, 'third', { 4: 1, 20: 3, 22: 123456791, 23: 4096 }),
    '/proc/200/status': status({
      Name: 'a (b) c',
      Uid: '1000\t1001\t1002\t1003',
      Gid: '10\t11\t12\t13',
      Groups: '4 24 1000 ',
      NSpid: '200\t7',
      NStgid: '200\t7',
      NSpgid: '100\t5',
      NSsid: '0',
      VmSize: '    4096 kB',
      RssAnon: '     112 kB',
      RssFile: '    1612 kB',
      SigBlk: '8000000000000001',
      CapEff: '000001ffffffffff',
      Seccomp: '2',
      Cpus_allowed: 'f,80000001',
      TracerPid: '1',
      voluntary_ctxt_switches: '18446744073709551615',
    }),
    '/proc/200/schedstat': '5000000000 77 9\n',
    '/proc/200/task/200/io': null,
    '/proc/200/limits': [
      'Limit                     Soft Limit           Hard Limit           Units     ',
      'Max open files            1024                 1048576              files     ',
      'Max stack size            8388608              unlimited            bytes     ',
      '',
    ].join('\n'),
    '/proc/300/stat': statLine(300, 'gone', { 3: 'Z', 4: 200, 22: 123456792 }),
    '/proc/300/task/300/stat': statLine(300, 'gone', { 3: 'Z', 4: 200, 22: 123456792 }),
  },
  links: {
    '/proc/self': '200',
    '/proc/200/ns/uts': 'uts:[4026531838]',
    '/proc/200/ns/net': 'net:[4026531833]',
    '/proc/200/ns/pid': 'pid:[4026532001]',
    '/proc/self/ns/pid': 'pid:[4026531836]',
  },
};

function open(needs: readonly string[], of = snapshot) {
  const memory = new FakeMemory();
  const reader = new SnapshotReader(of);
  const kernel = procfsSource(reader).open(memory, model);
  const session = kernel.session(Needs.of(needs));
  reader.asked.length = 0;
  return { memory, reader, kernel, session, fields: new Fields(memory) };
}

type Opened = ReturnType<typeof open>;

function inOrder({ session, fields }: Opened): number[] {
  const pids: number[] = [];
  for (let pid = 0; ; ) {
    const task = session.taskFrom(pid);
    if (task === 0) return pids;
    const found = Number(fields.number(task, 'task_struct', 'pid'));
    pids.push(found);
    pid = found + 1;
  }
}

function collect(cursor: { next(): number }): number[] {
  const found: number[] = [];
  for (let object = cursor.next(); object !== 0; object = cursor.next()) found.push(object);
  return found;
}

describe('walks', () => {
  it('give every thread in the order of numbers', () => {
    const opened = open(['task_struct.comm']);
    expect(inOrder(opened)).toEqual([1, 2, 7, 200, 201, 250, 300]);
    // The end is no state: it is looked again.
    expect(opened.session.taskFrom(301)).toBe(0);
    expect(opened.session.taskFrom(201)).toBe(opened.session.taskByPid(201));
  });

  it('give threads with numbers below that of their leader in their place', () => {
    const files: Record<string, string | null> = { ...snapshot.files, '/proc/loadavg': '0 0 0 1/5 20\n' };
    files['/proc/200/task/5/stat'] = statLine(5, 'late', { 4: 1, 20: 3 });
    expect(inOrder(open(['task_struct.comm'], { ...snapshot, files }))).toEqual([1, 2, 5, 7, 200, 201, 250, 300]);
    expect(inOrder(open(['cred.uid', 'task_struct.cred'], { ...snapshot, files }))).toEqual([
      1, 2, 5, 7, 200, 201, 250, 300,
    ]);
  });

  it('give processes by start, after the idle task, and threads behind their process', () => {
    const { session, fields } = open(['task_struct.comm']);
    const comms = (cursor: { next(): number }) =>
      collect(cursor).map((task) => fields.text(task, 'task_struct', 'comm'));
    expect(comms(session.taskList(false))).toEqual(['swapper/0', 'init', 'kthreadd', 'kworker/0:1', 'a (b) c', 'gone']);
    expect(comms(session.taskList(true)).slice(4)).toEqual(['a (b) c', 'second', 'third', 'gone']);
  });

  it('give the threads of a process from a given one on', () => {
    const { session } = open(['task_struct.comm']);
    const [leader, second, third] = [200, 201, 250].map((pid) => session.taskByPid(pid)) as [number, number, number];
    expect(collect(session.threads(leader))).toEqual([leader, second, third]);
    expect(collect(session.threads(second))).toEqual([second, third]);
  });

  it('pass over what vanished', () => {
    const files: Record<string, string | null> = { ...snapshot.files };
    delete files['/proc/200/task/201/stat'];
    files['/proc/200/task/201/comm'] = 'second\n';
    files['/proc/400/comm'] = 'no stat any more\n';
    const opened = open(['task_struct.comm'], { ...snapshot, files });
    expect(inOrder(opened)).toEqual([1, 2, 7, 200, 250, 300]);
    expect(opened.session.taskByPid(400)).toBe(0);
    expect(opened.session.taskByPid(999)).toBe(0);
  });
});

describe('pushdown', () => {
  it('reads one file a process for pid and comm', () => {
    const opened = open(['task_struct.pid', 'task_struct.comm']);
    inOrder(opened);
    const files = opened.reader.asked.filter((path) => /^\/proc\/\d/.test(path));
    expect(files.sort()).toEqual(
      ['1', '2', '7', '200', '200/task/201', '200/task/250', '300'].map((path) => `/proc/${path}/stat`).sort(),
    );
  });

  it('reads one file for a task that is asked for again, as each read of an iterator begins, also if numbers went round', () => {
    const files: Record<string, string | null> = { ...snapshot.files, '/proc/loadavg': '0 0 0 1/5 20\n' };
    for (const of of [snapshot, { ...snapshot, files }]) {
      const { session, reader } = open(['task_struct.comm'], of);
      const task = session.taskFrom(200);
      reader.asked.length = 0;
      expect(session.taskFrom(200)).toBe(task);
      expect(reader.asked).toEqual(['/proc/200/stat']);
    }
  });

  it('reads what the fields ask for and nothing else', () => {
    const { session, reader } = open(['task_struct.cred', 'cred.uid', 'task_struct.se', 'task_struct.seccomp']);
    session.taskByPid(200);
    expect(new Set(reader.asked)).toEqual(new Set(['/proc/200/stat', '/proc/200/status', '/proc/200/schedstat']));
  });
});

describe('fields of tasks', () => {
  it.each([
    ['pid', 200],
    ['tgid', 200],
    ['__state', 1],
    ['start_boottime', 1234567890000000],
    ['prio', 120],
    ['static_prio', 120],
    ['normal_prio', 120],
    ['exit_signal', 17],
    ['exit_code', 256],
    ['thread_info.cpu', 3],
    ['utime', 90071992540000000n],
    ['se.sum_exec_runtime', 5000000000],
    ['sched_info.run_delay', 77],
    ['sched_info.pcount', 9],
    ['blocked.sig', 0x8000000000000001n],
    ['seccomp.mode', 2],
    ['nr_cpus_allowed', 6],
    ['nvcsw', 0xffffffffffffffffn],
  ])('%s', (path, value) => {
    const { session, fields } = open(['task_struct']);
    expect(fields.number(session.taskByPid(200), 'task_struct', path)).toBe(value);
  });

  it('names: cut, with parentheses, and without the work of kernel workers', () => {
    const { session, fields } = open(['task_struct.comm']);
    const comm = (pid: number) => fields.text(session.taskByPid(pid), 'task_struct', 'comm');
    expect([200, 7].map(comm)).toEqual(['a (b) c', 'kworker/0:1']);
  });

  it('the mask of processors', () => {
    const { session, fields, memory } = open(['task_struct']);
    const at = session.taskByPid(200) + model.layoutOf('task_struct').field('cpus_mask').offset;
    expect([memory.u32[at >> 2], memory.u32[(at >> 2) + 1]]).toEqual([0x80000001, 0xf]);
    expect(fields.number(session.taskByPid(200), 'task_struct', 'nr_cpus_allowed')).toBe(6);
  });

  it('a state and an end of a zombie, which keeps nothing', () => {
    const { session, fields } = open(['task_struct']);
    const task = session.taskByPid(300);
    expect(fields.number(task, 'task_struct', 'exit_state')).toBe(0x20);
    for (const path of ['mm', 'files', 'fs', 'nsproxy']) expect(fields.pointer(task, 'task_struct', path)).toBe(0);
    expect([session.hasMemory(task), session.hasFiles(task)]).toEqual([false, false]);
  });

  it('relatives: one struct for each, wherever it is met', () => {
    const { session, fields } = open(['task_struct.real_parent', 'task_struct.parent', 'task_struct.comm']);
    const [zombie, thread] = [session.taskByPid(300), session.taskByPid(201)];
    const parent = fields.pointer(zombie, 'task_struct', 'real_parent');
    expect(fields.text(parent, 'task_struct', 'comm')).toBe('a (b) c');
    expect(parent).toBe(session.taskByPid(200));
    expect(fields.pointer(thread, 'task_struct', 'group_leader')).toBe(parent);
    const init = fields.pointer(parent, 'task_struct', 'real_parent');
    expect(fields.number(init, 'task_struct', 'pid')).toBe(1);
    // Its tracer is init as well.
    expect(fields.pointer(parent, 'task_struct', 'parent')).toBe(init);
    const idle = fields.pointer(init, 'task_struct', 'real_parent');
    expect(fields.text(idle, 'task_struct', 'comm')).toBe('swapper/0');
    expect(fields.pointer(idle, 'task_struct', 'real_parent')).toBe(idle);
  });

  it('credentials, groups, limits', () => {
    const { session, fields, memory } = open(['task_struct', 'cred', 'group_info', 'signal_struct']);
    const task = session.taskByPid(200);
    const cred = fields.pointer(task, 'task_struct', 'cred');
    expect(['uid', 'euid', 'suid', 'fsuid', 'gid', 'fsgid'].map((path) => fields.number(cred, 'cred', path))).toEqual([
      1000, 1001, 1002, 1003, 10, 13,
    ]);
    expect(fields.number(cred, 'cred', 'cap_effective')).toBe(0x1ffffffffff);
    const groups = fields.pointer(cred, 'cred', 'group_info');
    expect(fields.number(groups, 'group_info', 'ngroups')).toBe(3);
    const first = groups + model.layoutOf('group_info').field('gid').offset;
    expect([0, 4, 8].map((at) => memory.u32[(first + at) >> 2])).toEqual([4, 24, 1000]);
    const signal = fields.pointer(task, 'task_struct', 'signal');
    expect(fields.number(signal, 'signal_struct', 'nr_threads')).toBe(3);
    const limits = signal + model.layoutOf('signal_struct').field('rlim').offset;
    const limit = (index: number) => [0, 8].map((at) => memory.view.getBigUint64(limits + index * 16 + at, true));
    expect(limit(7)).toEqual([1024n, 1048576n]);
    expect(limit(3)).toEqual([8388608n, 0xffffffffffffffffn]);
  });

  it('memory: sizes in pages, one struct for all threads', () => {
    const { session, fields, memory } = open(['task_struct.mm', 'mm_struct']);
    const mm = fields.pointer(session.taskByPid(200), 'task_struct', 'mm');
    expect(fields.pointer(session.taskByPid(201), 'task_struct', 'mm')).toBe(mm);
    expect(fields.number(mm, 'mm_struct', 'total_vm')).toBe(1024);
    expect(fields.number(mm, 'mm_struct', 'arg_start')).toBe(0x7ffc00001000);
    const counters = mm + model.layoutOf('mm_struct').field('rss_stat').offset;
    expect([0, 8].map((at) => memory.u32[(counters + at) >> 2])).toEqual([403, 28]);
    expect(fields.pointer(mm, 'mm_struct', 'owner')).toBe(session.taskByPid(200));
    expect(fields.pointer(session.taskByPid(2), 'task_struct', 'mm')).toBe(0);
  });

  it('numbers by pid namespace, and namespaces by their number', () => {
    const { session, fields } = open(['task_struct', 'pid', 'upid', 'nsproxy', 'signal_struct', 'ns_common']);
    const task = session.taskByPid(200);
    const pid = fields.pointer(task, 'task_struct', 'thread_pid');
    expect(fields.number(pid, 'pid', 'level')).toBe(1);
    const upid = model.layoutOf('upid');
    const numbers = pid + model.layoutOf('pid').field('numbers').offset;
    const seen = [0, 1].map((level) => {
      const at = numbers + level * upid.size;
      const namespace = fields.pointer(at, 'upid', 'ns');
      return [fields.number(at, 'upid', 'nr'), fields.number(namespace, 'pid_namespace', 'ns.inum')];
    });
    expect(seen).toEqual([
      [200, 4026531836],
      [7, 4026532001],
    ]);
    const innermost = fields.pointer(numbers + upid.size, 'upid', 'ns');
    expect(fields.number(innermost, 'pid_namespace', 'level')).toBe(1);
    const proxy = fields.pointer(task, 'task_struct', 'nsproxy');
    expect(fields.number(fields.pointer(proxy, 'nsproxy', 'uts_ns'), 'uts_namespace', 'ns.inum')).toBe(4026531838);
    expect(fields.number(fields.pointer(proxy, 'nsproxy', 'net_ns'), 'net', 'ns.inum')).toBe(4026531833);
  });

  it('lists from task to task', () => {
    const { session, fields } = open([
      'task_struct.children',
      'task_struct.tasks',
      'signal_struct.thread_head',
      'task_struct.signal',
    ]);
    const names = (head: number, node: string) => {
      const offset = model.layoutOf('task_struct').field(node).offset;
      const found: (number | bigint)[] = [];
      for (
        let at = fields.pointer(head, 'list_head', 'next');
        at !== head;
        at = fields.pointer(at, 'list_head', 'next')
      ) {
        found.push(fields.number(at - offset, 'task_struct', 'pid'));
      }
      return found;
    };
    const at = (task: number, path: string) => task + model.layoutOf('task_struct').field(path).offset;
    const task = session.taskByPid(200);
    expect(names(at(task, 'children'), 'sibling')).toEqual([300]);
    const idle = collect(session.taskList(false))[0] as number;
    expect(names(at(idle, 'tasks'), 'tasks')).toEqual([1, 2, 7, 200, 300]);
    expect(names(at(idle, 'children'), 'sibling')).toEqual([1, 2]);
    const signal = fields.pointer(task, 'task_struct', 'signal');
    const head = signal + model.layoutOf('signal_struct').field('thread_head').offset;
    expect(names(head, 'thread_node')).toEqual([200, 201, 250]);
  });
});

describe('what may not be read', () => {
  it('is counted, and the task is there with the rest', () => {
    const { session, fields } = open(['task_struct']);
    const task = session.taskByPid(200);
    expect(fields.text(task, 'task_struct', 'comm')).toBe('a (b) c');
    expect(fields.number(task, 'task_struct', 'ioac.rchar')).toBe(0);
    // What a copy of /proc lacks counts as well: no task has the file here, and one may not be read.
    expect(session.unreadable.get('io')).toBe(7);
  });
});

describe('memory of a kernel', () => {
  it('keeps an object in its place while a session lives, and gives everything back with the last', () => {
    const { kernel, session, memory } = open(['task_struct', 'mm_struct']);
    const idle = memory.live;
    const first = session.taskByPid(201);
    const other = kernel.session(Needs.of(['task_struct.comm']));
    expect(other.taskByPid(201)).toBe(first);
    session.close();
    expect(other.taskByPid(201)).toBe(first);
    other.close();
    expect(memory.live).toBeLessThan(idle + 1);
    const again = kernel.session(Needs.nothing);
    again.close();
    expect(memory.live).toBe(2);
  });

  it('gives nothing back while the kernel speaks of objects', () => {
    const { kernel, session, memory } = open(['task_struct', 'mm_struct']);
    let inUse = true;
    kernel.inUse = () => inUse;
    const task = session.taskByPid(201);
    session.close();
    const later = kernel.session(Needs.nothing);
    expect(later.taskByPid(201)).toBe(task);
    inUse = false;
    later.close();
    expect(memory.live).toBe(2);
  });

  it('keeps what is held, and what runs programs', () => {
    const { kernel, session, fields } = open(['task_struct', 'mm_struct']);
    const { currentTask } = kernel;
    const task = session.taskByPid(201);
    kernel.hold(task);
    session.close();
    expect(fields.text(task, 'task_struct', 'comm')).toBe('second');
    expect(kernel.session(Needs.nothing).taskByPid(201)).toBe(task);
    kernel.release(task);
    expect(() => kernel.release(task)).toThrow('nothing holds');
    expect(kernel.currentTask).toBe(currentTask);
    expect(fields.text(currentTask, 'task_struct', 'comm')).toBe('a (b) c');
    expect(fields.number(currentTask, 'task_struct', 'pid')).toBe(200);
  });
});
