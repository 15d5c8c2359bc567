// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/ipv6_route: the IPv6 routes of the reader's network namespace, in the format of /proc/net/ipv6_route.
 *
 *   bpfiter run programs/ipv6_route.bpf.o
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define RTF_GATEWAY 0x0002

/*
 * Where a route leads: into the route itself, or into the nexthop object that it shares with others, the first one of a
 * group.
 */
static __always_inline struct fib6_nh *next_hop(struct fib6_info *route)
{
	struct nexthop *shared = route->nh;

	if (!shared)
		return &route->fib6_nh[0];
	if (shared->is_group)
		shared = BPF_CORE_READ(shared, nh_grp, nh_entries[0].nh);
	return &BPF_CORE_READ(shared, nh_info)->fib6_nh;
}

SEC("iter/ipv6_route")
int dump_ipv6_route(struct bpf_iter__ipv6_route *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct fib6_info *route = ctx->rt;
	struct fib6_nh *hop;
	struct net_device *device;
	__u32 flags;

	if (!route)
		return 0;

	BPF_SEQ_PRINTF(seq, "%pi6 %02x ", &route->fib6_dst.addr, route->fib6_dst.plen);

	/*
	 * Routing by source is an option of the kernel's build (CONFIG_IPV6_SUBTREES); without it there is no such
	 * field.
	 */
	if (bpf_core_field_exists(route->fib6_src))
		BPF_SEQ_PRINTF(seq, "%pi6 %02x ", &route->fib6_src.addr, route->fib6_src.plen);
	else
		BPF_SEQ_PRINTF(seq, "%032x %02x ", 0, 0);

	hop = next_hop(route);
	flags = route->fib6_flags;
	if (BPF_CORE_READ(hop, nh_common.nhc_gw_family)) {
		flags |= RTF_GATEWAY;
		BPF_SEQ_PRINTF(seq, "%pi6 ", &hop->nh_common.nhc_gw.ipv6);
	} else {
		BPF_SEQ_PRINTF(seq, "%032x ", 0);
	}

	device = BPF_CORE_READ(hop, nh_common.nhc_dev);
	BPF_SEQ_PRINTF(seq, "%08x %08x %08x %08x ", route->fib6_metric, route->fib6_ref.refs.counter, 0, flags);
	if (device)
		BPF_SEQ_PRINTF(seq, "%8s\n", device->name);
	else
		BPF_SEQ_PRINTF(seq, "%8s\n", "");
	return 0;
}
