// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The open-coded iterators css and css_task, in a program that user space calls: the cgroups below one, and how many
 * processes it has itself.
 *
 *   bpfiter prog run programs/cgroup_tree.bpf.o --program walk_cgroup
 *
 * `cgroup_id` says where to begin; it is the inode of the directory in cgroupfs. 1 is the root.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

__u64 cgroup_id = 1;

__u32 descendants; /* with the first one itself */
__u32 deepest;
__u32 processes;

SEC("syscall")
int walk_cgroup(void *ctx)
{
	struct cgroup_subsys_state *css;
	struct task_struct *task;
	struct cgroup *cgroup;

	descendants = 0;
	deepest = 0;
	processes = 0;

	cgroup = bpf_cgroup_from_id(cgroup_id);
	if (!cgroup)
		return 1;

	bpf_rcu_read_lock();
	bpf_for_each (css, css, &cgroup->self, BPF_CGROUP_ITER_DESCENDANTS_PRE) {
		__u32 level = css->cgroup->level;

		descendants++;
		if (level > deepest)
			deepest = level;
	}
	bpf_rcu_read_unlock();

	bpf_for_each (css_task, task, &cgroup->self, CSS_TASK_ITER_PROCS) {
		processes++;
	}

	bpf_cgroup_release(cgroup);
	return 0;
}
