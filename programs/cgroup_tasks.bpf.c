// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/cgroup with an open-coded iterator inside: the processes of each cgroup that is visited. The kernel walks the
 * cgroups and calls the program for each; the program walks the tasks itself (css_task).
 *
 *   bpfiter run programs/cgroup_tasks.bpf.o cgroup /sys/fs/cgroup order descendants_pre
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("iter/cgroup")
int dump_cgroup_tasks(struct bpf_iter__cgroup *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct cgroup *cgroup = ctx->cgroup;
	struct task_struct *task;

	if (!cgroup)
		return 0;

	BPF_SEQ_PRINTF(seq, "cgroup %llu\n", cgroup->kn->id);
	/* A cgroup's own css (cgroup subsystem state) stands for the cgroup itself. */
	bpf_for_each (css_task, task, &cgroup->self, CSS_TASK_ITER_PROCS) {
		BPF_SEQ_PRINTF(seq, "%8d %s\n", task->pid, task->comm);
	}
	return 0;
}
