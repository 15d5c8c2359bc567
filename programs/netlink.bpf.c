// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/netlink: the netlink sockets of the reader's network namespace, in the format of /proc/net/netlink.
 *
 *   bpfiter iter pin programs/netlink.bpf.o /sys/fs/bpf/my_netlink && cat /sys/fs/bpf/my_netlink
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "socket.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("iter/netlink")
int dump_netlink(struct bpf_iter__netlink *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct netlink_sock *netlink = ctx->sk;
	struct sock *sk = &netlink->sk;
	unsigned long groups = 0;

	if (!netlink)
		return 0;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(
			seq,
			"sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n");

	/* An array that the socket allocates when it first joins a group; the first word is what /proc shows. */
	if (netlink->groups)
		bpf_probe_read_kernel(&groups, sizeof(groups), netlink->groups);

	BPF_SEQ_PRINTF(seq, "%pK %-3d %-10u %08x ", sk, sk->sk_protocol, netlink->portid, (__u32)groups);
	BPF_SEQ_PRINTF(seq, "%-8d %-8d %-5d %-8d ", sock_read_memory(sk), sock_write_memory(sk), netlink->cb_running,
		       sk->__sk_common.skc_refcnt.refs.counter);
	BPF_SEQ_PRINTF(seq, "%-8u %-8lu\n", sock_drops(sk), sock_inode(sk));
	return 0;
}
