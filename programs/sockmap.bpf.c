// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/sockmap: the sockets in a SOCKMAP or SOCKHASH: the key, then what the socket is and which ports it has.
 *
 *   bpfiter run programs/sockmap.bpf.o map id 20
 *
 * Keys must have 4 bytes at least. An empty slot of a SOCKMAP is visited as well: it has a key and no socket.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* One to try it with. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

SEC("iter/sockmap")
int dump_socket(struct bpf_iter__sockmap *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	__u32 *key = ctx->key;
	struct sock *sk = ctx->sk;

	if (!key)
		return 0;

	if (!sk) {
		BPF_SEQ_PRINTF(seq, "%u: empty\n", *key);
		return 0;
	}
	BPF_SEQ_PRINTF(seq, "%u: family %u protocol %u port %u to %u\n", *key, sk->__sk_common.skc_family,
		       sk->sk_protocol, sk->__sk_common.skc_num, bpf_ntohs(sk->__sk_common.skc_dport));
	return 0;
}
