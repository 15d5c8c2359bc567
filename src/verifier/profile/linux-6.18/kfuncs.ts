/**
 * The kfuncs of Linux 6.18: flags, and the hooks (groups of program types) that they are registered for.
 *
 * Read out of the running 6.18.44 (the registered sets themselves, through an iterator program over `attach_btf`), so
 * that configuration shows: no modules, no sched_ext, no HID. Functions that are only registered for fmod_ret cannot
 * be called and are left out. What the filters of some sets take away again stands in `restricted`.
 */
import {
  BPF_PROG_TYPE_CGROUP_DEVICE,
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_CGROUP_SOCK,
  BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
  BPF_PROG_TYPE_CGROUP_SOCKOPT,
  BPF_PROG_TYPE_CGROUP_SYSCTL,
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_NETFILTER,
  BPF_PROG_TYPE_PERF_EVENT,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_SKB,
  BPF_PROG_TYPE_SOCK_OPS,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_XDP,
  BPF_TRACE_ITER,
  BPF_TRACE_KPROBE_SESSION,
  BPF_TRACE_UPROBE_SESSION,
} from '../../../uapi/index.ts';
import type { KfuncEntry, KfuncFlag, ProgramKind } from '../types.ts';

/** Kfuncs that are registered alike; cells are words separated by spaces. */
interface KfuncRow {
  readonly hooks: string;
  readonly flags: string;
  readonly names: string;
}

const rows: readonly KfuncRow[] = [
  {
    hooks: 'common',
    flags: '',
    names:
      '__bpf_trap bpf_dynptr_adjust bpf_dynptr_clone bpf_dynptr_copy bpf_dynptr_is_null bpf_dynptr_is_rdonly ' +
      'bpf_dynptr_memset bpf_dynptr_size bpf_get_kmem_cache bpf_local_irq_restore bpf_local_irq_save ' +
      'bpf_modify_return_test_tp bpf_preempt_disable bpf_preempt_enable bpf_probe_read_kernel_dynptr ' +
      'bpf_probe_read_kernel_str_dynptr bpf_probe_read_user_dynptr bpf_probe_read_user_str_dynptr ' +
      'bpf_rcu_read_lock bpf_rcu_read_unlock bpf_res_spin_unlock bpf_res_spin_unlock_irqrestore bpf_strcasecmp ' +
      'bpf_strchr bpf_strchrnul bpf_strcmp bpf_strcspn bpf_strlen bpf_strnchr bpf_strnlen bpf_strnstr ' +
      'bpf_strrchr bpf_strspn bpf_strstr bpf_wq_init bpf_wq_set_callback_impl bpf_wq_start',
  },
  {
    hooks: 'common',
    flags: 'fastcall',
    names: 'bpf_cast_to_kern_ctx bpf_rdonly_cast',
  },
  {
    hooks: 'common',
    flags: 'iter_destroy',
    names:
      'bpf_iter_bits_destroy bpf_iter_css_destroy bpf_iter_css_task_destroy bpf_iter_num_destroy ' +
      'bpf_iter_task_destroy bpf_iter_task_vma_destroy',
  },
  {
    hooks: 'common',
    flags: 'iter_new',
    names: 'bpf_iter_bits_new bpf_iter_num_new',
  },
  {
    hooks: 'common',
    flags: 'rcu',
    names: 'bpf_cgroup_read_xattr',
  },
  {
    hooks: 'common',
    flags: 'rcu iter_new',
    names: 'bpf_iter_task_vma_new',
  },
  {
    hooks: 'common',
    flags: 'ret_null',
    names: 'bpf_dynptr_slice bpf_dynptr_slice_rdwr bpf_res_spin_lock bpf_res_spin_lock_irqsave',
  },
  {
    hooks: 'common',
    flags: 'ret_null iter_next',
    names:
      'bpf_iter_bits_next bpf_iter_css_next bpf_iter_css_task_next bpf_iter_num_next bpf_iter_task_next ' +
      'bpf_iter_task_vma_next',
  },
  {
    hooks: 'common',
    flags: 'ret_null sleepable iter_next',
    names: 'bpf_iter_dmabuf_next bpf_iter_kmem_cache_next',
  },
  {
    hooks: 'common',
    flags: 'sleepable',
    names:
      'bpf_copy_from_user_dynptr bpf_copy_from_user_str bpf_copy_from_user_str_dynptr ' + 'bpf_copy_from_user_task_str',
  },
  {
    hooks: 'common',
    flags: 'sleepable iter_destroy',
    names: 'bpf_iter_dmabuf_destroy bpf_iter_kmem_cache_destroy',
  },
  {
    hooks: 'common',
    flags: 'sleepable iter_new',
    names: 'bpf_iter_dmabuf_new bpf_iter_kmem_cache_new',
  },
  {
    hooks: 'common',
    flags: 'trusted_args',
    names:
      'bpf_map_sum_elem_count bpf_stream_vprintk_impl bpf_task_work_schedule_resume_impl ' +
      'bpf_task_work_schedule_signal_impl',
  },
  {
    hooks: 'common',
    flags: 'trusted_args iter_new',
    names: 'bpf_iter_css_task_new',
  },
  {
    hooks: 'common',
    flags: 'trusted_args iter_new rcu_protected',
    names: 'bpf_iter_css_new bpf_iter_task_new',
  },
  {
    hooks: 'common',
    flags: 'trusted_args sleepable',
    names: 'bpf_copy_from_user_task_dynptr bpf_copy_from_user_task_str_dynptr',
  },
  {
    hooks: 'common',
    flags: 'trusted_args sleepable arena_arg2',
    names: 'bpf_arena_free_pages bpf_arena_reserve_pages',
  },
  {
    hooks: 'common',
    flags: 'trusted_args sleepable arena_ret arena_arg2',
    names: 'bpf_arena_alloc_pages',
  },
  {
    hooks: 'cgroup',
    flags: '',
    names: 'bpf_sock_addr_set_sun_path',
  },
  {
    hooks: 'cgroup',
    flags: 'trusted_args',
    names: 'bpf_sock_ops_enable_tx_tstamp',
  },
  {
    hooks: 'kprobe',
    flags: '',
    names: 'bpf_session_cookie bpf_session_is_return',
  },
  {
    hooks: 'struct_ops',
    flags: '',
    names:
      'bbr_cwnd_event bbr_init bbr_main bbr_min_tso_segs bbr_set_state bbr_sndbuf_expand bbr_ssthresh ' +
      'bbr_undo_cwnd cubictcp_acked cubictcp_cong_avoid cubictcp_cwnd_event cubictcp_init ' +
      'cubictcp_recalc_ssthresh cubictcp_state tcp_cong_avoid_ai tcp_reno_cong_avoid tcp_reno_ssthresh ' +
      'tcp_reno_undo_cwnd tcp_slow_start',
  },
  {
    hooks: 'struct_ops tracing syscall',
    flags: 'acquire ret_null',
    names: 'bpf_cpumask_create',
  },
  {
    hooks: 'struct_ops tracing syscall',
    flags: 'acquire trusted_args',
    names: 'bpf_cpumask_acquire',
  },
  {
    hooks: 'struct_ops tracing syscall',
    flags: 'rcu',
    names:
      'bpf_cpumask_and bpf_cpumask_any_and_distribute bpf_cpumask_any_distribute bpf_cpumask_clear ' +
      'bpf_cpumask_clear_cpu bpf_cpumask_copy bpf_cpumask_empty bpf_cpumask_equal bpf_cpumask_first ' +
      'bpf_cpumask_first_and bpf_cpumask_first_zero bpf_cpumask_full bpf_cpumask_intersects bpf_cpumask_or ' +
      'bpf_cpumask_populate bpf_cpumask_set_cpu bpf_cpumask_setall bpf_cpumask_subset ' +
      'bpf_cpumask_test_and_clear_cpu bpf_cpumask_test_and_set_cpu bpf_cpumask_test_cpu bpf_cpumask_weight ' +
      'bpf_cpumask_xor',
  },
  {
    hooks: 'struct_ops tracing syscall',
    flags: 'release',
    names: 'bpf_cpumask_release',
  },
  {
    hooks: 'syscall',
    flags: 'acquire ret_null rcu',
    names: 'bpf_crypto_ctx_acquire',
  },
  {
    hooks: 'syscall',
    flags: 'acquire ret_null sleepable',
    names: 'bpf_crypto_ctx_create',
  },
  {
    hooks: 'syscall',
    flags: 'release',
    names: 'bpf_crypto_ctx_release',
  },
  {
    hooks: 'tc',
    flags: 'trusted_args',
    names: 'bpf_sk_assign_tcp_reqsk',
  },
  {
    hooks: 'tc sched_act',
    flags: 'trusted_args',
    names: 'bpf_dynptr_from_skb_meta',
  },
  {
    hooks: 'tc tracing cgroup sched_act sk_skb socket_filter lwt netfilter',
    flags: 'trusted_args',
    names: 'bpf_dynptr_from_skb',
  },
  {
    hooks: 'tc tracing syscall',
    flags: 'release',
    names: 'bpf_kfunc_call_memb_release bpf_kfunc_call_test_release',
  },
  {
    hooks: 'tracing',
    flags: '',
    names: 'css_rstat_updated',
  },
  {
    hooks: 'tracing',
    flags: 'acquire ret_null trusted_args',
    names: 'bpf_get_task_exe_file',
  },
  {
    hooks: 'tracing',
    flags: 'release',
    names: 'bpf_put_file',
  },
  {
    hooks: 'tracing',
    flags: 'sleepable',
    names: 'css_rstat_flush',
  },
  {
    hooks: 'tracing',
    flags: 'trusted_args',
    names: 'bpf_path_d_path bpf_sock_destroy',
  },
  {
    hooks: 'tracing',
    flags: 'trusted_args sleepable',
    names: 'bpf_get_dentry_xattr bpf_get_file_xattr bpf_remove_dentry_xattr bpf_set_dentry_xattr',
  },
  {
    hooks: 'xdp',
    flags: '',
    names: 'bpf_dynptr_from_xdp bpf_xdp_pull_data',
  },
  {
    hooks: 'xdp',
    flags: 'acquire ret_null',
    names: 'bpf_xdp_get_xfrm_state',
  },
  {
    hooks: 'xdp',
    flags: 'release',
    names: 'bpf_xdp_xfrm_state_release',
  },
  {
    hooks: 'xdp',
    flags: 'trusted_args',
    names: 'bpf_xdp_metadata_rx_hash bpf_xdp_metadata_rx_timestamp bpf_xdp_metadata_rx_vlan_tag',
  },
  {
    hooks: 'xdp tc',
    flags: 'acquire release ret_null',
    names: 'bpf_ct_insert_entry',
  },
  {
    hooks: 'xdp tc',
    flags: 'acquire ret_null',
    names: 'bpf_skb_ct_alloc bpf_skb_ct_lookup bpf_xdp_ct_alloc bpf_xdp_ct_lookup',
  },
  {
    hooks: 'xdp tc',
    flags: 'release',
    names: 'bpf_ct_release',
  },
  {
    hooks: 'xdp tc',
    flags: 'trusted_args',
    names: 'bpf_ct_change_status bpf_ct_change_timeout bpf_ct_set_nat_info bpf_ct_set_status bpf_ct_set_timeout',
  },
  {
    hooks: 'xdp tc sched_act',
    flags: 'rcu',
    names: 'bpf_crypto_decrypt bpf_crypto_encrypt',
  },
  {
    hooks: 'xdp tc struct_ops tracing syscall cgroup',
    flags: '',
    names: 'bpf_list_push_back_impl bpf_list_push_front_impl bpf_rbtree_add_impl bpf_throw',
  },
  {
    hooks: 'xdp tc struct_ops tracing syscall cgroup',
    flags: 'acquire ret_null',
    names:
      'bpf_cgroup_from_id bpf_list_pop_back bpf_list_pop_front bpf_lookup_system_key bpf_obj_new_impl ' +
      'bpf_percpu_obj_new_impl bpf_rbtree_remove bpf_task_from_pid bpf_task_from_vpid',
  },
  {
    hooks: 'xdp tc struct_ops tracing syscall cgroup',
    flags: 'acquire ret_null rcu',
    names: 'bpf_cgroup_acquire bpf_cgroup_ancestor bpf_refcount_acquire_impl bpf_task_acquire bpf_task_get_cgroup1',
  },
  {
    hooks: 'xdp tc struct_ops tracing syscall cgroup',
    flags: 'acquire ret_null sleepable',
    names: 'bpf_lookup_user_key',
  },
  {
    hooks: 'xdp tc struct_ops tracing syscall cgroup',
    flags: 'rcu',
    names: 'bpf_task_under_cgroup',
  },
  {
    hooks: 'xdp tc struct_ops tracing syscall cgroup',
    flags: 'release',
    names: 'bpf_cgroup_release bpf_key_put bpf_obj_drop_impl bpf_percpu_obj_drop_impl bpf_task_release',
  },
  {
    hooks: 'xdp tc struct_ops tracing syscall cgroup',
    flags: 'ret_null',
    names: 'bpf_list_back bpf_list_front bpf_rbtree_first bpf_rbtree_left bpf_rbtree_right bpf_rbtree_root',
  },
  {
    hooks: 'xdp tc struct_ops tracing syscall cgroup',
    flags: 'trusted_args',
    names: 'bpf_send_signal_task',
  },
];

/** The words of a cell. */
const words = (cell: string): readonly string[] => (cell === '' ? [] : cell.split(' '));

/** The hook of a program type, beside `common`, which is everyone's. */
const hooks: ReadonlyMap<number, string> = new Map([
  [BPF_PROG_TYPE_XDP, 'xdp'],
  [BPF_PROG_TYPE_SCHED_CLS, 'tc'],
  [BPF_PROG_TYPE_STRUCT_OPS, 'struct_ops'],
  [BPF_PROG_TYPE_TRACING, 'tracing'],
  [BPF_PROG_TYPE_TRACEPOINT, 'tracing'],
  [BPF_PROG_TYPE_PERF_EVENT, 'tracing'],
  [BPF_PROG_TYPE_LSM, 'tracing'],
  [BPF_PROG_TYPE_SYSCALL, 'syscall'],
  [BPF_PROG_TYPE_CGROUP_SKB, 'cgroup'],
  [BPF_PROG_TYPE_CGROUP_SOCK, 'cgroup'],
  [BPF_PROG_TYPE_CGROUP_DEVICE, 'cgroup'],
  [BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 'cgroup'],
  [BPF_PROG_TYPE_CGROUP_SOCKOPT, 'cgroup'],
  [BPF_PROG_TYPE_CGROUP_SYSCTL, 'cgroup'],
  [BPF_PROG_TYPE_SOCK_OPS, 'cgroup'],
  [BPF_PROG_TYPE_SCHED_ACT, 'sched_act'],
  [BPF_PROG_TYPE_SK_SKB, 'sk_skb'],
  [BPF_PROG_TYPE_SOCKET_FILTER, 'socket_filter'],
  [BPF_PROG_TYPE_LWT_OUT, 'lwt'],
  [BPF_PROG_TYPE_LWT_IN, 'lwt'],
  [BPF_PROG_TYPE_LWT_XMIT, 'lwt'],
  [BPF_PROG_TYPE_LWT_SEG6LOCAL, 'lwt'],
  [BPF_PROG_TYPE_NETFILTER, 'netfilter'],
  [BPF_PROG_TYPE_KPROBE, 'kprobe'],
]);

const FILE_SYSTEM =
  'bpf_get_task_exe_file bpf_put_file bpf_path_d_path bpf_get_dentry_xattr bpf_get_file_xattr ' +
  'bpf_set_dentry_xattr bpf_remove_dentry_xattr';

const isSession = ({ expectedAttachType }: ProgramKind): boolean =>
  expectedAttachType === BPF_TRACE_KPROBE_SESSION || expectedAttachType === BPF_TRACE_UPROBE_SESSION;

/** Kfuncs that only some programs of a hook may call. */
const restricted: ReadonlyMap<string, (kind: ProgramKind) => boolean> = new Map([
  ...words(FILE_SYSTEM).map((name): [string, (kind: ProgramKind) => boolean] => [
    name,
    ({ type }) => type === BPF_PROG_TYPE_LSM,
  ]),
  ['bpf_sock_destroy', ({ expectedAttachType }) => expectedAttachType === BPF_TRACE_ITER],
  ['bpf_session_is_return', isSession],
  ['bpf_session_cookie', isSession],
]);

/** By name. */
export const kfuncs: ReadonlyMap<string, KfuncEntry> = new Map(
  rows.flatMap((row) => {
    const flags = words(row.flags) as readonly KfuncFlag[]; // the rows say nothing else
    return words(row.names).map((name): [string, KfuncEntry] => [name, { name, flags }]);
  }),
);

const hooksOf: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  rows.flatMap((row) => {
    const set = new Set(words(row.hooks));
    return words(row.names).map((name): [string, ReadonlySet<string>] => [name, set]);
  }),
);

/** Whether programs of this kind may call the kfunc. */
export function kfuncAllowed(name: string, kind: ProgramKind): boolean {
  const registered = hooksOf.get(name);
  if (registered === undefined) return false;
  if (registered.has('common')) return true;
  const hook = hooks.get(kind.type);
  return hook !== undefined && registered.has(hook) && (restricted.get(name)?.(kind) ?? true);
}
