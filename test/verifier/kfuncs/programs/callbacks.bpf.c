/* Workqueues and task work. Built by build.sh; what the kernel says is in recorded.json. */
#include "kernel.h"

int total;

struct job {
  int key;
  struct bpf_wq work;
};
struct task_job {
  int key;
  struct bpf_task_work work;
};
struct {
  uint(type, 2);
  uint(max_entries, 1);
  type(key, int);
  type(value, struct job);
} jobs SEC(".maps"), other_jobs SEC(".maps");
struct {
  uint(type, 2);
  uint(max_entries, 1);
  type(key, int);
  type(value, struct task_job);
} task_jobs SEC(".maps"), other_task_jobs SEC(".maps");
struct {
  uint(type, 2);
  uint(max_entries, 1);
  type(key, int);
  type(value, int);
} plain SEC(".maps");

static int run(void *map, int *key, void *value)
{
  struct job *job = value;

  total = job->key + *key;
  return 0;
}

static int run_sleeping(void *map, int *key, void *value)
{
  bpf_copy_from_user(&total, 4, NULL);
  return 0;
}

static int run_returning(void *map, int *key, void *value)
{
  return 1;
}

static int run_leaking(void *map, int *key, void *value)
{
  bpf_task_from_pid(1);
  return 0;
}

static int run_task(struct bpf_map *map, void *key, void *value)
{
  struct task_job *job = value;

  total = job->key;
  return 7;
}

inline_always struct job *job(void)
{
  int zero = 0;

  return bpf_map_lookup_elem(&jobs, &zero);
}

SEC("?tc")
int wq(void *ctx)
{
  struct job *j = job();

  if (!j)
    return 0;
  bpf_wq_init(&j->work, &jobs, 0);
  bpf_wq_set_callback_impl(&j->work, run, 0, NULL);
  bpf_wq_start(&j->work, 0);
  return 0;
}

SEC("?tc")
int wq_sleeping(void *ctx)
{
  struct job *j = job();

  if (j)
    bpf_wq_set_callback_impl(&j->work, run_sleeping, 0, NULL);
  return 0;
}

SEC("?tc")
int wq_returning(void *ctx)
{
  struct job *j = job();

  if (j)
    bpf_wq_set_callback_impl(&j->work, run_returning, 0, NULL);
  return 0;
}

SEC("?tc")
int wq_leaking(void *ctx)
{
  struct job *j = job();

  if (j)
    bpf_wq_set_callback_impl(&j->work, run_leaking, 0, NULL);
  return 0;
}

SEC("?tc")
int wq_other_map(void *ctx)
{
  struct job *j = job();

  if (j)
    bpf_wq_init(&j->work, &other_jobs, 0);
  return 0;
}

SEC("?tc")
int wq_map_is_value(void *ctx)
{
  struct job *j = job();

  if (j)
    bpf_wq_init(&j->work, j, 0);
  return 0;
}

SEC("?tc")
int wq_map_is_number(void *ctx)
{
  struct job *j = job();

  if (j)
    bpf_wq_init(&j->work, NULL, 0);
  return 0;
}

SEC("?tc")
int wq_at_wrong_offset(void *ctx)
{
  struct job *j = job();

  if (j)
    bpf_wq_start((void *)j, 0);
  return 0;
}

SEC("?tc")
int wq_at_variable_offset(void *ctx)
{
  struct job *j = job();

  if (j)
    bpf_wq_start((void *)j + (bpf_get_prandom_u32() & 8), 0);
  return 0;
}

SEC("?tc")
int wq_in_plain_map(void *ctx)
{
  int zero = 0;
  void *value = bpf_map_lookup_elem(&plain, &zero);

  if (value)
    bpf_wq_start(value, 0);
  return 0;
}

SEC("?tc")
int wq_on_stack(void *ctx)
{
  struct bpf_wq local = {};

  bpf_wq_start(&local, 0);
  return 0;
}

SEC("?tc")
int wq_maybe_null(void *ctx)
{
  int key = bpf_get_prandom_u32();

  bpf_wq_start(bpf_map_lookup_elem(&jobs, &key), 0);
  return 0;
}

SEC("?tc")
int wq_callback_is_number(void *ctx)
{
  struct job *j = job();

  if (j)
    bpf_wq_set_callback_impl(&j->work, (void *)7, 0, NULL);
  return 0;
}

SEC("?tp_btf/task_newtask")
int task_work(u64 *ctx)
{
  int zero = 0;
  struct task_job *j = bpf_map_lookup_elem(&task_jobs, &zero);

  if (j)
    bpf_task_work_schedule_signal_impl(bpf_get_current_task_btf(), &j->work, &task_jobs, run_task, NULL);
  return 0;
}

SEC("?tp_btf/task_newtask")
int task_work_other_map(u64 *ctx)
{
  int zero = 0;
  struct task_job *j = bpf_map_lookup_elem(&task_jobs, &zero);

  if (j)
    bpf_task_work_schedule_signal_impl(bpf_get_current_task_btf(), &j->work, &other_task_jobs, run_task, NULL);
  return 0;
}

SEC("?tp_btf/task_newtask")
int task_work_map_is_number(u64 *ctx)
{
  int zero = 0;
  struct task_job *j = bpf_map_lookup_elem(&task_jobs, &zero);

  if (j)
    bpf_task_work_schedule_signal_impl(bpf_get_current_task_btf(), &j->work, NULL, run_task, NULL);
  return 0;
}

SEC("?tp_btf/task_newtask")
int task_work_in_wrong_place(u64 *ctx)
{
  int zero = 0;
  struct task_job *j = bpf_map_lookup_elem(&task_jobs, &zero);

  if (j)
    bpf_task_work_schedule_signal_impl(bpf_get_current_task_btf(), (void *)j, &task_jobs, run_task, NULL);
  return 0;
}

SEC("?tp_btf/task_newtask")
int task_work_sleeping(u64 *ctx)
{
  int zero = 0;
  struct task_job *j = bpf_map_lookup_elem(&task_jobs, &zero);

  if (j)
    bpf_task_work_schedule_signal_impl(bpf_get_current_task_btf(), &j->work, &task_jobs, (void *)run_sleeping, NULL);
  return 0;
}
