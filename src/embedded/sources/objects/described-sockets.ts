/**
 * Described sockets as programs find them: the tables of those that are there, their options, and what becomes of those
 * that programs destroy. Facts: tcp_abort() in net/ipv4/tcp.c, udp_abort() and __udp_disconnect() in net/ipv4/udp.c,
 * bpf_sock_destroy() in net/core/filter.c of Linux 6.12.
 */
import type { SocketRecord } from '../lists/records.ts';
import type { SocketControl } from '../lists/socket-calls.ts';
import type { SocketDescription } from './socket-descriptions.ts';
import { SocketOptionValues } from './socket-options.ts';
import { isWhole, type Numbered, numbered, socketTables, tcpKey, tcpStateOf } from './socket-tables.ts';

const EINVAL = -22;
const ENOENT = -2;
const EOPNOTSUPP = -95;

type Socket = Numbered<SocketDescription>;

export class DescribedSockets implements SocketControl {
  readonly #all: readonly Socket[];
  readonly #congestionControls: readonly string[];
  readonly #gone = new Set<Socket>();
  readonly #options = new Map<Socket, SocketOptionValues>();
  #tables: ReadonlyMap<string, string> | undefined;

  constructor(sockets: readonly SocketDescription[], congestionControls: readonly string[]) {
    this.#all = numbered(sockets);
    this.#congestionControls = congestionControls;
  }

  get paths(): Iterable<string> {
    return this.#texts().keys();
  }

  /** The table as it is now. */
  text(path: string): string {
    return this.#texts().get(path) ?? '';
  }

  getOption(record: SocketRecord, level: number, name: number, size: number): Uint8Array | number {
    return this.#optionsOf(record)?.get(level, name, size) ?? EINVAL;
  }

  setOption(record: SocketRecord, level: number, name: number, value: Uint8Array): number {
    return this.#optionsOf(record)?.set(level, name, value) ?? EINVAL;
  }

  destroy(record: SocketRecord): { error: number; isClosed: boolean } {
    const socket = this.#find(record);
    if (socket === undefined || (socket.protocol !== 'tcp' && socket.protocol !== 'udp')) {
      return { error: EOPNOTSUPP, isClosed: false };
    }
    const isClosed = isWhole(socket);
    const isTwice = this.#gone.has(socket) || (socket.protocol === 'tcp' && tcpStateOf(socket) === 'CLOSE');
    // A UDP socket without another end was bound to its port, and stays there.
    if (socket.protocol === 'tcp' || socket.remote !== undefined) {
      this.#gone.add(socket);
      this.#tables = undefined;
    }
    return { error: socket.protocol === 'tcp' && isClosed && isTwice ? ENOENT : 0, isClosed };
  }

  #texts(): ReadonlyMap<string, string> {
    this.#tables ??= socketTables(this.#all.filter((socket) => !this.#gone.has(socket)));
    return this.#tables;
  }

  /** By its inode, or, of what has none, by its ends. */
  #find({ inode, key }: SocketRecord): Socket | undefined {
    return this.#all.find((socket) =>
      inode !== 0 ? socket.ino === inode : socket.protocol === 'tcp' && !isWhole(socket) && tcpKey(socket) === key,
    );
  }

  /** Undefined for what is no whole socket. */
  #optionsOf(record: SocketRecord): SocketOptionValues | undefined {
    const socket = this.#find(record);
    if (socket === undefined || !isWhole(socket)) return undefined;
    let options = this.#options.get(socket);
    if (options === undefined) {
      const isListening = socket.protocol === 'tcp' && ['LISTEN', 'CLOSE'].includes(tcpStateOf(socket));
      options = new SocketOptionValues(
        familyOf(socket),
        isListening,
        'options' in socket ? (socket.options ?? {}) : {},
        this.#congestionControls,
      );
      this.#options.set(socket, options);
    }
    return options;
  }
}

function familyOf(socket: SocketDescription): 'ipv4' | 'ipv6' | 'unix' {
  if (!('local' in socket)) return 'unix';
  return socket.local.startsWith('[') ? 'ipv6' : 'ipv4';
}
