// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The open-coded iterator task_vma, in a program that is no iterator: a tracepoint's. At the next system call of the
 * process that is asked for, it writes down the ranges of addresses that the process has mapped. All data goes in and
 * out through global variables.
 *
 * User space sets `wanted` to the process's id, attaches, waits for `found` to become positive, and reads the first
 * `found` of `ranges`.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define MAX_RANGES 1000

struct vma_range {
	__u64 start;
	__u64 end;
};

__s32 wanted;
__u32 found;
struct vma_range ranges[MAX_RANGES];

SEC("raw_tp/sys_enter")
int record_ranges(const void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct vm_area_struct *vma;
	__u32 count = 0;

	/* Every system call of every process comes here; one is enough, of one process. */
	if (task->pid != wanted || found)
		return 0;

	bpf_for_each (task_vma, vma, task, 0) {
		/*
		 * Keeps clang from replacing the index by a pointer that grows: the verifier could not see where that
		 * ends.
		 */
		barrier_var(count);
		if (count >= MAX_RANGES)
			break;
		ranges[count].start = vma->vm_start;
		ranges[count].end = vma->vm_end;
		count++;
	}

	/* Last, for it says that the ranges are there. */
	found = count;
	return 0;
}
