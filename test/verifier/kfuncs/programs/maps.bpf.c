/* BTF of maps, and whether the kernel takes it. Built by build.sh; what the kernel says is in recorded.json. */
#include "kernel.h"

static long (*const timer_init)(struct bpf_timer *timer, void *map, u64 flags) = (void *)169;

enum { ARRAY = 2, PERCPU_ARRAY = 6, RDONLY_PROG = 1 << 7 };

struct locked {
  struct bpf_spin_lock lock;
  int n;
};

struct timed {
  struct bpf_timer timer;
  int n;
};

struct timed_twice {
  struct bpf_timer one;
  struct bpf_timer two;
};

struct pointing {
  int kptr *pointer;
  struct bpf_timer timer;
};

struct key {
  int n;
};

#define map(name, kind, key_type, value_type) \
  struct {                                    \
    uint(type, kind);                         \
    uint(max_entries, 1);                     \
    type(key, key_type);                      \
    type(value, value_type);                  \
  } name SEC(".maps")

map(locks, ARRAY, int, struct locked);
map(percpu_locks, PERCPU_ARRAY, int, struct locked);
map(locks_by_struct, ARRAY, struct key, struct locked);
map(timers, ARRAY, int, struct timed);
map(percpu_timers, PERCPU_ARRAY, int, struct timed);
map(two_timers, ARRAY, int, struct timed_twice);
map(pointers, ARRAY, int, struct pointing);

struct {
  uint(type, ARRAY);
  uint(max_entries, 1);
  uint(map_flags, RDONLY_PROG);
  type(key, int);
  type(value, struct locked);
} readonly_locks SEC(".maps");

struct {
  uint(type, ARRAY);
  uint(max_entries, 1);
  uint(key_size, 4);
  type(value, struct locked);
} locks_by_size SEC(".maps");

#define lock_in(name)                           \
  SEC("tc") int lock_##name(void *ctx) {        \
    int key = 0;                                \
    void *value = bpf_map_lookup_elem(&name, &key); \
    if (!value) return 0;                       \
    bpf_spin_lock(value);                       \
    bpf_spin_unlock(value);                     \
    return 0;                                   \
  }

#define time_in(name)                           \
  SEC("tc") int time_##name(void *ctx) {        \
    int key = 0;                                \
    void *value = bpf_map_lookup_elem(&name, &key); \
    if (!value) return 0;                       \
    timer_init(value, &name, 1);                \
    return 0;                                   \
  }

#define read_in(name)                           \
  SEC("tc") int read_##name(void *ctx) {        \
    int key = 0;                                \
    volatile int *value = bpf_map_lookup_elem(&name, &key); \
    return value ? *value : 0;                  \
  }

lock_in(locks) read_in(locks)
lock_in(percpu_locks) read_in(percpu_locks)
lock_in(locks_by_struct) read_in(locks_by_struct)
lock_in(readonly_locks) read_in(readonly_locks)
lock_in(locks_by_size) read_in(locks_by_size)
time_in(timers) read_in(timers)
time_in(percpu_timers) read_in(percpu_timers)
time_in(two_timers) read_in(two_timers)
time_in(pointers) read_in(pointers)
