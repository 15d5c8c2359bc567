/**
 * Sockets, as the tables of /proc/net tell of them. They nest as in Linux, so that a pointer to one is a pointer to what
 * it begins with. What a table only tells as a difference is split with one of the two at 0, which the fields say.
 * Facts: names, types and nesting are those of Linux 6.18; udp4_format_sock(), unix_seq_show(), netlink_native_seq_show().
 */
import { part, struct } from './declarations.ts';

export const sockets = part(
  'Sockets',
  'What the tables of /proc/net tell.',
  `
  struct in_addr { __be32 s_addr; };
  struct in6_addr {
    union {
      __u8 u6_addr8[16];
      __be16 u6_addr16[8];
      __be32 u6_addr32[4];
    } in6_u;
  };
  typedef unsigned short sa_family_t;
  typedef struct { struct net *net; } possible_net_t;
  struct sockaddr_un { sa_family_t sun_family; char sun_path[108]; };
  struct udp6_sock { struct udp_sock udp; };
  `,
  [
    struct('sock_common', 'What all sockets have, and what remains of a connection that is over.', [
      [
        '__be32 skc_daddr',
        'IPv4 address of the other end, also where that is written as one of IPv6; of other IPv6 sockets 0, though Linux has 127.0.0.6 of connections that came from the other end (which no table tells: counted).',
        '/proc/net',
      ],
      ['__be32 skc_rcv_saddr', 'Own IPv4 address; 127.0.0.6 of sockets with one of IPv6.', '/proc/net'],
      ['__be16 skc_dport', 'Port of the other end.', '/proc/net'],
      ['__u16 skc_num', 'Own port, as a number.', '/proc/net'],
      ['unsigned short skc_family', 'AF_*.', '/proc/net'],
      ['volatile unsigned char skc_state', 'TCP_ESTABLISHED and so on, for sockets of all families.', '/proc/net'],
      [
        'struct in6_addr skc_v6_daddr',
        'IPv6 address of the other end; of TCP connections of IPv4 that one as one of IPv6, else 0.',
        '/proc/net',
      ],
      ['struct in6_addr skc_v6_rcv_saddr', 'Own IPv6 address; of IPv4 sockets as skc_v6_daddr.', '/proc/net'],
      ['possible_net_t skc_net', 'Its network: the one that the tables are of.', '/proc/self/ns/net'],
      [
        'refcount_t skc_refcnt',
        'Who holds it, the iterator that shows it among them where Linux holds it while the program runs; of connections that have only begun no table tells it (and counted).',
        '/proc/net',
      ],
    ]),
    struct('sock', 'A socket.', [
      ['struct sock_common __sk_common', 'What all have.', '/proc/net'],
      [
        'struct { atomic_t rmem_alloc; } sk_backlog',
        'rmem_alloc: bytes that wait to be read; of TCP not the memory that they take, which no table tells (and counted).',
        '/proc/net',
      ],
      [
        'atomic_t sk_drops',
        'Packets that were dropped; of TCP 0, for no table tells them (and counted).',
        '/proc/net/{udp,udp6,netlink}',
      ],
      [
        'refcount_t sk_wmem_alloc',
        'Bytes that wait to be sent, and one; of Unix sockets only the one, and of TCP not the memory that they take, which no table tells (and counted).',
        '/proc/net',
      ],
      ['u32 sk_ack_backlog', 'Of TCP sockets that listen: connections that nobody has taken.', '/proc/net/tcp'],
      ['struct timer_list sk_timer', 'Of TCP: when the connection is tried out.', '/proc/net/tcp'],
      ['u16 sk_type', 'SOCK_*.', '/proc/net'],
      ['u16 sk_protocol', 'IPPROTO_*, NETLINK_*.', '/proc/net'],
      ['struct socket *sk_socket', 'Its file; NULL if it has none.', '/proc/net'],
      ['unsigned long sk_ino', "Number of its file's inode; 0 if it has none.", '/proc/net'],
    ]),
    struct('socket', 'A socket as a file.', [
      ['short type', 'SOCK_*.', '/proc/net'],
      ['struct sock *sk', 'The socket.', '/proc/net'],
    ]),
    struct('socket_alloc', 'A socket as a file, and its inode.', [
      ['struct socket socket', 'The file.', '/proc/net'],
      [
        'struct inode vfs_inode',
        'Of the inode only i_ino and i_mode are known; others are 0, and counted.',
        '/proc/net',
      ],
    ]),
    struct('inet_sock', 'A socket of the Internet.', [
      ['struct sock sk', 'The socket.', '/proc/net'],
      ['__be16 inet_sport', 'Own port.', '/proc/net'],
    ]),
    struct('udp_sock', 'A UDP socket.', [
      ['struct inet_sock inet', 'The socket.', '/proc/net/udp'],
      ['int forward_deficit', 'Bytes read and not yet given back: always 0, for the table has them subtracted.', '0'],
    ]),
    struct('unix_address', 'Name of a Unix socket.', [
      ['int len', 'Bytes of the address.', '/proc/net/unix'],
      [
        'struct sockaddr_un name[0]',
        'The address. An abstract name begins with NUL; further ones in it the table shows as @, and so they stand here.',
        '/proc/net/unix',
      ],
    ]),
    struct('unix_sock', 'A Unix socket. Whose it is, no table tells.', [
      ['struct sock sk', 'The socket.', '/proc/net/unix'],
      ['struct unix_address *addr', 'Its name, or NULL.', '/proc/net/unix'],
    ]),
    struct('netlink_sock', 'A netlink socket.', [
      ['struct sock sk', 'The socket.', '/proc/net/netlink'],
      ['u32 portid', 'Its number, often that of a process.', '/proc/net/netlink'],
      ['bool cb_running', 'Whether it is sent a list.', '/proc/net/netlink'],
      [
        'unsigned long *groups',
        'The first 32 groups that it listens to, as bits; NULL if none. Protocols with more are counted.',
        '/proc/net/netlink',
      ],
    ]),
  ],
);
