// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The open-coded iterator dmabuf, in a program that user space calls: it looks up which of the names in a map belong to
 * a shared buffer.
 *
 *   bpfiter prog run programs/dmabuf_names.bpf.o --program mark_names
 *
 * User space puts names into `names` (the key is the whole field, filled with zeros) with the value 0, and runs the
 * program; names of buffers that exist have the number of such buffers afterwards. `unnamed` counts those without a
 * name.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "open_coded.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define DMA_BUF_NAME_LEN 32

struct buffer_name {
	char text[DMA_BUF_NAME_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct buffer_name);
	__type(value, __u64);
} names SEC(".maps");

__u64 unnamed;

/*
 * A program of this type runs when it is called with BPF_PROG_TEST_RUN. It may sleep, which the walk over the buffers
 * takes.
 */
SEC("syscall")
int mark_names(void *ctx)
{
	struct dma_buf *buffer;

	unnamed = 0;
	bpf_for_each (dmabuf, buffer) {
		/* Zeros first: as a key, what follows the string counts too. */
		struct buffer_name name = {};
		const char *text = BPF_CORE_READ(buffer, name);
		__u64 *count;

		if (!text) {
			unnamed++;
			continue;
		}
		if (bpf_probe_read_kernel_str(name.text, sizeof(name.text), text) < 0)
			return 1;
		count = bpf_map_lookup_elem(&names, &name);
		if (count)
			*count += 1;
	}
	return 0;
}
