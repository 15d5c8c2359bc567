/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the files of /proc/net say of a socket, read from struct sock: the sums that the kernel's own inline functions
 * in include/net/sock.h make.
 */
#ifndef BPFITER_SOCKET_H
#define BPFITER_SOCKET_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#define AF_INET 2
#define AF_INET6 10

/* Bytes that wait to be read. */
static __always_inline int sock_read_memory(struct sock *sk)
{
	return sk->sk_backlog.rmem_alloc.counter;
}

/* Bytes that wait to be sent. The count starts at one, which is the socket's own. */
static __always_inline int sock_write_memory(struct sock *sk)
{
	return sk->sk_wmem_alloc.refs.counter - 1;
}

/*
 * Since Linux 6.18 protocols that lose many packets count them in two counters apart, which are then the whole truth.
 */
static __always_inline __u32 sock_drops(struct sock *sk)
{
	if (bpf_core_field_exists(sk->sk_drop_counters) && sk->sk_drop_counters)
		return sk->sk_drop_counters->drops0.counter + sk->sk_drop_counters->drops1.counter;
	return sk->sk_drops.counter;
}

/*
 * The inode's number; 0 for a socket without a file. Since Linux 6.17 the socket knows it. Before, it takes the
 * knowledge that a struct socket and its inode are allocated together, as a struct socket_alloc: the inode is found
 * from the address of the socket.
 */
static __always_inline unsigned long sock_inode(struct sock *sk)
{
	struct socket *socket = sk->sk_socket;
	struct socket_alloc *both;

	if (bpf_core_field_exists(sk->sk_ino))
		return sk->sk_ino;
	if (!socket)
		return 0;
	both = (void *)socket - bpf_core_field_offset(struct socket_alloc, socket);
	return BPF_CORE_READ(both, vfs_inode.i_ino);
}

/*
 * Both ends of a connection, as in /proc/net/tcp and tcp6: words of the address as they lie in memory, the port as a
 * number.
 */
static __always_inline void print_addresses(struct seq_file *seq, struct sock_common *sk)
{
	__u16 local_port = sk->skc_num;
	__u16 remote_port = bpf_ntohs(sk->skc_dport);

	if (sk->skc_family == AF_INET6) {
		__be32 *local = sk->skc_v6_rcv_saddr.in6_u.u6_addr32;
		__be32 *remote = sk->skc_v6_daddr.in6_u.u6_addr32;

		BPF_SEQ_PRINTF(seq, "%08X%08X%08X%08X:%04X ", local[0], local[1], local[2], local[3], local_port);
		BPF_SEQ_PRINTF(seq, "%08X%08X%08X%08X:%04X ", remote[0], remote[1], remote[2], remote[3], remote_port);
	} else {
		BPF_SEQ_PRINTF(seq, "%08X:%04X %08X:%04X ", sk->skc_rcv_saddr, local_port, sk->skc_daddr, remote_port);
	}
}

#endif
