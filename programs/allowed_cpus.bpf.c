// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The open-coded iterator bits: the bits that are set in an array of words anywhere in the kernel; here the CPUs on
 * which the caller may run.
 *
 *   taskset -c 0 bpfiter prog run programs/allowed_cpus.bpf.o --program list_cpus
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define MAX_CPUS 1024

__u32 count;
bool allowed[MAX_CPUS];

SEC("syscall")
int list_cpus(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	/* For how many CPUs the kernel was built, its BTF says. */
	__u32 words = bpf_core_field_size(task->cpus_mask) / sizeof(__u64);
	int *cpu;
	int i;

	count = 0;
	bpf_for (i, 0, MAX_CPUS) {
		if (i >= 0 && i < MAX_CPUS)
			allowed[i] = false;
	}
	bpf_for_each (bits, cpu, (const u64 *)task->cpus_ptr, words) {
		__u32 number = *cpu;

		if (number >= MAX_CPUS)
			break;
		allowed[number] = true;
		count++;
	}
	return 0;
}
