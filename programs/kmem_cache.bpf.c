// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/kmem_cache: the slab allocator's caches, the columns of /proc/slabinfo that do not change: an object's size (as
 * asked for, and with what the allocator adds), objects a slab, pages a slab.
 *
 *   bpfiter run programs/kmem_cache.bpf.o
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* struct kmem_cache_order_objects holds two numbers in one word: mm/slab.h. */
#define OO_SHIFT 16
#define OO_MASK ((1 << OO_SHIFT) - 1)

SEC("iter/kmem_cache")
int dump_kmem_cache(struct bpf_iter__kmem_cache *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct kmem_cache *cache = ctx->s;
	unsigned int oo;

	if (!cache)
		return 0;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%-24s %8s %8s %8s %8s\n", "NAME", "OBJECT", "SIZE", "OBJECTS", "PAGES");

	oo = cache->oo.x;
	BPF_SEQ_PRINTF(seq, "%-24s %8u %8u %8u %8u\n", cache->name, cache->object_size, cache->size, oo & OO_MASK,
		       1 << (oo >> OO_SHIFT));
	return 0;
}
