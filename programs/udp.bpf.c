// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/udp: the UDP sockets of the reader's network namespace, in the format of /proc/net/udp and /proc/net/udp6, which
 * are two files there and one list here. Reference counts are greater by the one that the iterator itself holds, and
 * the number in front is that of the hash table by port and address; /proc walks the one by port.
 *
 *   bpfiter run programs/udp.bpf.o
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "socket.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("iter/udp")
int dump_udp(struct bpf_iter__udp *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct udp_sock *udp = ctx->udp_sk;
	struct sock *sk = &udp->inet.sk;

	if (!udp)
		return 0;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(
			seq,
			"   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref "
			"pointer drops\n");

	BPF_SEQ_PRINTF(seq, "%5d: ", ctx->bucket);
	print_addresses(seq, &sk->__sk_common);
	/* A UDP socket has no timers: their columns are zero. */
	BPF_SEQ_PRINTF(seq, "%02X %08X:%08X %02X:%08X %08X %5u ", sk->__sk_common.skc_state, sock_write_memory(sk),
		       sock_read_memory(sk) - udp->forward_deficit, 0, 0, 0, ctx->uid);
	BPF_SEQ_PRINTF(seq, "%8d %lu %d %pK %u\n", 0, sock_inode(sk), sk->__sk_common.skc_refcnt.refs.counter, sk,
		       sock_drops(sk));
	return 0;
}
