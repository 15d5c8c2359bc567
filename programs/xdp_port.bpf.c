// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * An XDP program: it drops UDP packets over IPv4 to one port, lets all others pass, and counts both. Attached to no
 * device it is a program to try `prog run` with: the packet goes in, the verdict comes out.
 *
 *   bpfiter prog run programs/xdp_port.bpf.o --program drop_port --data @packet.bin
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define ETH_P_IP 0x0800

const volatile __u16 port = 9; /* discard */

struct counts {
	__u64 passed;
	__u64 dropped;
} counts;

/* A global function (it is not static): verified once, by itself, for any argument; so it tests what it is given. */
__noinline int verdict(__u16 destination)
{
	return destination == port ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int drop_port(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = data;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct udphdr *udp = (void *)(ip + 1);
	int action = XDP_PASS;

	/*
	 * One comparison with the packet's end makes all three headers readable. IPv4 headers with options, which are
	 * longer, are let through.
	 */
	if ((void *)(udp + 1) <= end && ethernet->h_proto == bpf_htons(ETH_P_IP) && ip->ihl == 5 &&
	    ip->protocol == IPPROTO_UDP)
		action = verdict(bpf_ntohs(udp->dest));

	if (action == XDP_DROP)
		__sync_fetch_and_add(&counts.dropped, 1);
	else
		__sync_fetch_and_add(&counts.passed, 1);
	return action;
}
