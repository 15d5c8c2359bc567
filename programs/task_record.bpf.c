// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/task: one binary record a thread instead of a line. The reader learns the layout of struct task_record from this
 * object's BTF.
 *
 *   bpfiter run programs/task_record.bpf.o --record task_record --format ndjson
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "task_state.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define PF_KTHREAD 0x00200000

enum task_kind {
	TASK_KIND_PROCESS, /* a process's first thread */
	TASK_KIND_THREAD,
	TASK_KIND_KERNEL,
};

struct task_faults {
	__u64 minor;
	__u64 major;
};

/* Fields are ordered so that there is no padding: what is written is what is declared. */
struct task_record {
	__u32 pid;
	__u32 tgid;
	__u32 ppid;
	enum task_kind kind;
	__u32 state;      /* the kernel's TASK_* bits */
	__u32 flags;      /* the kernel's PF_* bits */
	__u64 start_time; /* nanoseconds of the monotonic clock */
	struct task_faults faults;
	char comm[16];
};

/*
 * A subprogram (it is not inlined), for the sake of its prototype: a struct that only lives on the stack does not get
 * into BTF, the type of an argument does.
 */
static __noinline void fill_record(struct task_record *record, struct task_struct *task)
{
	record->pid = task->pid;
	record->tgid = task->tgid;
	record->ppid = task->real_parent->tgid;
	record->state = task_state_bits(task);
	record->flags = task->flags;
	record->start_time = task->start_time;
	record->faults.minor = task->min_flt;
	record->faults.major = task->maj_flt;
	__builtin_memcpy(record->comm, task->comm, sizeof(record->comm));

	if (task->flags & PF_KTHREAD)
		record->kind = TASK_KIND_KERNEL;
	else
		record->kind = task->pid == task->tgid ? TASK_KIND_PROCESS : TASK_KIND_THREAD;
}

SEC("iter/task")
int dump_task_record(struct bpf_iter__task *ctx)
{
	struct task_struct *task =
		ctx->task; /* once: the verifier has to see that what is passed on is what was checked */
	struct task_record record = {};

	if (!task)
		return 0;

	fill_record(&record, task);
	/*
	 * Fails if the seq_file's buffer is full; the kernel then calls this program again for the same thread, at the
	 * next read.
	 */
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
