/** Sockets that somebody writes down for a unit test: what the tables of /proc/net tell of them, and their options. */
import type { SocketOptions } from './socket-options.ts';

export type SocketDescription =
  | TcpSocketDescription
  | UdpSocketDescription
  | UnixSocketDescription
  | NetlinkSocketDescription;

interface AnySocketDescription {
  /**
   * Number of its inode: a task's file `socket:[NUMBER]` is this socket. Default: a number of its own, which no file has
   * then.
   */
  readonly ino?: number;
  /** How often it is held. Default 1. */
  readonly references?: number;
}

interface InternetSocketDescription extends AnySocketDescription {
  /** `127.0.0.1:80` or `[::1]:80`. */
  readonly local: string;
  /** The other end, of the same family. Default: none, which is port 0 of no address. */
  readonly remote?: string;
  /** User that it belongs to. Default 0. */
  readonly uid?: number;
  /** Bytes that wait. Default 0. */
  readonly toSend?: number;
  readonly toReceive?: number;
}

export interface TcpSocketDescription extends InternetSocketDescription {
  readonly protocol: 'tcp';
  /**
   * Default: `ESTABLISHED` with another end, else `LISTEN`. A socket in `TIME_WAIT` or `SYN_RECV` is what is left of a
   * connection, or a request for one: it has no inode and no bytes.
   */
  readonly state?: TcpState;
  /** Of one that listens: connections that nobody has taken yet. Default 0. */
  readonly backlog?: number;
  /** Options that it begins with, which programs can get and set. Default: those of a new socket. */
  readonly options?: SocketOptions;
}

/** One without another end was bound to its port; one with another end was given its port when it connected. */
export interface UdpSocketDescription extends InternetSocketDescription {
  readonly protocol: 'udp';
  /** Packets that were lost here. Default 0. */
  readonly drops?: number;
}

export interface UnixSocketDescription extends AnySocketDescription {
  readonly protocol: 'unix';
  /** Default `stream`. */
  readonly type?: keyof typeof UNIX_TYPES;
  /** Default `unconnected`. */
  readonly state?: keyof typeof UNIX_STATES;
  /** Path it is bound to; with an @ at the front a name that is in no file system. Default: not bound. */
  readonly path?: string;
  /** As of TCP, those of the level SOL_SOCKET. */
  readonly options?: SocketOptions;
}

export interface NetlinkSocketDescription extends AnySocketDescription {
  readonly protocol: 'netlink';
  /** NETLINK_*: 0 for routes, 9 for audit, 15 for uevents, 16 generic. */
  readonly family: number;
  /** Number it is spoken to by, a process's own as a rule. Default 0: the kernel's. */
  readonly port?: number;
  /** Multicast groups it listens to, the first 32, as bits. Default 0. */
  readonly groups?: number;
  readonly drops?: number;
}

/** Those that can be described, by IPPROTO_* or AF_*. */
export const SOCKET_PROTOCOLS = { tcp: 6, udp: 17, unix: 1, netlink: 16 } as const;

/** By enum socket_state as /proc/net/unix has it, where one that listens is told by a flag. */
export const UNIX_STATES = { listening: 1, unconnected: 1, connected: 3 } as const;

/** By SOCK_*. */
export const UNIX_TYPES = { stream: 1, dgram: 2, seqpacket: 5 } as const;

/** By number (include/net/tcp_states.h). */
export const TCP_STATES = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
  CLOSING: 11,
} as const;

export type TcpState = keyof typeof TCP_STATES;
