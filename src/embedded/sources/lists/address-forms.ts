/**
 * Addresses of sockets as Linux keeps them beside their own form: each socket has room for one of IPv4 and one of IPv6 at
 * both ends, and fills the other one for some.
 *
 * Facts: what Linux 6.18 has for sockets of all kinds; sk_daddr_set() in include/net/inet_sock.h, inet6_bind() in
 * net/ipv6/af_inet6.c.
 */
import { AF_INET, AF_INET6, IPPROTO_TCP, TCP_LISTEN, TCP_SYN_SENT } from '../../socket-numbers.ts';
import type { InternetAddress, SocketRecord, TcpRecord } from './records.ts';

type AnySocket = SocketRecord & Partial<Pick<TcpRecord, 'kind'>>;

/** LOOPBACK4_IPV6, 127.0.0.6: stands for an address that has no form of IPv4. In the order of memory. */
const OF_IPV6 = 0x0600007f;
/** What stands before an IPv4 address in one of IPv6. */
const MAPPED = [0, 0, 0xffff0000] as const;

const NONE: readonly number[] = [];

const isMapped = ([first, second, third]: readonly number[]) =>
  first === MAPPED[0] && second === MAPPED[1] && third === MAPPED[2];

const isAny = (words: readonly number[]) => words.every((word) => word === 0);

/** The own address in the other form, as words; empty where it is not filled, or not known: of requests of IPv6. */
export function localInOtherForm(socket: AnySocket, { words }: InternetAddress): readonly number[] {
  if (socket.family === AF_INET) return ofConnection(socket, words);
  if (socket.family !== AF_INET6 || socket.kind === 'request' || isAny(words)) return NONE;
  return [isMapped(words) ? (words[3] as number) : OF_IPV6];
}

/** The same of the other end. Of connections of IPv6 it depends on who began them, which no table tells: it is empty. */
export function remoteInOtherForm(socket: AnySocket, { words }: InternetAddress): readonly number[] {
  if (socket.family === AF_INET) return ofConnection(socket, words);
  return socket.family === AF_INET6 && socket.kind !== 'request' && isMapped(words) ? [words[3] as number] : NONE;
}

/** Whether remoteInOtherForm() is empty because nobody knows. */
export const isRemoteUnknown = ({ family, protocol, state, remote, kind }: AnySocket): boolean =>
  family === AF_INET6 &&
  protocol === IPPROTO_TCP &&
  (kind !== 'socket' || (state !== TCP_LISTEN && state !== TCP_SYN_SENT)) &&
  remote !== undefined &&
  !isMapped(remote.words);

/** Of IPv4: what is a connection, or becomes one, has it. */
const ofConnection = ({ kind, state }: AnySocket, words: readonly number[]): readonly number[] =>
  (kind === 'socket' && state !== TCP_LISTEN) || kind === 'request' ? [...MAPPED, ...words] : NONE;
