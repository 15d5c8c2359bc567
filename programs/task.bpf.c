// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/task: one line a thread: its process, itself, its parent, its state's letter, its name.
 *
 *   bpfiter run programs/task.bpf.o                          every thread
 *   bpfiter run programs/task.bpf.o task pid 1234            the threads of one process
 *   bpfiter run programs/task.bpf.o task main_thread_only    processes only
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "task_state.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("iter/task")
int dump_task(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	char state[2] = {};

	/* After the last thread the program is called once more, without one. */
	if (!task)
		return 0;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%8s %8s %8s S COMM\n", "TGID", "PID", "PPID");

	/* A string of one letter, for the kernel's format strings have %c only since Linux 5.19, and iterators
	 * since 5.8. */
	state[0] = task_state_letter(task);
	BPF_SEQ_PRINTF(seq, "%8d %8d %8d %s %s\n", task->tgid, task->pid, task->real_parent->tgid, state, task->comm);
	return 0;
}
