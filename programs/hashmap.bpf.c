// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/bpf_map_elem over a hash map: one line an entry, and their number and sum at the end.
 *
 *   bpfiter run programs/hashmap.bpf.o map id 20
 *
 * Any hash or array map whose keys have at least 4 and whose values at least 8 bytes will do: the kernel compares what
 * the program reads with the map's sizes when it is attached. `counters` is one to try it with.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/*
 * Globals, so that they can be read from outside. They count for one reader at a time, the one that opened the iterator
 * last.
 */
__u64 session;
__u64 entries;
__u64 sum;

SEC("iter/bpf_map_elem")
int dump_entry(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;

	/* Each open of the iterator is a session with its own number: the count begins anew. */
	if (ctx->meta->session_id != session) {
		session = ctx->meta->session_id;
		entries = 0;
		sum = 0;
	}

	/* The call after the last entry: neither key nor value. In an empty map it is the first and only one. */
	if (!key || !value) {
		BPF_SEQ_PRINTF(seq, "%llu entries, sum %llu\n", entries, sum);
		return 0;
	}

	entries++;
	sum += *value;
	BPF_SEQ_PRINTF(seq, "%u: %llu\n", *key, *value);
	return 0;
}
