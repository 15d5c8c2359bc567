// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The open-coded iterator kmem_cache, in a program that user space calls: how many caches the slab allocator has, and
 * the one with the biggest objects.
 *
 *   bpfiter prog run programs/slab_total.bpf.o --program count_caches
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

__u32 caches;
__u32 biggest_size;
char biggest_name[32];

SEC("syscall")
int count_caches(void *ctx)
{
	struct kmem_cache *cache;

	caches = 0;
	biggest_size = 0;
	/* The walk takes references and may wait for a lock: no RCU section around it. */
	bpf_for_each (kmem_cache, cache) {
		caches++;
		if (cache->object_size > biggest_size) {
			biggest_size = cache->object_size;
			bpf_probe_read_kernel_str(biggest_name, sizeof(biggest_name), cache->name);
		}
	}
	return 0;
}
