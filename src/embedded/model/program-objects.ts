/**
 * Objects that programs keep in maps, on their stack and in memory of their own: locks, timers, lists, trees, dynptrs.
 * Most are opaque, and what they hold is this kernel's own business. Facts: sizes are those of include/uapi/linux/bpf.h
 * and kernel/bpf of Linux 6.18, for programs and the verifier count on them.
 */
import { part } from './declarations.ts';

export const programObjects = part(
  'Objects of programs',
  'What programs keep in maps, on their stack and in memory of their own. Opaque but for locks and btf_ptr.',
  `
  struct bpf_dynptr { __u64 __opaque[2]; };
  struct bpf_spin_lock { __u32 val; };
  struct bpf_res_spin_lock { u32 val; };
  struct bpf_timer { __u64 __opaque[2]; };
  struct bpf_wq { __u64 __opaque[2]; };
  struct bpf_task_work { __u64 __opaque; };
  struct bpf_list_head { __u64 __opaque[2]; };
  struct bpf_list_node { __u64 __opaque[3]; };
  struct bpf_rb_root { __u64 __opaque[2]; };
  struct bpf_rb_node { __u64 __opaque[4]; };
  struct bpf_refcount { __u32 __opaque[1]; };
  struct btf_ptr { void *ptr; __u32 type_id; __u32 flags; };
  struct bpf_stack_build_id {
    __s32 status;
    unsigned char build_id[20];
    union {
      __u64 offset;
      __u64 ip;
    };
  };
  typedef int (*bpf_task_work_callback_t)(struct bpf_map *map, void *key, void *value);

  struct cpumask { unsigned long bits[4]; };
  typedef struct cpumask cpumask_t;
  struct bpf_cpumask { cpumask_t cpumask; refcount_t usage; };

  struct bpf_key { bool has_ref; };
  struct bpf_crypto_ctx { refcount_t usage; };
  struct bpf_crypto_params {
    char type[14];
    u8 reserved[2];
    char algo[128];
    u8 key[256];
    u32 key_len;
    u32 authsize;
  };
  `,
);
