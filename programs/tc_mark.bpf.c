// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * A program for the traffic control layer: it marks a packet with its length's class, and lets it go on. To try `prog
 * run` with: the packet goes in, the packet and the context come out.
 *
 *   bpfiter prog run programs/tc_mark.bpf.o --program mark_length --data @packet.bin
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define TC_ACT_OK 0

enum length_class {
	LENGTH_SMALL = 1,
	LENGTH_MEDIUM = 2,
	LENGTH_LARGE = 3,
};

/* How many packets of each class there were, a counter a CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LENGTH_LARGE + 1);
	__type(key, __u32);
	__type(value, __u64);
} classes SEC(".maps");

SEC("tc")
int mark_length(struct __sk_buff *skb)
{
	__u32 class = LENGTH_LARGE;
	__u64 *count;

	if (skb->len <= 128)
		class = LENGTH_SMALL;
	else if (skb->len <= 1024)
		class = LENGTH_MEDIUM;

	skb->mark = class;
	count = bpf_map_lookup_elem(&classes, &class);
	if (count)
		*count += 1;
	return TC_ACT_OK;
}
