/**
 * What iterator programs are given and attach to, and the state that open-coded iterators keep on the stack of a program.
 * iter/unix has no uid: no file of /proc tells whose a Unix socket is.
 * Facts: the BTF of Linux 6.18.
 */
import { part } from './declarations.ts';

export const iteratorContexts = part(
  'Iterators',
  'Contexts of iterator programs, the functions that they attach to, and the state of open-coded iterators.',
  `
  struct bpf_iter_meta { union { struct seq_file *seq; }; u64 session_id; u64 seq_num; };
  struct bpf_iter__ksym { union { struct bpf_iter_meta *meta; }; union { struct kallsym_iter *ksym; }; };
  struct bpf_iter_bits { __u64 __opaque[2]; };
  struct bpf_iter_bits_kern {
    union {
      __u64 *bits;
      __u64 bits_copy;
    };
    int nr_bits;
    int bit;
  };
  struct bpf_iter_num { __u64 __opaque[1]; };
  struct bpf_iter_num_kern { int cur; int end; };
  struct bpf_iter__bpf_map { union { struct bpf_iter_meta *meta; }; union { struct bpf_map *map; }; };
  struct bpf_iter__task { union { struct bpf_iter_meta *meta; }; union { struct task_struct *task; }; };
  struct bpf_iter__task_file {
    union { struct bpf_iter_meta *meta; };
    union { struct task_struct *task; };
    u32 fd;
    union { struct file *file; };
  };
  struct bpf_iter__task_vma {
    union { struct bpf_iter_meta *meta; };
    union { struct task_struct *task; };
    union { struct vm_area_struct *vma; };
  };
  struct bpf_iter_task_vma { __u64 __opaque[1]; };
  struct bpf_iter_css_task { __u64 __opaque[1]; };
  struct bpf_iter_task { __u64 __opaque[3]; };
  struct bpf_iter__bpf_prog { union { struct bpf_iter_meta *meta; }; union { struct bpf_prog *prog; }; };
  struct bpf_iter__bpf_link { union { struct bpf_iter_meta *meta; }; union { struct bpf_link *link; }; };
  struct bpf_iter__bpf_map_elem {
    union { struct bpf_iter_meta *meta; };
    union { struct bpf_map *map; };
    union { void *key; };
    union { void *value; };
  };
  struct bpf_iter__cgroup { union { struct bpf_iter_meta *meta; }; union { struct cgroup *cgroup; }; };
  struct bpf_iter_css { __u64 __opaque[3]; };
  struct bpf_iter_kmem_cache { __u64 __opaque[1]; };
  struct bpf_iter__kmem_cache { union { struct bpf_iter_meta *meta; }; union { struct kmem_cache *s; }; };
  struct bpf_iter__dmabuf { union { struct bpf_iter_meta *meta; }; union { struct dma_buf *dmabuf; }; };
  struct bpf_iter_dmabuf { __u64 __opaque[1]; };
  struct bpf_iter__sockmap {
    union { struct bpf_iter_meta *meta; };
    union { struct bpf_map *map; };
    union { void *key; };
    union { struct sock *sk; };
  };
  struct bpf_iter__bpf_sk_storage_map {
    union { struct bpf_iter_meta *meta; };
    union { struct bpf_map *map; };
    union { struct sock *sk; };
    union { void *value; };
  };
  struct bpf_iter__netlink { union { struct bpf_iter_meta *meta; }; union { struct netlink_sock *sk; }; };
  struct bpf_iter__tcp {
    union { struct bpf_iter_meta *meta; };
    union { struct sock_common *sk_common; };
    uid_t uid;
  };
  struct bpf_iter__udp {
    union { struct bpf_iter_meta *meta; };
    union { struct udp_sock *udp_sk; };
    uid_t uid __aligned(8);
    int bucket __aligned(8);
  };
  struct bpf_iter__unix {
    union { struct bpf_iter_meta *meta; };
    union { struct unix_sock *unix_sk; };
  };
  struct bpf_iter__ipv6_route { union { struct bpf_iter_meta *meta; }; union { struct fib6_info *rt; }; };

  int bpf_iter_task(struct bpf_iter_meta *meta, struct task_struct *task);
  int bpf_iter_task_file(struct bpf_iter_meta *meta, struct task_struct *task, u32 fd, struct file *file);
  int bpf_iter_task_vma(struct bpf_iter_meta *meta, struct task_struct *task, struct vm_area_struct *vma);
  int bpf_iter_bpf_map(struct bpf_iter_meta *meta, struct bpf_map *map);
  int bpf_iter_bpf_map_elem(struct bpf_iter_meta *meta, struct bpf_map *map, void *key, void *value);
  int bpf_iter_bpf_prog(struct bpf_iter_meta *meta, struct bpf_prog *prog);
  int bpf_iter_bpf_link(struct bpf_iter_meta *meta, struct bpf_link *link);
  int bpf_iter_bpf_sk_storage_map(struct bpf_iter_meta *meta, struct bpf_map *map, struct sock *sk, void *value);
  int bpf_iter_sockmap(struct bpf_iter_meta *meta, struct bpf_map *map, void *key, struct sock *sk);
  int bpf_iter_cgroup(struct bpf_iter_meta *meta, struct cgroup *cgroup);
  int bpf_iter_kmem_cache(struct bpf_iter_meta *meta, struct kmem_cache *s);
  int bpf_iter_dmabuf(struct bpf_iter_meta *meta, struct dma_buf *dmabuf);
  int bpf_iter_ksym(struct bpf_iter_meta *meta, struct kallsym_iter *ksym);
  int bpf_iter_tcp(struct bpf_iter_meta *meta, struct sock_common *sk_common, uid_t uid);
  int bpf_iter_udp(struct bpf_iter_meta *meta, struct udp_sock *udp_sk, uid_t uid, int bucket);
  int bpf_iter_unix(struct bpf_iter_meta *meta, struct unix_sock *unix_sk);
  int bpf_iter_netlink(struct bpf_iter_meta *meta, struct netlink_sock *sk);
  int bpf_iter_ipv6_route(struct bpf_iter_meta *meta, struct fib6_info *rt);
  `,
);
