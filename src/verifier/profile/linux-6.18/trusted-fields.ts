/**
 * Fields that stay trustworthy when they are read through a trusted or RCU-protected pointer, although C says nothing of
 * it. The kernel keeps these lists as structs of its own BTF (`task_struct__safe_rcu`, ...), which memory/trust.ts
 * prefers; this table is for BTF that has none. A field counts only with exactly this type.
 *
 * From kernel/bpf/verifier.c (BTF_TYPE_SAFE_*) and the BTF of Linux 6.18.
 */

/**
 * `rcu`: valid in an RCU section, never NULL; `rcu_or_null`: the same, may be NULL; `trusted`: valid everywhere, never
 * NULL; `trusted_or_null`: the same, may be NULL. The names are the suffixes of the kernel's structs.
 */
export type TrustKind = 'rcu' | 'rcu_or_null' | 'trusted' | 'trusted_or_null';

export interface TrustedField {
  readonly struct: string;
  readonly field: string;
  /** Struct that the field points to. */
  readonly pointee: string;
  readonly kind: TrustKind;
}

export const TRUSTED_FIELDS: readonly TrustedField[] = [
  { struct: 'task_struct', field: 'cpus_ptr', pointee: 'cpumask', kind: 'rcu' },
  { struct: 'task_struct', field: 'cgroups', pointee: 'css_set', kind: 'rcu' },
  { struct: 'task_struct', field: 'real_parent', pointee: 'task_struct', kind: 'rcu' },
  { struct: 'task_struct', field: 'group_leader', pointee: 'task_struct', kind: 'rcu' },
  { struct: 'cgroup', field: 'kn', pointee: 'kernfs_node', kind: 'rcu' },
  { struct: 'css_set', field: 'dfl_cgrp', pointee: 'cgroup', kind: 'rcu' },
  { struct: 'cgroup_subsys_state', field: 'cgroup', pointee: 'cgroup', kind: 'rcu' },
  { struct: 'mm_struct', field: 'exe_file', pointee: 'file', kind: 'rcu_or_null' },
  // Only with CONFIG_MEMCG.
  { struct: 'mm_struct', field: 'owner', pointee: 'task_struct', kind: 'rcu_or_null' },
  { struct: 'sk_buff', field: 'sk', pointee: 'sock', kind: 'rcu_or_null' },
  { struct: 'request_sock', field: 'sk', pointee: 'sock', kind: 'rcu_or_null' },
  { struct: 'bpf_iter_meta', field: 'seq', pointee: 'seq_file', kind: 'trusted' },
  { struct: 'bpf_iter__task', field: 'meta', pointee: 'bpf_iter_meta', kind: 'trusted' },
  { struct: 'bpf_iter__task', field: 'task', pointee: 'task_struct', kind: 'trusted' },
  { struct: 'linux_binprm', field: 'file', pointee: 'file', kind: 'trusted' },
  { struct: 'file', field: 'f_inode', pointee: 'inode', kind: 'trusted' },
  { struct: 'dentry', field: 'd_inode', pointee: 'inode', kind: 'trusted_or_null' },
  { struct: 'socket', field: 'sk', pointee: 'sock', kind: 'trusted_or_null' },
];

/**
 * Kernel types whose references in maps can be read under RCU: a load of such a kptr gives an RCU pointer, one of any
 * other type an untrusted one. From rcu_protected_types of kernel/bpf/verifier.c.
 */
export const RCU_PROTECTED_TYPES: ReadonlySet<string> = new Set([
  'prog_test_ref_kfunc',
  'cgroup',
  'bpf_cpumask',
  'task_struct',
  'bpf_crypto_ctx',
]);
