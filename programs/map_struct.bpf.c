// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/bpf_map: every BPF map as the kernel's own struct, all its fields by name: bpf_seq_printf_btf() prints whatever
 * BTF describes, with not a line for any field here.
 *
 *   bpfiter run programs/map_struct.bpf.o
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("iter/bpf_map")
int dump_map_struct(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map;
	struct btf_ptr what = {};

	if (!map)
		return 0;

	what.ptr = map;
	/* The number that the type has in the BTF of the kernel which loads this; it is put in then. */
	what.type_id = bpf_core_type_id_kernel(struct bpf_map);
	bpf_seq_printf_btf(ctx->meta->seq, &what, sizeof(what), 0);
	return 0;
}
