// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/ksym: the kernel's symbols, in the format of /proc/kallsyms.
 *
 *   bpfiter run programs/ksym.bpf.o
 *
 * As there, an address is zero for a reader who may not know it.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* The type's letter as a string; upper case for a symbol that modules may use. */
static __always_inline void type_letter(char *text, struct kallsym_iter *symbol)
{
	char type = symbol->type;

	if (symbol->exported && type >= 'a' && type <= 'z')
		type -= 'a' - 'A';
	else if (!symbol->exported && type >= 'A' && type <= 'Z')
		type += 'a' - 'A';
	text[0] = type;
}

SEC("iter/ksym")
int dump_ksym(struct bpf_iter__ksym *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct kallsym_iter *symbol = ctx->ksym;
	unsigned long address;
	char type[2] = {};

	if (!symbol)
		return 0;

	/*
	 * The call after the last symbol has an object here, unlike in other iterators: the last symbol once more, now
	 * said to be a module's. Of a true symbol of a module the position equals the object's number; here it is one
	 * further.
	 */
	if (symbol->module_name[0] && (__u64)symbol->pos != ctx->meta->seq_num)
		return 0;

	address = symbol->show_value ? symbol->value : 0;
	if (symbol->module_name[0]) {
		type_letter(type, symbol);
		BPF_SEQ_PRINTF(seq, "%016lx %s %s\t[%s]\n", address, type, symbol->name, symbol->module_name);
	} else {
		type[0] = symbol->type;
		BPF_SEQ_PRINTF(seq, "%016lx %s %s\n", address, type, symbol->name);
	}
	return 0;
}
