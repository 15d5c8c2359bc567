// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter.s/task: the command line of each process, read from the process's own memory.
 *
 *   bpfiter run programs/task_cmdline.bpf.o task pid 1234
 *
 * That memory may have been swapped out; to read it is to wait for it. Only a sleepable program may: hence iter.s.
 * Kernel threads have no command line and are left out. Long ones are cut.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define SHOWN 256

SEC("iter.s/task")
int dump_cmdline(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	char line[SHOWN + 1] = {};
	struct mm_struct *mm;
	unsigned long length;
	int i;

	if (!task || task->pid != task->tgid)
		return 0;
	mm = task->mm;
	if (!mm)
		return 0;

	length = mm->arg_end - mm->arg_start;
	if (length > SHOWN)
		length = SHOWN;
	/* All or nothing: what cannot be read (the process may have exited meanwhile) leaves zeros. */
	bpf_copy_from_user_task(line, length, (void *)mm->arg_start, task, 0);

	/* The arguments stand one behind the other, each with a NUL at its end: all but the last become spaces. */
	bpf_for (i, 0, length - 1) {
		if (i >= 0 && i < SHOWN && line[i] == '\0')
			line[i] = ' ';
	}
	BPF_SEQ_PRINTF(seq, "%8d %s\n", task->pid, line);
	return 0;
}
