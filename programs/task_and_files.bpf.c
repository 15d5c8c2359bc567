// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Two iterators in one object, which share a map: `files` goes through the open files and counts them by process,
 * `tasks` goes through the processes and prints what was counted.
 *
 *   bpfiter run programs/task_and_files.bpf.o                       both in this order, each under its name
 *   bpfiter run programs/task_and_files.bpf.o --program files       one of them
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct count {
	__u64 session; /* the walk that counted: the next one begins at zero */
	__u64 files;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

SEC("iter/task_file")
int files(struct bpf_iter__task_file *ctx)
{
	struct count first = {.session = ctx->meta->session_id, .files = 1};
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct count *count;
	__u32 tgid;

	if (!task || !file)
		return 0;

	tgid = task->tgid;
	count = bpf_map_lookup_elem(&counts, &tgid);
	if (count && count->session == first.session)
		count->files++;
	else
		bpf_map_update_elem(&counts, &tgid, &first, BPF_ANY);

	/* How a file is read tells what kind of a file it is; %ps prints the name of the function at an address. */
	BPF_SEQ_PRINTF(ctx->meta->seq, "%8u %6u %ps\n", tgid, ctx->fd, file->f_op->read_iter);
	return 0;
}

SEC("iter/task")
int tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct count *count;
	__u32 tgid;

	if (!task || task->pid != task->tgid)
		return 0;

	tgid = task->tgid;
	count = bpf_map_lookup_elem(&counts, &tgid);
	BPF_SEQ_PRINTF(ctx->meta->seq, "%8u %6llu files %s\n", tgid, count ? count->files : 0, task->comm);
	return 0;
}
