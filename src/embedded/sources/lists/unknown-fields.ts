/**
 * Fields of sockets that no table tells, or of which it tells something else than Linux keeps: what they are filled with
 * says the model. Whoever reads one is told of how many sockets it is not known.
 *
 * Facts: get_tcp4_sock(), get_openreq4(), unix_seq_show(), netlink_native_seq_show() of Linux 6.18.
 */
import { AF_INET6, AF_NETLINK, AF_UNIX, IPPROTO_TCP, TCP_LISTEN } from '../../socket-numbers.ts';
import type { Needs } from '../needs.ts';
import { isRemoteUnknown } from './address-forms.ts';
import type { SocketRecord, TcpRecord } from './records.ts';

/** @param where the object: each is counted once */
export type CountUnknown = (what: string, where: string) => void;

type AnySocket = SocketRecord & Partial<Pick<TcpRecord, 'kind'>>;

/** Protocols of netlink with more groups than the table shows. */
const NETLINK_ROUTE = 0;
const NETLINK_GENERIC = 16;

const isConnection = ({ kind, state }: AnySocket) => kind === 'socket' && state !== TCP_LISTEN;

const fields: readonly (readonly [struct: string, member: string, of: (socket: AnySocket) => boolean])[] = [
  // Of TCP the tables have bytes, and not the memory that they take.
  ['sock', 'sk_wmem_alloc', (socket) => socket.family === AF_UNIX || isConnection(socket)],
  ['sock', 'sk_backlog', isConnection],
  ['sock', 'sk_drops', ({ kind, protocol }) => kind === 'socket' && protocol === IPPROTO_TCP],
  ['sock_common', 'skc_daddr', isRemoteUnknown],
  ['sock_common', 'skc_rcv_saddr', ({ kind, family }) => kind === 'request' && family === AF_INET6],
  ['sock_common', 'skc_refcnt', ({ kind }) => kind === 'request'],
  [
    'netlink_sock',
    'groups',
    ({ family, protocol }) => family === AF_NETLINK && (protocol === NETLINK_ROUTE || protocol === NETLINK_GENERIC),
  ],
];

/** Of the inode of a socket; programs that find it by container_of() may read all of it, for all that is known. */
const INODE_FIELDS = ['i_uid', 'i_gid', 'i_sb', 'i_nlink', 'i_rdev', 'i_size'];
const INODE = 'inode of sockets, but for i_ino and i_mode';

/** @returns what counts a socket's fields for these needs; undefined if none is read that may not be known */
export function unknownFields(needs: Needs, count: CountUnknown): ((socket: AnySocket) => void) | undefined {
  const read = fields.filter(([struct, member]) => needs.has(struct, member));
  const inode = needs.mentions('socket_alloc') && needs.any('inode', INODE_FIELDS);
  if (read.length === 0 && !inode) return undefined;
  return (socket) => {
    for (const [, member, isUnknown] of read) if (isUnknown(socket)) count(member, socket.key);
    if (inode && socket.hasFile) count(INODE, socket.key);
  };
}
