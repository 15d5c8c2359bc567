/**
 * The tables of /proc/net for described sockets.
 * Facts: get_tcp4_sock(), get_timewait4_sock(), get_openreq4(), udp4_format_sock(), unix_seq_show(),
 * netlink_native_seq_show() of Linux 6.18.
 */
import { type Endpoint, endpointText, parseEndpoint } from './internet-address.ts';
import {
  type NetlinkSocketDescription,
  type SocketDescription,
  TCP_STATES,
  type TcpSocketDescription,
  type TcpState,
  type UdpSocketDescription,
  UNIX_STATES,
  UNIX_TYPES,
  type UnixSocketDescription,
} from './socket-descriptions.ts';

const NO_POINTER = '0000000000000000';
const SO_ACCEPTCON = 0x10000;
const IPV4_BYTES = 4;
/** Of a connection that is over: until it is forgotten. */
const TIME_WAIT_TIMER = '03:00001770';
const NO_TIMER = '00:00000000';
/** Ticks until something is sent again and until it is acknowledged, the window, the threshold: as of a new socket. */
const NEW_SOCKET = '100 0 0 10 -1';
const NEW_LISTENER = '100 0 0 10 0';
/** Where numbers of inodes begin that nobody chose. */
const FIRST_INODE = 10_000;

export type Numbered<S> = S & { readonly ino: number };

export const tcpStateOf = ({ state, remote }: TcpSocketDescription): TcpState =>
  state ?? (remote === undefined ? 'LISTEN' : 'ESTABLISHED');

/** Whether it is a whole socket, and not what is left of one or a request for one. */
export const isWhole = (socket: SocketDescription): boolean =>
  socket.protocol !== 'tcp' || !['TIME_WAIT', 'SYN_RECV'].includes(tcpStateOf(socket));

/** The sockets with the numbers of their inodes: 0 where there is none. */
export function numbered(sockets: readonly SocketDescription[]): Numbered<SocketDescription>[] {
  const taken = new Set(sockets.map(({ ino }) => ino));
  let next = FIRST_INODE;
  return sockets.map((socket) => {
    if (socket.ino !== undefined) return { ...socket, ino: socket.ino };
    if (!isWhole(socket)) return { ...socket, ino: 0 };
    while (taken.has(next)) next += 1;
    next += 1;
    return { ...socket, ino: next - 1 };
  });
}

/** What the table's reader knows what is left of a connection by. */
export function tcpKey({ local, remote, ino }: Numbered<TcpSocketDescription>): string {
  const own = endpointOf(local);
  return `tcp ${endpointText(own)} ${endpointText(remote === undefined ? nowhere(own) : endpointOf(remote))} ${ino}`;
}

/** Texts by path. */
export function socketTables(all: readonly Numbered<SocketDescription>[]): ReadonlyMap<string, string> {
  const of = <P extends SocketDescription['protocol']>(protocol: P) =>
    // The protocol says which of the descriptions it is.
    all.filter((socket) => socket.protocol === protocol) as Numbered<Extract<SocketDescription, { protocol: P }>>[];
  const internet = <S extends { readonly local: string; readonly remote?: string }>(
    list: readonly S[],
    line: (socket: S, ends: string, index: number) => string,
  ) =>
    [true, false].map((isFour) =>
      list
        .map((socket) => ({ socket, local: endpointOf(socket.local) }))
        .filter(({ local }) => (local.address.length === IPV4_BYTES) === isFour)
        .map(({ socket, local }, index) => {
          const { remote } = socket;
          const other = remote === undefined ? nowhere(local) : endpointOf(remote);
          return line(socket, `${endpointText(local)} ${endpointText(other)}`, index);
        }),
    );
  const [tcp = [], tcp6 = []] = internet(of('tcp'), tcpLine);
  const [udp = [], udp6 = []] = internet(of('udp'), udpLine);
  const tables: Record<string, readonly string[]> = {
    tcp,
    tcp6,
    udp,
    udp6,
    unix: of('unix').map(unixLine),
    netlink: of('netlink').map(netlinkLine),
  };
  return new Map(
    Object.entries(tables).map(([name, lines]) => [
      `/proc/net/${name}`,
      `header\n${lines.map((l) => `${l}\n`).join('')}`,
    ]),
  );
}

function tcpLine(socket: Numbered<TcpSocketDescription>, ends: string, index: number): string {
  const { toSend = 0, toReceive = 0, backlog = 0, uid = 0, references = 1, ino } = socket;
  const state = tcpStateOf(socket);
  const timer = state === 'TIME_WAIT' ? TIME_WAIT_TIMER : NO_TIMER;
  const queues = `${hex(toSend, 8)}:${hex(state === 'LISTEN' ? backlog : toReceive, 8)}`;
  const common = `${index}: ${ends} ${hex(TCP_STATES[state], 2)} ${queues} ${timer} 00000000 ${uid} 0 ${ino}`;
  const rest = !isWhole(socket) ? '' : ` ${state === 'LISTEN' ? NEW_LISTENER : NEW_SOCKET}`;
  return `${common} ${references} ${NO_POINTER}${rest}`;
}

function udpLine(socket: Numbered<UdpSocketDescription>, ends: string, index: number): string {
  const { toSend = 0, toReceive = 0, uid = 0, references = 1, drops = 0, remote, ino } = socket;
  const state = remote === undefined ? TCP_STATES.CLOSE : TCP_STATES.ESTABLISHED;
  const queues = `${hex(toSend, 8)}:${hex(toReceive, 8)}`;
  return `${index}: ${ends} ${hex(state, 2)} ${queues} 00:00000000 00000000 ${uid} 0 ${ino} ${references} ${NO_POINTER} ${drops}`;
}

function unixLine(socket: Numbered<UnixSocketDescription>, index: number): string {
  const { type = 'stream', state = 'unconnected', references = 1, path, ino } = socket;
  const flags = state === 'listening' ? SO_ACCEPTCON : 0;
  const columns = [
    hex(references, 8),
    hex(0, 8),
    hex(flags, 8),
    hex(UNIX_TYPES[type], 4),
    hex(UNIX_STATES[state], 2),
    ino,
  ];
  return `${hex(index, 16)}: ${columns.join(' ')}${path === undefined ? '' : ` ${path}`}`;
}

function netlinkLine(socket: Numbered<NetlinkSocketDescription>, index: number): string {
  const { family, port = 0, groups = 0, references = 1, drops = 0, ino } = socket;
  return `${hex(index, 16)} ${family} ${port} ${hex(groups >>> 0, 8)} 0 0 0 ${references} ${drops} ${ino}`;
}

/** The check (check.ts) has seen that it is one. */
function endpointOf(text: string): Endpoint {
  const endpoint = parseEndpoint(text);
  if (endpoint === undefined) throw new TypeError(`${text} is no address with a port`);
  return endpoint;
}

const nowhere = ({ address }: Endpoint): Endpoint => ({ address: new Uint8Array(address.length), port: 0 });

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');
