/**
 * Where the comparison begins: the object that an iterator gives, or one that this leads to, and the struct of it. Of
 * lists that all share (sockets, routes, maps) only some objects are compared: each has a key by which both kernels
 * know it.
 */

export interface Step {
  readonly struct: string;
  readonly member: string;
  /**
   * What is behind a member: the member itself, what it points to, or the struct that it is a member of. The last step
   * of a path is the field itself.
   */
  readonly way: 'inside' | 'follow' | 'container';
}

export interface Root {
  /** The iterator: a program of fixtures/targets.bpf.c has its name. */
  readonly target: string;
  /** Where the context has the object. */
  readonly slot: number;
  /** From that to the object that is compared. */
  readonly way: readonly Step[];
  /** What the object is. */
  readonly struct: string;
  /** From what the context has to the field that objects are known by; absent where all are compared, in order. */
  readonly key?: { readonly path: readonly Step[]; readonly kind: 'bytes' | 'string' | 'text' };
}

/** `task_struct.mm* mm_struct.owner`: * for a pointer that is followed, ^ for the struct around. */
export function steps(text: string): readonly Step[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [, struct = '', member = '', mark] = /^(\w+)\.([\w.]+)([*^]?)$/.exec(word) ?? [];
      return { struct, member, way: mark === '*' ? 'follow' : mark === '^' ? 'container' : 'inside' };
    });
}

const root = (target: string, slot: number, struct: string, key?: Root['key'], way = ''): Root => ({
  target,
  slot,
  struct,
  way: steps(way),
  ...(key !== undefined && { key }),
});
const key = (path: string, kind: 'bytes' | 'string' | 'text' = 'bytes') => ({ path: steps(path), kind });

const INODE = 'sock.sk_ino';
const NAME_OF_FILE = 'file.f_path path.dentry* dentry.d_name qstr.name';
const NAME_OF_AREA = 'vm_area_struct.vm_private_data* vm_special_mapping.name';

export const ROOTS = {
  task: root('task', 8, 'task_struct'),
  task_file: root('task_file', 24, 'file'),
  task_vma: root('task_vma', 16, 'vm_area_struct'),
  cgroup: root('cgroup', 8, 'cgroup'),
  session: root('task', 0, 'seq_file', undefined, 'bpf_iter_meta.seq*'),
  walk: root('task', 0, 'bpf_iter_seq_task_common', undefined, 'bpf_iter_meta.seq* seq_file.private*'),
  // Pointers to sockets are pointers to the struct sock (sock_common) that they begin with.
  tcp: root('tcp', 8, 'tcp_sock', key(INODE)),
  udp: root('udp', 8, 'udp_sock', key(INODE)),
  unix: root('unix', 8, 'unix_sock', key(INODE)),
  netlink: root('netlink', 8, 'netlink_sock', key(INODE)),
  timewait: root('tcp', 8, 'inet_timewait_sock', key('sock_common.skc_num')),
  request: root('tcp', 8, 'request_sock', key('sock_common.skc_dport')),
  socket: root('task_file', 24, 'socket', key('file.private_data* socket.sk* sock.sk_ino'), 'file.private_data*'),
  eventfd: root('task_file', 24, 'eventfd_ctx', key(NAME_OF_FILE, 'string'), 'file.private_data*'),
  special: root('task_vma', 16, 'vm_special_mapping', key(NAME_OF_AREA, 'string'), 'vm_area_struct.vm_private_data*'),
  ipv6_route: root('ipv6_route', 8, 'fib6_info', key('fib6_info.fib6_dst')),
  kmem_cache: root('kmem_cache', 8, 'kmem_cache', key('kmem_cache.name', 'string')),
  ksym: root('ksym', 8, 'kallsym_iter', key('kallsym_iter.name', 'text')),
  bpf_map: root('bpf_map', 8, 'bpf_map', key('bpf_map.name', 'text')),
  bpf_prog: root('bpf_prog', 8, 'bpf_prog', key('bpf_prog.aux* bpf_prog_aux.name', 'text')),
  bpf_link: root('bpf_link', 8, 'bpf_link', key('bpf_link.prog* bpf_prog.aux* bpf_prog_aux.name', 'text')),
} as const satisfies Record<string, Root>;

export type RootName = keyof typeof ROOTS;

export const rootNames = Object.keys(ROOTS) as readonly RootName[]; // the keys of a constant

/** Roots whose structs are compared whatever others lead to them: sockets of all kinds begin alike. */
export const ALL_OF_THEM: ReadonlySet<RootName> = new Set(['tcp', 'udp', 'unix', 'netlink', 'timewait', 'request']);
