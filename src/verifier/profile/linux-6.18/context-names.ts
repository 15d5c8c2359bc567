/**
 * What programs call their context: the struct whose pointer a kfunc or a global function takes for the context. Types
 * that are not here know no struct.
 * Facts: include/linux/bpf_types.h of Linux 6.12.
 */

/** By program type. */
export const contextNames: Readonly<Record<string, string>> = {
  socket_filter: '__sk_buff',
  sched_cls: '__sk_buff',
  sched_act: '__sk_buff',
  xdp: 'xdp_md',
  cgroup_skb: '__sk_buff',
  cgroup_sock: 'bpf_sock',
  cgroup_sock_addr: 'bpf_sock_addr',
  lwt_in: '__sk_buff',
  lwt_out: '__sk_buff',
  lwt_xmit: '__sk_buff',
  lwt_seg6local: '__sk_buff',
  sock_ops: 'bpf_sock_ops',
  sk_skb: '__sk_buff',
  sk_msg: 'sk_msg_md',
  flow_dissector: '__sk_buff',
  kprobe: 'bpf_user_pt_regs_t',
  perf_event: 'bpf_perf_event_data',
  raw_tracepoint: 'bpf_raw_tracepoint_args',
  raw_tracepoint_writable: 'bpf_raw_tracepoint_args',
  cgroup_device: 'bpf_cgroup_dev_ctx',
  cgroup_sysctl: 'bpf_sysctl',
  cgroup_sockopt: 'bpf_sockopt',
  sk_reuseport: 'sk_reuseport_md',
  sk_lookup: 'bpf_sk_lookup',
  netfilter: 'bpf_nf_ctx',
};
