/**
 * Names that Linux gives the files of sockets: those of their protocols, as they were made. Facts: sock_alloc_file() in
 * net/socket.c; `name` of struct proto in net/ipv4, net/ipv6, net/unix and net/netlink of Linux 6.18.
 */
import { AF_INET6, AF_NETLINK, AF_UNIX, SOCK_STREAM } from '../../socket-numbers.ts';
import type { SocketRecord } from './records.ts';

export function socketName({ family, type }: SocketRecord): string {
  if (family === AF_UNIX) return type === SOCK_STREAM ? 'UNIX-STREAM' : 'UNIX';
  if (family === AF_NETLINK) return 'NETLINK';
  const name = type === SOCK_STREAM ? 'TCP' : 'UDP';
  return family === AF_INET6 ? `${name}v6` : name;
}
