// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/cgroup: cgroups as a tree: the name (a level deeper is two spaces further in), the id, how many are below.
 *
 *   bpfiter run programs/cgroup.bpf.o cgroup /sys/fs/cgroup order descendants_pre
 *
 * What is visited, and in which order, is the iterator's parameter: self_only, descendants_pre, descendants_post or
 * ancestors_up.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define MAX_DEPTH 32

SEC("iter/cgroup")
int dump_cgroup(struct bpf_iter__cgroup *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct cgroup *cgroup = ctx->cgroup;
	struct kernfs_node *node;

	/* The call after the last cgroup still has its number. */
	if (!cgroup) {
		BPF_SEQ_PRINTF(seq, "%llu visited\n", ctx->meta->seq_num + 1);
		return 0;
	}

	bpf_repeat (cgroup->level < MAX_DEPTH ? cgroup->level : MAX_DEPTH) {
		BPF_SEQ_PRINTF(seq, "  ");
	}
	node = cgroup->kn;
	/* The root of a hierarchy has no name. */
	BPF_SEQ_PRINTF(seq, "%s id %llu, %d below\n", cgroup->level ? node->name : "/", node->id,
		       cgroup->nr_descendants);
	return 0;
}
