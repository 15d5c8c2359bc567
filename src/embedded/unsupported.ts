/**
 * Functions of Linux 6.18 that programs of the embedded kernel cannot call, and why not: what a process that runs
 * programs on given objects does not have. A program that calls one is refused when it is loaded, with the reason.
 */

interface Group {
  /** Completes "the embedded kernel has no NAME": a clause. */
  readonly reason: string;
  /** Words separated by spaces, without `bpf_` where they have it. */
  readonly names: string;
}

const helperGroups: readonly Group[] = [
  { reason: 'there are no performance counters', names: 'perf_event_read perf_event_read_value' },
  { reason: 'there is nobody to send a signal to', names: 'send_signal send_signal_thread' },
  { reason: 'a process cannot make system calls for a program', names: 'sys_bpf sys_close' },
  { reason: 'files have no integrity measurements', names: 'ima_inode_hash ima_file_hash' },
  { reason: 'no program is executed here', names: 'bprm_opts_set' },
  {
    reason: 'nobody can put a cgroup into an array of them',
    names: 'current_task_under_cgroup skb_under_cgroup',
  },
  { reason: 'packets are not encrypted', names: 'skb_get_xfrm_state' },
  { reason: 'sockets have no connection that could be changed', names: 'bind tcp_send_ack' },
  {
    reason: 'packets are not routed',
    names: 'lwt_push_encap lwt_seg6_store_bytes lwt_seg6_adjust_srh lwt_seg6_action',
  },
  { reason: 'nothing is received from remote controls', names: 'rc_repeat rc_keydown rc_pointer_rel' },
  { reason: 'the device number of namespace files is not known', names: 'get_ns_current_pid_tgid' },
];

const kfuncGroups: readonly Group[] = [
  {
    reason: 'there are no ciphers',
    names: 'bpf_crypto_ctx_create bpf_crypto_ctx_acquire bpf_crypto_ctx_release bpf_crypto_encrypt bpf_crypto_decrypt',
  },
  {
    reason: 'there are no keyrings',
    names: 'bpf_lookup_user_key bpf_lookup_system_key bpf_key_put',
  },
  {
    reason: 'files and cgroups have no extended attributes',
    names: 'bpf_get_dentry_xattr bpf_get_file_xattr bpf_set_dentry_xattr bpf_remove_dentry_xattr bpf_cgroup_read_xattr',
  },
  { reason: 'hooks of security modules are not called', names: 'bpf_get_task_exe_file bpf_put_file bpf_path_d_path' },
  { reason: 'tasks are in no hierarchy of version 1', names: 'bpf_task_get_cgroup1' },
  { reason: 'there is nobody to send a signal to', names: 'bpf_send_signal_task' },
  {
    reason: 'no task returns to user space here',
    names: 'bpf_task_work_schedule_resume_impl bpf_task_work_schedule_signal_impl',
  },
  { reason: 'probes are run, not attached in pairs', names: 'bpf_session_cookie bpf_session_is_return' },
  {
    reason: 'there is no congestion control of the kernel',
    names:
      'bbr_cwnd_event bbr_init bbr_main bbr_min_tso_segs bbr_set_state bbr_sndbuf_expand bbr_ssthresh bbr_undo_cwnd ' +
      'cubictcp_acked cubictcp_cong_avoid cubictcp_cwnd_event cubictcp_init cubictcp_recalc_ssthresh cubictcp_state ' +
      'tcp_cong_avoid_ai tcp_reno_cong_avoid tcp_reno_ssthresh tcp_reno_undo_cwnd tcp_slow_start',
  },
  {
    reason: 'connections are not tracked',
    names:
      'bpf_ct_insert_entry bpf_ct_release bpf_ct_change_status bpf_ct_change_timeout bpf_ct_set_nat_info ' +
      'bpf_ct_set_status bpf_ct_set_timeout bpf_skb_ct_alloc bpf_skb_ct_lookup bpf_xdp_ct_alloc bpf_xdp_ct_lookup',
  },
  { reason: 'packets are not encrypted', names: 'bpf_xdp_get_xfrm_state bpf_xdp_xfrm_state_release' },
  {
    reason: 'sockets have no connection that could be changed',
    names: 'bpf_sk_assign_tcp_reqsk',
  },
  {
    reason: "it is there for the kernel's own tests",
    names: 'bpf_modify_return_test_tp bpf_kfunc_call_test_release bpf_kfunc_call_memb_release',
  },
  { reason: 'every program that could reach it is refused', names: '__bpf_trap' },
];

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

const reasons: ReadonlyMap<string, string> = new Map([
  ...helperGroups.flatMap(({ reason, names }) => words(names).map((name): [string, string] => [`bpf_${name}`, reason])),
  ...kfuncGroups.flatMap(({ reason, names }) => words(names).map((name): [string, string] => [name, reason])),
]);

/** Why a function is not supported; undefined for one of which no more is to be said. @param name with `bpf_` */
export const whyUnsupported = (name: string): string | undefined => reasons.get(name);

/** All that have a reason. */
export const unsupportedFunctions = (): Iterable<string> => reasons.keys();
