// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/bpf_sk_storage_map: the sockets that have something stored in a SK_STORAGE map, and what. The program also
 * counts up what it reads: an iterator may write to a map's values.
 *
 *   bpfiter run programs/sk_storage.bpf.o map id 20
 *
 * Values must have 4 bytes at least.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* One to try it with; user space puts a value at a socket by the socket's file descriptor. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} storage SEC(".maps");

SEC("iter/bpf_sk_storage_map")
int dump_storage(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct sock *sk = ctx->sk;
	__u32 *value = ctx->value;

	if (!sk || !value)
		return 0;

	BPF_SEQ_PRINTF(ctx->meta->seq, "family %u protocol %u port %u: %u\n", sk->__sk_common.skc_family,
		       sk->sk_protocol, sk->__sk_common.skc_num, *value);
	*value += 1;
	return 0;
}
