/**
 * The helpers of Linux 6.18: the prototype of each, in the notation of helper-notation.ts.
 * Who may call which stands in the availability tables.
 *
 * Facts: the `struct bpf_func_proto` definitions of kernel/bpf, kernel/trace/bpf_trace.c, net/core/filter.c and
 * drivers/media/rc; where versions differ (what may be written to), loads on 6.18.44 decided.
 */
import { type HelperRow, HelperTable, type HookSets } from '../helper-notation.ts';
import type { HelperPrototype, ProgramKind } from '../types.ts';

/** Whose get_smp_processor_id() is not replaced by a load, and so is no bpf_fastcall. */
const PLAIN_CPU_ID =
  'socket_filter cgroup_skb cgroup_sock cgroup_sock_addr cgroup_sockopt cgroup_sysctl cgroup_device sk_skb sk_msg ' +
  'sk_reuseport sk_lookup sock_ops flow_dissector lirc_mode2 netfilter struct_ops';
const SOCKET_BY_BTF = 'tracing lsm cgroup_sockopt struct_ops';
/** Kprobe programs that are attached by a link of their own, whose helpers need not be GPL. */
const KPROBE_LINKS =
  'kprobe/trace_kprobe_multi kprobe/trace_kprobe_session kprobe/trace_uprobe_multi kprobe/trace_uprobe_session';

// biome-ignore format: a row a line
const rows: readonly HelperRow[] = [
  [1, 'map_lookup_elem', 'map_value?', 'const_map_ptr, map_key', 'packet'],
  [2, 'map_update_elem', 'integer', 'const_map_ptr, map_key, map_value, anything', 'packet'],
  [3, 'map_delete_elem', 'integer', 'const_map_ptr, map_key', 'packet'],
  [4, 'probe_read', 'integer', 'mem+write+uninit, const_size_or_zero, anything', 'gpl'],
  [5, 'ktime_get_ns', 'integer', ''],
  [6, 'trace_printk', 'integer', 'mem+read, const_size', 'gpl'],
  [7, 'get_prandom_u32', 'integer', ''],
  [8, 'get_smp_processor_id', 'integer', '', 'fastcall'],
  [8, 'get_smp_processor_id', 'integer', '', '', PLAIN_CPU_ID],
  [9, 'skb_store_bytes', 'integer', 'ctx, anything, mem+read, const_size, anything'],
  [10, 'l3_csum_replace', 'integer', 'ctx, anything, anything, anything, anything'],
  [11, 'l4_csum_replace', 'integer', 'ctx, anything, anything, anything, anything'],
  [12, 'tail_call', 'void', 'ctx, const_map_ptr, anything'],
  [13, 'clone_redirect', 'integer', 'ctx, anything, anything'],
  [14, 'get_current_pid_tgid', 'integer', ''],
  [15, 'get_current_uid_gid', 'integer', ''],
  [16, 'get_current_comm', 'integer', 'mem+write+uninit, const_size'],
  [17, 'get_cgroup_classid', 'integer', ''],
  [17, 'get_cgroup_classid', 'integer', 'ctx', '', 'sched_cls sched_act lwt_in lwt_out lwt_xmit lwt_seg6local'],
  [18, 'skb_vlan_push', 'integer', 'ctx, anything, anything'],
  [19, 'skb_vlan_pop', 'integer', 'ctx'],
  [20, 'skb_get_tunnel_key', 'integer', 'ctx, mem+write+uninit, const_size, anything'],
  [21, 'skb_set_tunnel_key', 'integer', 'ctx, mem+read, const_size, anything'],
  [22, 'perf_event_read', 'integer', 'const_map_ptr, anything', 'gpl'],
  [23, 'redirect', 'integer', 'anything, anything'],
  [24, 'get_route_realm', 'integer', 'ctx'],
  [25, 'perf_event_output', 'integer', 'ctx, const_map_ptr, anything, mem+read, const_size_or_zero', 'gpl'],
  [26, 'skb_load_bytes', 'integer', 'ctx, anything, mem+write+uninit, const_size'],
  [27, 'get_stackid', 'integer', 'ctx, const_map_ptr, anything', 'gpl'],
  [27, 'get_stackid', 'integer', 'ctx, const_map_ptr, anything', '', 'perf_event'],
  [28, 'csum_diff', 'integer', 'mem?+read, const_size_or_zero, mem?+read, const_size_or_zero, anything', 'packet'],
  [29, 'skb_get_tunnel_opt', 'integer', 'ctx, mem+write+uninit, const_size'],
  [30, 'skb_set_tunnel_opt', 'integer', 'ctx, mem+read, const_size'],
  [31, 'skb_change_proto', 'integer', 'ctx, anything, anything'],
  [32, 'skb_change_type', 'integer', 'ctx, anything'],
  [33, 'skb_under_cgroup', 'integer', 'ctx, const_map_ptr, anything'],
  [34, 'get_hash_recalc', 'integer', 'ctx'],
  [35, 'get_current_task', 'integer', '', 'gpl'],
  [36, 'probe_write_user', 'integer', 'anything, mem+read, const_size', 'gpl'],
  [37, 'current_task_under_cgroup', 'integer', 'const_map_ptr, anything'],
  [38, 'skb_change_tail', 'integer', 'ctx, anything, anything'],
  [39, 'skb_pull_data', 'integer', 'ctx, anything'],
  [40, 'csum_update', 'integer', 'ctx, anything'],
  [41, 'set_hash_invalid', 'integer', 'ctx'],
  [42, 'get_numa_node_id', 'integer', ''],
  [43, 'skb_change_head', 'integer', 'ctx, anything, anything'],
  [44, 'xdp_adjust_head', 'integer', 'ctx, anything'],
  [45, 'probe_read_str', 'integer', 'mem+write+uninit, const_size_or_zero, anything', 'gpl'],
  [46, 'get_socket_cookie', 'integer', 'ctx'],
  [46, 'get_socket_cookie', 'integer', 'btf_id_sock_common?', '', 'tracing lsm syscall sk_reuseport'],
  [47, 'get_socket_uid', 'integer', 'ctx'],
  [48, 'set_hash', 'integer', 'ctx, anything'],
  [49, 'setsockopt', 'integer', 'ctx, anything, anything, mem+read, const_size'],
  [49, 'setsockopt', 'integer', 'btf_id_sock_common, anything, anything, mem+read, const_size', '', SOCKET_BY_BTF],
  [50, 'skb_adjust_room', 'integer', 'ctx, anything, anything, anything'],
  [51, 'redirect_map', 'integer', 'const_map_ptr, anything, anything'],
  [52, 'sk_redirect_map', 'integer', 'ctx, const_map_ptr, anything, anything'],
  [53, 'sock_map_update', 'integer', 'ctx, const_map_ptr, map_key, anything', 'packet'],
  [54, 'xdp_adjust_meta', 'integer', 'ctx, anything'],
  [55, 'perf_event_read_value', 'integer', 'const_map_ptr, anything, mem+write+uninit, const_size', 'gpl'],
  [56, 'perf_prog_read_value', 'integer', 'ctx, mem+write+uninit, const_size', 'gpl'],
  [57, 'getsockopt', 'integer', 'ctx, anything, anything, mem+write+uninit, const_size'],
  [57, 'getsockopt', 'integer', 'btf_id_sock_common, anything, anything, mem+write+uninit, const_size', '', SOCKET_BY_BTF],
  [58, 'override_return', 'integer', 'ctx, anything', 'gpl'],
  [59, 'sock_ops_cb_flags_set', 'integer', 'ctx, anything'],
  [60, 'msg_redirect_map', 'integer', 'ctx, const_map_ptr, anything, anything'],
  [61, 'msg_apply_bytes', 'integer', 'ctx, anything'],
  [62, 'msg_cork_bytes', 'integer', 'ctx, anything'],
  [63, 'msg_pull_data', 'integer', 'ctx, anything, anything, anything'],
  [64, 'bind', 'integer', 'ctx, mem+read, const_size'],
  [65, 'xdp_adjust_tail', 'integer', 'ctx, anything'],
  [66, 'skb_get_xfrm_state', 'integer', 'ctx, anything, mem+write+uninit, const_size, anything'],
  [67, 'get_stack', 'integer', 'ctx, mem+write+uninit, const_size_or_zero, anything', 'gpl'],
  [68, 'skb_load_bytes_relative', 'integer', 'ctx, anything, mem+write+uninit, const_size, anything'],
  [69, 'fib_lookup', 'integer', 'ctx, mem+write, const_size, anything', 'gpl'],
  [70, 'sock_hash_update', 'integer', 'ctx, const_map_ptr, map_key, anything', 'packet'],
  [71, 'msg_redirect_hash', 'integer', 'ctx, const_map_ptr, map_key, anything'],
  [72, 'sk_redirect_hash', 'integer', 'ctx, const_map_ptr, map_key, anything'],
  [73, 'lwt_push_encap', 'integer', 'ctx, anything, mem+read, const_size'],
  [74, 'lwt_seg6_store_bytes', 'integer', 'ctx, anything, mem+read, const_size'],
  [75, 'lwt_seg6_adjust_srh', 'integer', 'ctx, anything, anything'],
  [76, 'lwt_seg6_action', 'integer', 'ctx, anything, mem+read, const_size'],
  [77, 'rc_repeat', 'integer', 'ctx', 'gpl'],
  [78, 'rc_keydown', 'integer', 'ctx, anything, anything, anything', 'gpl'],
  [79, 'skb_cgroup_id', 'integer', 'ctx'],
  [80, 'get_current_cgroup_id', 'integer', ''],
  [81, 'get_local_storage', 'map_value', 'const_map_ptr, anything'],
  [82, 'sk_select_reuseport', 'integer', 'ctx, const_map_ptr, map_key, anything'],
  [83, 'skb_ancestor_cgroup_id', 'integer', 'ctx, anything'],
  [84, 'sk_lookup_tcp', 'socket?', 'ctx, mem+read, const_size_or_zero, anything, anything', 'packet'],
  [84, 'sk_lookup_tcp', 'socket?', 'ctx, mem+read, const_size_or_zero, anything, anything', '', 'cgroup_sock_addr'],
  [85, 'sk_lookup_udp', 'socket?', 'ctx, mem+read, const_size_or_zero, anything, anything', 'packet'],
  [85, 'sk_lookup_udp', 'socket?', 'ctx, mem+read, const_size_or_zero, anything, anything', '', 'cgroup_sock_addr'],
  [86, 'sk_release', 'integer', 'btf_id_sock_common+release'],
  [87, 'map_push_elem', 'integer', 'const_map_ptr, map_value, anything', 'packet'],
  [88, 'map_pop_elem', 'integer', 'const_map_ptr, map_value+write+uninit'],
  [89, 'map_peek_elem', 'integer', 'const_map_ptr, map_value+write+uninit'],
  [90, 'msg_push_data', 'integer', 'ctx, anything, anything, anything'],
  [91, 'msg_pop_data', 'integer', 'ctx, anything, anything, anything'],
  [92, 'rc_pointer_rel', 'integer', 'ctx, anything, anything', 'gpl'],
  [93, 'spin_lock', 'void', 'spin_lock'],
  [94, 'spin_unlock', 'void', 'spin_lock'],
  [95, 'sk_fullsock', 'socket?', 'sock_common'],
  [96, 'tcp_sock', 'tcp_sock?', 'sock_common'],
  [97, 'skb_ecn_set_ce', 'integer', 'ctx'],
  [98, 'get_listener_sock', 'socket?', 'sock_common'],
  [99, 'skc_lookup_tcp', 'sock_common?', 'ctx, mem+read, const_size_or_zero, anything, anything', 'packet'],
  [99, 'skc_lookup_tcp', 'sock_common?', 'ctx, mem+read, const_size_or_zero, anything, anything', '', 'cgroup_sock_addr'],
  [100, 'tcp_check_syncookie', 'integer', 'btf_id_sock_common, mem+read, const_size, mem+read, const_size', 'gpl packet'],
  [101, 'sysctl_get_name', 'integer', 'ctx, mem+write, const_size, anything'],
  [102, 'sysctl_get_current_value', 'integer', 'ctx, mem+write+uninit, const_size'],
  [103, 'sysctl_get_new_value', 'integer', 'ctx, mem+write+uninit, const_size'],
  [104, 'sysctl_set_new_value', 'integer', 'ctx, mem+read, const_size'],
  [105, 'strtol', 'integer', 'mem+read, const_size, anything, mem:8+write+uninit+aligned'],
  [106, 'strtoul', 'integer', 'mem+read, const_size, anything, mem:8+write+uninit+aligned'],
  [107, 'sk_storage_get', 'map_value?', 'const_map_ptr, btf_id_sock_common, map_value?, anything'],
  [107, 'sk_storage_get', 'map_value?', 'const_map_ptr, ctx, map_value?, anything', '', 'cgroup_sock'],
  [107, 'sk_storage_get', 'map_value?', 'const_map_ptr, btf_id:sock_common?, map_value?, anything', 'at:sk_storage', 'tracing syscall'],
  [108, 'sk_storage_delete', 'integer', 'const_map_ptr, btf_id_sock_common'],
  [108, 'sk_storage_delete', 'integer', 'const_map_ptr, btf_id:sock_common?', 'at:sk_storage', 'tracing syscall'],
  [109, 'send_signal', 'integer', 'anything'],
  [110, 'tcp_gen_syncookie', 'integer', 'btf_id_sock_common, mem+read, const_size, mem+read, const_size', 'gpl packet'],
  [111, 'skb_output', 'integer', 'btf_id:sk_buff, const_map_ptr, anything, mem+read, const_size_or_zero', 'gpl'],
  [112, 'probe_read_user', 'integer', 'mem+write+uninit, const_size_or_zero, anything', 'gpl'],
  [113, 'probe_read_kernel', 'integer', 'mem+write+uninit, const_size_or_zero, anything', 'gpl'],
  [114, 'probe_read_user_str', 'integer', 'mem+write+uninit, const_size_or_zero, anything', 'gpl'],
  [115, 'probe_read_kernel_str', 'integer', 'mem+write+uninit, const_size_or_zero, anything', 'gpl'],
  [116, 'tcp_send_ack', 'integer', 'btf_id:tcp_sock, anything'],
  [117, 'send_signal_thread', 'integer', 'anything'],
  [118, 'jiffies64', 'integer', ''],
  [119, 'read_branch_records', 'integer', 'ctx, mem?+write, const_size_or_zero, anything', 'gpl'],
  [120, 'get_ns_current_pid_tgid', 'integer', 'anything, anything, mem+write+uninit, const_size'],
  [121, 'xdp_output', 'integer', 'btf_id:xdp_buff, const_map_ptr, anything, mem+read, const_size_or_zero', 'gpl'],
  [122, 'get_netns_cookie', 'integer', 'ctx?'],
  [123, 'get_current_ancestor_cgroup_id', 'integer', 'anything'],
  [124, 'sk_assign', 'integer', 'ctx, btf_id_sock_common, anything'],
  [124, 'sk_assign', 'integer', 'ctx, socket?, anything', '', 'sk_lookup'],
  [125, 'ktime_get_boot_ns', 'integer', ''],
  [126, 'seq_printf', 'integer', 'btf_id:seq_file, mem+read, const_size, mem?+read, const_size_or_zero', 'gpl'],
  [127, 'seq_write', 'integer', 'btf_id:seq_file, mem+read, const_size_or_zero', 'gpl'],
  [128, 'sk_cgroup_id', 'integer', 'btf_id_sock_common'],
  [129, 'sk_ancestor_cgroup_id', 'integer', 'btf_id_sock_common, anything'],
  [130, 'ringbuf_output', 'integer', 'const_map_ptr, mem+read, const_size_or_zero, anything'],
  [131, 'ringbuf_reserve', 'mem?+ringbuf', 'const_map_ptr, const_alloc_size_or_zero, anything'],
  [132, 'ringbuf_submit', 'void', 'ringbuf_mem+release, anything'],
  [133, 'ringbuf_discard', 'void', 'ringbuf_mem+release, anything'],
  [134, 'ringbuf_query', 'integer', 'const_map_ptr, anything'],
  [135, 'csum_level', 'integer', 'ctx, anything'],
  [136, 'skc_to_tcp6_sock', 'btf_id:tcp6_sock?', 'btf_id_sock_common'],
  [137, 'skc_to_tcp_sock', 'btf_id:tcp_sock?', 'btf_id_sock_common'],
  [138, 'skc_to_tcp_timewait_sock', 'btf_id:tcp_timewait_sock?', 'btf_id_sock_common'],
  [139, 'skc_to_tcp_request_sock', 'btf_id:tcp_request_sock?', 'btf_id_sock_common'],
  [140, 'skc_to_udp6_sock', 'btf_id:udp6_sock?', 'btf_id_sock_common'],
  [141, 'get_task_stack', 'integer', 'btf_id:task_struct, mem+write+uninit, const_size_or_zero, anything'],
  [142, 'load_hdr_opt', 'integer', 'ctx, mem+write, const_size, anything'],
  [143, 'store_hdr_opt', 'integer', 'ctx, mem+read, const_size, anything'],
  [144, 'reserve_hdr_opt', 'integer', 'ctx, anything, anything'],
  [145, 'inode_storage_get', 'map_value?', 'const_map_ptr, btf_id:inode?, map_value?, anything'],
  [146, 'inode_storage_delete', 'integer', 'const_map_ptr, btf_id:inode?'],
  [147, 'd_path', 'integer', 'btf_id:path, mem+write, const_size_or_zero', 'at:d_path'],
  [148, 'copy_from_user', 'integer', 'mem+write+uninit, const_size_or_zero, anything', 'sleeps'],
  [149, 'snprintf_btf', 'integer', 'mem+write, const_size, mem+read, const_size, anything'],
  [150, 'seq_printf_btf', 'integer', 'btf_id:seq_file, mem+read, const_size_or_zero, anything', 'gpl'],
  [151, 'skb_cgroup_classid', 'integer', 'ctx'],
  [152, 'redirect_neigh', 'integer', 'anything, mem?+read, const_size_or_zero, anything'],
  [153, 'per_cpu_ptr', 'mem_or_btf_id?+read', 'percpu_btf_id, anything'],
  [154, 'this_cpu_ptr', 'mem_or_btf_id+read', 'percpu_btf_id'],
  [155, 'redirect_peer', 'integer', 'anything, anything'],
  [156, 'task_storage_get', 'map_value?', 'const_map_ptr, btf_id:task_struct?, map_value?, anything'],
  [157, 'task_storage_delete', 'integer', 'const_map_ptr, btf_id:task_struct?'],
  [158, 'get_current_task_btf', 'btf_id:task_struct+trusted', '', 'gpl'],
  [159, 'bprm_opts_set', 'integer', 'btf_id:linux_binprm, anything'],
  [160, 'ktime_get_coarse_ns', 'integer', ''],
  [161, 'ima_inode_hash', 'integer', 'btf_id:inode, mem+write+uninit, const_size', 'sleeps at:ima'],
  [162, 'sock_from_file', 'btf_id:socket?', 'btf_id:file'],
  [163, 'check_mtu', 'integer', 'ctx, anything, mem:4+write+aligned, anything, anything', 'gpl'],
  [164, 'for_each_map_elem', 'integer', 'const_map_ptr, func, stack?, anything'],
  [165, 'snprintf', 'integer', 'mem?+write, const_size_or_zero, const_str, mem?+read, const_size_or_zero', 'gpl'],
  [166, 'sys_bpf', 'integer', 'anything, mem+read, const_size'],
  [167, 'btf_find_by_name_kind', 'integer', 'mem+read, const_size, anything, anything'],
  [168, 'sys_close', 'integer', 'anything'],
  [169, 'timer_init', 'integer', 'timer, const_map_ptr, anything', 'gpl'],
  [170, 'timer_set_callback', 'integer', 'timer, func', 'gpl'],
  [171, 'timer_start', 'integer', 'timer, anything, anything', 'gpl'],
  [172, 'timer_cancel', 'integer', 'timer', 'gpl'],
  [173, 'get_func_ip', 'integer', 'ctx', 'gpl'],
  [173, 'get_func_ip', 'integer', 'ctx', '', KPROBE_LINKS],
  [174, 'get_attach_cookie', 'integer', 'ctx'],
  [175, 'task_pt_regs', 'btf_id:pt_regs', 'btf_id:task_struct', 'gpl'],
  [176, 'get_branch_snapshot', 'integer', 'mem+write+uninit, const_size_or_zero', 'gpl'],
  [177, 'trace_vprintk', 'integer', 'mem+read, const_size, mem?+read, const_size_or_zero', 'gpl'],
  [178, 'skc_to_unix_sock', 'btf_id:unix_sock?', 'btf_id_sock_common'],
  [179, 'kallsyms_lookup_name', 'integer', 'mem+read, const_size_or_zero, anything, mem:8+write+uninit+aligned'],
  [180, 'find_vma', 'integer', 'btf_id:task_struct, anything, func, stack?, anything'],
  [181, 'loop', 'integer', 'anything, func, stack?, anything'],
  [182, 'strncmp', 'integer', 'mem+read, const_size, const_str'],
  [183, 'get_func_arg', 'integer', 'ctx, anything, mem:8+write+uninit+aligned'],
  [184, 'get_func_ret', 'integer', 'ctx, mem:8+write+uninit+aligned'],
  [185, 'get_func_arg_cnt', 'integer', 'ctx'],
  [186, 'get_retval', 'integer', ''],
  [187, 'set_retval', 'integer', 'anything'],
  [188, 'xdp_get_buff_len', 'integer', 'ctx'],
  [188, 'xdp_get_buff_len', 'integer', 'btf_id:xdp_buff', '', 'tracing lsm syscall'],
  [189, 'xdp_load_bytes', 'integer', 'ctx, anything, mem+write+uninit, const_size'],
  [190, 'xdp_store_bytes', 'integer', 'ctx, anything, mem+read, const_size'],
  [191, 'copy_from_user_task', 'integer', 'mem+write+uninit, const_size_or_zero, anything, btf_id:task_struct, anything', 'gpl sleeps'],
  [192, 'skb_set_tstamp', 'integer', 'ctx, anything, anything'],
  [193, 'ima_file_hash', 'integer', 'btf_id:file, mem+write+uninit, const_size', 'sleeps at:ima'],
  [194, 'kptr_xchg', 'btf_id?', 'kptr_xchg_dest, btf_id?+release'],
  [195, 'map_lookup_percpu_elem', 'map_value?', 'const_map_ptr, map_key, anything', 'packet'],
  [196, 'skc_to_mptcp_sock', 'btf_id:mptcp_sock?', 'sock_common'],
  [197, 'dynptr_from_mem', 'integer', 'mem+write+uninit, const_size_or_zero, anything, dynptr+local+write+uninit'],
  [198, 'ringbuf_reserve_dynptr', 'integer', 'const_map_ptr, anything, anything, dynptr+ringbuf+write+uninit'],
  [199, 'ringbuf_submit_dynptr', 'void', 'dynptr+release+ringbuf, anything'],
  [200, 'ringbuf_discard_dynptr', 'void', 'dynptr+release+ringbuf, anything'],
  [201, 'dynptr_read', 'integer', 'mem+write+uninit, const_size_or_zero, dynptr+read, anything, anything'],
  [202, 'dynptr_write', 'integer', 'dynptr+read, anything, mem+read, const_size_or_zero, anything'],
  [203, 'dynptr_data', 'mem?', 'dynptr+read, anything, const_alloc_size_or_zero'],
  [204, 'tcp_raw_gen_syncookie_ipv4', 'integer', 'mem:20+read, mem+read, const_size_or_zero', 'gpl packet'],
  [205, 'tcp_raw_gen_syncookie_ipv6', 'integer', 'mem:40+read, mem+read, const_size_or_zero', 'gpl packet'],
  [206, 'tcp_raw_check_syncookie_ipv4', 'integer', 'mem:20+read, mem:20+read', 'gpl packet'],
  [207, 'tcp_raw_check_syncookie_ipv6', 'integer', 'mem:40+read, mem:20+read', 'gpl packet'],
  [208, 'ktime_get_tai_ns', 'integer', ''],
  [209, 'user_ringbuf_drain', 'integer', 'const_map_ptr, func, stack?, anything'],
  [210, 'cgrp_storage_get', 'map_value?', 'const_map_ptr, btf_id:cgroup?, map_value?, anything'],
  [211, 'cgrp_storage_delete', 'integer', 'const_map_ptr, btf_id:cgroup?'],
];

/** LSM hooks that may sleep. */
const SLEEPABLE_LSM_HOOKS =
  'bpf bpf_map bpf_map_create bpf_map_free bpf_prog bpf_prog_load bpf_prog_free bpf_token_create bpf_token_free ' +
  'bpf_token_cmd bpf_token_capable bprm_check_security bprm_committed_creds bprm_committing_creds ' +
  'bprm_creds_for_exec bprm_creds_from_file capget capset cred_prepare file_ioctl file_lock file_open ' +
  'file_post_open file_receive inode_create inode_free_security inode_getattr inode_getxattr inode_mknod ' +
  'inode_need_killpriv inode_post_setxattr inode_post_removexattr inode_readlink inode_removexattr inode_rename ' +
  'inode_rmdir inode_setattr inode_setxattr inode_symlink inode_unlink kernel_module_request kernel_read_file ' +
  'kernfs_init_security path_unlink path_mkdir path_rmdir path_truncate path_symlink path_link path_rename ' +
  'path_chmod path_chown mmap_file netlink_send path_notify release_secctx sb_alloc_security sb_eat_lsm_opts ' +
  'sb_kern_mount sb_mount sb_remount sb_set_mnt_opts sb_show_options sb_statfs sb_umount settime ' +
  'inet_conn_established socket_accept socket_bind socket_connect socket_create socket_getpeername ' +
  'socket_getpeersec_dgram socket_getsockname socket_getsockopt socket_listen socket_post_create socket_recvmsg ' +
  'socket_sendmsg socket_shutdown socket_socketpair syslog task_alloc task_prctl task_setscheduler task_to_inode ' +
  'userns_create';

const sleepableLsm: readonly string[] = SLEEPABLE_LSM_HOOKS.split(' ').flatMap((hook) => [
  `lsm/lsm_mac/${hook}`,
  `lsm/lsm_cgroup/${hook}`,
]);

/** Functions of socket storage itself, which its helpers may not be called from. */
const SOCKET_STORAGE =
  'charge clone del delete delete_tracing diag_alloc diag_free diag_put free get get_tracing map map_alloc map_free ' +
  'map_iter_init map_seq_find_next map_seq_next map_seq_show map_seq_start map_seq_stop ptr tracing_allowed uncharge';

const D_PATH_FUNCTIONS =
  'security_file_permission security_inode_getattr security_file_open security_path_truncate vfs_truncate ' +
  'vfs_fallocate dentry_open vfs_getattr filp_close';

const TRAMPOLINES = ['tracing/trace_fentry', 'tracing/trace_fexit'];
const atFunctions = (names: string, attachKeys: readonly string[]): readonly string[] =>
  names.split(' ').flatMap((name) => attachKeys.map((key) => `${key}/${name}`));

const hooks: HookSets = {
  d_path: {
    allowed: [
      'tracing/trace_iter',
      ...sleepableLsm,
      ...atFunctions(D_PATH_FUNCTIONS, [...TRAMPOLINES, 'tracing/modify_return']),
    ],
  },
  ima: { allowed: sleepableLsm },
  sk_storage: {
    allowed: ['tracing/trace_iter', 'tracing/trace_raw_tp', ...TRAMPOLINES],
    denied: TRAMPOLINES.flatMap((key) => SOCKET_STORAGE.split(' ').map((name) => `${key}/bpf_sk_storage_${name}`)),
  },
};

const table = new HelperTable(rows, hooks);

/** Prototypes that hold unless a kind of program has another, by number. */
export const helperPrototypes: ReadonlyMap<number, HelperPrototype> = table.prototypes;

/** The prototype of a helper as programs of a kind see it; undefined if there is no such helper. */
export const helperPrototype = (id: number, kind: ProgramKind): HelperPrototype | undefined => table.find(id, kind);
