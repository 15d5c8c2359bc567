/** Sockets and memory of processes that a test describes, as the programs of programs/ show them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import {
  model,
  Needs,
  objectsSource,
  openEmbeddedKernel,
  type SystemDescription,
  type TaskDescription,
} from '../../../src/embedded/index.ts';
import { openObject } from '../../../src/object/index.ts';
import { FakeMemory } from '../fake-memory.ts';

async function textOf(
  program: string,
  description: SystemDescription,
  path = `programs/${program}.bpf.o`,
): Promise<string> {
  using kernel = openEmbeddedKernel({ source: objectsSource(description) });
  const object = openObject(readFileSync(path), { name: program });
  using loaded = await kernel.load(object);
  using link = loaded.programs[0]?.attachIter();
  if (link === undefined) throw new Error(`${program} has a program`);
  return link.open().text();
}

/** Lines below the header, with one blank between columns. */
const rowsOf = async (program: string, description: SystemDescription): Promise<string[]> =>
  (await textOf(program, description))
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => line.trim().split(/\s+/).join(' '));

const tasks: readonly TaskDescription[] = [{ pid: 1, comm: 'init' }];

describe('sockets', () => {
  it('of TCP, those that listen first, with both ends and their bytes', async () => {
    const rows = await rowsOf('tcp', {
      tasks,
      sockets: [
        {
          protocol: 'tcp',
          local: '127.0.0.1:8080',
          remote: '10.0.0.1:443',
          toSend: 5,
          toReceive: 7,
          uid: 1000,
          ino: 77,
        },
        { protocol: 'tcp', local: '[2001:db8::1]:22', remote: '[::ffff:10.1.2.3]:5', state: 'CLOSE_WAIT' },
        { protocol: 'tcp', local: '0.0.0.0:80', backlog: 3 },
        { protocol: 'tcp', local: '127.0.0.1:80', remote: '127.0.0.1:9', state: 'TIME_WAIT' },
        { protocol: 'tcp', local: '127.0.0.1:80', remote: '127.0.0.1:10', state: 'SYN_RECV' },
      ],
    });
    // Number, ends, state, bytes to send and to receive.
    expect(rows.map((row) => row.split(' ').slice(1, 5).join(' '))).toEqual([
      '00000000:0050 00000000:0000 0A 00000000:00000003',
      '0100007F:1F90 0100000A:01BB 01 00000005:00000007',
      '0100007F:0050 0100007F:0009 06 00000000:00000000',
      '0100007F:0050 0100007F:000A 03 00000000:00000000',
      'B80D0120000000000000000001000000:0016 0000000000000000FFFF00000302010A:0005 08 00000000:00000000',
    ]);
    expect(rows[1]).toMatch(/ 1000 0 77 /);
  });

  it('of UDP', async () => {
    const rows = await rowsOf('udp', {
      tasks,
      sockets: [
        { protocol: 'udp', local: '[::]:53', drops: 4 },
        { protocol: 'udp', local: '0.0.0.0:68', uid: 7, ino: 5 },
        { protocol: 'udp', local: '10.0.0.2:9', remote: '10.0.0.1:53' },
      ],
    });
    expect(rows.map((row) => row.split(' ').slice(1, 4).join(' '))).toEqual([
      '00000000:0044 00000000:0000 07',
      '0200000A:0009 0100000A:0035 01',
      '00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 07',
    ]);
    expect([rows[0], rows[2]]).toEqual([expect.stringContaining(' 7 0 5 '), expect.stringMatching(/ 4$/)]);
  });

  it('of Unix, with their types, states and names', async () => {
    const rows = await rowsOf('unix', {
      tasks,
      sockets: [
        { protocol: 'unix', state: 'listening', path: '/run/a b.sock', ino: 30 },
        { protocol: 'unix', state: 'connected', type: 'seqpacket', ino: 31 },
        { protocol: 'unix', type: 'dgram', path: '@hidden', ino: 32 },
      ],
    });
    expect(rows.map((row) => row.split(' ').slice(3).join(' '))).toEqual([
      '00010000 0001 01 30 /run/a b.sock',
      '00000000 0005 03 31',
      '00000000 0002 01 32 @hidden',
    ]);
  });

  it('of netlink', async () => {
    const rows = await rowsOf('netlink', {
      tasks,
      sockets: [
        { protocol: 'netlink', family: 0, port: 1, groups: 0x11, ino: 40 },
        { protocol: 'netlink', family: 15, drops: 2, ino: 41 },
      ],
    });
    expect(rows.map((row) => row.split(' ').slice(1))).toEqual([
      expect.arrayContaining(['0', '1', '00000011', '40']),
      expect.arrayContaining(['15', '0', '00000000', '2', '41']),
    ]);
  });

  it('are what open files with their numbers are', async () => {
    const files = ['socket:[7]', '/a', 'socket:[8]'].map((path, index) => ({ fd: index + 3, path }));
    const text = await textOf(
      'socket_files',
      {
        tasks: [{ pid: 1, files, namespaces: { net: 99 } }],
        sockets: [
          { protocol: 'unix', type: 'dgram', ino: 8 },
          { protocol: 'tcp', local: '10.0.0.2:80', remote: '10.0.0.9:51000', ino: 7 },
        ],
      },
      'test/embedded/targets/fixtures/socket_files.bpf.o',
    );
    expect(text.split('\n')).toEqual([
      '3 type 1 family 2 protocol 6 port 80 state 1 network 99',
      '5 type 2 family 1 protocol 0 port 0 state 7 network 99',
      '',
    ]);
  });

  it('are lists of none where none is described, and no lists at all where nobody says so', async () => {
    expect(await rowsOf('unix', { tasks, sockets: [] })).toEqual([]);
    await expect(textOf('unix', { tasks })).rejects.toThrow("the target 'unix'");
  });

  const withFile: readonly TaskDescription[] = [{ pid: 1, files: [{ fd: 3, path: 'socket:[7]' }] }];
  it.each<[what: string, sockets: unknown, message: string, tasks?: readonly TaskDescription[]]>([
    [
      'two of one inode',
      [
        { protocol: 'unix', ino: 3 },
        { protocol: 'unix', ino: 3 },
      ],
      'another has the inode 3',
    ],
    ['no inode', [{ protocol: 'unix', ino: 0 }], '0 is no number of an inode'],
    ['no address', [{ protocol: 'tcp', local: '1.2.3:80' }], "'1.2.3:80' is no address with a port"],
    ['a large port', [{ protocol: 'udp', local: '1.2.3.4:65536' }], "'1.2.3.4:65536' is no address with a port"],
    ['two families', [{ protocol: 'tcp', local: '[::1]:1', remote: '1.2.3.4:1' }], 'its ends are of two families'],
    [
      'a file of what is over',
      [{ protocol: 'tcp', local: '1.2.3.4:1', state: 'TIME_WAIT', ino: 1 }],
      'no inode in its state',
    ],
    ['another protocol', [{ protocol: 'sctp' }], "socket 0 (sctp): 'sctp' is none of tcp, udp, unix, netlink"],
    ['another state', [{ protocol: 'tcp', local: '1.2.3.4:1', state: 'OPEN' }], "'OPEN' is none of ESTABLISHED, "],
    ['another type', [{ protocol: 'unix', type: 'raw' }], "'raw' is none of stream, dgram, seqpacket"],
    [
      'a file that none is',
      [{ protocol: 'unix', ino: 8 }],
      'task 1: its file 3 is socket 7, which is not among',
      withFile,
    ],
  ])('are refused: %s', (_, sockets, message, of = tasks) => {
    const description = { tasks: of, sockets } as SystemDescription; // what a user without types may write
    expect(() => objectsSource(description)).toThrow(message);
  });

  test.each(['1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '12345::', 'g::', '::1.2.3', ':1'])(
    '[%s] is no address of IPv6',
    (address) => {
      const sockets = [{ protocol: 'tcp', local: `[${address}]:1` }] as const;
      expect(() => objectsSource({ tasks, sockets })).toThrow('is no address');
    },
  );
});

describe('memory', () => {
  const described: TaskDescription = {
    pid: 7,
    comm: 'server',
    arguments: ['/usr/bin/server', '--name', 'ein wörtchen'],
    environment: { HOME: '/root', EMPTY: '' },
  };

  it('has the arguments where mm_struct says', async () => {
    const text = await textOf('task_cmdline', { tasks: [{ pid: 1 }, described] });
    expect(text.split('\n').filter((line) => line !== '')).toEqual([
      expect.stringMatching(/^ +1 *$/),
      '       7 /usr/bin/server --name ein wörtchen',
    ]);
  });

  function memoryOf(task: TaskDescription, address: number, length: number): Uint8Array {
    const kernel = objectsSource({ tasks: [task] }).open(new FakeMemory(), model);
    const offset = kernel.session(Needs.of(['task_struct.pid'])).taskByPid(task.pid);
    return kernel.userMemory(offset, address % 2 ** 32, Math.floor(address / 2 ** 32), length);
  }

  const stack = { start: 0x7ffc00000000, end: 0x7ffc00002000, path: '[stack]' };
  const [strings, variables] = ['/usr/bin/server\0--name\0ein wörtchen\0', 'HOME=/root\0EMPTY=\0'];
  const size = Buffer.byteLength(strings + variables);
  const start = stack.end - Math.ceil(size / 16) * 16;

  it.each([
    ['arguments and environment as one piece at the end of the stack', start, size, strings + variables],
    ['zeros behind what an area begins with', 0x1000, 6, 'data\0\0'],
    ['what there is before memory that is not known', 0x1ffe, 10, '\0\0'],
    ['nothing of areas without contents', 0x3000, 4, ''],
  ])('is %s', (_, address, length, expected) => {
    const areas = [
      { start: 0x1000, end: 0x2000, contents: Buffer.from('data') },
      { start: 0x3000, end: 0x4000 },
      stack,
    ];
    expect(Buffer.from(memoryOf({ ...described, areas }, address, length)).toString()).toBe(expected);
  });

  it.each<[task: Omit<TaskDescription, 'pid'>, message: string]>([
    [{ kernelThread: true, arguments: ['a'] }, 'a kernel thread has no arguments'],
    [{ arguments: ['a\0b'] }, 'there is a NUL'],
    [{ environment: { 'a=b': 'c' } }, "'a=b' is no name of a variable"],
    [{ areas: [{ start: 0, end: 4096, contents: new Uint8Array(4097) }] }, '0-1000 has more contents than room'],
    [{ areas: [{ ...stack, start: 0x7ffc00001000 }], arguments: ['x'.repeat(4096)] }, 'its stack has no room'],
  ])('is refused: %j', (task, message) => {
    expect(() => objectsSource({ tasks: [{ pid: 1, ...task }] })).toThrow(message);
  });
});

describe('described stacks', () => {
  const object = openObject(readFileSync(new URL('../targets/fixtures/stacks.bpf.o', import.meta.url)), {
    name: 'stacks.bpf.o',
  });
  const symbols = [
    { name: 'schedule', address: 0xffffffff81000000n },
    { name: 'do_wait', address: 0xffffffff81000100n, type: 't' },
    { name: 'the_end', address: 0xffffffff81000200n },
  ];

  it('are given to programs, and printed by the symbols that are described', async () => {
    const stack = [0xffffffff81000010n, 0xffffffff81000180n];
    using kernel = openEmbeddedKernel({
      source: objectsSource({ tasks: [{ pid: 1 }, { pid: 7, stack, threads: [{ tid: 8, stack: [] }] }], symbols }),
    });
    using loaded = await kernel.load(object);
    const textOf = (tid: number) => loaded.program('stacks').attachIter({ task: { tid } }).open().text();
    expect((await textOf(7)).match(/^ffff.*/gm)).toEqual([
      'ffffffff81000010 schedule+0x10/0x100|',
      'ffffffff81000180 do_wait+0x80/0x100|',
    ]);
    expect(await textOf(8)).toMatch(/^24 bytes, flags 0: 0, /m);
  });

  it.each([
    [{ tasks: [{ pid: 1, stack: [-1n] }] }, 'task 1: -1 is no address on a stack'],
    [{ tasks: [], symbols: [{ name: 'a', address: 1n }] }, "symbol a: 1 is no address of the kernel's"],
    [{ tasks: [], symbols: [...symbols].reverse() }, 'in the order of their addresses'],
    [{ tasks: [], symbols: [{ name: 'a b', address: 2n ** 63n }] }, "'a b' is no name of a symbol"],
  ])('are refused where they cannot be: %#', (description, message) => {
    expect(() => objectsSource(description)).toThrow(message);
  });
});

describe('described registers', () => {
  const name = 'test/embedded/targets/fixtures/registers.bpf.o';
  const object = openObject(readFileSync(new URL(`../../../${name}`, import.meta.url)), { name });

  async function run(task: Omit<TaskDescription, 'pid'>) {
    const unknown: string[] = [];
    using kernel = openEmbeddedKernel({
      source: objectsSource({ tasks: [{ pid: 1 }, { pid: 7, ...task }] }),
      onUnreadable: (unreadable) => unknown.push(...unreadable.keys()),
    });
    using loaded = await kernel.load(object);
    using link = loaded.program('registers').attachIter({ task: { pid: 7 } });
    return { text: await link.open().text(), unknown };
  }

  it('are given to programs, with the memory that they lead to', async () => {
    const areas = [{ start: 0x400000, end: 0x401000, contents: Buffer.from('0102030405060708', 'hex') }];
    const [ip, sp] = [0x400000n, 0x7ffc00001000n];
    const { text, unknown } = await run({
      areas,
      registers: { ip, sp, systemCall: 35, systemCallArguments: [1n, 2n] },
    });
    expect(text).toBe('7: ip 400000, sp 7ffc00001000, call 35\narguments 1 2 0 0 0 0\ncode 807060504030201 (0)\n');
    expect(unknown).toEqual([]);
    const waiting = await run({ registers: { ip, sp } });
    expect(waiting.text).toContain('call -1\narguments 0 0 0 0 0 0\n');
  });

  it('are counted where they are not known', async () => {
    const nowhere = await run({});
    expect(nowhere).toEqual({ text: expect.stringContaining('ip 0, sp 0, call 0'), unknown: ['syscall'] });
    // A program of 32 bits has its arguments elsewhere.
    const small = await run({
      registers: { ip: 0x8048000n, sp: 0xffffd000n, systemCall: 4, systemCallArguments: [1n] },
    });
    expect(small).toEqual({ text: expect.stringContaining('call 4\narguments 0 0'), unknown: ['registers'] });
  });

  it('are refused where they cannot be', () => {
    const tasks = [{ pid: 1, registers: { ip: 1n, sp: 1n << 64n } }];
    expect(() => objectsSource({ tasks })).toThrow('task 1: 18446744073709551616 is no value of a register');
  });
});
