/**
 * The tables of /proc/net: sockets and routes of the network namespace that the reader is in, but for TCP
 * (tcp-table.ts). They are in the order of the kernel's own tables; of UDP, those of IPv4 come first.
 * Facts: udp4_format_sock(), unix_seq_show(), netlink_native_seq_show(), ipv6_route_native_seq_show()
 * of Linux 6.18; proc(5).
 */
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_UNIX,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_RAW,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_LISTEN,
} from '../../socket-numbers.ts';
import type { ListReader } from '../lists/object-lists.ts';
import type { InternetAddress, Route, SocketRecord } from '../lists/records.ts';
import { type ProcReader, UNREADABLE, VANISHED } from './reader.ts';

/** Of a Unix socket's flags: it listens. */
const SO_ACCEPTCON = 0x10000;
/** enum socket_state. */
const SS_UNCONNECTED = 1;
const SS_CONNECTED = 3;

const decoder = new TextDecoder();

/** Tables by path, each line of which becomes a record of the same list. */
function table<Record>(
  reader: ProcReader,
  paths: readonly string[],
  parse: (columns: readonly string[], line: string, path: string) => Record | undefined,
  headerLines = 1,
): ListReader<Record> {
  return {
    isThere: () => isKnown(reader, paths[0] as string), // every table has a file
    read: function* () {
      for (const path of paths) {
        for (const line of linesOf(reader, path, headerLines)) {
          const record = parse(line.trim().split(/\s+/), line, path);
          if (record !== undefined) yield record;
        }
      }
    },
  };
}

/** Lines of a table below its header; none of one that cannot be read. */
export function linesOf(reader: ProcReader, path: string, headerLines = 1): readonly string[] {
  const length = reader.read(path);
  if (length < 0) return [];
  const lines = decoder.decode(reader.buffer.subarray(0, length)).split('\n');
  return lines.slice(headerLines).filter((line) => line !== '');
}

export function isKnown(reader: ProcReader, path: string): boolean {
  const status = reader.status(path);
  return status !== VANISHED && status !== UNREADABLE;
}

export const udpTable = (reader: ProcReader): ListReader<SocketRecord> =>
  table(reader, ['/proc/net/udp', '/proc/net/udp6'], (columns, _line, path) => {
    const [bucket = '', local = '', remote = '', state = '', queues = '', , , uid, , inode, references, , drops] =
      columns;
    if (drops === undefined) return undefined;
    const [sent = '', received = ''] = queues.split(':');
    return {
      key: `${path} ${inode} ${local} ${remote}`,
      family: path.endsWith('6') ? AF_INET6 : AF_INET,
      type: SOCK_DGRAM,
      protocol: IPPROTO_UDP,
      state: hex(state),
      local: addressOf(local),
      remote: addressOf(remote),
      toSend: hex(sent),
      toReceive: hex(received),
      references: Number(references),
      drops: Number(drops),
      inode: Number(inode),
      hasFile: inode !== '0',
      told: [Number(uid), Number.parseInt(bucket, 10)],
    };
  });

/** `ADDRESS: REFCOUNT PROTOCOL FLAGS TYPE ST INODE PATH`: a path may have blanks. */
export const unixTable = (reader: ProcReader): ListReader<SocketRecord> =>
  table(reader, ['/proc/net/unix'], ([address, references = '', , flags = '', type = '', st, inode], line) => {
    if (inode === undefined) return undefined;
    const state = Number(st);
    const isConnected = state > SS_UNCONNECTED && state <= SS_CONNECTED;
    const path = /^(?:\S+\s+){6}\S+ (.*)$/.exec(line)?.[1];
    return {
      key: `unix ${address} ${inode}`,
      family: AF_UNIX,
      type: hex(type),
      protocol: 0,
      state: (hex(flags) & SO_ACCEPTCON) !== 0 ? TCP_LISTEN : isConnected ? TCP_ESTABLISHED : TCP_CLOSE,
      references: hex(references),
      inode: Number(inode),
      hasFile: state === SS_UNCONNECTED || state === SS_CONNECTED,
      ...(path !== undefined && { path }),
      told: [],
    };
  });

export const netlinkTable = (reader: ProcReader): ListReader<SocketRecord> =>
  table(reader, ['/proc/net/netlink'], (columns) => {
    const [address, protocol, port, groups = '', received, sent, dump, references, drops, inode] = columns;
    if (inode === undefined) return undefined;
    return {
      key: `netlink ${address} ${protocol} ${port} ${inode}`,
      family: AF_NETLINK,
      type: SOCK_RAW,
      protocol: Number(protocol),
      state: TCP_CLOSE,
      toSend: Number(sent),
      toReceive: Number(received),
      references: Number(references),
      drops: Number(drops),
      inode: Number(inode),
      hasFile: inode !== '0',
      port: Number(port),
      groups: hex(groups),
      dumping: dump !== '0',
      told: [],
    };
  });

export const routeTable = (reader: ProcReader): ListReader<Route> =>
  table(
    reader,
    ['/proc/net/ipv6_route'],
    (columns, line) => {
      const [to = '', length = '', , , gateway = '', metric = '', references = '', , flags = '', device] = columns;
      if (flags === '') return undefined;
      return {
        key: line,
        to: bytesOf(to),
        length: hex(length),
        gateway: bytesOf(gateway),
        metric: hex(metric),
        references: hex(references),
        flags: hex(flags),
        device,
      };
    },
    0,
  );

export const hex = (text: string): number => Number.parseInt(text, 16);

/** `0100007F:1F90`: words as they lie in memory, the port as a number. */
export function addressOf(text: string): InternetAddress {
  const [address = '', port = ''] = text.split(':');
  return { words: (address.match(/.{8}/g) ?? []).map(hex), port: hex(port) };
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], hex);
