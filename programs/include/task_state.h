/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A thread's state as the letter in /proc/PID/stat.
 *
 * The bits are those of include/linux/sched.h; fs/proc/array.c says how they become a letter. `state` became `__state`
 * in Linux 5.14: the second description of task_struct below (what follows ___ in a struct's name is ignored when it is
 * looked up in the kernel's BTF) lets one object read both.
 */
#ifndef BPFITER_TASK_STATE_H
#define BPFITER_TASK_STATE_H

#include <bpf/bpf_core_read.h>

struct task_struct___before_5_14 {
	volatile long state;
} __attribute__((preserve_access_index));

#define TASK_REPORT 0x7f /* the seven states that have a bit and a letter of their own */
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_NOLOAD 0x400
#define TASK_IDLE (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)
#define TASK_RTLOCK_WAIT 0x1000
#define TASK_FROZEN 0x8000

static __always_inline unsigned int task_state_bits(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return BPF_CORE_READ((struct task_struct___before_5_14 *)task, state);
}

static __always_inline char task_state_letter(struct task_struct *task)
{
	unsigned int state = task_state_bits(task);
	unsigned int reported = (state | task->exit_state) & TASK_REPORT;

	if ((state & TASK_IDLE) == TASK_IDLE)
		return 'I';
	if (state & (TASK_RTLOCK_WAIT | TASK_FROZEN))
		return 'D';
	/* Where several bits are set, the highest speaks. */
	if (reported & 0x40)
		return 'P'; /* parked */
	if (reported & 0x20)
		return 'X'; /* dead */
	if (reported & 0x10)
		return 'Z'; /* zombie */
	if (reported & 0x08)
		return 't'; /* stopped by a tracer */
	if (reported & 0x04)
		return 'T'; /* stopped */
	if (reported & 0x02)
		return 'D';
	if (reported & 0x01)
		return 'S';
	return 'R';
}

#endif
