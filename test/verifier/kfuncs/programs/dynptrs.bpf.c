/* Dynptrs. Built by build.sh; what the kernel says is in recorded.json. */
#include "kernel.h"

int total;
char memory[64];

struct {
  uint(type, 27);
  uint(max_entries, 4096);
} ring SEC(".maps");

SEC("?iter/task")
int local_read(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;
  int value = 0;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  bpf_dynptr_read(&value, sizeof(value), &p, 0, 0);
  total = value + bpf_dynptr_size(&p) + bpf_dynptr_is_null(&p);
  return 0;
}

SEC("?iter/task")
int not_initialized(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p = {};

  total = bpf_dynptr_size(&p);
  return 0;
}

SEC("?iter/task")
int not_on_stack(struct bpf_iter__task *ctx)
{
  total = bpf_dynptr_size((void *)memory);
  return 0;
}

SEC("?iter/task")
int at_second_slot(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  total = bpf_dynptr_size((void *)&p + 8);
  return 0;
}

SEC("?iter/task")
int misaligned(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p[2] = {};

  total = bpf_dynptr_clone((void *)p + 4, p);
  return 0;
}

SEC("?iter/task")
int at_variable_offset(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p[2] = {};

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p[1]);
  total = bpf_dynptr_size((void *)p + (bpf_get_prandom_u32() & 16));
  return 0;
}

SEC("?iter/task")
int cloned(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p, q;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  bpf_dynptr_clone(&p, &q);
  bpf_dynptr_adjust(&q, 4, 8);
  total = bpf_dynptr_size(&q);
  return 0;
}

SEC("?iter/task")
int cloned_over_itself(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  bpf_dynptr_clone(&p, &p);
  return 0;
}

SEC("?iter/task")
int ring_submitted(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;

  bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
  bpf_ringbuf_submit_dynptr(&p, 0);
  return 0;
}

SEC("?iter/task")
int ring_not_submitted(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;

  bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
  return 0;
}

SEC("?iter/task")
int ring_submitted_twice(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;

  bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
  bpf_ringbuf_submit_dynptr(&p, 0);
  bpf_ringbuf_submit_dynptr(&p, 0);
  return 0;
}

SEC("?iter/task")
int ring_submitted_by_clone(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p, q;

  bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
  bpf_dynptr_clone(&p, &q);
  bpf_ringbuf_submit_dynptr(&q, 0);
  return 0;
}

SEC("?iter/task")
int ring_used_after_clone_submitted(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p, q;

  bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
  bpf_dynptr_clone(&p, &q);
  bpf_ringbuf_submit_dynptr(&q, 0);
  total = bpf_dynptr_size(&p);
  return 0;
}

SEC("?iter/task")
int ring_overwritten(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;

  bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  bpf_ringbuf_submit_dynptr(&p, 0);
  return 0;
}

SEC("?iter/task")
int local_submitted(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  bpf_ringbuf_submit_dynptr(&p, 0);
  return 0;
}

SEC("?iter/task")
int slice_of_local(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;
  int *value;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  value = bpf_dynptr_slice(&p, 0, NULL, sizeof(*value));
  if (value)
    total = *value;
  return 0;
}

SEC("?iter/task")
int slice_written_in_iterator(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;
  int *value;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  value = bpf_dynptr_slice_rdwr(&p, 0, NULL, sizeof(*value));
  if (value)
    *value = 1;
  return 0;
}

SEC("?tc")
int slice_of_packet(struct __sk_buff *skb)
{
  struct bpf_dynptr p;
  char room[8];
  char *bytes;

  bpf_dynptr_from_skb(skb, 0, &p);
  bytes = bpf_dynptr_slice(&p, 0, room, sizeof(room));
  if (bytes)
    total = bytes[7];
  return 0;
}

SEC("?tc")
int slice_without_check(struct __sk_buff *skb)
{
  struct bpf_dynptr p;

  bpf_dynptr_from_skb(skb, 0, &p);
  total = *(volatile char *)bpf_dynptr_slice(&p, 0, NULL, 4);
  return 0;
}

SEC("?tc")
int slice_read_beyond(struct __sk_buff *skb)
{
  struct bpf_dynptr p;
  volatile char *bytes;

  bpf_dynptr_from_skb(skb, 0, &p);
  bytes = bpf_dynptr_slice(&p, 0, NULL, 4);
  if (bytes)
    total = bytes[4];
  return 0;
}

SEC("?tc")
int slice_read_only_written(struct __sk_buff *skb)
{
  struct bpf_dynptr p;
  char *bytes;

  bpf_dynptr_from_skb(skb, 0, &p);
  bytes = bpf_dynptr_slice(&p, 0, NULL, 4);
  if (bytes)
    bytes[0] = 1;
  return 0;
}

SEC("?tc")
int slice_written(struct __sk_buff *skb)
{
  struct bpf_dynptr p;
  char *bytes;

  bpf_dynptr_from_skb(skb, 0, &p);
  bytes = bpf_dynptr_slice_rdwr(&p, 0, NULL, 4);
  if (bytes)
    bytes[0] = 1;
  return 0;
}

SEC("?tc")
int slice_of_variable_size(struct __sk_buff *skb)
{
  struct bpf_dynptr p;
  char *bytes;

  bpf_dynptr_from_skb(skb, 0, &p);
  bytes = bpf_dynptr_slice(&p, 0, NULL, skb->len & 7);
  if (bytes)
    total = bytes[0];
  return 0;
}

SEC("?tc")
int slice_room_too_small(struct __sk_buff *skb)
{
  struct bpf_dynptr p;
  char *bytes;

  bpf_dynptr_from_skb(skb, 0, &p);
  bytes = bpf_dynptr_slice(&p, 0, memory, sizeof(memory) + 8);
  if (bytes)
    total = bytes[0];
  return 0;
}

SEC("?tc")
int slice_after_dynptr_overwritten(struct __sk_buff *skb)
{
  struct bpf_dynptr p;
  char *bytes;

  bpf_dynptr_from_skb(skb, 0, &p);
  bytes = bpf_dynptr_slice(&p, 0, NULL, 4);
  if (!bytes)
    return 0;
  bpf_dynptr_from_skb(skb, 0, &p);
  total = bytes[0];
  return 0;
}

SEC("?tc")
int slice_after_packet_changed(struct __sk_buff *skb)
{
  struct bpf_dynptr p;
  char *bytes;

  bpf_dynptr_from_skb(skb, 0, &p);
  bytes = bpf_dynptr_slice(&p, 0, NULL, 4);
  if (!bytes)
    return 0;
  bpf_skb_pull_data(skb, 10);
  total = bytes[0];
  return 0;
}

SEC("?tc")
int dynptr_after_packet_changed(struct __sk_buff *skb)
{
  struct bpf_dynptr p;
  char *bytes;

  bpf_dynptr_from_skb(skb, 0, &p);
  bpf_skb_pull_data(skb, 10);
  bytes = bpf_dynptr_slice(&p, 0, NULL, 4);
  if (bytes)
    total = bytes[0];
  return 0;
}

SEC("?tc")
int xdp_dynptr_in_tc(struct __sk_buff *skb)
{
  struct bpf_dynptr p;

  bpf_dynptr_from_xdp((void *)skb, 0, &p);
  return 0;
}

SEC("?xdp")
int xdp_dynptr(struct xdp_md *xdp)
{
  struct bpf_dynptr p;
  char *bytes;

  bpf_dynptr_from_xdp(xdp, 0, &p);
  bytes = bpf_dynptr_slice_rdwr(&p, 0, NULL, 4);
  if (bytes)
    bytes[0] = 1;
  return 2;
}

SEC("?xdp")
int xdp_slice_after_pull(struct xdp_md *xdp)
{
  struct bpf_dynptr p;
  char *bytes;

  bpf_dynptr_from_xdp(xdp, 0, &p);
  bytes = bpf_dynptr_slice(&p, 0, NULL, 4);
  if (!bytes)
    return 2;
  bpf_xdp_pull_data(xdp, 10);
  total = bytes[0];
  return 2;
}

SEC("?xdp")
int context_is_stack(struct xdp_md *xdp)
{
  struct bpf_dynptr p;
  u64 room = 0;

  bpf_dynptr_from_xdp((void *)&room, 0, &p);
  return 2;
}

SEC("?iter/task")
int partly_overwritten(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  *((volatile char *)&p + 12) = 0;
  total = bpf_dynptr_size(&p);
  return 0;
}

SEC("?iter/task")
int read_as_memory(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  total = *(volatile u64 *)&p;
  return 0;
}

static noinline u32 size_of(struct bpf_dynptr *p)
{
  return bpf_dynptr_size(p);
}

SEC("?iter/task")
int in_static_function(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  total = size_of(&p);
  return 0;
}

noinline int global_size_of(const struct bpf_dynptr *p)
{
  return bpf_dynptr_size(p);
}

SEC("?iter/task")
int in_global_function(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
  total = global_size_of(&p);
  return 0;
}

SEC("?iter/task")
int in_global_function_uninitialized(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr p = {};

  total = global_size_of(&p);
  return 0;
}
