// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/dmabuf: the buffers that drivers share: inode, size, who exports them, and the name if user space gave one.
 *
 *   bpfiter run programs/dmabuf.bpf.o
 *
 * This target makes no call after the last object, so there is nothing to check for NULL but what the verifier demands.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("iter/dmabuf")
int dump_dmabuf(struct bpf_iter__dmabuf *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct dma_buf *buffer = ctx->dmabuf;
	const char *name;

	if (!buffer)
		return 0;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%8s %12s %-16s NAME\n", "INODE", "SIZE", "EXPORTER");

	BPF_SEQ_PRINTF(seq, "%8lu %12lu %-16s ", buffer->file->f_inode->i_ino, buffer->size, buffer->exp_name);
	name = buffer->name;
	if (name)
		BPF_SEQ_PRINTF(seq, "%s\n", name);
	else
		BPF_SEQ_PRINTF(seq, "-\n");
	return 0;
}
