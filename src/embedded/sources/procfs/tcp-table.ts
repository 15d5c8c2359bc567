/**
 * /proc/net/tcp and tcp6: sockets that listen, connections, and what is left of those that are over or only begun.
 * Facts: get_tcp4_sock(), get_timewait4_sock(), get_openreq4() in net/ipv4/tcp_ipv4.c of Linux 6.18.
 */
import { AF_INET, AF_INET6, IPPROTO_TCP, SOCK_STREAM, TCP_LISTEN } from '../../socket-numbers.ts';
import type { ListReader } from '../lists/object-lists.ts';
import type { TcpRecord } from '../lists/records.ts';
import { addressOf, hex, isKnown, linesOf } from './net-tables.ts';
import type { ProcReader } from './reader.ts';

const TIMER_TIME_WAIT = 3;
const PATHS = ['/proc/net/tcp', '/proc/net/tcp6'] as const;

export const tcpTable = (reader: ProcReader): ListReader<TcpRecord> => ({
  isThere: () => isKnown(reader, PATHS[0]),
  read: function* () {
    const all = PATHS.flatMap((path) =>
      [...linesOf(reader, path)].flatMap((line) => parse(line, path.endsWith('6') ? AF_INET6 : AF_INET) ?? []),
    );
    // The kernel keeps those that listen in a table of their own, and shows it first.
    yield* all.filter(({ state }) => state === TCP_LISTEN);
    yield* all.filter(({ state }) => state !== TCP_LISTEN);
  },
});

function parse(line: string, family: number): TcpRecord | undefined {
  const columns = line.trim().split(/\s+/);
  const [, local = '', remote = '', st = '', queues = '', timer = '', retransmits = '', uid, probes, inode = ''] =
    columns;
  const [, , , , , , , , , , references, pointer, rto, ato, quick, window, threshold] = columns;
  if (pointer === undefined) return undefined;
  const [sent = '', received = ''] = queues.split(':');
  const [kind = '', ticks = ''] = timer.split(':');
  const isWhole = threshold !== undefined;
  const common = {
    key: `tcp ${local} ${remote} ${inode}`,
    family,
    type: SOCK_STREAM,
    protocol: IPPROTO_TCP,
    state: hex(st),
    local: addressOf(local),
    remote: addressOf(remote),
    references: Number(references),
    inode: Number(inode),
    hasFile: inode !== '0',
    timer: hex(kind),
    ticks: hex(ticks),
    retransmits: hex(retransmits),
    told: [Number(uid)],
  };
  if (!isWhole) return { ...common, kind: hex(kind) === TIMER_TIME_WAIT ? 'timewait' : 'request' };
  return {
    ...common,
    kind: 'socket',
    toSend: hex(sent),
    // Of those that listen: connections that nobody has taken yet.
    ...(hex(st) === TCP_LISTEN ? { backlog: hex(received) } : { toReceive: hex(received) }),
    probes: Number(probes),
    timeoutTicks: Number(rto),
    delayTicks: Number(ato),
    quick: Number(quick),
    window: Number(window),
    threshold: Number(threshold),
  };
}
