// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/task_file: one line an open file descriptor: who has it, its number, what it is.
 *
 *   bpfiter run programs/task_file.bpf.o task pid 1234
 *
 * The path is as in /proc/PID/fd for files that have one; of sockets, pipes and the like the kernel's name of their
 * operations is enough to tell what they are.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "path.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("iter/task_file")
int dump_task_file(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	const char *path;

	if (!task || !file)
		return 0;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%8s %8s %6s PATH\n", "TGID", "PID", "FD");

	path = file_path(file);
	BPF_SEQ_PRINTF(seq, "%8d %8d %6u %s\n", task->tgid, task->pid, ctx->fd, path ? path : "?");
	return 0;
}
