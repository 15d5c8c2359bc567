// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The open-coded iterator num: loops of any length, which the verifier goes through once or twice and not once a turn.
 * Here two, one in the other: which number below `limit` takes the most steps to 1, if an even number is halved and an
 * odd one becomes three times itself and one more?
 *
 *   bpfiter prog run programs/numbers.bpf.o --program longest_way
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Until the program is loaded this can be set to another number; from then on it is a constant, for the verifier too.
 */
const volatile __u32 limit = 10000;

/* No way is longer than this for any number that fits into 32 bits. */
#define MAX_STEPS 2000

__u32 start;
__u32 steps;

static __u32 steps_from(__u64 number)
{
	__u32 count = 0;

	bpf_repeat (MAX_STEPS) {
		if (number <= 1)
			break;
		number = number % 2 ? 3 * number + 1 : number / 2;
		count++;
	}
	return count;
}

SEC("syscall")
int longest_way(void *ctx)
{
	int number;

	start = 0;
	steps = 0;
	bpf_for (number, 1, limit) {
		__u32 count = steps_from(number);

		if (count > steps) {
			steps = count;
			start = number;
		}
	}
	return 0;
}
