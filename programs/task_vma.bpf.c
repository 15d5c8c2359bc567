// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/task_vma: the mappings of a process, in the format of /proc/PID/maps; of all processes, each line begins with
 * the process.
 *
 *   bpfiter run programs/task_vma.bpf.o task pid 1234 | diff - /proc/1234/maps
 *
 * The one line of /proc that is missing here is [vsyscall], which is a page of the kernel's and no mapping of the
 * process.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "path.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define VM_READ 0x01
#define VM_WRITE 0x02
#define VM_EXEC 0x04
#define VM_MAYSHARE 0x80

#define MINOR_BITS 20
#define MINOR_MASK ((1 << MINOR_BITS) - 1)

/*
 * Since Linux 6.9 the page's size is an option of the kernel's build; a weak variable is zero where the option does not
 * exist.
 */
extern int CONFIG_PAGE_SHIFT __kconfig __weak;

/* The function that names [vdso] and its like; only its address matters, to know those mappings by. */
extern const void special_mapping_name __ksym __weak;

/*
 * Whether the iterator was attached to all tasks: what the kernel keeps for the walk says so. Since Linux 6.1 it can be
 * another one.
 */
static __always_inline bool of_all_tasks(struct seq_file *seq)
{
	struct bpf_iter_seq_task_vma_info *walk = seq->private;

	if (!bpf_core_field_exists(walk->common.type))
		return true;
	return BPF_CORE_READ(walk, common.type) == BPF_TASK_ITER_ALL;
}

/*
 * Fields that only a kernel with CONFIG_ANON_VMA_NAME has. What follows ___ does not count when the struct is looked
 * for.
 */
struct anon_vma_name___option {
	char name[0];
} __attribute__((preserve_access_index));

struct vm_area_struct___option {
	struct anon_vma_name___option *anon_name;
} __attribute__((preserve_access_index));

/* The columns before the name. */
static __always_inline void format_columns(char *line, __u32 size, struct vm_area_struct *vma)
{
	unsigned long flags = vma->vm_flags;
	char permissions[5] = "----";
	struct file *file = vma->vm_file;
	unsigned long inode = 0;
	__u64 offset = 0;
	__u32 device = 0;

	permissions[0] = flags & VM_READ ? 'r' : '-';
	permissions[1] = flags & VM_WRITE ? 'w' : '-';
	permissions[2] = flags & VM_EXEC ? 'x' : '-';
	permissions[3] = flags & VM_MAYSHARE ? 's' : 'p';
	if (file) {
		inode = file->f_inode->i_ino;
		device = file->f_inode->i_sb->s_dev;
		offset = (__u64)vma->vm_pgoff << (CONFIG_PAGE_SHIFT ? CONFIG_PAGE_SHIFT : 12);
	}
	BPF_SNPRINTF(line, size, "%08lx-%08lx %s %08llx %02x:%02x %lu ", vma->vm_start, vma->vm_end, permissions,
		     offset, device >> MINOR_BITS, device & MINOR_MASK, inode);
}

/* The name of a mapping that is not a file's, or NULL. */
static __always_inline const char *kernel_name(struct vm_area_struct *vma)
{
	const struct vm_operations_struct *operations = vma->vm_ops;
	struct mm_struct *mm = vma->vm_mm;

	if (operations && &special_mapping_name && operations->name == &special_mapping_name)
		return BPF_CORE_READ((struct vm_special_mapping *)vma->vm_private_data, name);
	if (!mm)
		return "[vdso]";
	if (vma->vm_start < mm->brk && vma->vm_end > mm->start_brk)
		return "[heap]";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "[stack]";
	return NULL;
}

/* The name that the process itself gave with prctl(PR_SET_VMA_ANON_NAME), or NULL. */
static __always_inline const char *given_name(struct vm_area_struct *vma)
{
	struct vm_area_struct___option *named = (void *)vma;
	struct anon_vma_name___option *name;

	if (!bpf_core_field_exists(named->anon_name))
		return NULL;
	name = BPF_CORE_READ(named, anon_name);
	return name ? name->name : NULL;
}

SEC("iter/task_vma")
int dump_task_vma(struct bpf_iter__task_vma *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	const char *name, *given;
	struct file *file;
	char line[80];

	if (!task || !vma)
		return 0;

	if (of_all_tasks(seq))
		BPF_SEQ_PRINTF(seq, "%8d ", task->tgid);

	format_columns(line, sizeof(line), vma);
	file = vma->vm_file;
	given = given_name(vma);
	if (file && given) {
		BPF_SEQ_PRINTF(seq, "%-72s [anon_shmem:%s]\n", line, given);
		return 0;
	}
	name = file ? file_path(file) : kernel_name(vma);
	if (name)
		BPF_SEQ_PRINTF(seq, "%-72s %s\n", line, name);
	else if (given)
		BPF_SEQ_PRINTF(seq, "%-72s [anon:%s]\n", line, given);
	else
		BPF_SEQ_PRINTF(seq, "%s\n", line);
	return 0;
}
