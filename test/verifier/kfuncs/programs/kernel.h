/* What the programs of this directory need of the kernel, declared by hand: types are matched by name. */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;
typedef _Bool bool;

#define SEC(name) __attribute__((section(name), used))
#define __ksym __attribute__((section(".ksyms")))
#define __weak __attribute__((weak))
#define noinline __attribute__((noinline))
#define inline_always static inline __attribute__((always_inline))
#define tag(text) __attribute__((btf_decl_tag(text)))
#define kptr __attribute__((btf_type_tag("kptr")))
#define percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#define private(name) SEC(".data." #name) __attribute__((visibility("hidden"), aligned(8)))
#define contains(type, node) tag("contains:" #type ":" #node)
#define NULL ((void *)0)
#define uint(name, value) int(*name)[value]
#define type(name, value) typeof(value) *name
#define offsetof(type, member) __builtin_offsetof(type, member)
#define owner(pointer, type, member) ((type *)((void *)(pointer) - offsetof(type, member)))

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct cgroup_subsys_state {
  int id;
};
struct cgroup {
  struct cgroup_subsys_state self;
};
struct css_set {
  struct cgroup *dfl_cgrp;
};
struct mm_struct;
struct task_struct {
  int pid;
  int tgid;
  struct task_struct *real_parent;
  struct task_struct *group_leader;
  struct css_set *cgroups;
  struct mm_struct *mm;
};
struct vm_area_struct {
  struct mm_struct *vm_mm;
};
struct kmem_cache {
  unsigned int size;
};
struct dma_buf {
  u64 size;
};
struct cpumask {
  unsigned long bits[2];
};
struct sk_buff {
  unsigned int len;
};
struct xdp_buff {
  u32 frame_sz;
};
struct bpf_map {
  u32 id;
};
struct seq_file;
struct bpf_iter_meta {
  struct seq_file *seq;
};
struct bpf_iter__task {
  union {
    struct bpf_iter_meta *meta;
  };
  union {
    struct task_struct *task;
  };
};
struct bpf_iter__task_file {
  union {
    struct bpf_iter_meta *meta;
  };
  union {
    struct task_struct *task;
  };
};
struct bpf_iter__cgroup {
  union {
    struct bpf_iter_meta *meta;
  };
  union {
    struct cgroup *cgroup;
  };
};
struct bpf_iter__bpf_map {
  union {
    struct bpf_iter_meta *meta;
  };
  union {
    struct bpf_map *map;
  };
};
#pragma clang attribute pop

struct __sk_buff {
  u32 len;
  u32 pkt_type;
  u32 mark;
  u32 queue_mapping;
  u32 protocol;
  u32 vlan_present;
  u32 vlan_tci;
  u32 vlan_proto;
  u32 priority;
  u32 ingress_ifindex;
  u32 ifindex;
  u32 tc_index;
  u32 cb[5];
  u32 hash;
  u32 tc_classid;
  u32 data;
  u32 data_end;
};
struct xdp_md {
  u32 data;
  u32 data_end;
};
struct nf_conn {
  u32 mark;
} __attribute__((preserve_access_index));
struct nf_conn___init {
  struct nf_conn ct;
};
struct bpf_ct_opts {
  s32 netns_id;
  s32 error;
  u8 l4proto;
  u8 dir;
  u16 ct_zone_id;
  u8 ct_zone_dir;
  u8 reserved[3];
};
struct bpf_sock_tuple {
  u32 saddr, daddr;
  u16 sport, dport;
};
struct sock_common {
  u16 skc_family;
} __attribute__((preserve_access_index));
struct bpf_iter__tcp {
  union {
    struct bpf_iter_meta *meta;
  };
  union {
    struct sock_common *sk_common;
  };
} __attribute__((preserve_access_index));
struct bpf_iter__unix {
  union {
    struct bpf_iter_meta *meta;
  };
  union {
    struct unix_sock *unix_sk;
  };
} __attribute__((preserve_access_index));

struct bpf_cpumask {};
struct bpf_key {};
enum pid_type { PIDTYPE_PID };
struct bpf_iter_num {
  u64 opaque[1];
} __attribute__((aligned(8)));
struct bpf_iter_bits {
  u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_iter_task {
  u64 opaque[3];
} __attribute__((aligned(8)));
struct bpf_iter_css {
  u64 opaque[3];
} __attribute__((aligned(8)));
struct bpf_iter_css_task {
  u64 opaque[1];
} __attribute__((aligned(8)));
struct bpf_iter_task_vma {
  u64 opaque[1];
} __attribute__((aligned(8)));
struct bpf_iter_kmem_cache {
  u64 opaque[1];
} __attribute__((aligned(8)));
struct bpf_iter_dmabuf {
  u64 opaque[1];
} __attribute__((aligned(8)));
struct bpf_dynptr {
  u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_spin_lock {
  u32 val;
};
struct bpf_res_spin_lock {
  u32 val;
};
struct bpf_list_head {
  u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_list_node {
  u64 opaque[3];
} __attribute__((aligned(8)));
struct bpf_rb_root {
  u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_rb_node {
  u64 opaque[4];
} __attribute__((aligned(8)));
struct bpf_refcount {
  u32 opaque[1];
} __attribute__((aligned(4)));
struct bpf_timer {
  u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_wq {
  u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_task_work {
  u64 opaque;
} __attribute__((aligned(8)));

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;
extern int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *p, u32 words) __weak __ksym;
extern int *bpf_iter_bits_next(struct bpf_iter_bits *it) __weak __ksym;
extern void bpf_iter_bits_destroy(struct bpf_iter_bits *it) __weak __ksym;
extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, u32 flags) __weak __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __weak __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __weak __ksym;
extern int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *start, u32 flags) __weak __ksym;
extern struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it) __weak __ksym;
extern void bpf_iter_css_destroy(struct bpf_iter_css *it) __weak __ksym;
extern int bpf_iter_css_task_new(struct bpf_iter_css_task *it, struct cgroup_subsys_state *css, u32 flags) __weak __ksym;
extern struct task_struct *bpf_iter_css_task_next(struct bpf_iter_css_task *it) __weak __ksym;
extern void bpf_iter_css_task_destroy(struct bpf_iter_css_task *it) __weak __ksym;
extern int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *task, u64 addr) __weak __ksym;
extern struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it) __weak __ksym;
extern void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it) __weak __ksym;
extern int bpf_iter_kmem_cache_new(struct bpf_iter_kmem_cache *it) __weak __ksym;
extern struct kmem_cache *bpf_iter_kmem_cache_next(struct bpf_iter_kmem_cache *it) __weak __ksym;
extern void bpf_iter_kmem_cache_destroy(struct bpf_iter_kmem_cache *it) __weak __ksym;
extern int bpf_iter_dmabuf_new(struct bpf_iter_dmabuf *it) __weak __ksym;
extern struct dma_buf *bpf_iter_dmabuf_next(struct bpf_iter_dmabuf *it) __weak __ksym;
extern void bpf_iter_dmabuf_destroy(struct bpf_iter_dmabuf *it) __weak __ksym;

extern void bpf_rcu_read_lock(void) __weak __ksym;
extern void bpf_rcu_read_unlock(void) __weak __ksym;
extern void bpf_preempt_disable(void) __weak __ksym;
extern void bpf_preempt_enable(void) __weak __ksym;
extern void bpf_local_irq_save(unsigned long *flags) __weak __ksym;
extern void bpf_local_irq_restore(unsigned long *flags) __weak __ksym;
extern int bpf_res_spin_lock(struct bpf_res_spin_lock *lock) __weak __ksym;
extern void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock) __weak __ksym;
extern int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock, unsigned long *flags) __weak __ksym;
extern void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock, unsigned long *flags) __weak __ksym;

extern struct task_struct *bpf_task_acquire(struct task_struct *p) __weak __ksym;
extern void bpf_task_release(struct task_struct *p) __weak __ksym;
extern struct task_struct *bpf_task_from_pid(s32 pid) __weak __ksym;
extern struct cgroup *bpf_cgroup_from_id(u64 id) __weak __ksym;
extern struct cgroup *bpf_cgroup_acquire(struct cgroup *p) __weak __ksym;
extern struct cgroup *bpf_cgroup_ancestor(struct cgroup *p, int level) __weak __ksym;
extern void bpf_cgroup_release(struct cgroup *p) __weak __ksym;
extern long bpf_task_under_cgroup(struct task_struct *task, struct cgroup *ancestor) __weak __ksym;
extern struct bpf_cpumask *bpf_cpumask_create(void) __weak __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *mask) __weak __ksym;
extern void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *mask) __weak __ksym;
extern bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *mask) __weak __ksym;
extern int bpf_cpumask_populate(struct cpumask *mask, void *src, unsigned long size) __weak __ksym;
extern struct bpf_key *bpf_lookup_system_key(u64 id) __weak __ksym;
extern void bpf_key_put(struct bpf_key *key) __weak __ksym;
extern struct bpf_key *bpf_lookup_user_key(s32 serial, u64 flags) __weak __ksym;
extern struct kmem_cache *bpf_get_kmem_cache(u64 addr) __weak __ksym;
extern s64 bpf_map_sum_elem_count(const struct bpf_map *map) __weak __ksym;
extern int bpf_send_signal_task(struct task_struct *task, int sig, enum pid_type type, u64 value) __weak __ksym;

extern void *bpf_cast_to_kern_ctx(void *obj) __weak __ksym;
extern void *bpf_rdonly_cast(const void *obj, u32 id) __weak __ksym;
extern void bpf_throw(u64 cookie) __weak __ksym;

extern void *bpf_obj_new_impl(u64 id, void *meta) __weak __ksym;
extern void bpf_obj_drop_impl(void *p, void *meta) __weak __ksym;
extern void *bpf_percpu_obj_new_impl(u64 id, void *meta) __weak __ksym;
extern void bpf_percpu_obj_drop_impl(void *p, void *meta) __weak __ksym;
extern void *bpf_refcount_acquire_impl(void *p, void *meta) __weak __ksym;
extern int bpf_list_push_front_impl(struct bpf_list_head *h, struct bpf_list_node *n, void *meta, u64 off) __weak __ksym;
extern int bpf_list_push_back_impl(struct bpf_list_head *h, struct bpf_list_node *n, void *meta, u64 off) __weak __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *h) __weak __ksym;
extern struct bpf_list_node *bpf_list_front(struct bpf_list_head *h) __weak __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
                               bool(less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta,
                               u64 off) __weak __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __weak __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __weak __ksym;
extern struct bpf_rb_node *bpf_rbtree_root(struct bpf_rb_root *root) __weak __ksym;
extern struct bpf_rb_node *bpf_rbtree_left(struct bpf_rb_root *root, struct bpf_rb_node *node) __weak __ksym;

extern int bpf_dynptr_from_skb(struct __sk_buff *s, u64 flags, struct bpf_dynptr *p) __weak __ksym;
extern int bpf_dynptr_from_xdp(struct xdp_md *x, u64 flags, struct bpf_dynptr *p) __weak __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 off, void *buffer, u32 size) __weak __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, u32 off, void *buffer, u32 size) __weak __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *p, u32 start, u32 end) __weak __ksym;
extern bool bpf_dynptr_is_null(const struct bpf_dynptr *p) __weak __ksym;
extern u32 bpf_dynptr_size(const struct bpf_dynptr *p) __weak __ksym;
extern int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *clone) __weak __ksym;
extern int bpf_xdp_pull_data(struct xdp_md *x, u32 len) __weak __ksym;

extern int bpf_wq_init(struct bpf_wq *wq, void *map, unsigned int flags) __weak __ksym;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __weak __ksym;
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq, int(callback)(void *map, int *key, void *value),
                                    unsigned int flags, void *aux) __weak __ksym;
extern int bpf_task_work_schedule_signal_impl(struct task_struct *task, struct bpf_task_work *work, void *map,
                                              int(callback)(struct bpf_map *map, void *key, void *value),
                                              void *aux) __weak __ksym;
extern struct nf_conn___init *bpf_skb_ct_alloc(struct __sk_buff *ctx, struct bpf_sock_tuple *tuple, u32 size,
                                               struct bpf_ct_opts *opts, u32 opts_size) __weak __ksym;
extern struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *ctx, struct bpf_sock_tuple *tuple, u32 size,
                                         struct bpf_ct_opts *opts, u32 opts_size) __weak __ksym;
extern struct nf_conn *bpf_ct_insert_entry(struct nf_conn___init *ct) __weak __ksym;
extern void bpf_ct_release(struct nf_conn *ct) __weak __ksym;
extern void bpf_ct_set_timeout(struct nf_conn___init *ct, u32 timeout) __weak __ksym;
extern int bpf_ct_change_timeout(struct nf_conn *ct, u32 timeout) __weak __ksym;
extern int bpf_sock_destroy(struct sock_common *sock) __weak __ksym;
extern void *bpf_arena_alloc_pages(void *map, void *address, u32 pages, int node, u64 flags) __weak __ksym;
extern int bpf_dynptr_copy(struct bpf_dynptr *dst, u32 dst_off, struct bpf_dynptr *src, u32 src_off, u32 size) __weak __ksym;
extern int bpf_dynptr_memset(struct bpf_dynptr *p, u32 off, u32 size, u8 value) __weak __ksym;
extern int bpf_copy_from_user_str(void *dst, u32 size, const void *from, u64 flags) __weak __ksym;
extern int bpf_strcmp(const char *a, const char *b) __weak __ksym;
extern int bpf_strlen(const char *a) __weak __ksym;
extern int bpf_stream_vprintk_impl(int stream, const char *format, const void *args, u32 size, void *aux) __weak __ksym;

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const bpf_probe_read_kernel)(void *dst, u32 size, const void *from) = (void *)113;
static u64 (*const bpf_ktime_get_ns)(void) = (void *)5;
static u32 (*const bpf_get_prandom_u32)(void) = (void *)7;
static long (*const bpf_tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static long (*const bpf_spin_lock)(struct bpf_spin_lock *lock) = (void *)93;
static long (*const bpf_spin_unlock)(struct bpf_spin_lock *lock) = (void *)94;
static struct task_struct *(*const bpf_get_current_task_btf)(void) = (void *)158;
static long (*const bpf_loop)(u32 count, void *callback, void *ctx, u64 flags) = (void *)181;
static void *(*const bpf_kptr_xchg)(void *at, void *pointer) = (void *)194;
static long (*const bpf_dynptr_from_mem)(void *data, u32 size, u64 flags, struct bpf_dynptr *p) = (void *)197;
static long (*const bpf_ringbuf_reserve_dynptr)(void *map, u32 size, u64 flags, struct bpf_dynptr *p) = (void *)198;
static void (*const bpf_ringbuf_submit_dynptr)(struct bpf_dynptr *p, u64 flags) = (void *)199;
static void (*const bpf_ringbuf_discard_dynptr)(struct bpf_dynptr *p, u64 flags) = (void *)200;
static long (*const bpf_dynptr_read)(void *dst, u32 size, const struct bpf_dynptr *p, u32 off, u64 flags) = (void *)201;
static long (*const bpf_dynptr_write)(const struct bpf_dynptr *p, u32 off, void *src, u32 size, u64 flags) = (void *)202;
static void *(*const bpf_dynptr_data)(const struct bpf_dynptr *p, u32 off, u32 size) = (void *)203;
static long (*const bpf_copy_from_user)(void *dst, u32 size, const void *from) = (void *)148;
static long (*const bpf_user_ringbuf_drain)(void *map, void *callback, void *ctx, u64 flags) = (void *)209;
static void *(*const bpf_ringbuf_reserve)(void *map, u64 size, u64 flags) = (void *)131;
static void (*const bpf_ringbuf_discard)(void *data, u64 flags) = (void *)133;
static long (*const bpf_skb_pull_data)(struct __sk_buff *s, u32 size) = (void *)39;

#define bpf_obj_new(type) ((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define bpf_obj_drop(p) bpf_obj_drop_impl(p, NULL)
#define bpf_refcount_acquire(p) ((typeof(p))bpf_refcount_acquire_impl(p, NULL))
#define type_in_kernel(type) __builtin_btf_type_id(*(type *)0, 1)
#define same_map(n) __attribute__((unused))

char LICENSE[] SEC("license") = "GPL";
