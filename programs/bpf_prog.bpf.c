// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/bpf_prog: every BPF program: its id, type (a number of enum bpf_prog_type), name, tag, sizes, and what it is
 * attached to if that is a function of the kernel.
 *
 *   bpfiter run programs/bpf_prog.bpf.o
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("iter/bpf_prog")
int dump_bpf_prog(struct bpf_iter__bpf_prog *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_prog *prog = ctx->prog;
	struct bpf_prog_aux *aux;
	const char *attached;

	if (!prog)
		return 0;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%6s %4s %-15s %-16s %6s %6s %5s ATTACHED\n", "ID", "TYPE", "NAME", "TAG", "INSNS",
			       "JITED", "MAPS");

	aux = prog->aux;
	attached = aux->attach_func_name;
	BPF_SEQ_PRINTF(seq, "%6u %4u %-15s ", aux->id, prog->type, aux->name);
	BPF_SEQ_PRINTF(seq, "%02x%02x%02x%02x%02x%02x%02x%02x ", prog->tag[0], prog->tag[1], prog->tag[2], prog->tag[3],
		       prog->tag[4], prog->tag[5], prog->tag[6], prog->tag[7]);
	BPF_SEQ_PRINTF(seq, "%6u %6u %5u ", prog->len, prog->jited_len, aux->used_map_cnt);
	if (attached)
		BPF_SEQ_PRINTF(seq, "%s\n", attached);
	else
		BPF_SEQ_PRINTF(seq, "-\n");
	return 0;
}
