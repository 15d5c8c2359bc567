/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* compute.h on the machine itself. For each line `NAME REPEAT` of standard input: nanoseconds a run, and the result. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#include "compute.h"

#define FUNCTION(name) static __attribute__((noinline)) u32 run_##name(void) { return work_##name(); }
FOR_EACH_WORK(FUNCTION)

#define ENTRY(name) { #name, run_##name },
static const struct { const char *name; u32 (*run)(void); } functions[] = { FOR_EACH_WORK(ENTRY) };

int main(void)
{
	char name[32];
	unsigned int repeat;

	work_fill();
	while (scanf("%31s %u", name, &repeat) == 2) {
		for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
			struct timespec start, end;
			u32 result = 0;

			if (strcmp(functions[i].name, name) != 0)
				continue;
			clock_gettime(CLOCK_MONOTONIC, &start);
			for (unsigned int run = 0; run < repeat; run++) {
				result = functions[i].run();
				/* What a run read may have changed, for all that the compiler knows. */
				__asm__ volatile("" ::: "memory");
			}
			clock_gettime(CLOCK_MONOTONIC, &end);
			printf("%.3f %u\n", ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / repeat, result);
			fflush(stdout);
		}
	}
	return 0;
}
