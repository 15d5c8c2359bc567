// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The open-coded iterator num: a loop of any length that the verifier goes through once or twice, not once a turn. It
 * marks the primes below `limit`, as Eratosthenes did.
 *
 *   bpfiter prog run programs/numbers.bpf.o --program find_primes
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define MAX_LIMIT 1024

/* Before the program is loaded this may be set to another number; then it is a constant, for the verifier too. */
const volatile __u32 limit = 100;

bool composite[MAX_LIMIT];
__u32 primes;

SEC("syscall")
int find_primes(void *ctx)
{
	int number;

	primes = 0;
	bpf_for (number, 2, limit < MAX_LIMIT ? limit : MAX_LIMIT) {
		__u32 multiple = number;

		/*
		 * The verifier knows that this is a number from somewhere, not which: the array's size has to be
		 * tested.
		 */
		if (multiple >= MAX_LIMIT)
			break;
		if (composite[multiple])
			continue;
		primes++;
		bpf_repeat (MAX_LIMIT / 2) {
			multiple += number;
			if (multiple >= MAX_LIMIT)
				break;
			composite[multiple] = true;
		}
	}
	return primes;
}
