// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The open-coded iterator bits: the bits that are set in words anywhere in the kernel, by their numbers; here the
 * capabilities that the caller has.
 *
 *   bpfiter prog run programs/capabilities.bpf.o --program list_capabilities
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define CAP_SYS_ADMIN 21
#define CAP_BPF 39

__u32 count;
__u32 highest;
bool sys_admin;
bool bpf;

SEC("syscall")
int list_capabilities(void *ctx)
{
	const struct cred *credentials = bpf_get_current_task_btf()->cred;
	int *capability;

	count = 0;
	sys_admin = false;
	bpf = false;
	/* One word. The iterator makes its own copy, so that it does not matter where the words are. */
	bpf_for_each (bits, capability, (const u64 *)&credentials->cap_effective, 1) {
		/* The pointer is to the number of a bit, and is good until the next turn. */
		if (*capability == CAP_SYS_ADMIN)
			sys_admin = true;
		if (*capability == CAP_BPF)
			bpf = true;
		highest = *capability;
		count++;
	}
	return 0;
}
