/* Kinds of arguments of kfuncs. Built by build.sh; what the kernel says is in recorded.json. */
#include "kernel.h"

int total;
char memory[64];

struct item {
  int key;
  struct bpf_refcount count;
};
struct holder {
  struct item kptr *item;
};
struct {
  uint(type, 2);
  uint(max_entries, 1);
  type(key, int);
  type(value, struct holder);
} holders SEC(".maps");
struct {
  uint(type, 1);
  uint(max_entries, 8);
  type(key, struct bpf_sock_tuple);
  type(value, struct bpf_ct_opts);
} options SEC(".maps");
struct {
  uint(type, 27);
  uint(max_entries, 4096);
} ring SEC(".maps");
struct {
  uint(type, 31);
  uint(max_entries, 4096);
} user_ring SEC(".maps");
struct {
  uint(type, 33);
  uint(map_flags, 1 << 10);
  uint(max_entries, 4);
} arena SEC(".maps");

SEC("?tc")
int ct_alloc_insert(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts opts = {};
  struct nf_conn___init *fresh;
  struct nf_conn *ct;

  fresh = bpf_skb_ct_alloc(skb, &tuple, sizeof(tuple), &opts, sizeof(opts));
  if (!fresh)
    return 0;
  bpf_ct_set_timeout(fresh, 10);
  ct = bpf_ct_insert_entry(fresh);
  if (!ct)
    return 0;
  bpf_ct_change_timeout(ct, 20);
  bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int ct_changed_before_insert(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts opts = {};
  struct nf_conn___init *fresh = bpf_skb_ct_alloc(skb, &tuple, sizeof(tuple), &opts, sizeof(opts));

  if (fresh)
    bpf_ct_change_timeout((void *)fresh, 20);
  return 0;
}

SEC("?tc")
int ct_set_after_insert(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts opts = {};
  struct nf_conn *ct = bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple), &opts, sizeof(opts));

  if (ct)
    bpf_ct_set_timeout((void *)ct, 10);
  return 0;
}

SEC("?tc")
int ct_inserted_is_released(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts opts = {};
  struct nf_conn___init *fresh = bpf_skb_ct_alloc(skb, &tuple, sizeof(tuple), &opts, sizeof(opts));
  struct nf_conn *ct;

  if (!fresh)
    return 0;
  ct = bpf_ct_insert_entry(fresh);
  if (ct)
    bpf_ct_release(ct);
  bpf_ct_set_timeout(fresh, 10);
  return 0;
}

SEC("?tc")
int ct_written(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts opts = {};
  struct nf_conn *ct = bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple), &opts, sizeof(opts));

  if (!ct)
    return 0;
  ct->mark = 5;
  bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int memory_of_map_value(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts *opts = bpf_map_lookup_elem(&options, &tuple);
  struct nf_conn *ct;

  if (!opts)
    return 0;
  ct = bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple), opts, sizeof(*opts));
  if (ct)
    bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int memory_maybe_null(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct nf_conn *ct =
      bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple), bpf_map_lookup_elem(&options, &tuple), sizeof(struct bpf_ct_opts));

  if (ct)
    bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int memory_is_null(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct nf_conn *ct = bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple), NULL, sizeof(struct bpf_ct_opts));

  if (ct)
    bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int memory_null_and_size_zero(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct nf_conn *ct = bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple), NULL, 0);

  if (ct)
    bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int memory_of_packet(struct __sk_buff *skb)
{
  void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
  struct bpf_ct_opts opts = {};
  struct nf_conn *ct;

  if (data + sizeof(struct bpf_sock_tuple) > end)
    return 0;
  ct = bpf_skb_ct_lookup(skb, data, sizeof(struct bpf_sock_tuple), &opts, sizeof(opts));
  if (ct)
    bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int memory_of_packet_unchecked(struct __sk_buff *skb)
{
  void *data = (void *)(long)skb->data;
  struct bpf_ct_opts opts = {};
  struct nf_conn *ct = bpf_skb_ct_lookup(skb, data, sizeof(struct bpf_sock_tuple), &opts, sizeof(opts));

  if (ct)
    bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int memory_uninitialized(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple;
  struct bpf_ct_opts opts;
  struct nf_conn *ct = bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple), &opts, sizeof(opts));

  if (ct)
    bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int memory_beyond_stack(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts opts = {};
  struct nf_conn *ct = bpf_skb_ct_lookup(skb, &tuple, 600, &opts, sizeof(opts));

  if (ct)
    bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int memory_size_negative(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts opts = {};
  struct nf_conn *ct = bpf_skb_ct_lookup(skb, &tuple, (int)bpf_get_prandom_u32(), &opts, sizeof(opts));

  if (ct)
    bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int memory_of_ring(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts *opts = bpf_ringbuf_reserve(&ring, sizeof(*opts), 0);
  struct nf_conn *ct;

  if (!opts)
    return 0;
  ct = bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple), opts, sizeof(*opts));
  bpf_ringbuf_discard(opts, 0);
  if (ct)
    bpf_ct_release(ct);
  return 0;
}

SEC("?tc")
int context_at_offset(struct __sk_buff *skb)
{
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts opts = {};
  struct nf_conn *ct = bpf_skb_ct_lookup((void *)skb + 8, &tuple, sizeof(tuple), &opts, sizeof(opts));

  if (ct)
    bpf_ct_release(ct);
  return 0;
}

SEC("?xdp")
int context_of_other_type(struct xdp_md *xdp)
{
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts opts = {};
  struct nf_conn *ct = bpf_skb_ct_lookup((void *)xdp, &tuple, sizeof(tuple), &opts, sizeof(opts));

  if (ct)
    bpf_ct_release(ct);
  return 2;
}

SEC("?iter/tcp")
int sock_destroyed(struct bpf_iter__tcp *ctx)
{
  struct sock_common *sk = ctx->sk_common;

  if (sk)
    bpf_sock_destroy(sk);
  return 0;
}

SEC("?iter/unix")
int sock_destroyed_untrusted(struct bpf_iter__unix *ctx)
{
  struct unix_sock *sk = ctx->unix_sk;

  if (sk)
    bpf_sock_destroy((void *)sk);
  return 0;
}

SEC("?tp_btf/task_newtask")
int sock_destroyed_elsewhere(u64 *ctx)
{
  bpf_sock_destroy((void *)ctx[0]);
  return 0;
}

SEC("?iter/task")
int refcount_of_kept(struct bpf_iter__task *ctx)
{
  int zero = 0;
  struct holder *holder = bpf_map_lookup_elem(&holders, &zero);
  struct item *item, *copy;

  if (!holder)
    return 0;
  item = holder->item;
  if (!item)
    return 0;
  copy = bpf_refcount_acquire(item);
  if (copy)
    bpf_obj_drop(copy);
  return 0;
}

SEC("?tc")
int refcount_of_kept_in_tc(struct __sk_buff *skb)
{
  int zero = 0;
  struct holder *holder = bpf_map_lookup_elem(&holders, &zero);
  struct item *item, *copy;

  if (!holder)
    return 0;
  item = holder->item;
  if (!item)
    return 0;
  copy = bpf_refcount_acquire(item);
  copy->key = 1;
  bpf_obj_drop(copy);
  return 0;
}

SEC("?tc")
int kept_dropped(struct __sk_buff *skb)
{
  int zero = 0;
  struct holder *holder = bpf_map_lookup_elem(&holders, &zero);
  struct item *item;

  if (!holder)
    return 0;
  item = holder->item;
  if (!item)
    return 0;
  bpf_obj_drop(item);
  return 0;
}

SEC("?tc")
int kept_exchanged(struct __sk_buff *skb)
{
  int zero = 0;
  struct holder *holder = bpf_map_lookup_elem(&holders, &zero);
  struct item *item, *old;

  if (!holder)
    return 0;
  item = bpf_obj_new(struct item);
  if (!item)
    return 0;
  old = bpf_kptr_xchg(&holder->item, item);
  if (old)
    bpf_obj_drop(old);
  return 0;
}

static int drain(const struct bpf_dynptr *p, void *ctx)
{
  char *bytes = bpf_dynptr_slice(p, 0, NULL, 4);

  total = bpf_dynptr_size(p);
  if (bytes)
    total += bytes[0];
  return 0;
}

SEC("?iter/task")
int const_dynptr(struct bpf_iter__task *ctx)
{
  bpf_user_ringbuf_drain(&user_ring, drain, NULL, 0);
  return 0;
}

static int drain_cloning(const struct bpf_dynptr *p, void *ctx)
{
  struct bpf_dynptr copy;

  bpf_dynptr_clone(p, &copy);
  bpf_dynptr_adjust(&copy, 0, 1);
  return 0;
}

SEC("?iter/task")
int const_dynptr_cloned(struct bpf_iter__task *ctx)
{
  bpf_user_ringbuf_drain(&user_ring, drain_cloning, NULL, 0);
  return 0;
}

static int drain_overwriting(const struct bpf_dynptr *p, void *ctx)
{
  struct bpf_dynptr other;

  bpf_dynptr_from_mem(memory, sizeof(memory), 0, &other);
  bpf_dynptr_clone(&other, (void *)p);
  return 0;
}

SEC("?iter/task")
int const_dynptr_overwritten(struct bpf_iter__task *ctx)
{
  bpf_user_ringbuf_drain(&user_ring, drain_overwriting, NULL, 0);
  return 0;
}

static int drain_at_offset(const struct bpf_dynptr *p, void *ctx)
{
  total = bpf_dynptr_size((void *)p + 8);
  return 0;
}

SEC("?iter/task")
int const_dynptr_at_offset(struct bpf_iter__task *ctx)
{
  bpf_user_ringbuf_drain(&user_ring, drain_at_offset, NULL, 0);
  return 0;
}

SEC("?iter/task")
int dynptr_copied(struct bpf_iter__task *ctx)
{
  struct bpf_dynptr a, b;

  bpf_dynptr_from_mem(memory, 8, 0, &a);
  bpf_dynptr_from_mem(memory + 8, 8, 0, &b);
  bpf_dynptr_copy(&a, 0, &b, 0, 4);
  bpf_dynptr_memset(&a, 0, 4, 1);
  return 0;
}

SEC("?iter.s/task")
int user_string(struct bpf_iter__task *ctx)
{
  char room[16];

  bpf_copy_from_user_str(room, sizeof(room), NULL, 0);
  return 0;
}

SEC("?iter.s/task")
int user_string_too_long(struct bpf_iter__task *ctx)
{
  bpf_copy_from_user_str(memory, sizeof(memory) + 16, NULL, 0);
  return 0;
}

SEC("?syscall")
int arena_pages(void *ctx)
{
  return bpf_arena_alloc_pages(&arena, NULL, 1, 0, 0) != NULL;
}

SEC("?tc")
int arena_pages_not_sleepable(struct __sk_buff *skb)
{
  return bpf_arena_alloc_pages(&arena, NULL, 1, 0, 0) != NULL;
}

SEC("?syscall")
int arena_pages_of_other_map(void *ctx)
{
  return bpf_arena_alloc_pages(&ring, NULL, 1, 0, 0) != NULL;
}

noinline int handle(u64 cookie)
{
  return cookie & 1;
}

SEC("?tc")
tag("exception_callback:handle") int handled(struct __sk_buff *skb)
{
  if (skb->len > 5)
    bpf_throw(7);
  return 0;
}

