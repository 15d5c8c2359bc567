/* Open-coded iterators, used rightly and wrongly. Built by build.sh; what the kernel says is in recorded.json. */
#include "kernel.h"

int array[16];
int total;
u64 mask = 5;

struct {
  uint(type, 1);
  uint(max_entries, 1);
  type(key, int);
  struct {
    u64 opaque[1];
  } (*value);
} place SEC(".maps");

SEC("?iter/task")
int num_sum(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;
  int *i;

  bpf_iter_num_new(&it, 0, 10);
  while ((i = bpf_iter_num_next(&it)))
    total += *i;
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_index(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;
  int *i;

  bpf_iter_num_new(&it, 0, 10);
  while ((i = bpf_iter_num_next(&it)))
    if (*i >= 0 && *i < 16)
      array[*i] += 1;
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_counter_in_stack(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;
  volatile int seen = 0;

  bpf_iter_num_new(&it, 0, 100000);
  while (bpf_iter_num_next(&it))
    seen += 1;
  bpf_iter_num_destroy(&it);
  return seen & 1;
}

SEC("?iter/task")
int num_nested(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num a, b;
  int *i, *j;

  bpf_iter_num_new(&a, 0, 10);
  while ((i = bpf_iter_num_next(&a))) {
    bpf_iter_num_new(&b, 0, *i);
    while ((j = bpf_iter_num_next(&b)))
      total += *j;
    bpf_iter_num_destroy(&b);
  }
  bpf_iter_num_destroy(&a);
  return 0;
}

SEC("?iter/task")
int num_unbounded_index(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;
  int n = 0;

  bpf_iter_num_new(&it, 0, 10);
  while (bpf_iter_num_next(&it)) {
    asm volatile("r1 = %[array] ll; r2 = %[n]; r2 <<= 2; r1 += r2; *(u32 *)(r1 + 0) = r2;" ::[array] "i"(&array),
                 [n] "r"(n)
                 : "r1", "r2", "memory");
    n++;
  }
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_element_written(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;
  int *i;

  bpf_iter_num_new(&it, 0, 10);
  while ((i = bpf_iter_num_next(&it)))
    *i = 1;
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_element_too_wide(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;
  int *i;
  u64 sum = 0;

  bpf_iter_num_new(&it, 0, 10);
  while ((i = bpf_iter_num_next(&it)))
    sum += *(u64 *)i;
  bpf_iter_num_destroy(&it);
  total = sum;
  return 0;
}

SEC("?iter/task")
int num_element_without_check(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  total += *(volatile int *)bpf_iter_num_next(&it);
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_element_after_destroy(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;
  int *i;

  bpf_iter_num_new(&it, 0, 10);
  i = bpf_iter_num_next(&it);
  bpf_iter_num_destroy(&it);
  if (i)
    total += *i;
  return 0;
}

SEC("?iter/task")
int num_element_after_next(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;
  int *i, *j;

  bpf_iter_num_new(&it, 0, 10);
  i = bpf_iter_num_next(&it);
  j = bpf_iter_num_next(&it);
  if (i && j)
    total += *i + *j;
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_twice_new(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  bpf_iter_num_new(&it, 0, 10);
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_again_after_destroy(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  bpf_iter_num_destroy(&it);
  bpf_iter_num_new(&it, 0, 10);
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_twice_destroyed(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  bpf_iter_num_destroy(&it);
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_next_without_new(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it = {};

  bpf_iter_num_next(&it);
  return 0;
}

SEC("?iter/task")
int num_not_destroyed(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  bpf_iter_num_next(&it);
  return 0;
}

SEC("?iter/task")
int num_overwritten(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  *(volatile u64 *)&it = 0;
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_read(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  total = *(volatile u64 *)&it;
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_misaligned(struct bpf_iter__task *ctx)
{
  struct bpf_iter_bits room = {};

  bpf_iter_num_new((void *)&room + 1, 0, 10);
  return 0;
}

SEC("?iter/task")
int num_at_variable_offset(struct bpf_iter__task *ctx)
{
  struct bpf_iter_bits room[2] = {};
  u64 off = bpf_get_prandom_u32() & 8;

  bpf_iter_num_new((void *)room + off, 0, 10);
  return 0;
}

SEC("?iter/task")
int num_at_frame_pointer(struct bpf_iter__task *ctx)
{
  asm volatile("r1 = r10; r2 = 0; r3 = 10; call %[new];" ::[new] "i"(bpf_iter_num_new)
               : "r0", "r1", "r2", "r3", "r4", "r5", "memory");
  return 0;
}

SEC("?iter/task")
int bits_at_last_slot(struct bpf_iter__task *ctx)
{
  asm volatile("r1 = r10; r1 += -8; r2 = 0; r3 = 1; call %[new];" ::[new] "i"(bpf_iter_bits_new)
               : "r0", "r1", "r2", "r3", "r4", "r5", "memory");
  return 0;
}

SEC("?iter/task")
int num_in_map(struct bpf_iter__task *ctx)
{
  int zero = 0;
  void *value = bpf_map_lookup_elem(&place, &zero);

  if (value)
    bpf_iter_num_new(value, 0, 10);
  return 0;
}

SEC("?iter/task")
int num_in_global(struct bpf_iter__task *ctx)
{
  bpf_iter_num_new((void *)array, 0, 10);
  return 0;
}

SEC("?iter/task")
int num_as_bits(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  bpf_iter_bits_next((void *)&it);
  bpf_iter_num_destroy(&it);
  return 0;
}

static noinline int advance(struct bpf_iter_num *it)
{
  int *i = bpf_iter_num_next(it);

  return i ? *i : -1;
}

SEC("?iter/task")
int num_in_static_function(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;
  int i;

  bpf_iter_num_new(&it, 0, 10);
  while ((i = advance(&it)) >= 0)
    total += i;
  bpf_iter_num_destroy(&it);
  return 0;
}

static int count(u32 index, struct bpf_iter_num *it)
{
  bpf_iter_num_next(it);
  return 0;
}

SEC("?iter/task")
int num_in_callback(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  bpf_loop(5, count, &it, 0);
  bpf_iter_num_destroy(&it);
  return 0;
}

static int leak(u32 index, void *unused)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  return 0;
}

SEC("?iter/task")
int num_leaked_in_callback(struct bpf_iter__task *ctx)
{
  bpf_loop(5, leak, NULL, 0);
  return 0;
}

SEC("?iter/task")
int num_endless_inside(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  while (bpf_iter_num_next(&it))
    asm volatile("0: goto 0b;");
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int num_precise_counter(struct bpf_iter__task *ctx)
{
  struct bpf_iter_num it;
  u32 n = 0;

  bpf_iter_num_new(&it, 0, 1000);
  while (bpf_iter_num_next(&it)) {
    if (n < 8)
      array[n] = n;
    n++;
  }
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?tc")
int num_in_tc(struct __sk_buff *skb)
{
  struct bpf_iter_num it;

  bpf_iter_num_new(&it, 0, 10);
  while (bpf_iter_num_next(&it))
    total++;
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("?iter/task")
int bits_sum(struct bpf_iter__task *ctx)
{
  struct bpf_iter_bits it;
  int *bit;

  bpf_iter_bits_new(&it, &mask, 1);
  while ((bit = bpf_iter_bits_next(&it)))
    total += *bit;
  bpf_iter_bits_destroy(&it);
  return 0;
}

SEC("?iter/task")
int bits_of_anything(struct bpf_iter__task *ctx)
{
  struct bpf_iter_bits it;

  bpf_iter_bits_new(&it, (void *)0x1234, 1);
  bpf_iter_bits_destroy(&it);
  return 0;
}

SEC("?iter/cgroup")
int task_pids(struct bpf_iter__cgroup *ctx)
{
  struct bpf_iter_task it;
  struct task_struct *task;

  bpf_iter_task_new(&it, NULL, 0);
  while ((task = bpf_iter_task_next(&it)))
    total += task->pid;
  bpf_iter_task_destroy(&it);
  return 0;
}

SEC("?iter/cgroup")
int task_acquired(struct bpf_iter__cgroup *ctx)
{
  struct bpf_iter_task it;
  struct task_struct *task, *held;

  bpf_iter_task_new(&it, NULL, 0);
  while ((task = bpf_iter_task_next(&it))) {
    held = bpf_task_acquire(task);
    if (held)
      bpf_task_release(held);
  }
  bpf_iter_task_destroy(&it);
  return 0;
}

SEC("?iter/cgroup")
int task_element_after_destroy(struct bpf_iter__cgroup *ctx)
{
  struct bpf_iter_task it;
  struct task_struct *task;

  bpf_iter_task_new(&it, NULL, 0);
  task = bpf_iter_task_next(&it);
  bpf_iter_task_destroy(&it);
  if (task)
    total = task->pid;
  return 0;
}

SEC("?iter.s/cgroup")
int task_without_rcu(struct bpf_iter__cgroup *ctx)
{
  struct bpf_iter_task it;

  bpf_iter_task_new(&it, NULL, 0);
  bpf_iter_task_destroy(&it);
  return 0;
}

SEC("?iter.s/cgroup")
int task_in_rcu(struct bpf_iter__cgroup *ctx)
{
  struct bpf_iter_task it;
  struct task_struct *task;

  bpf_rcu_read_lock();
  bpf_iter_task_new(&it, NULL, 0);
  while ((task = bpf_iter_task_next(&it)))
    total += task->pid;
  bpf_iter_task_destroy(&it);
  bpf_rcu_read_unlock();
  return 0;
}

SEC("?iter.s/cgroup")
int task_next_after_rcu(struct bpf_iter__cgroup *ctx)
{
  struct bpf_iter_task it;

  bpf_rcu_read_lock();
  bpf_iter_task_new(&it, NULL, 0);
  bpf_rcu_read_unlock();
  bpf_iter_task_next(&it);
  bpf_iter_task_destroy(&it);
  return 0;
}

SEC("?iter.s/cgroup")
int task_destroyed_after_rcu(struct bpf_iter__cgroup *ctx)
{
  struct bpf_iter_task it;

  bpf_rcu_read_lock();
  bpf_iter_task_new(&it, NULL, 0);
  bpf_rcu_read_unlock();
  bpf_rcu_read_lock();
  bpf_iter_task_destroy(&it);
  bpf_rcu_read_unlock();
  return 0;
}

SEC("?iter.s/cgroup")
int task_element_after_rcu(struct bpf_iter__cgroup *ctx)
{
  struct bpf_iter_task it;
  struct task_struct *task;

  bpf_rcu_read_lock();
  bpf_iter_task_new(&it, NULL, 0);
  task = bpf_iter_task_next(&it);
  bpf_iter_task_destroy(&it);
  bpf_rcu_read_unlock();
  if (task)
    bpf_task_acquire(task);
  return 0;
}

SEC("?iter/cgroup")
int task_of_scalar(struct bpf_iter__cgroup *ctx)
{
  struct bpf_iter_task it;

  bpf_iter_task_new(&it, (void *)1, 2);
  bpf_iter_task_destroy(&it);
  return 0;
}

SEC("?iter/task")
int task_threads(struct bpf_iter__task *ctx)
{
  struct task_struct *task = ctx->task, *thread;
  struct bpf_iter_task it;

  if (!task)
    return 0;
  bpf_iter_task_new(&it, task, 2);
  while ((thread = bpf_iter_task_next(&it)))
    total += thread->pid;
  bpf_iter_task_destroy(&it);
  return 0;
}

SEC("?iter/task")
int task_threads_maybe_null(struct bpf_iter__task *ctx)
{
  struct bpf_iter_task it;

  bpf_iter_task_new(&it, ctx->task, 2);
  bpf_iter_task_destroy(&it);
  return 0;
}

SEC("?iter/task")
int task_threads_of_untrusted(struct bpf_iter__task *ctx)
{
  struct task_struct *task = ctx->task;
  struct bpf_iter_task it;

  if (!task)
    return 0;
  bpf_iter_task_new(&it, task->real_parent, 2);
  bpf_iter_task_destroy(&it);
  return 0;
}

SEC("?iter/cgroup")
int css_walk(struct bpf_iter__cgroup *ctx)
{
  struct cgroup *cgroup = ctx->cgroup;
  struct cgroup_subsys_state *css;
  struct bpf_iter_css it;

  if (!cgroup)
    return 0;
  bpf_iter_css_new(&it, &cgroup->self, 2);
  while ((css = bpf_iter_css_next(&it)))
    total += css->id;
  bpf_iter_css_destroy(&it);
  return 0;
}

SEC("?iter/cgroup")
int css_of_null(struct bpf_iter__cgroup *ctx)
{
  struct bpf_iter_css it;

  bpf_iter_css_new(&it, NULL, 2);
  bpf_iter_css_destroy(&it);
  return 0;
}

SEC("?iter/cgroup")
int css_maybe_null(struct bpf_iter__cgroup *ctx)
{
  struct bpf_iter_css it;

  bpf_iter_css_new(&it, &ctx->cgroup->self, 2);
  bpf_iter_css_destroy(&it);
  return 0;
}

SEC("?iter.s/cgroup")
int css_without_rcu(struct bpf_iter__cgroup *ctx)
{
  struct cgroup *cgroup = ctx->cgroup;
  struct bpf_iter_css it;

  if (!cgroup)
    return 0;
  bpf_iter_css_new(&it, &cgroup->self, 2);
  bpf_iter_css_destroy(&it);
  return 0;
}

SEC("?iter/task")
int css_of_rcu_pointer(struct bpf_iter__task *ctx)
{
  struct task_struct *task = ctx->task;
  struct bpf_iter_css it;

  if (!task)
    return 0;
  bpf_iter_css_new(&it, &task->cgroups->dfl_cgrp->self, 2);
  bpf_iter_css_destroy(&it);
  return 0;
}

SEC("?iter/cgroup")
int css_task_walk(struct bpf_iter__cgroup *ctx)
{
  struct cgroup *cgroup = ctx->cgroup;
  struct task_struct *task;
  struct bpf_iter_css_task it;

  if (!cgroup)
    return 0;
  bpf_iter_css_task_new(&it, &cgroup->self, 0);
  while ((task = bpf_iter_css_task_next(&it)))
    total += task->pid;
  bpf_iter_css_task_destroy(&it);
  return 0;
}

SEC("?tp_btf/task_newtask")
int css_task_in_tracepoint(u64 *ctx)
{
  struct cgroup *cgroup = bpf_cgroup_from_id(1);
  struct bpf_iter_css_task it;

  if (!cgroup)
    return 0;
  bpf_iter_css_task_new(&it, &cgroup->self, 0);
  bpf_iter_css_task_destroy(&it);
  bpf_cgroup_release(cgroup);
  return 0;
}

SEC("?iter/task")
int task_vma_walk(struct bpf_iter__task *ctx)
{
  struct task_struct *task = ctx->task;
  struct vm_area_struct *vma;
  struct bpf_iter_task_vma it;

  if (!task)
    return 0;
  bpf_iter_task_vma_new(&it, task, 0);
  while ((vma = bpf_iter_task_vma_next(&it)))
    total += vma->vm_mm != NULL;
  bpf_iter_task_vma_destroy(&it);
  return 0;
}

SEC("?iter/task")
int task_vma_of_null(struct bpf_iter__task *ctx)
{
  struct bpf_iter_task_vma it;

  bpf_iter_task_vma_new(&it, NULL, 0);
  bpf_iter_task_vma_destroy(&it);
  return 0;
}

SEC("?iter/task_file")
int task_vma_of_untrusted(struct bpf_iter__task_file *ctx)
{
  struct task_struct *task = ctx->task;
  struct bpf_iter_task_vma it;

  if (!task)
    return 0;
  bpf_iter_task_vma_new(&it, task, 0);
  bpf_iter_task_vma_destroy(&it);
  return 0;
}

SEC("?iter.s/task")
int kmem_cache_walk(struct bpf_iter__task *ctx)
{
  struct kmem_cache *cache;
  struct bpf_iter_kmem_cache it;

  bpf_iter_kmem_cache_new(&it);
  while ((cache = bpf_iter_kmem_cache_next(&it)))
    total += cache->size;
  bpf_iter_kmem_cache_destroy(&it);
  return 0;
}

SEC("?iter/task")
int kmem_cache_not_sleepable(struct bpf_iter__task *ctx)
{
  struct bpf_iter_kmem_cache it;

  bpf_iter_kmem_cache_new(&it);
  bpf_iter_kmem_cache_destroy(&it);
  return 0;
}

SEC("?iter.s/task")
int kmem_cache_in_rcu(struct bpf_iter__task *ctx)
{
  struct bpf_iter_kmem_cache it;

  bpf_rcu_read_lock();
  bpf_iter_kmem_cache_new(&it);
  bpf_iter_kmem_cache_destroy(&it);
  bpf_rcu_read_unlock();
  return 0;
}

SEC("?iter.s/task")
int kmem_cache_in_preempt(struct bpf_iter__task *ctx)
{
  struct bpf_iter_kmem_cache it;

  bpf_preempt_disable();
  bpf_iter_kmem_cache_new(&it);
  bpf_iter_kmem_cache_destroy(&it);
  bpf_preempt_enable();
  return 0;
}

SEC("?iter.s/task")
int kmem_cache_in_irq(struct bpf_iter__task *ctx)
{
  struct bpf_iter_kmem_cache it;
  unsigned long flags;

  bpf_local_irq_save(&flags);
  bpf_iter_kmem_cache_new(&it);
  bpf_iter_kmem_cache_destroy(&it);
  bpf_local_irq_restore(&flags);
  return 0;
}

SEC("?iter.s/task")
int dmabuf_walk(struct bpf_iter__task *ctx)
{
  struct dma_buf *buf;
  struct bpf_iter_dmabuf it;

  bpf_iter_dmabuf_new(&it);
  while ((buf = bpf_iter_dmabuf_next(&it)))
    total += buf->size;
  bpf_iter_dmabuf_destroy(&it);
  return 0;
}

SEC("?iter/task")
int dmabuf_not_sleepable(struct bpf_iter__task *ctx)
{
  struct bpf_iter_dmabuf it;

  bpf_iter_dmabuf_new(&it);
  bpf_iter_dmabuf_destroy(&it);
  return 0;
}
