// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The open-coded iterator task, in a program that user space calls: how many processes and threads there are, and how
 * many threads the caller has.
 *
 *   bpfiter prog run programs/count_tasks.bpf.o --program count_tasks
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define PF_KTHREAD 0x00200000

__u32 processes; /* without the kernel's */
__u32 kernel_threads;
__u32 threads; /* of all processes */
__u32 threads_of_caller;

SEC("syscall")
int count_tasks(void *ctx)
{
	struct task_struct *caller, *task;

	processes = 0;
	kernel_threads = 0;
	threads = 0;
	threads_of_caller = 0;

	/* The list of tasks is protected by RCU; a program that may sleep has to say where it does not. */
	bpf_rcu_read_lock();
	bpf_for_each (task, task, NULL, BPF_TASK_ITER_ALL_THREADS) {
		if (task->flags & PF_KTHREAD) {
			kernel_threads++;
			continue;
		}
		threads++;
		if (task->pid == task->tgid)
			processes++;
	}
	bpf_rcu_read_unlock();

	/*
	 * The threads of one process: the walk begins at the thread that it is given, so that has to be the first. The
	 * way from the caller's own thread to it (task->group_leader) gives a pointer that is good for reading only;
	 * bpf_task_from_pid() gives one that holds a reference.
	 */
	caller = bpf_task_from_pid(bpf_get_current_pid_tgid() >> 32);
	if (!caller)
		return 1;
	bpf_rcu_read_lock();
	bpf_for_each (task, task, caller, BPF_TASK_ITER_PROC_THREADS) {
		threads_of_caller++;
	}
	bpf_rcu_read_unlock();
	bpf_task_release(caller);
	return 0;
}
