// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/bpf_map: every BPF map: its id, type (a number of enum bpf_map_type), name, sizes, and how many entries it has
 * now.
 *
 *   bpfiter run programs/bpf_map.bpf.o
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/*
 * Since Linux 6.6. Weak: on an older kernel its address is NULL, and the branch that would call it is never verified.
 */
extern __s64 bpf_map_sum_elem_count(const struct bpf_map *map) __ksym __weak;

SEC("iter/bpf_map")
int dump_bpf_map(struct bpf_iter__bpf_map *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_map *map = ctx->map;

	if (!map)
		return 0;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%6s %4s %-15s %6s %8s %8s %8s\n", "ID", "TYPE", "NAME", "KEY", "VALUE", "ENTRIES",
			       "MAX");

	BPF_SEQ_PRINTF(seq, "%6u %4u %-15s %6u %8u ", map->id, map->map_type, map->name, map->key_size,
		       map->value_size);
	/* Only hash-like maps count, for arrays are always full; the counter's pointer says which do. */
	if (bpf_map_sum_elem_count && BPF_CORE_READ(map, elem_count))
		BPF_SEQ_PRINTF(seq, "%8lld ", bpf_map_sum_elem_count(map));
	else
		BPF_SEQ_PRINTF(seq, "%8s ", "-");
	BPF_SEQ_PRINTF(seq, "%8u\n", map->max_entries);
	return 0;
}
