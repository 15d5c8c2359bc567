import { beforeEach, expect, test } from 'vitest';
import { model } from '../../../src/embedded/model/index.ts';
import { ObjectLists } from '../../../src/embedded/sources/lists/object-lists.ts';
import { Needs } from '../../../src/embedded/sources/needs.ts';
import { procLists } from '../../../src/embedded/sources/procfs/lists.ts';
import type { ObjectList } from '../../../src/embedded/sources/source.ts';
import { FakeMemory } from '../fake-memory.ts';
import { Fields } from './fields.ts';
import { SnapshotReader } from './snapshot.ts';

const HEADER = 'what the columns are\n';
let memory: FakeMemory;
let fields: Fields;
beforeEach(() => {
  memory = new FakeMemory();
  fields = new Fields(memory);
});

const NOW = 5000;
const listsOf = (files: Record<string, string>) => {
  const statuses = Object.fromEntries(Object.keys(files).map((path) => [path, {}]));
  return new ObjectLists(memory, model, procLists(new SnapshotReader({ files, statuses })), () => NOW);
};

/** Objects of a list, with what the iterator tells beside them. */
function all(lists: ObjectLists, list: ObjectList): [at: number, numbers: readonly number[]][] {
  const cursor = lists.cursor(list, Needs.everything);
  const found: [number, readonly number[]][] = [];
  for (let at = cursor.next(); at !== 0; at = cursor.next()) found.push([at, cursor.numbers]);
  return found;
}

const UDP =
  '  300: 0100007F:0035 0200007F:1F90 01 00000003:00000007 00:00000000 00000000   101        0 20734 2 000000004d5965e5 5\n';
const UDP6 =
  '    7: 00000000000000000000000001000000:0222 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 0\n';

test('UDP sockets of both families, with owner and bucket', () => {
  const lists = listsOf({ '/proc/net/udp': HEADER + UDP, '/proc/net/udp6': HEADER + UDP6 });
  const found = all(lists, 'udp_sock');
  expect(found.map(([, numbers]) => numbers)).toEqual([
    [101, 300],
    [0, 7],
  ]);
  const rows = found.map(([at]) => {
    const number = (path: string) => fields.number(at, 'udp_sock', `inet.sk.${path}`);
    const words = [0, 4, 8, 12].map((more) => {
      const { offset } = model.layoutOf('udp_sock').field('inet.sk.__sk_common.skc_v6_rcv_saddr');
      return memory.view.getUint32(at + offset + more, true);
    });
    return [
      number('__sk_common.skc_family'),
      [number('__sk_common.skc_rcv_saddr'), number('__sk_common.skc_num')],
      [number('__sk_common.skc_daddr'), number('__sk_common.skc_dport')],
      words,
      number('__sk_common.skc_state'),
      [number('sk_wmem_alloc'), number('sk_backlog.rmem_alloc'), number('sk_drops')],
      // One more than the table has: the iterator's own.
      number('__sk_common.skc_refcnt'),
      number('sk_ino'),
      fields.pointer(at, 'udp_sock', 'inet.sk.sk_socket') !== 0,
      fields.number(at, 'udp_sock', 'inet.inet_sport'),
    ];
  });
  const v4 = [2, [0x0100007f, 53], [0x0200007f, 0x901f], [0, 0, 0, 0], 1, [4, 7, 5], 3, 20734, true, 0x3500];
  // 127.0.0.6 stands for an address that has no form of IPv4.
  const v6 = [10, [0x0600007f, 546], [0, 0], [0, 0, 0, 0x01000000], 7, [1, 0, 0], 2, 0, false, 0x2202];
  expect(rows).toEqual([v4, v6]);
  expect(found.map(([at]) => lists.socketAt(at))).toEqual(['udp_sock', 'udp_sock']);
  // The same sockets are in the same places when they are read again.
  expect(all(lists, 'udp_sock')).toEqual(found);
  lists.clear();
  expect(memory.live).toBe(0);
  expect(lists.socketAt(found[0]?.[0] ?? 0)).toBeUndefined();
});

test('TCP: sockets that listen come first, and what is no whole socket is of its own kind', () => {
  const tcp = [
    '0: 0100007F:1F90 0200007F:0035 01 00000003:00000007 01:00000014 00000002  1000        1 77 2 0000000000000001 20 4 25 10 -1',
    '1: 0100007F:1F91 0200007F:0035 06 00000000:00000000 03:00000064 00000000     0        0 0 3 0000000000000002',
    '2: 0100007F:1F92 0200007F:0035 03 00000000:00000000 01:0000000A 00000003  1000        0 0 1 0000000000000003',
  ];
  const tcp6 =
    '0: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000005 02:00000001 00000000 0 0 78 1 0000000000000004 100 0 0 10 16';
  const lists = listsOf({
    '/proc/net/tcp': `${HEADER}${tcp.join('\n')}\n`,
    '/proc/net/tcp6': `${HEADER}${tcp6}\n`,
  });
  const found = all(lists, 'tcp_sock');
  expect(found.map(([at, numbers]) => [lists.socketAt(at), ...numbers])).toEqual([
    ['tcp_sock', 0],
    ['tcp_sock', 1000],
    ['tcp_timewait_sock', 0],
    ['tcp_request_sock', 1000],
  ]);
  const [listening = 0, connected = 0, over = 0, begun = 0] = found.map(([at]) => at);
  const connection = (at: number) => {
    const number = (path: string) => fields.number(at, 'tcp_sock', `inet_conn.${path}`);
    const runs = (path: string) => fields.pointer(at, 'tcp_sock', `inet_conn.${path}.entry.pprev`) !== 0;
    return {
      state: number('icsk_inet.sk.__sk_common.skc_state'),
      backlog: number('icsk_inet.sk.sk_ack_backlog'),
      unread: fields.number(at, 'tcp_sock', 'rcv_nxt'),
      unsent: fields.number(at, 'tcp_sock', 'write_seq'),
      pending: number('icsk_pending'),
      again: runs('icsk_retransmit_timer') && number('icsk_retransmit_timer.expires'),
      keepalive: runs('icsk_inet.sk.sk_timer') && number('icsk_inet.sk.sk_timer.expires'),
      counts: ['icsk_retransmits', 'icsk_probes_out'].map(number),
      times: ['icsk_rto', 'icsk_ack.ato', 'icsk_ack.quick', 'icsk_ack.pingpong'].map(number),
      window: ['snd_cwnd', 'snd_ssthresh'].map((path) => fields.number(at, 'tcp_sock', path)),
      fastOpen: number('icsk_accept_queue.fastopenq.max_qlen'),
    };
  };
  const quiet = { backlog: 0, unread: 0, unsent: 0, pending: 0, again: false, keepalive: false, counts: [0, 0] };
  const noLimit = 0x7fffffff;
  expect(connection(listening)).toEqual({
    ...quiet,
    state: 10,
    backlog: 5,
    keepalive: NOW + 10,
    times: [1000, 0, 0, 0],
    window: [10, noLimit],
    fastOpen: 16,
  });
  expect(connection(connected)).toEqual({
    ...quiet,
    state: 1,
    unread: 7,
    unsent: 3,
    pending: 1,
    again: NOW + 200,
    counts: [2, 1],
    times: [200, 40, 12, 1],
    window: [10, noLimit],
    fastOpen: 0,
  });
  const wait = (path: string) => fields.number(over, 'tcp_timewait_sock', `tw_sk.${path}`);
  expect(['__tw_common.skc_state', 'tw_substate', 'tw_timer.expires'].map(wait)).toEqual([6, 6, NOW + 1000]);
  const request = (path: string) => fields.number(begun, 'tcp_request_sock', `req.req.${path}`);
  expect(['__req_common.skc_state', 'num_timeout', 'rsk_timer.expires'].map(request)).toEqual([12, 3, NOW + 100]);
  expect([request('__req_common.skc_num'), request('__req_common.skc_dport')]).toEqual([0x1f92, 0x3500]);
});

test('Unix sockets: what they are about, their files and their names', () => {
  const text = [
    '0000000000000001: 00000002 00000000 00010000 0001 01 30 /run/a name',
    '0000000000000002: 00000003 00000000 00000000 0002 03 31',
    '0000000000000003: 00000002 00000000 00000000 0005 01 32 @abstract@name',
    '0000000000000004: 00000002 00000000 00000000 0001 02 0',
  ];
  const { offset: name } = model.layoutOf('unix_address').field('name');
  const rows = all(listsOf({ '/proc/net/unix': `${HEADER}${text.join('\n')}\n` }), 'unix_sock').map(([at]) => {
    const address = fields.pointer(at, 'unix_sock', 'addr');
    const length = address === 0 ? 0 : memory.view.getInt32(address, true);
    const socket = fields.pointer(at, 'unix_sock', 'sk.sk_socket');
    return [
      fields.number(at, 'unix_sock', 'sk.__sk_common.skc_state'),
      fields.number(at, 'unix_sock', 'sk.sk_type'),
      socket === 0 ? undefined : fields.number(socket, 'socket_alloc', 'vfs_inode.i_ino'),
      String.fromCharCode(...memory.u8.subarray(address + name, address + name + length)),
    ];
  });
  expect(rows).toEqual([
    [10, 1, 30, '\x01\0/run/a name\0'],
    [1, 2, 31, ''],
    [7, 5, 32, '\x01\0\0abstract@name'],
    [1, 1, undefined, ''],
  ]);
});

test('netlink sockets', () => {
  const text = [
    '000000001fca56cb 0   0          00000000 0        0        0     2        0        4       ',
    '000000001fca56cc 15  4294963185 80000003 768      16       1     3        9        25      ',
  ];
  const rows = all(listsOf({ '/proc/net/netlink': `${HEADER}${text.join('\n')}\n` }), 'netlink_sock').map(([at]) => {
    const number = (path: string) => fields.number(at, 'netlink_sock', path);
    const groups = fields.pointer(at, 'netlink_sock', 'groups');
    return [
      ['sk.sk_protocol', 'portid', 'cb_running', 'sk.sk_backlog.rmem_alloc', 'sk.sk_wmem_alloc'].map(number),
      ['sk.sk_drops', 'sk.__sk_common.skc_refcnt', 'sk.sk_ino'].map(number),
      groups === 0 ? undefined : memory.view.getBigUint64(groups, true),
    ];
  });
  expect(rows).toEqual([
    [[0, 0, 0, 0, 1], [0, 2, 4], undefined],
    [[15, 4294963185, 1, 768, 17], [9, 3, 25], 0x80000003n],
  ]);
});

test('routes of IPv6', () => {
  const zero = '0'.repeat(32);
  const text = [
    `fd000000000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001     eth0`,
    `${zero} 00 ${zero} 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0`,
    `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200`,
  ];
  const hop = model.layoutOf('fib6_info').field('fib6_nh').offset;
  const rows = all(listsOf({ '/proc/net/ipv6_route': `${text.join('\n')}\n` }), 'fib6_info').map(([at]) => {
    const device = fields.pointer(at + hop, 'fib6_nh', 'nh_common.nhc_dev');
    const gateway = at + hop + model.layoutOf('fib6_nh').field('nh_common.nhc_gw').offset;
    return [
      memory.u8[at + model.layoutOf('fib6_info').field('fib6_dst.addr').offset],
      ['fib6_dst.plen', 'fib6_metric', 'fib6_ref', 'fib6_flags'].map((path) => fields.number(at, 'fib6_info', path)),
      [fields.number(at + hop, 'fib6_nh', 'nh_common.nhc_gw_family'), memory.u8[gateway], memory.u8[gateway + 15]],
      device === 0 ? undefined : fields.text(device, 'net_device', 'name'),
    ];
  });
  expect(rows).toEqual([
    [0xfd, [64, 0x100, 1, 1], [0, 0, 0], 'eth0'],
    [0, [0, 0x400, 3, 3], [10, 0xfd, 1], 'eth0'],
    [0, [0, 0xffffffff, 1, 0x200200], [0, 0, 0], undefined],
  ]);
});

test('tables that are not there make no lists', () => {
  const lists = listsOf({});
  for (const list of ['udp_sock', 'unix_sock', 'netlink_sock', 'fib6_info'] as const)
    expect(lists.has(list)).toBe(false);
});

test('the socket of an open file, by the inode that its link names', () => {
  const tables = {
    '/proc/net/udp': HEADER + UDP,
    '/proc/net/unix':
      `${HEADER}0000000000000001: 00000002 00000000 00010000 0001 01 99 /run/a.sock\n` +
      '0000000000000002: 00000002 00000000 00010000 0001 02 0 /run/a.sock\n',
  };
  const lists = listsOf(tables);
  const files = lists.socketFiles(Needs.everything);
  const socketOf = (inode: number) => files.socket(inode);
  const rows = [20734, 99].map((inode) => {
    const socket = socketOf(inode) ?? 0;
    const sock = fields.pointer(socket, 'socket', 'sk');
    return [lists.socketAt(sock), fields.number(socket, 'socket', 'type'), fields.number(sock, 'sock', 'sk_ino')];
  });
  expect(rows).toEqual([
    ['udp_sock', 2, 20734],
    ['unix_sock', 1, 99],
  ]);
  // A socket that nobody has opened yet has the number 0, and others no table has.
  expect([socketOf(0), socketOf(5)]).toEqual([undefined, undefined]);
  // It is the one that an iterator over sockets shows.
  const [[udp] = [0]] = all(lists, 'udp_sock');
  expect(fields.pointer(socketOf(20734) ?? 0, 'socket', 'sk')).toBe(udp);
});

test('sockets are in the network of their tables', () => {
  const reader = new SnapshotReader({ files: { '/proc/net/udp': HEADER + UDP }, statuses: { '/proc/net/udp': {} } });
  const lists = new ObjectLists(memory, model, procLists(reader), undefined, () => 4096);
  const [[udp] = [0]] = all(lists, 'udp_sock');
  expect(fields.pointer(udp, 'udp_sock', 'inet.sk.__sk_common.skc_net.net')).toBe(4096);
});

test('fields that no table tells are counted for whoever reads them', () => {
  const unix = '0000000000000000: 00000002 00000000 00010000 0001 01 77 /run/a\n';
  const tcp =
    '0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 71 1 0 100 0 0 10 0\n' +
    '1: 0100007F:1F90 0100007F:0050 01 00000000:00000000 00:00000000 00000000 0 0 72 1 0 20 4 30 10 -1\n' +
    '2: 0100007F:1F90 0100007F:0051 03 00000000:00000000 01:00000010 00000000 0 0 0 0 0\n';
  const netlink = '0000000000000000 0 5 00000003 0 0 0 2 0 73\n0000000000000000 9 5 00000001 0 0 0 2 0 74\n';
  const lists = listsOf({
    '/proc/net/unix': HEADER + unix,
    '/proc/net/tcp': HEADER + tcp,
    '/proc/net/netlink': HEADER + netlink,
  });
  const unknown = (list: ObjectList, ...needs: readonly string[]) => {
    const found: string[] = [];
    const cursor = lists.cursor(list, Needs.of(needs), (what) => found.push(what));
    while (cursor.next() !== 0);
    return found;
  };
  expect(unknown('unix_sock', 'sock.sk_wmem_alloc', 'sock.sk_drops')).toEqual(['sk_wmem_alloc']);
  // Of one that listens nothing waits; of what has only begun there is no sock.
  expect(unknown('tcp_sock', 'sock.sk_wmem_alloc', 'sock.sk_backlog')).toEqual(['sk_wmem_alloc', 'sk_backlog']);
  expect(unknown('tcp_sock', 'sock.sk_drops')).toEqual(['sk_drops', 'sk_drops']);
  expect(unknown('tcp_sock', 'sock_common.skc_refcnt')).toEqual(['skc_refcnt']);
  expect(unknown('netlink_sock', 'netlink_sock.groups')).toEqual(['groups']);
  expect(unknown('unix_sock', 'socket_alloc.vfs_inode', 'inode.i_ino')).toEqual([]);
  expect(unknown('unix_sock', 'socket_alloc.vfs_inode', 'inode.i_uid')).toEqual([
    'inode of sockets, but for i_ino and i_mode',
  ]);
  expect(unknown('unix_sock', 'sock.sk_type')).toEqual([]);
  const found: string[] = [];
  const files = lists.socketFiles(Needs.of(['sock.sk_wmem_alloc']), (what) => found.push(what));
  files.socket(71);
  expect(found).toEqual([]);
  files.socket(77);
  expect(found).toEqual(['sk_wmem_alloc']);
  expect([71, 73, 77, 78].map(files.name)).toEqual(['TCP', 'NETLINK', 'UNIX-STREAM', undefined]);
});

test('addresses stand in the other form too where Linux has them so', () => {
  const ipv4 =
    '0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 71 1 0 100 0 0 10 0\n' +
    '1: 0100007F:1F90 0200007F:0050 01 00000000:00000000 00:00000000 00000000 0 0 72 1 0 20 4 30 10 -1\n' +
    '2: 0100007F:1F90 0200007F:0051 06 00000000:00000000 03:00000010 00000000 0 0 0 3 0\n';
  const [loopback, mapped] = ['00000000000000000000000001000000', '0000000000000000FFFF00000200007F'];
  const ipv6 =
    `0: ${'0'.repeat(32)}:1F90 ${'0'.repeat(32)}:0000 0A 00000000:00000000 00:00000000 00000000 0 0 73 1 0 100 0 0 10 0\n` +
    `1: ${loopback}:1F90 ${loopback}:0050 01 00000000:00000000 00:00000000 00000000 0 0 74 1 0 20 4 30 10 -1\n` +
    `2: ${mapped}:1F90 ${mapped}:0051 01 00000000:00000000 00:00000000 00000000 0 0 75 1 0 20 4 30 10 -1\n`;
  const lists = listsOf({ '/proc/net/tcp': HEADER + ipv4, '/proc/net/tcp6': HEADER + ipv6 });
  const other = ([at]: readonly [number, ...unknown[]]) => {
    const common = (member: string) =>
      at + (model.layoutOf('sock').field('__sk_common').offset + model.layoutOf('sock_common').field(member).offset);
    const word = (member: string, index = 0) => memory.view.getUint32(common(member) + 4 * index, true).toString(16);
    return ['rcv_saddr', 'daddr'].map((end) => [
      word(`skc_${end}`),
      word(`skc_v6_${end}`, 2),
      word(`skc_v6_${end}`, 3),
    ]);
  };
  const nothing = ['0', '0', '0'];
  expect(all(lists, 'tcp_sock').map(other)).toEqual([
    [['100007f', '0', '0'], nothing],
    [nothing, nothing],
    [
      ['100007f', 'ffff0000', '100007f'],
      ['200007f', 'ffff0000', '200007f'],
    ],
    [
      ['100007f', '0', '0'],
      ['200007f', '0', '0'],
    ],
    // Who began the connection no table tells.
    [
      ['600007f', '0', '1000000'],
      ['0', '0', '1000000'],
    ],
    [
      ['200007f', 'ffff0000', '200007f'],
      ['200007f', 'ffff0000', '200007f'],
    ],
  ]);
});
