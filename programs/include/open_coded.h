/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Open-coded iterators: the kernel's new/next/destroy kfuncs and the loop that joins the three.
 *
 * vmlinux.h has the iterators' structs but, made by an older bpftool, not the prototypes of the kfuncs, and libbpf's
 * headers of that age have no loop macros. Every kfunc is weak: a program that names one an older kernel lacks still
 * loads if no live branch calls it.
 *
 * Prototypes: Linux 6.18, kernel/bpf/helpers.c (the __bpf_kfunc definitions) and
 * kernel/bpf/{task_iter,css_iter,dmabuf_iter,kmem_cache_iter}.c.
 */
#ifndef BPFITER_OPEN_CODED_H
#define BPFITER_OPEN_CODED_H

#define KFUNC extern __attribute__((section(".ksyms"), weak))

KFUNC int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end);
KFUNC int *bpf_iter_num_next(struct bpf_iter_num *it);
KFUNC void bpf_iter_num_destroy(struct bpf_iter_num *it);

KFUNC int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *unsafe_ptr__ign, u32 nr_words);
KFUNC int *bpf_iter_bits_next(struct bpf_iter_bits *it);
KFUNC void bpf_iter_bits_destroy(struct bpf_iter_bits *it);

/*
 * flags: BPF_TASK_ITER_ALL_PROCS, BPF_TASK_ITER_ALL_THREADS, or BPF_TASK_ITER_PROC_THREADS (of `task`). Needs an RCU
 * section.
 */
KFUNC int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task__nullable, unsigned int flags);
KFUNC struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it);
KFUNC void bpf_iter_task_destroy(struct bpf_iter_task *it);

/* The first element is the first mapping that ends after addr. */
KFUNC int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *task, u64 addr);
KFUNC struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it);
KFUNC void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it);

/* flags: one of BPF_CGROUP_ITER_{DESCENDANTS_PRE,DESCENDANTS_POST,ANCESTORS_UP}. Needs an RCU section. */
KFUNC int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *start, unsigned int flags);
KFUNC struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it);
KFUNC void bpf_iter_css_destroy(struct bpf_iter_css *it);

/* flags: 0 or CSS_TASK_ITER_PROCS (leaders only). */
KFUNC int bpf_iter_css_task_new(struct bpf_iter_css_task *it, struct cgroup_subsys_state *css, unsigned int flags);
KFUNC struct task_struct *bpf_iter_css_task_next(struct bpf_iter_css_task *it);
KFUNC void bpf_iter_css_task_destroy(struct bpf_iter_css_task *it);

/* Both need a sleepable program. */
KFUNC int bpf_iter_kmem_cache_new(struct bpf_iter_kmem_cache *it);
KFUNC struct kmem_cache *bpf_iter_kmem_cache_next(struct bpf_iter_kmem_cache *it);
KFUNC void bpf_iter_kmem_cache_destroy(struct bpf_iter_kmem_cache *it);

KFUNC int bpf_iter_dmabuf_new(struct bpf_iter_dmabuf *it);
KFUNC struct dma_buf *bpf_iter_dmabuf_next(struct bpf_iter_dmabuf *it);
KFUNC void bpf_iter_dmabuf_destroy(struct bpf_iter_dmabuf *it);

/* What the examples need around the iterators. */
KFUNC void bpf_rcu_read_lock(void);
KFUNC void bpf_rcu_read_unlock(void);
KFUNC struct cgroup *bpf_cgroup_from_id(u64 cgid);
KFUNC void bpf_cgroup_release(struct cgroup *cgrp);
KFUNC struct task_struct *bpf_task_from_pid(s32 pid);
KFUNC void bpf_task_release(struct task_struct *p);

/*
 * bpf_for_each(family, element, arguments of new...) { body }
 *
 * The iterator lives on the stack as long as the loop; the cleanup attribute calls destroy on every way out of it
 * (break and return too), which is what the verifier insists on. `new` may fail: the iterator is then empty, and the
 * loop body does not run.
 */
#define bpf_for_each(family, element, args...)                                                                \
	for (struct bpf_iter_##family __it __attribute__((aligned(8), cleanup(bpf_iter_##family##_destroy))), \
	     *__started __attribute__((unused)) = (bpf_iter_##family##_new(&__it, ##args), &__it);            \
	     ((element) = bpf_iter_##family##_next(&__it));)

/*
 * bpf_for(i, start, end) { body }: i = start .. end - 1, without unrolling and without a limit known to the verifier.
 * The comparisons, always true, tell it the range of i. As in libbpf, start and end are evaluated more than once.
 */
#define bpf_for(i, start, end)                                                                      \
	for (struct bpf_iter_num __it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))),   \
	     *__started __attribute__((unused)) = (bpf_iter_num_new(&__it, (start), (end)), &__it); \
	     ({                                                                                     \
		     int *__next = bpf_iter_num_next(&__it);                                        \
		     int __number = __next ? *__next : 0;                                           \
		     if (__next)                                                                    \
			     (i) = __number;                                                        \
		     __next && __number >= (int)(start) && __number < (int)(end);                   \
	     });)

/* bpf_repeat(n) { body }: n times. */
#define bpf_repeat(n)                                                                             \
	for (struct bpf_iter_num __it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))), \
	     *__started __attribute__((unused)) = (bpf_iter_num_new(&__it, 0, (n)), &__it);       \
	     bpf_iter_num_next(&__it);)

#endif
