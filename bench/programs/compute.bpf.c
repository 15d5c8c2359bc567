// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Programs for `npm run bench`: computation (compute.h), maps, helpers and formatted output. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "compute.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("xdp")
int fill(struct xdp_md *ctx)
{
	return work_fill();
}

#define PROGRAM(name)           \
	SEC("xdp")              \
	int name(struct xdp_md *ctx) \
	{                       \
		return work_##name(); \
	}

FOR_EACH_WORK(PROGRAM)

#define ENTRIES 1024

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, __u64);
	__type(value, __u64);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
} row SEC(".maps");

SEC("xdp")
int hash_lookup(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (__u64 key = 0; key < ENTRIES; key++) {
		__u64 *value = bpf_map_lookup_elem(&table, &key);

		if (value)
			sum += *value;
	}
	return sum;
}

SEC("xdp")
int hash_update(struct xdp_md *ctx)
{
	for (__u64 key = 0; key < ENTRIES; key++)
		bpf_map_update_elem(&table, &key, &key, BPF_ANY);
	return 0;
}

SEC("xdp")
int array_lookup(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < ENTRIES; i++) {
		/* Not the loop's own number, for which a constant place would do. */
		__u32 key = (i * 7) & (ENTRIES - 1);
		__u64 *value = bpf_map_lookup_elem(&row, &key);

		if (value)
			sum += *value;
	}
	return sum;
}

SEC("xdp")
int helper_call(struct xdp_md *ctx)
{
	__u32 sum = 0;

	for (__u32 i = 0; i < ENTRIES; i++)
		sum += bpf_get_prandom_u32();
	return sum;
}

SEC("iter/bpf_map_elem")
int print_fields(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;

	if (!key || !value)
		return 0;
	BPF_SEQ_PRINTF(ctx->meta->seq, "%8u %-16s %d %llx %5d %u %llu %08x %c\n", *key, "some name", *key - 7, *value,
		       42, *key * 3, *value + 1, *key ^ 0x5555, 'R');
	return 0;
}
