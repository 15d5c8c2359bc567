/* Objects that programs allocate, lists, trees, locks. Built by build.sh; what the kernel says is in recorded.json. */
#include "kernel.h"

int total;

struct item {
  int key;
  struct bpf_list_node list;
  struct bpf_rb_node tree;
  struct bpf_refcount count;
};

struct plain {
  int key;
  struct bpf_list_node list;
};

struct numbers {
  u64 a, b;
};

struct large {
  u64 words[100];
};

struct with_pointer {
  void *pointer;
};

struct other {
  struct bpf_list_node list;
  int key;
};

private(shelf) struct bpf_spin_lock lock;
private(shelf) struct bpf_list_head head contains(item, list);
private(tree) struct bpf_spin_lock tree_lock;
private(tree) struct bpf_rb_root root contains(item, tree);
private(plain) struct bpf_spin_lock plain_lock;
private(plain) struct bpf_list_head plain_head contains(plain, list);

struct guarded {
  struct bpf_res_spin_lock lock;
  int value;
};
struct {
  uint(type, 2);
  uint(max_entries, 2);
  type(key, int);
  type(value, struct guarded);
} guards SEC(".maps");

struct {
  uint(type, 2);
  uint(max_entries, 2);
  type(key, int);
  type(value, int);
} unguarded SEC(".maps");

struct kept {
  struct numbers percpu_kptr *numbers;
};
struct {
  uint(type, 2);
  uint(max_entries, 1);
  type(key, int);
  type(value, struct kept);
} keeps SEC(".maps");

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
  struct item *x = owner(a, struct item, tree);
  struct item *y = owner(b, struct item, tree);

  return x->key < y->key;
}

SEC("?tc")
int new_drop(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  item->key = 5;
  bpf_obj_drop(item);
  return 0;
}

SEC("?tc")
int new_not_dropped(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  return item != NULL;
}

SEC("?tc")
int new_not_checked(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  item->key = 5;
  bpf_obj_drop(item);
  return 0;
}

SEC("?tc")
int new_of_int(void *ctx)
{
  void *p = bpf_obj_new_impl(__builtin_btf_type_id(*(int *)0, 0), NULL);

  if (p)
    bpf_obj_drop(p);
  return 0;
}

SEC("?tc")
int new_of_variable(void *ctx)
{
  void *p = bpf_obj_new_impl(bpf_get_prandom_u32(), NULL);

  if (p)
    bpf_obj_drop(p);
  return 0;
}

SEC("?tc")
int new_of_large_id(void *ctx)
{
  void *p = bpf_obj_new_impl(0x100000001, NULL);

  if (p)
    bpf_obj_drop(p);
  return 0;
}

SEC("?tc")
int drop_task(void *ctx)
{
  struct task_struct *task = bpf_task_from_pid(1);

  if (task)
    bpf_obj_drop(task);
  return 0;
}

SEC("?tc")
int drop_at_offset(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (item)
    bpf_obj_drop((void *)item + 8);
  return 0;
}

SEC("?tc")
int field_overwritten(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  *(volatile u64 *)&item->list = 0;
  bpf_obj_drop(item);
  return 0;
}

SEC("?tc")
int read_after_drop(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_obj_drop(item);
  total = *(volatile int *)&item->key;
  return 0;
}

SEC("?tc")
int refcount_acquired(void *ctx)
{
  struct item *item = bpf_obj_new(struct item), *copy;

  if (!item)
    return 0;
  copy = bpf_refcount_acquire(item);
  bpf_obj_drop(item);
  copy->key = 1;
  bpf_obj_drop(copy);
  return 0;
}

SEC("?tc")
int refcount_lacking(void *ctx)
{
  struct plain *item = bpf_obj_new(struct plain), *copy;

  if (!item)
    return 0;
  copy = bpf_refcount_acquire(item);
  if (copy)
    bpf_obj_drop(copy);
  bpf_obj_drop(item);
  return 0;
}

SEC("?tc")
int refcount_of_task(void *ctx)
{
  struct task_struct *task = bpf_task_from_pid(1), *copy;

  if (!task)
    return 0;
  copy = bpf_refcount_acquire(task);
  if (copy)
    bpf_task_release(copy);
  bpf_task_release(task);
  return 0;
}

SEC("?tc")
int percpu(void *ctx)
{
  struct numbers *p = bpf_percpu_obj_new_impl(__builtin_btf_type_id(*(struct numbers *)0, 0), NULL);

  if (p)
    bpf_percpu_obj_drop_impl(p, NULL);
  return 0;
}

SEC("?tc")
int percpu_dropped_wrongly(void *ctx)
{
  struct numbers *p = bpf_percpu_obj_new_impl(__builtin_btf_type_id(*(struct numbers *)0, 0), NULL);

  if (p)
    bpf_obj_drop(p);
  return 0;
}

SEC("?tc")
int percpu_of_large(void *ctx)
{
  struct large *p = bpf_percpu_obj_new_impl(__builtin_btf_type_id(*(struct large *)0, 0), NULL);

  if (p)
    bpf_percpu_obj_drop_impl(p, NULL);
  return 0;
}

SEC("?tc")
int percpu_of_pointers(void *ctx)
{
  struct with_pointer *p = bpf_percpu_obj_new_impl(__builtin_btf_type_id(*(struct with_pointer *)0, 0), NULL);

  if (p)
    bpf_percpu_obj_drop_impl(p, NULL);
  return 0;
}

SEC("?tc")
int percpu_of_refcounted(void *ctx)
{
  struct item *p = bpf_percpu_obj_new_impl(__builtin_btf_type_id(*(struct item *)0, 0), NULL);

  if (p)
    bpf_percpu_obj_drop_impl(p, NULL);
  return 0;
}

SEC("?tc")
int list_push_pop(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);
  struct bpf_list_node *node;

  if (!item)
    return 0;
  bpf_spin_lock(&lock);
  bpf_list_push_back_impl(&head, &item->list, NULL, 0);
  bpf_spin_unlock(&lock);
  bpf_spin_lock(&lock);
  node = bpf_list_pop_front(&head);
  bpf_spin_unlock(&lock);
  if (node)
    bpf_obj_drop(owner(node, struct item, list));
  return 0;
}

SEC("?tc")
int list_without_lock(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_list_push_back_impl(&head, &item->list, NULL, 0);
  return 0;
}

SEC("?tc")
int list_under_other_lock(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_spin_lock(&tree_lock);
  bpf_list_push_back_impl(&head, &item->list, NULL, 0);
  bpf_spin_unlock(&tree_lock);
  return 0;
}

SEC("?tc")
int list_of_other_type(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_spin_lock(&plain_lock);
  bpf_list_push_back_impl(&plain_head, &item->list, NULL, 0);
  bpf_spin_unlock(&plain_lock);
  return 0;
}

SEC("?tc")
int list_at_wrong_offset(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_spin_lock(&lock);
  bpf_list_push_back_impl(&head, (void *)item, NULL, 0);
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int list_head_at_wrong_offset(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_spin_lock(&lock);
  bpf_list_push_back_impl((void *)&head + 8, &item->list, NULL, 0);
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int list_head_on_stack(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);
  struct bpf_list_head local = {};

  if (!item)
    return 0;
  bpf_list_push_back_impl(&local, &item->list, NULL, 0);
  return 0;
}

SEC("?tc")
int list_node_of_task(void *ctx)
{
  bpf_spin_lock(&lock);
  bpf_list_push_back_impl(&head, (void *)&total, NULL, 0);
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int list_read_while_locked(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_spin_lock(&lock);
  bpf_list_push_back_impl(&head, &item->list, NULL, 0);
  total = item->key;
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int list_read_after_unlock(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_spin_lock(&lock);
  bpf_list_push_back_impl(&head, &item->list, NULL, 0);
  bpf_spin_unlock(&lock);
  total = *(volatile int *)&item->key;
  return 0;
}

SEC("?tc")
int list_pushed_twice(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_spin_lock(&lock);
  bpf_list_push_back_impl(&head, &item->list, NULL, 0);
  bpf_list_push_back_impl(&head, &item->list, NULL, 0);
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int list_dropped_after_push(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_spin_lock(&lock);
  bpf_list_push_back_impl(&head, &item->list, NULL, 0);
  bpf_obj_drop(item);
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int list_looked_at(void *ctx)
{
  struct bpf_list_node *node;

  bpf_spin_lock(&lock);
  node = bpf_list_front(&head);
  if (node)
    total = owner(node, struct item, list)->key;
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int list_popped_not_dropped(void *ctx)
{
  bpf_spin_lock(&lock);
  bpf_list_pop_front(&head);
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int tree_add_remove(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);
  struct bpf_rb_node *node;

  if (!item)
    return 0;
  item->key = 3;
  bpf_spin_lock(&tree_lock);
  bpf_rbtree_add_impl(&root, &item->tree, less, NULL, 0);
  node = bpf_rbtree_first(&root);
  if (!node) {
    bpf_spin_unlock(&tree_lock);
    return 0;
  }
  node = bpf_rbtree_remove(&root, node);
  bpf_spin_unlock(&tree_lock);
  if (node)
    bpf_obj_drop(owner(node, struct item, tree));
  return 0;
}

SEC("?tc")
int tree_walked(void *ctx)
{
  struct bpf_rb_node *node;

  bpf_spin_lock(&tree_lock);
  node = bpf_rbtree_root(&root);
  if (node) {
    node = bpf_rbtree_left(&root, node);
    if (node)
      total = owner(node, struct item, tree)->key;
  }
  bpf_spin_unlock(&tree_lock);
  return 0;
}

SEC("?tc")
int tree_without_lock(void *ctx)
{
  bpf_rbtree_first(&root);
  return 0;
}

SEC("?tc")
int tree_remove_maybe_null(void *ctx)
{
  struct bpf_rb_node *node;

  bpf_spin_lock(&tree_lock);
  node = bpf_rbtree_remove(&root, bpf_rbtree_first(&root));
  bpf_spin_unlock(&tree_lock);
  if (node)
    bpf_obj_drop(owner(node, struct item, tree));
  return 0;
}

SEC("?tc")
int tree_remove_owned(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);
  struct bpf_rb_node *node;

  if (!item)
    return 0;
  bpf_spin_lock(&tree_lock);
  node = bpf_rbtree_remove(&root, &item->tree);
  bpf_spin_unlock(&tree_lock);
  if (node)
    bpf_obj_drop(owner(node, struct item, tree));
  bpf_obj_drop(item);
  return 0;
}

SEC("?tc")
int tree_node_after_unlock(void *ctx)
{
  struct bpf_rb_node *node;

  bpf_spin_lock(&tree_lock);
  node = bpf_rbtree_first(&root);
  bpf_spin_unlock(&tree_lock);
  if (node)
    total = *(volatile int *)&owner(node, struct item, tree)->key;
  return 0;
}

static bool locks(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
  bpf_spin_lock(&lock);
  return 0;
}

SEC("?tc")
int tree_callback_locks(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_spin_lock(&tree_lock);
  bpf_rbtree_add_impl(&root, &item->tree, locks, NULL, 0);
  bpf_spin_unlock(&tree_lock);
  return 0;
}

static bool removes(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
  bpf_rbtree_remove(&root, a);
  return 0;
}

SEC("?tc")
int tree_callback_removes(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_spin_lock(&tree_lock);
  bpf_rbtree_add_impl(&root, &item->tree, removes, NULL, 0);
  bpf_spin_unlock(&tree_lock);
  return 0;
}

SEC("?tc")
int tree_callback_is_number(void *ctx)
{
  struct item *item = bpf_obj_new(struct item);

  if (!item)
    return 0;
  bpf_spin_lock(&tree_lock);
  bpf_rbtree_add_impl(&root, &item->tree, (void *)5, NULL, 0);
  bpf_spin_unlock(&tree_lock);
  return 0;
}

SEC("?tc")
int shared_in_list_and_tree(void *ctx)
{
  struct item *item = bpf_obj_new(struct item), *copy;

  if (!item)
    return 0;
  copy = bpf_refcount_acquire(item);
  bpf_spin_lock(&lock);
  bpf_list_push_front_impl(&head, &item->list, NULL, 0);
  bpf_spin_unlock(&lock);
  bpf_spin_lock(&tree_lock);
  bpf_rbtree_add_impl(&root, &copy->tree, less, NULL, 0);
  bpf_spin_unlock(&tree_lock);
  return 0;
}

SEC("?tc")
int lock_not_released(void *ctx)
{
  bpf_spin_lock(&lock);
  return 0;
}

SEC("?tc")
int lock_released_untaken(void *ctx)
{
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int lock_other_released(void *ctx)
{
  bpf_spin_lock(&lock);
  bpf_spin_unlock(&tree_lock);
  return 0;
}

SEC("?tc")
int lock_two(void *ctx)
{
  bpf_spin_lock(&lock);
  bpf_spin_lock(&tree_lock);
  bpf_spin_unlock(&tree_lock);
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int lock_kfunc_inside(void *ctx)
{
  bpf_spin_lock(&lock);
  bpf_task_from_pid(1);
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int lock_numbers_inside(void *ctx)
{
  struct bpf_iter_num it;

  bpf_spin_lock(&lock);
  bpf_iter_num_new(&it, 0, 10);
  while (bpf_iter_num_next(&it))
    total++;
  bpf_iter_num_destroy(&it);
  bpf_spin_unlock(&lock);
  return 0;
}

SEC("?tc")
int lock_stream_inside(void *ctx)
{
  static const char format[] = "x";

  bpf_spin_lock(&lock);
  bpf_stream_vprintk_impl(1, format, NULL, 0, NULL);
  bpf_spin_unlock(&lock);
  return 0;
}

inline_always struct guarded *guard(int key)
{
  return bpf_map_lookup_elem(&guards, &key);
}

SEC("?tc")
int res_lock(void *ctx)
{
  struct guarded *g = guard(0);

  if (!g)
    return 0;
  if (bpf_res_spin_lock(&g->lock))
    return 0;
  g->value++;
  bpf_res_spin_unlock(&g->lock);
  return 0;
}

SEC("?tc")
int res_lock_result_ignored(void *ctx)
{
  struct guarded *g = guard(0);

  if (!g)
    return 0;
  bpf_res_spin_lock(&g->lock);
  bpf_res_spin_unlock(&g->lock);
  return 0;
}

SEC("?tc")
int res_lock_two(void *ctx)
{
  struct guarded *a = guard(0), *b;

  if (!a)
    return 0;
  b = guard(1);
  if (!b)
    return 0;
  if (bpf_res_spin_lock(&a->lock))
    return 0;
  if (bpf_res_spin_lock(&b->lock)) {
    bpf_res_spin_unlock(&a->lock);
    return 0;
  }
  bpf_res_spin_unlock(&b->lock);
  bpf_res_spin_unlock(&a->lock);
  return 0;
}

SEC("?tc")
int res_lock_two_out_of_order(void *ctx)
{
  struct guarded *a = guard(0), *b;

  if (!a)
    return 0;
  b = guard(1);
  if (!b)
    return 0;
  if (bpf_res_spin_lock(&a->lock))
    return 0;
  if (bpf_res_spin_lock(&b->lock)) {
    bpf_res_spin_unlock(&a->lock);
    return 0;
  }
  bpf_res_spin_unlock(&a->lock);
  bpf_res_spin_unlock(&b->lock);
  return 0;
}

SEC("?tc")
int res_lock_twice(void *ctx)
{
  struct guarded *g = guard(0);

  if (!g)
    return 0;
  if (bpf_res_spin_lock(&g->lock))
    return 0;
  if (bpf_res_spin_lock(&g->lock)) {
    bpf_res_spin_unlock(&g->lock);
    return 0;
  }
  bpf_res_spin_unlock(&g->lock);
  bpf_res_spin_unlock(&g->lock);
  return 0;
}

SEC("?tc")
int res_lock_irq(void *ctx)
{
  struct guarded *g = guard(0);
  unsigned long flags;

  if (!g)
    return 0;
  if (bpf_res_spin_lock_irqsave(&g->lock, &flags))
    return 0;
  bpf_res_spin_unlock_irqrestore(&g->lock, &flags);
  return 0;
}

SEC("?tc")
int res_lock_irq_released_plainly(void *ctx)
{
  struct guarded *g = guard(0);
  unsigned long flags;

  if (!g)
    return 0;
  if (bpf_res_spin_lock_irqsave(&g->lock, &flags))
    return 0;
  bpf_res_spin_unlock(&g->lock);
  bpf_local_irq_restore(&flags);
  return 0;
}

SEC("?tc")
int res_lock_irq_restored_natively(void *ctx)
{
  struct guarded *g = guard(0);
  unsigned long flags;

  if (!g)
    return 0;
  if (bpf_res_spin_lock_irqsave(&g->lock, &flags))
    return 0;
  bpf_local_irq_restore(&flags);
  return 0;
}

SEC("?tc")
int res_lock_in_lockless_map(void *ctx)
{
  int zero = 0;
  void *value = bpf_map_lookup_elem(&unguarded, &zero);

  if (value)
    bpf_res_spin_lock(value);
  return 0;
}

SEC("?tc")
int res_lock_at_wrong_offset(void *ctx)
{
  struct guarded *g = guard(0);

  if (g)
    bpf_res_spin_lock((void *)&g->value);
  return 0;
}

SEC("?tc")
int res_lock_on_stack(void *ctx)
{
  struct bpf_res_spin_lock local = {};

  bpf_res_spin_lock(&local);
  return 0;
}

SEC("?tc")
int res_lock_not_taken(void *ctx)
{
  struct guarded *g = guard(0);

  if (g)
    bpf_res_spin_unlock(&g->lock);
  return 0;
}

SEC("?tc")
int res_lock_left_in_failure(void *ctx)
{
  struct guarded *g = guard(0);

  if (!g)
    return 0;
  if (!bpf_res_spin_lock(&g->lock))
    return 0;
  return 1;
}
