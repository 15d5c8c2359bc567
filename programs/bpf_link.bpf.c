// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/bpf_link: every BPF link: its id, type (a number of enum bpf_link_type), and the program that it holds. The link
 * that this iterator itself is read through is among them.
 *
 *   bpfiter run programs/bpf_link.bpf.o
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("iter/bpf_link")
int dump_bpf_link(struct bpf_iter__bpf_link *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_link *link = ctx->link;
	struct bpf_prog *prog;

	if (!link)
		return 0;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%6s %4s %6s PROGRAM\n", "ID", "TYPE", "PROG");

	/* A link that has lost its program (its cgroup or device is gone) has none. */
	prog = link->prog;
	if (prog)
		BPF_SEQ_PRINTF(seq, "%6u %4u %6u %s\n", link->id, link->type, prog->aux->id, prog->aux->name);
	else
		BPF_SEQ_PRINTF(seq, "%6u %4u %6s -\n", link->id, link->type, "-");
	return 0;
}
