/**
 * Which helpers programs of each kind may call.
 *
 * Measured on Linux 6.18.44 by scripts/measure-profile.mjs: each kind of program that the kernel loads calls each
 * helper; `program of this type cannot use helper` is a no. Left out: what else a call needs (licence, sleepability,
 * arguments), kinds that the measuring machine does not load (trampolines.ts), and helpers that lockdown hides there
 * (lockdown.ts). Names are without `bpf_`; the row `every` is what all kinds with more than a few helpers have.
 */
import type { AvailabilityRow } from '../availability.ts';

export const helperAvailability: readonly AvailabilityRow[] = [
  {
    programs: 'every',
    plus: `
      map_lookup_elem map_update_elem map_delete_elem ktime_get_ns trace_printk get_prandom_u32
      get_smp_processor_id tail_call get_current_pid_tgid get_current_uid_gid get_current_comm get_cgroup_classid
      perf_event_read get_current_task current_task_under_cgroup get_numa_node_id perf_event_read_value
      get_current_cgroup_id map_push_elem map_pop_elem map_peek_elem spin_lock spin_unlock strtol strtoul
      send_signal probe_read_user probe_read_kernel probe_read_user_str probe_read_kernel_str send_signal_thread
      jiffies64 get_ns_current_pid_tgid get_current_ancestor_cgroup_id ktime_get_boot_ns ringbuf_output
      ringbuf_reserve ringbuf_submit ringbuf_discard ringbuf_query get_task_stack copy_from_user snprintf_btf
      per_cpu_ptr this_cpu_ptr task_storage_get task_storage_delete get_current_task_btf for_each_map_elem snprintf
      timer_init timer_set_callback timer_start timer_cancel task_pt_regs get_branch_snapshot trace_vprintk
      find_vma loop strncmp copy_from_user_task kptr_xchg map_lookup_percpu_elem dynptr_from_mem
      ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr dynptr_read dynptr_write dynptr_data
      ktime_get_tai_ns user_ringbuf_drain cgrp_storage_get cgrp_storage_delete
    `,
  },
  { programs: 'struct_ops/bpf_dummy_ops' },
  { programs: 'netfilter', like: 'every' },
  { programs: 'cgroup_device', like: 'every', plus: 'perf_event_output get_local_storage' },
  { programs: 'cgroup_device/cgroup_device', like: 'cgroup_device', plus: 'get_retval set_retval' },
  {
    programs: 'struct_ops/tcp_congestion_ops.release',
    like: 'every',
    plus: 'sk_storage_get sk_storage_delete tcp_send_ack ktime_get_coarse_ns',
  },
  {
    programs: 'sk_reuseport',
    like: 'every',
    plus: `
      skb_load_bytes get_socket_cookie skb_load_bytes_relative sk_select_reuseport ktime_get_coarse_ns
    `,
  },
  {
    programs: 'struct_ops/tcp_congestion_ops',
    like: 'struct_ops/tcp_congestion_ops.release',
    plus: 'setsockopt getsockopt',
  },
  {
    programs: 'kprobe tracepoint raw_tracepoint raw_tracepoint_writable',
    like: 'every',
    plus: `
      probe_read perf_event_output get_stackid probe_read_str get_stack get_func_ip get_attach_cookie
    `,
  },
  {
    programs: 'cgroup_sysctl',
    like: 'cgroup_device',
    plus: `
      sysctl_get_name sysctl_get_current_value sysctl_get_new_value sysctl_set_new_value ktime_get_coarse_ns
    `,
  },
  {
    programs: 'cgroup_sock',
    like: 'cgroup_device/cgroup_device',
    plus: 'get_socket_cookie sk_storage_get get_netns_cookie ktime_get_coarse_ns',
  },
  {
    programs: 'cgroup_sockopt/cgroup_getsockopt',
    like: 'cgroup_device/cgroup_device',
    plus: 'tcp_sock sk_storage_get sk_storage_delete get_netns_cookie',
  },
  { programs: 'perf_event', like: 'kprobe', plus: 'perf_prog_read_value read_branch_records' },
  {
    programs: 'flow_dissector',
    like: 'every',
    plus: `
      skb_load_bytes skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock skc_to_tcp_request_sock
      skc_to_udp6_sock ktime_get_coarse_ns skc_to_unix_sock skc_to_mptcp_sock
    `,
  },
  { programs: 'cgroup_sysctl/cgroup_sysctl', like: 'cgroup_sysctl', plus: 'get_retval set_retval' },
  {
    programs: 'cgroup_sockopt/cgroup_setsockopt',
    like: 'cgroup_sockopt/cgroup_getsockopt',
    plus: 'setsockopt getsockopt',
  },
  {
    programs: 'sk_lookup',
    like: 'flow_dissector',
    plus: 'perf_event_output sk_release sk_assign',
    minus: 'skb_load_bytes',
  },
  {
    programs: 'socket_filter',
    like: 'flow_dissector',
    plus: `
      perf_event_output get_socket_cookie get_socket_uid skb_load_bytes_relative get_netns_cookie
    `,
  },
  {
    programs: 'lwt_out',
    like: 'flow_dissector',
    plus: 'get_route_realm perf_event_output csum_diff skb_under_cgroup get_hash_recalc skb_pull_data',
  },
  { programs: 'lwt_in', like: 'lwt_out', plus: 'lwt_push_encap' },
  { programs: 'lwt_seg6local', like: 'lwt_out', plus: 'lwt_seg6_store_bytes lwt_seg6_adjust_srh lwt_seg6_action' },
  {
    programs: 'sk_msg',
    like: 'flow_dissector',
    plus: `
      perf_event_output msg_redirect_map msg_apply_bytes msg_cork_bytes msg_pull_data msg_redirect_hash
      msg_push_data msg_pop_data sk_storage_get sk_storage_delete get_netns_cookie
    `,
    minus: 'skb_load_bytes',
  },
  {
    programs: `
      cgroup_sock_addr/cgroup_udp4_recvmsg cgroup_sock_addr/cgroup_udp6_recvmsg
      cgroup_sock_addr/cgroup_unix_recvmsg cgroup_sock_addr/cgroup_inet4_getpeername
      cgroup_sock_addr/cgroup_inet6_getpeername cgroup_sock_addr/cgroup_unix_getpeername
      cgroup_sock_addr/cgroup_inet4_getsockname cgroup_sock_addr/cgroup_inet6_getsockname
      cgroup_sock_addr/cgroup_unix_getsockname
    `,
    like: 'sk_lookup',
    plus: `
      get_socket_cookie setsockopt getsockopt get_local_storage sk_lookup_tcp sk_lookup_udp skc_lookup_tcp
      sk_storage_get sk_storage_delete get_netns_cookie
    `,
    minus: 'sk_assign',
  },
  {
    programs: `
      cgroup_sock_addr/cgroup_inet4_bind cgroup_sock_addr/cgroup_inet6_bind cgroup_sock_addr/cgroup_unix_connect
      cgroup_sock_addr/cgroup_udp4_sendmsg cgroup_sock_addr/cgroup_udp6_sendmsg
      cgroup_sock_addr/cgroup_unix_sendmsg
    `,
    like: 'cgroup_sock_addr/cgroup_udp4_recvmsg',
    plus: 'get_retval set_retval',
  },
  {
    programs: 'tracing/trace_raw_tp',
    like: 'kprobe',
    plus: `
      get_socket_cookie sk_storage_get sk_storage_delete skb_output xdp_output skc_to_tcp6_sock skc_to_tcp_sock
      skc_to_tcp_timewait_sock skc_to_tcp_request_sock skc_to_udp6_sock d_path sock_from_file skc_to_unix_sock
      xdp_get_buff_len skc_to_mptcp_sock
    `,
  },
  {
    programs: 'sock_ops',
    like: 'cgroup_sock_addr/cgroup_udp4_recvmsg',
    plus: `
      sock_map_update sock_ops_cb_flags_set sock_hash_update tcp_sock load_hdr_opt store_hdr_opt reserve_hdr_opt
    `,
    minus: 'sk_lookup_tcp sk_lookup_udp sk_release skc_lookup_tcp',
  },
  {
    programs: 'sk_skb',
    like: 'flow_dissector',
    plus: `
      skb_store_bytes perf_event_output skb_change_tail skb_pull_data skb_change_head get_socket_cookie
      get_socket_uid skb_adjust_room sk_redirect_map sk_redirect_hash sk_lookup_tcp sk_lookup_udp sk_release
      skc_lookup_tcp
    `,
  },
  {
    programs: 'cgroup_sock_addr/cgroup_inet4_connect cgroup_sock_addr/cgroup_inet6_connect',
    like: 'cgroup_sock_addr/cgroup_inet4_bind',
    plus: 'bind',
  },
  {
    programs: 'tracing/trace_iter',
    like: 'tracing/trace_raw_tp',
    plus: 'seq_printf seq_write seq_printf_btf',
    minus: 'get_attach_cookie',
  },
  {
    programs: 'syscall',
    like: 'tracing/trace_raw_tp',
    plus: 'sys_bpf btf_find_by_name_kind sys_close kallsyms_lookup_name',
    minus: 'get_attach_cookie',
  },
  {
    programs: 'tracing/trace_iter/tcp tracing/trace_iter/unix',
    like: 'tracing/trace_iter',
    plus: 'setsockopt getsockopt',
  },
  {
    programs: 'cgroup_skb',
    like: 'socket_filter',
    plus: `
      skb_cgroup_id get_local_storage skb_ancestor_cgroup_id sk_lookup_tcp sk_lookup_udp sk_release sk_fullsock
      tcp_sock skb_ecn_set_ce get_listener_sock skc_lookup_tcp sk_storage_get sk_storage_delete sk_cgroup_id
      sk_ancestor_cgroup_id
    `,
  },
  {
    programs: 'xdp',
    like: 'sk_lookup',
    plus: `
      redirect csum_diff xdp_adjust_head redirect_map xdp_adjust_meta xdp_adjust_tail fib_lookup sk_lookup_tcp
      sk_lookup_udp skc_lookup_tcp tcp_check_syncookie tcp_gen_syncookie check_mtu xdp_get_buff_len xdp_load_bytes
      xdp_store_bytes tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6 tcp_raw_check_syncookie_ipv4
      tcp_raw_check_syncookie_ipv6
    `,
    minus: 'sk_assign',
  },
  {
    programs: 'lwt_xmit',
    like: 'lwt_in',
    plus: `
      skb_store_bytes l3_csum_replace l4_csum_replace clone_redirect skb_get_tunnel_key skb_set_tunnel_key redirect
      skb_get_tunnel_opt skb_set_tunnel_opt skb_change_tail csum_update set_hash_invalid skb_change_head csum_level
    `,
  },
  {
    programs: 'sched_cls sched_act',
    like: 'lwt_xmit',
    plus: `
      skb_vlan_push skb_vlan_pop skb_change_proto skb_change_type get_socket_cookie get_socket_uid set_hash
      skb_adjust_room skb_get_xfrm_state skb_load_bytes_relative fib_lookup skb_cgroup_id skb_ancestor_cgroup_id
      sk_lookup_tcp sk_lookup_udp sk_release sk_fullsock tcp_sock skb_ecn_set_ce get_listener_sock skc_lookup_tcp
      tcp_check_syncookie sk_storage_get sk_storage_delete tcp_gen_syncookie get_netns_cookie sk_assign
      skb_cgroup_classid redirect_neigh redirect_peer check_mtu skb_set_tstamp tcp_raw_gen_syncookie_ipv4
      tcp_raw_gen_syncookie_ipv6 tcp_raw_check_syncookie_ipv4 tcp_raw_check_syncookie_ipv6
    `,
    minus: 'lwt_push_encap',
  },
];
