/**
 * Options of sockets and their end: the same program on the running kernel, over sockets that this process has, and on
 * the embedded one, over sockets that are described.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  objectsSource,
  openEmbeddedKernel,
  procfsSource,
  type SocketDescription,
  type SystemDescription,
} from '../../../src/embedded/index.ts';
import { HostKernel } from '../../../src/host/kernel.ts';
import { GlobalVariables } from '../../../src/index.ts';
import type { Kernel } from '../../../src/kernel.ts';
import { openObject } from '../../../src/object/index.ts';
import { describeOnHost } from '../../host/permitted.ts';
import { SnapshotReader } from '../sources/snapshot.ts';

const name = 'test/embedded/targets/fixtures/socket_options.bpf.o';
const program = () => openObject(readFileSync(new URL(`../../../${name}`, import.meta.url)), { name });

type Option = readonly [level: number, name: number, value: number];
const MOST = 128;

interface Wanted {
  readonly program: string;
  readonly port?: number;
  readonly path?: string;
  readonly options?: readonly Option[];
}

async function run(kernel: Kernel, { program: iterator, port = 0, path = '', options = [] }: Wanted): Promise<string> {
  using loaded = await kernel.load(program(), { programs: [iterator] });
  let text = '';
  for (let at = 0; at === 0 || at < options.length; at += MOST) {
    const part = options.slice(at, at + MOST).map(([level, number, value]) => ({ level, name: number, value }));
    new GlobalVariables(loaded).set({
      port,
      path,
      count: part.length,
      options: Array.from({ length: MOST }, (_, index) => part[index] ?? { level: 0, name: 0, value: 0 }),
      names: ['reno', 'cubic', 'nonexistent', 'cdg'],
    });
    using link = loaded.program(iterator).attachIter();
    text += await link.open().text();
  }
  return text;
}

/** A port that nobody has: a socket that chose the port itself stays bound to it, one whose port Linux chose does not. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** Nobody reads the description's kernel but the test. */
const described = (description: Omit<SystemDescription, 'tasks'>) =>
  openEmbeddedKernel({ source: objectsSource({ tasks: [{ pid: 1 }], ...description }) });

describeOnHost('options of sockets are those that Linux has', () => {
  const values = [-1, 0, 1, 2, 100, 1000, 32767, 65536, 100000, 2147483647];
  const numbers: readonly (readonly [level: number, names: readonly number[]])[] = [
    // SO_RCVLOWAT before and behind SO_RCVBUF, SO_PRIORITY behind IP_TOS as well.
    [1, [18, 2, 7, 8, 9, 12, 15, 18, 36, 47, 62, 74, 25, 6, 3]],
    [6, [1, 2, 4, 5, 6, 7, 10, 16, 18, 25, 27, 28, 45, 46, 1008, 9]],
    [0, [1, 2]],
    [1, [12]],
    [41, [67, 70, 26]],
    [7, [1]],
  ];
  const options: readonly Option[] = [
    ...numbers.flatMap(([level, names]) =>
      names.flatMap((number) => values.map((value) => [level, number, value] as const)),
    ),
    // Times, which are rounded to what each kernel counts in.
    ...[1000, 100000, 120000, 999, 120001].map((value) => [6, 44, value] as const),
    ...[100000, 200000, 200001, -1, 0].flatMap((value) => [1003, 1004].map((number) => [6, number, value] as const)),
  ];

  async function listening(server: Server, at: readonly [number, string] | readonly [string]): Promise<Disposable> {
    if (at.length === 1) server.listen(at[0]);
    else server.listen(...at);
    await once(server, 'listening');
    return { [Symbol.dispose]: () => server.close() };
  }

  // What Node sets before a socket listens is part of the description.
  test.each<[address: string, description: (port: number) => SocketDescription]>([
    ['127.0.0.1', (port) => ({ protocol: 'tcp', local: `127.0.0.1:${port}`, options: { SO_REUSEADDR: 1 } })],
    ['::1', (port) => ({ protocol: 'tcp', local: `[::1]:${port}`, options: { SO_REUSEADDR: 1, IPV6_V6ONLY: 1 } })],
  ])('of TCP on %s', async (address, description) => {
    const server = createServer();
    using _listening = await listening(server, [0, address]);
    const { port } = server.address() as AddressInfo; // of an Internet address
    using host = new HostKernel();
    const wanted = { program: 'change_tcp', port, options };
    const there = await run(host, wanted);
    expect(there).toContain('1/7: 16384 (0), set -1: 0, 8388608 (0)');
    using embedded = described({ sockets: [description(port)] });
    expect((await run(embedded, wanted)).split('\n')).toEqual(there.split('\n'));
  });

  test('of Unix', async () => {
    const path = join(tmpdir(), `bpfiter-options-${process.pid}`);
    const server = createServer();
    using _listening = await listening(server, [path]);
    try {
      using host = new HostKernel();
      const wanted = { program: 'change_unix', path, options };
      const there = await run(host, wanted);
      expect(there).toContain('1/15: 0 (0), set 1: -95, 0 (0)');
      using embedded = described({ sockets: [{ protocol: 'unix', state: 'listening', path }] });
      expect((await run(embedded, wanted)).split('\n')).toEqual(there.split('\n'));
    } finally {
      rmSync(path, { force: true });
    }
  });

  test('destroyed sockets are gone, but for those of UDP that are bound', async () => {
    const server = createServer();
    using _listening = await listening(server, [0, '127.0.0.1']);
    const { port } = server.address() as AddressInfo; // of an Internet address
    const [bound, connected] = [createSocket('udp4'), createSocket('udp4')];
    const failures: string[] = [];
    for (const socket of [bound, connected]) socket.on('error', ({ message }) => failures.push(message));
    try {
      bound.bind(await freePort(), '127.0.0.1');
      await once(bound, 'listening');
      connected.connect(bound.address().port, '127.0.0.1');
      await once(connected, 'connect');
      using host = new HostKernel();
      const [first, second] = [bound.address().port, connected.address().port];
      using embedded = described({
        sockets: [
          { protocol: 'tcp', local: `127.0.0.1:${port}` },
          { protocol: 'udp', local: `127.0.0.1:${first}` },
          { protocol: 'udp', local: `127.0.0.1:${second}`, remote: `127.0.0.1:${first}` },
        ],
      });
      const texts = async (kernel: Kernel) => [
        await run(kernel, { program: 'destroy_tcp', port }),
        await run(kernel, { program: 'destroy_tcp', port }),
        await run(kernel, { program: 'destroy_udp', port: first }),
        await run(kernel, { program: 'destroy_udp', port: first }),
        await run(kernel, { program: 'destroy_udp', port: second }),
        await run(kernel, { program: 'destroy_udp', port: second }),
      ];
      const there = await texts(host);
      expect(there).toEqual([
        'destroyed: 0, state 7\n',
        '',
        'destroyed: 0, state 7, to 0\n',
        'destroyed: 0, state 7, to 0\n',
        'destroyed: 0, state 7, to 0\n',
        '',
      ]);
      expect(await texts(embedded)).toEqual(there);
      expect(failures).toEqual(failures.map(() => 'recvmsg ECONNABORTED'));
    } finally {
      bound.close();
      connected.close();
    }
  });
});

describe('described sockets', () => {
  const tcp = { protocol: 'tcp', local: '127.0.0.1:80' } as const;

  test('have the options that they begin with, and the congestion controls that there are', async () => {
    using kernel = described({
      sockets: [{ ...tcp, options: { TCP_CONGESTION: 'bbr', SO_MARK: 5 } }],
      congestionControls: ['bbr', 'nonexistent'],
    });
    const text = await run(kernel, { program: 'change_tcp', port: 80, options: [[1, 36, 7]] });
    expect(text.split('\n')).toEqual([
      'family 2, state 10',
      '1/36: 5 (0), set 7: 0, 7 (0)',
      'congestion control reno: -2, bbr (0)',
      'congestion control cubic: -2, bbr (0)',
      'congestion control nonexistent: 0, nonexistent (0)',
      'congestion control cdg: -524, nonexistent (0)',
      '',
    ]);
    expect(await run(kernel, { program: 'change_tcp', port: 80, options: [[1, 36, 7]] })).toContain('1/36: 7 (0)');
  });

  test.each<[state: 'TIME_WAIT' | 'SYN_RECV', shown: number]>([
    ['TIME_WAIT', 6],
    ['SYN_RECV', 12],
  ])('in %s can be destroyed', async (state, shown) => {
    const remote = '127.0.0.1:9';
    using kernel = described({ sockets: [{ ...tcp, remote, state }, tcp] });
    const texts = [
      await run(kernel, { program: 'destroy_tcp', port: 80 }),
      await run(kernel, { program: 'destroy_tcp', port: 80 }),
    ];
    expect(texts).toEqual([`destroyed: 0, state 7\ndestroyed: 0, state ${shown}\n`, '']);
  });

  test('have no other options', () => {
    // What those say who have no types.
    const options = { SO_LINGER: 1 } as object;
    expect(() => described({ sockets: [{ ...tcp, options }] })).toThrow("'SO_LINGER' is no option that programs");
  });

  test('of a snapshot are only looked at', async () => {
    const files = { '/proc/net/tcp': 'header\n', '/proc/net/udp': 'header\n', '/proc/net/unix': 'header\n' };
    const statuses = Object.fromEntries(Object.keys(files).map((path) => [path, {}]));
    using kernel = openEmbeddedKernel({ source: procfsSource(new SnapshotReader({ files, statuses })) });
    await expect(kernel.load(program(), { programs: ['destroy_udp'] })).rejects.toThrow(
      /no kfunc bpf_sock_destroy \(sockets of a running system or a snapshot are only looked at\); use --kernel host/,
    );
    await expect(kernel.load(program(), { programs: ['change_tcp'] })).rejects.toThrow(/no helper bpf_getsockopt/);
  });
});
