/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the files of /proc/net say of a socket, read from struct sock: the sums that the kernel's own inline functions in include/net/sock.h make.
 */
#ifndef BPFITER_SOCKET_H
#define BPFITER_SOCKET_H

#include <bpf/bpf_core_read.h>

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

/* Since Linux 6.18 protocols that lose many packets count them in two counters apart, which are then the whole truth. */
static __always_inline __u32 sock_drops(struct sock *sk)
{
	if (bpf_core_field_exists(sk->sk_drop_counters) && sk->sk_drop_counters)
		return sk->sk_drop_counters->drops0.counter + sk->sk_drop_counters->drops1.counter;
	return sk->sk_drops.counter;
}

/*
 * The inode's number; 0 for a socket without a file. Since Linux 6.17 the socket knows it. Before, it takes the knowledge that a struct socket
 * and its inode are allocated together, as a struct socket_alloc: the inode is found from the address of the socket.
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

#endif
