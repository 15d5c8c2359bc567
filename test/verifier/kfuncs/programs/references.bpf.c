/* References, trust and regions. Built by build.sh; what the kernel says is in recorded.json. */
#include "kernel.h"

int total;
u64 word;
char buffer[16];
static const char format[] = "hello";

struct {
  uint(type, 1);
  uint(max_entries, 1);
  type(key, int);
  type(value, int);
} plain SEC(".maps");

struct holder {
  struct task_struct kptr *task;
};
struct {
  uint(type, 2);
  uint(max_entries, 1);
  type(key, int);
  type(value, struct holder);
} holders SEC(".maps");

struct {
  uint(type, 3);
  uint(max_entries, 1);
  uint(key_size, 4);
  uint(value_size, 4);
} tails SEC(".maps");

SEC("?iter/task")
int acquire_release(struct bpf_iter__task *ctx)
{
  struct task_struct *task = ctx->task, *held;

  if (!task)
    return 0;
  held = bpf_task_acquire(task);
  if (!held)
    return 0;
  total = held->pid;
  bpf_task_release(held);
  return 0;
}

SEC("?iter/task")
int acquire_maybe_null(struct bpf_iter__task *ctx)
{
  struct task_struct *held = bpf_task_acquire(ctx->task);

  if (held)
    bpf_task_release(held);
  return 0;
}

SEC("?iter/task_file")
int acquire_untrusted(struct bpf_iter__task_file *ctx)
{
  struct task_struct *task = ctx->task, *held;

  if (!task)
    return 0;
  held = bpf_task_acquire(task);
  if (held)
    bpf_task_release(held);
  return 0;
}

SEC("?iter/task")
int acquire_rcu(struct bpf_iter__task *ctx)
{
  struct task_struct *task = ctx->task, *parent, *held;

  if (!task)
    return 0;
  parent = task->real_parent;
  held = bpf_task_acquire(parent);
  if (held)
    bpf_task_release(held);
  return 0;
}

SEC("?iter/task")
int not_released(struct bpf_iter__task *ctx)
{
  bpf_task_from_pid(1);
  return 0;
}

SEC("?iter/task")
int released_maybe_null(struct bpf_iter__task *ctx)
{
  bpf_task_release(bpf_task_from_pid(1));
  return 0;
}

SEC("?iter/task")
int released_twice(struct bpf_iter__task *ctx)
{
  struct task_struct *task = bpf_task_from_pid(1);

  if (!task)
    return 0;
  bpf_task_release(task);
  bpf_task_release(task);
  return 0;
}

SEC("?iter/task")
int released_unacquired(struct bpf_iter__task *ctx)
{
  struct task_struct *task = ctx->task;

  if (task)
    bpf_task_release(task);
  return 0;
}

SEC("?iter/task")
int released_at_offset(struct bpf_iter__task *ctx)
{
  struct task_struct *task = bpf_task_from_pid(1);

  if (!task)
    return 0;
  bpf_task_release((void *)task + 8);
  return 0;
}

SEC("?iter/task")
int released_other_struct(struct bpf_iter__task *ctx)
{
  struct task_struct *task = bpf_task_from_pid(1);

  if (!task)
    return 0;
  bpf_cgroup_release((void *)task);
  return 0;
}

SEC("?iter/task")
int released_scalar(struct bpf_iter__task *ctx)
{
  bpf_task_release((void *)1);
  return 0;
}

SEC("?iter/task")
int released_stack(struct bpf_iter__task *ctx)
{
  u64 room = 0;

  bpf_task_release((void *)&room);
  return 0;
}

SEC("?iter/task")
int read_after_release(struct bpf_iter__task *ctx)
{
  struct task_struct *task = bpf_task_from_pid(1);

  if (!task)
    return 0;
  bpf_task_release(task);
  total = task->pid;
  return 0;
}

SEC("?tc")
int leaked_by_tail_call(struct __sk_buff *ctx)
{
  struct task_struct *task = bpf_task_from_pid(1);

  bpf_tail_call(ctx, &tails, 0);
  if (task)
    bpf_task_release(task);
  return 0;
}

SEC("?iter/task")
int two_references(struct bpf_iter__task *ctx)
{
  struct task_struct *task = bpf_task_from_pid(1);
  struct cgroup *cgroup = bpf_cgroup_from_id(1);

  if (task && cgroup)
    total = bpf_task_under_cgroup(task, cgroup);
  if (task)
    bpf_task_release(task);
  if (cgroup)
    bpf_cgroup_release(cgroup);
  return 0;
}

SEC("?iter/task")
int pass_scalar_as_task(struct bpf_iter__task *ctx)
{
  struct cgroup *cgroup = bpf_cgroup_from_id(1);

  if (!cgroup)
    return 0;
  bpf_task_under_cgroup((void *)5, cgroup);
  bpf_cgroup_release(cgroup);
  return 0;
}

SEC("?iter/task")
int pass_other_struct(struct bpf_iter__task *ctx)
{
  struct task_struct *task = ctx->task;

  if (task)
    bpf_task_under_cgroup(task, (void *)task);
  return 0;
}

SEC("?iter/task")
int pass_pointer_as_scalar(struct bpf_iter__task *ctx)
{
  asm volatile("r1 = r10; call %[from];" ::[from] "i"(bpf_task_from_pid) : "r0", "r1", "r2", "r3", "r4", "r5");
  return 0;
}

SEC("?iter/task")
int kptr_kept(struct bpf_iter__task *ctx)
{
  int zero = 0;
  struct holder *holder = bpf_map_lookup_elem(&holders, &zero);
  struct task_struct *task, *old;

  if (!holder)
    return 0;
  task = bpf_task_from_pid(1);
  if (!task)
    return 0;
  old = bpf_kptr_xchg(&holder->task, task);
  if (old)
    bpf_task_release(old);
  return 0;
}

SEC("?iter/task")
int kptr_rcu_acquired(struct bpf_iter__task *ctx)
{
  int zero = 0;
  struct holder *holder = bpf_map_lookup_elem(&holders, &zero);
  struct task_struct *task, *held;

  if (!holder)
    return 0;
  task = holder->task;
  if (!task)
    return 0;
  held = bpf_task_acquire(task);
  if (held)
    bpf_task_release(held);
  return 0;
}

SEC("?iter/task")
int kptr_rcu_maybe_null(struct bpf_iter__task *ctx)
{
  int zero = 0;
  struct holder *holder = bpf_map_lookup_elem(&holders, &zero);
  struct task_struct *held;

  if (!holder)
    return 0;
  held = bpf_task_acquire(holder->task);
  if (held)
    bpf_task_release(held);
  return 0;
}

SEC("?iter/task")
int cpumask_filled(struct bpf_iter__task *ctx)
{
  struct bpf_cpumask *mask = bpf_cpumask_create();

  if (!mask)
    return 0;
  bpf_cpumask_set_cpu(1, mask);
  total = bpf_cpumask_test_cpu(1, (void *)mask);
  bpf_cpumask_release(mask);
  return 0;
}

SEC("?iter/task")
int cpumask_populated(struct bpf_iter__task *ctx)
{
  struct bpf_cpumask *mask = bpf_cpumask_create();

  if (!mask)
    return 0;
  total = bpf_cpumask_populate((void *)mask, buffer, sizeof(buffer));
  bpf_cpumask_release(mask);
  return 0;
}

SEC("?iter/task")
int cpumask_populated_beyond(struct bpf_iter__task *ctx)
{
  struct bpf_cpumask *mask = bpf_cpumask_create();

  if (!mask)
    return 0;
  total = bpf_cpumask_populate((void *)mask, buffer, sizeof(buffer) + 1);
  bpf_cpumask_release(mask);
  return 0;
}

SEC("?iter/task")
int cpumask_populated_unbounded(struct bpf_iter__task *ctx)
{
  struct bpf_cpumask *mask = bpf_cpumask_create();

  if (!mask)
    return 0;
  total = bpf_cpumask_populate((void *)mask, buffer, bpf_ktime_get_ns());
  bpf_cpumask_release(mask);
  return 0;
}

SEC("?iter/task")
int key_kept(struct bpf_iter__task *ctx)
{
  struct bpf_key *key = bpf_lookup_system_key(0);

  if (key)
    bpf_key_put(key);
  return 0;
}

SEC("?iter/task")
int sleepable_kfunc(struct bpf_iter__task *ctx)
{
  struct bpf_key *key = bpf_lookup_user_key(1, 0);

  if (key)
    bpf_key_put(key);
  return 0;
}

SEC("?iter.s/task")
int sleepable_kfunc_in_sleepable(struct bpf_iter__task *ctx)
{
  struct bpf_key *key = bpf_lookup_user_key(1, 0);

  if (key)
    bpf_key_put(key);
  return 0;
}

SEC("?iter/task")
int untrusted_return(struct bpf_iter__task *ctx)
{
  struct kmem_cache *cache = bpf_get_kmem_cache(bpf_ktime_get_ns());

  if (cache)
    total = cache->size;
  return 0;
}

SEC("?iter/bpf_map")
int map_count(struct bpf_iter__bpf_map *ctx)
{
  struct bpf_map *map = ctx->map;

  if (map)
    total = bpf_map_sum_elem_count(map);
  return 0;
}

SEC("?iter/task")
int map_count_of_map(struct bpf_iter__task *ctx)
{
  total = bpf_map_sum_elem_count((void *)&plain);
  return 0;
}

SEC("?iter/task")
int map_count_of_value(struct bpf_iter__task *ctx)
{
  int zero = 0;
  int *value = bpf_map_lookup_elem(&plain, &zero);

  if (value)
    total = bpf_map_sum_elem_count((void *)value);
  return 0;
}

SEC("?iter/task")
int signal_task(struct bpf_iter__task *ctx)
{
  struct task_struct *task = ctx->task;

  if (task)
    bpf_send_signal_task(task, 0, 0, 0);
  return 0;
}

SEC("?socket")
int not_for_this_type(struct __sk_buff *ctx)
{
  struct task_struct *task = bpf_task_from_pid(1);

  if (task)
    bpf_task_release(task);
  return 0;
}

SEC("?iter/task")
int strings(struct bpf_iter__task *ctx)
{
  return bpf_strcmp(format, buffer) + bpf_strlen((void *)0x1234) ? 1 : 0;
}

SEC("?iter/task")
int stream_printed(struct bpf_iter__task *ctx)
{
  u64 args[1] = {1};

  bpf_stream_vprintk_impl(1, format, args, sizeof(args), NULL);
  return 0;
}

SEC("?iter/task")
int stream_format_not_constant(struct bpf_iter__task *ctx)
{
  u64 args[1] = {1};

  bpf_stream_vprintk_impl(1, buffer, args, sizeof(args), NULL);
  return 0;
}

SEC("?iter/task")
int stream_format_on_stack(struct bpf_iter__task *ctx)
{
  u64 args[1] = {1};

  bpf_stream_vprintk_impl(1, (void *)args, args, sizeof(args), NULL);
  return 0;
}

SEC("?tc")
int cast_context(struct __sk_buff *ctx)
{
  struct sk_buff *skb = bpf_cast_to_kern_ctx(ctx);

  total = skb->len;
  return 0;
}

SEC("?tc")
int cast_no_context(struct __sk_buff *ctx)
{
  u64 room = 0;
  struct sk_buff *skb = bpf_cast_to_kern_ctx(&room);

  total = skb->len;
  return 0;
}

SEC("?iter/task")
int cast_read_only(struct bpf_iter__task *ctx)
{
  struct task_struct *task = bpf_rdonly_cast(ctx->task, type_in_kernel(struct task_struct));

  total = task->pid;
  return 0;
}

SEC("?iter/task")
int cast_read_only_acquired(struct bpf_iter__task *ctx)
{
  struct task_struct *task = bpf_rdonly_cast(ctx->task, type_in_kernel(struct task_struct));

  task = bpf_task_acquire(task);
  if (task)
    bpf_task_release(task);
  return 0;
}

SEC("?iter/task")
int cast_to_void(struct bpf_iter__task *ctx)
{
  char *bytes = bpf_rdonly_cast(ctx->task, 0);

  total = bytes[5];
  return 0;
}

SEC("?iter/task")
int cast_to_void_written(struct bpf_iter__task *ctx)
{
  char *bytes = bpf_rdonly_cast(ctx->task, 0);

  bytes[5] = 1;
  return 0;
}

SEC("?iter/task")
int cast_to_int(struct bpf_iter__task *ctx)
{
  return bpf_rdonly_cast(ctx->task, type_in_kernel(int)) != NULL;
}

SEC("?iter/task")
int cast_to_unknown(struct bpf_iter__task *ctx)
{
  return bpf_rdonly_cast(ctx->task, 100000000) != NULL;
}

SEC("?iter/task")
int cast_to_variable(struct bpf_iter__task *ctx)
{
  return bpf_rdonly_cast(ctx->task, bpf_get_prandom_u32()) != NULL;
}

SEC("?iter/task")
int rcu_in_sleepless(struct bpf_iter__task *ctx)
{
  bpf_rcu_read_lock();
  bpf_rcu_read_unlock();
  return 0;
}

SEC("?iter.s/task")
int rcu_nested(struct bpf_iter__task *ctx)
{
  bpf_rcu_read_lock();
  bpf_rcu_read_lock();
  bpf_rcu_read_unlock();
  bpf_rcu_read_unlock();
  return 0;
}

SEC("?iter.s/task")
int rcu_not_left(struct bpf_iter__task *ctx)
{
  bpf_rcu_read_lock();
  return 0;
}

SEC("?iter.s/task")
int rcu_not_entered(struct bpf_iter__task *ctx)
{
  bpf_rcu_read_unlock();
  return 0;
}

SEC("?iter.s/task")
int rcu_pointer_after_unlock(struct bpf_iter__task *ctx)
{
  struct task_struct *task, *held;

  bpf_rcu_read_lock();
  task = bpf_get_current_task_btf();
  task = task->real_parent;
  bpf_rcu_read_unlock();
  held = bpf_task_acquire(task);
  if (held)
    bpf_task_release(held);
  return 0;
}

SEC("?iter.s/task")
int rcu_pointer_within(struct bpf_iter__task *ctx)
{
  struct task_struct *task, *held;

  bpf_rcu_read_lock();
  task = bpf_get_current_task_btf();
  held = bpf_task_acquire(task->real_parent);
  bpf_rcu_read_unlock();
  if (held)
    bpf_task_release(held);
  return 0;
}

SEC("?iter.s/task")
int rcu_pointer_without(struct bpf_iter__task *ctx)
{
  struct task_struct *task, *held;

  task = bpf_get_current_task_btf();
  held = bpf_task_acquire(task->real_parent);
  if (held)
    bpf_task_release(held);
  return 0;
}

SEC("?iter.s/task")
int rcu_pointer_read_after_unlock(struct bpf_iter__task *ctx)
{
  struct task_struct *task;

  bpf_rcu_read_lock();
  task = bpf_get_current_task_btf()->real_parent;
  bpf_rcu_read_unlock();
  total = task->pid;
  return 0;
}

SEC("?iter.s/task")
int rcu_sleeping_helper(struct bpf_iter__task *ctx)
{
  bpf_rcu_read_lock();
  bpf_copy_from_user(&total, 4, NULL);
  bpf_rcu_read_unlock();
  return 0;
}

static noinline int enter_rcu(void)
{
  bpf_rcu_read_lock();
  return 0;
}

SEC("?iter.s/task")
int rcu_entered_in_function(struct bpf_iter__task *ctx)
{
  enter_rcu();
  bpf_rcu_read_unlock();
  return 0;
}

SEC("?iter/task")
int preempt_nested(struct bpf_iter__task *ctx)
{
  bpf_preempt_disable();
  bpf_preempt_disable();
  bpf_preempt_enable();
  bpf_preempt_enable();
  return 0;
}

SEC("?iter/task")
int preempt_not_left(struct bpf_iter__task *ctx)
{
  bpf_preempt_disable();
  bpf_preempt_disable();
  bpf_preempt_enable();
  return 0;
}

SEC("?iter/task")
int preempt_not_entered(struct bpf_iter__task *ctx)
{
  bpf_preempt_enable();
  return 0;
}

SEC("?iter.s/task")
int preempt_sleeping_helper(struct bpf_iter__task *ctx)
{
  bpf_preempt_disable();
  bpf_copy_from_user(&total, 4, NULL);
  bpf_preempt_enable();
  return 0;
}

SEC("?iter/task")
int irq_nested(struct bpf_iter__task *ctx)
{
  unsigned long a, b;

  bpf_local_irq_save(&a);
  bpf_local_irq_save(&b);
  bpf_local_irq_restore(&b);
  bpf_local_irq_restore(&a);
  return 0;
}

SEC("?iter/task")
int irq_out_of_order(struct bpf_iter__task *ctx)
{
  unsigned long a, b;

  bpf_local_irq_save(&a);
  bpf_local_irq_save(&b);
  bpf_local_irq_restore(&a);
  bpf_local_irq_restore(&b);
  return 0;
}

SEC("?iter/task")
int irq_not_restored(struct bpf_iter__task *ctx)
{
  unsigned long a;

  bpf_local_irq_save(&a);
  return 0;
}

SEC("?iter/task")
int irq_saved_twice(struct bpf_iter__task *ctx)
{
  unsigned long a;

  bpf_local_irq_save(&a);
  bpf_local_irq_save(&a);
  bpf_local_irq_restore(&a);
  return 0;
}

SEC("?iter/task")
int irq_not_saved(struct bpf_iter__task *ctx)
{
  unsigned long a = 0;

  bpf_local_irq_restore(&a);
  return 0;
}

SEC("?iter/task")
int irq_in_global(struct bpf_iter__task *ctx)
{
  bpf_local_irq_save((void *)&word);
  return 0;
}

SEC("?iter/task")
int irq_overwritten(struct bpf_iter__task *ctx)
{
  unsigned long a;

  bpf_local_irq_save(&a);
  *(volatile unsigned long *)&a = 0;
  bpf_local_irq_restore(&a);
  return 0;
}

SEC("?iter/task")
int irq_misaligned(struct bpf_iter__task *ctx)
{
  u64 room[2] = {};

  bpf_local_irq_save((void *)room + 4);
  return 0;
}

static noinline void restore(unsigned long *flags)
{
  bpf_local_irq_restore(flags);
}

SEC("?iter/task")
int irq_restored_in_function(struct bpf_iter__task *ctx)
{
  unsigned long a;

  bpf_local_irq_save(&a);
  restore(&a);
  return 0;
}

SEC("?tc")
int thrown(struct __sk_buff *ctx)
{
  if (ctx->len > 5)
    bpf_throw(0);
  return 0;
}

SEC("?tc")
int thrown_with_reference(struct __sk_buff *ctx)
{
  struct task_struct *task = bpf_task_from_pid(1);

  if (!task)
    return 0;
  if (ctx->len > 5)
    bpf_throw(0);
  bpf_task_release(task);
  return 0;
}

SEC("?tc")
int thrown_in_rcu(struct __sk_buff *ctx)
{
  bpf_rcu_read_lock();
  if (ctx->len > 5)
    bpf_throw(0);
  bpf_rcu_read_unlock();
  return 0;
}

static noinline int throw_within(u32 length)
{
  if (length > 5)
    bpf_throw(length);
  return 0;
}

SEC("?tc")
int thrown_in_function(struct __sk_buff *ctx)
{
  return throw_within(ctx->len);
}

SEC("?iter/task")
int thrown_in_iterator(struct bpf_iter__task *ctx)
{
  bpf_throw(0);
  return 0;
}
