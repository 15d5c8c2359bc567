/**
 * What the contexts of tracing programs hold beyond what BTF says: arguments of iterator programs, LSM hooks whose
 * arguments may be half built or half torn down, LSM hooks that return a truth value.
 * From the targets' registrations (facts/iterators.md 1.1, read off 6.18's log) and kernel/bpf/bpf_lsm.c.
 */

export interface IteratorArgument {
  /** In the context. */
  readonly offset: number;
  /** The kernel's name of the register type, a BTF pointer's without its struct. */
  readonly register: 'trusted_ptr' | 'trusted_ptr_or_null' | 'ptr_or_null' | 'rdonly_buf_or_null' | 'buf_or_null';
  /** For BTF pointers. */
  readonly struct?: string;
}

const pointer = (offset: number, register: IteratorArgument['register'], struct: string): IteratorArgument => ({
  offset,
  register,
  struct,
});

/** By target; the first argument is a trusted `bpf_iter_meta` in all, which BTF says. */
export const ITERATOR_ARGUMENTS: ReadonlyMap<string, readonly IteratorArgument[]> = new Map([
  ['task', [pointer(8, 'trusted_ptr_or_null', 'task_struct')]],
  ['task_file', [pointer(8, 'ptr_or_null', 'task_struct'), pointer(24, 'ptr_or_null', 'file')]],
  ['task_vma', [pointer(8, 'ptr_or_null', 'task_struct'), pointer(16, 'ptr_or_null', 'vm_area_struct')]],
  ['bpf_map', [pointer(8, 'trusted_ptr_or_null', 'bpf_map')]],
  [
    'bpf_map_elem',
    [
      { offset: 16, register: 'rdonly_buf_or_null' },
      { offset: 24, register: 'buf_or_null' },
    ],
  ],
  ['bpf_prog', [pointer(8, 'ptr_or_null', 'bpf_prog')]],
  ['bpf_link', [pointer(8, 'ptr_or_null', 'bpf_link')]],
  ['bpf_sk_storage_map', [pointer(16, 'ptr_or_null', 'sock'), { offset: 24, register: 'buf_or_null' }]],
  ['sockmap', [{ offset: 16, register: 'rdonly_buf_or_null' }, pointer(24, 'ptr_or_null', 'sock')]],
  ['cgroup', [pointer(8, 'trusted_ptr_or_null', 'cgroup')]],
  ['kmem_cache', [pointer(8, 'trusted_ptr_or_null', 'kmem_cache')]],
  ['dmabuf', [pointer(8, 'ptr_or_null', 'dma_buf')]],
  ['ksym', [pointer(8, 'ptr_or_null', 'kallsym_iter')]],
  ['tcp', [pointer(8, 'trusted_ptr_or_null', 'sock_common')]],
  ['udp', [pointer(8, 'trusted_ptr_or_null', 'udp_sock')]],
  ['unix', [pointer(8, 'ptr_or_null', 'unix_sock')]],
  ['netlink', [pointer(8, 'ptr_or_null', 'netlink_sock')]],
  ['ipv6_route', [pointer(8, 'ptr_or_null', 'fib6_info')]],
]);

/** LSM hooks that are called while their object is being made or freed: its pointer is not trusted. */
export const UNTRUSTED_LSM_HOOKS: ReadonlySet<string> = new Set([
  'bpf_lsm_bpf_map_free',
  'bpf_lsm_bpf_prog_free',
  'bpf_lsm_file_alloc_security',
  'bpf_lsm_file_free_security',
  'bpf_lsm_sk_alloc_security',
  'bpf_lsm_sk_free_security',
  'bpf_lsm_task_free',
]);

/** LSM hooks that return 0 or 1; the others return 0 or an error. */
export const BOOLEAN_LSM_HOOKS: ReadonlySet<string> = new Set([
  'bpf_lsm_xfrm_state_pol_flow_match',
  'bpf_lsm_audit_rule_known',
  'bpf_lsm_inode_xattr_skipcap',
]);
