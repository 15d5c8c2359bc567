/**
 * Contexts that are structs of their own: their fields, and which of them programs of each kind may load and store.
 *
 * Measured on Linux 6.18.44 by scripts/measure-profile.mjs: each kind of program loads and stores 1, 2, 4 and 8 bytes
 * at each offset; the names are those of the structs in its BTF. Every refusal was `invalid bpf_context access off=N
 * size=N`. Fields that no kind may touch are left out, and contexts that are the arguments of a function
 * (function-context.ts). Of unnamed unions the first member stands for all.
 */
import type { ContextRow, ContextStructs } from '../context-table.ts';

export const contextStructs: ContextStructs = {
  __sk_buff: {
    len: [0, 4],
    pkt_type: [4, 4],
    mark: [8, 4],
    queue_mapping: [12, 4],
    protocol: [16, 4],
    vlan_present: [20, 4],
    vlan_tci: [24, 4],
    vlan_proto: [28, 4],
    priority: [32, 4],
    ingress_ifindex: [36, 4],
    ifindex: [40, 4],
    tc_index: [44, 4],
    cb: [48, 20, 4],
    hash: [68, 4],
    tc_classid: [72, 4],
    data: [76, 4],
    data_end: [80, 4],
    napi_id: [84, 4],
    family: [88, 4],
    remote_ip4: [92, 4],
    local_ip4: [96, 4],
    remote_ip6: [100, 16, 4],
    local_ip6: [116, 16, 4],
    remote_port: [132, 4],
    local_port: [136, 4],
    data_meta: [140, 4],
    flow_keys: [144, 8],
    tstamp: [152, 8],
    wire_len: [160, 4],
    gso_segs: [164, 4],
    sk: [168, 8],
    gso_size: [176, 4],
    tstamp_type: [180, 1],
    hwtstamp: [184, 8],
  },
  pt_regs: { all: [0, 168, 8] },
  tracepoint_record: { before: [-32768, 32768, 8], after_first: [8, 8184, 8] },
  xdp_md: {
    data: [0, 4],
    data_end: [4, 4],
    data_meta: [8, 4],
    ingress_ifindex: [12, 4],
    rx_queue_index: [16, 4],
    egress_ifindex: [20, 4],
  },
  bpf_perf_event_data: { regs: [0, 168], sample_period: [168, 8], addr: [176, 8] },
  bpf_sock: {
    bound_dev_if: [0, 4],
    family: [4, 4],
    type: [8, 4],
    protocol: [12, 4],
    mark: [16, 4],
    priority: [20, 4],
    src_ip4: [24, 4],
    src_ip6: [28, 16, 4],
    src_port: [44, 4],
    dst_port_and_padding: [48, 4],
    dst_port: [48, 2],
    dst_ip4: [52, 4],
    dst_ip6: [56, 16, 4],
    state: [72, 4],
    rx_queue_mapping: [76, 4],
  },
  bpf_sock_ops: {
    op: [0, 4],
    args: [4, 16, 4],
    family: [20, 4],
    remote_ip4: [24, 4],
    local_ip4: [28, 4],
    remote_ip6: [32, 16, 4],
    local_ip6: [48, 16, 4],
    remote_port: [64, 4],
    local_port: [68, 4],
    is_fullsock: [72, 4],
    snd_cwnd: [76, 4],
    srtt_us: [80, 4],
    bpf_sock_ops_cb_flags: [84, 4],
    state: [88, 4],
    rtt_min: [92, 4],
    snd_ssthresh: [96, 4],
    rcv_nxt: [100, 4],
    snd_nxt: [104, 4],
    snd_una: [108, 4],
    mss_cache: [112, 4],
    ecn_flags: [116, 4],
    rate_delivered: [120, 4],
    rate_interval_us: [124, 4],
    packets_out: [128, 4],
    retrans_out: [132, 4],
    total_retrans: [136, 4],
    segs_in: [140, 4],
    data_segs_in: [144, 4],
    segs_out: [148, 4],
    data_segs_out: [152, 4],
    lost_out: [156, 4],
    sacked_out: [160, 4],
    sk_txhash: [164, 4],
    bytes_received: [168, 8],
    bytes_acked: [176, 8],
    sk: [184, 8],
    skb_data: [192, 8],
    skb_data_end: [200, 8],
    skb_len: [208, 4],
    skb_tcp_flags: [212, 4],
    skb_hwtstamp: [216, 8],
  },
  bpf_cgroup_dev_ctx: { access_type: [0, 4], major: [4, 4], minor: [8, 4] },
  sk_msg_md: {
    data: [0, 8],
    data_end: [8, 8],
    family: [16, 4],
    remote_ip4: [20, 4],
    local_ip4: [24, 4],
    remote_ip6: [28, 16, 4],
    local_ip6: [44, 16, 4],
    remote_port: [60, 4],
    local_port: [64, 4],
    size: [68, 4],
    sk: [72, 8],
  },
  raw_tracepoint_arguments: { all: [0, 96, 8], first: [0, 8], rest_of_first: [1, 7], after_first: [8, 88, 8] },
  bpf_sock_addr: {
    user_family: [0, 4],
    user_ip4: [4, 4],
    user_ip6: [8, 16, 4],
    user_port: [24, 4],
    family: [28, 4],
    type: [32, 4],
    protocol: [36, 4],
    msg_src_ip4: [40, 4],
    msg_src_ip6: [44, 16, 4],
    sk: [64, 8],
  },
  sk_reuseport_md: {
    data: [0, 8],
    data_end: [8, 8],
    len: [16, 4],
    eth_protocol: [20, 4],
    ip_protocol: [24, 4],
    bind_inany: [28, 4],
    hash: [32, 4],
    sk: [40, 8],
    migrating_sk: [48, 8],
  },
  bpf_sysctl: { write: [0, 4], file_pos: [4, 4] },
  bpf_sockopt: {
    sk: [0, 8],
    optval: [8, 8],
    optval_end: [16, 8],
    level: [24, 4],
    optname: [28, 4],
    optlen: [32, 4],
    retval: [36, 4],
  },
  bpf_sk_lookup: {
    sk: [0, 8],
    family: [8, 4],
    protocol: [12, 4],
    remote_ip4: [16, 4],
    remote_ip6: [20, 16, 4],
    remote_port_and_padding: [36, 4],
    local_ip4: [40, 4],
    local_ip6: [44, 16, 4],
    local_port: [60, 4],
    ingress_ifindex: [64, 4],
  },
  bpf_nf_ctx: { state: [0, 8], skb: [8, 8] },
  syscall_context: { all: [0, 32768, 8] },
};

export const contexts: readonly ContextRow[] = [
  {
    programs: 'socket_filter',
    struct: '__sk_buff',
    read: {
      '8': 'sk',
      '1 2 4': `
      len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority ingress_ifindex ifindex
      tc_index hash napi_id gso_segs gso_size
    `,
      '1 2 4 8': 'cb',
    },
    write: { '1 2 4 8': 'cb' },
    registers: { sk: 'sock_common_or_null' },
  },
  { programs: 'kprobe', struct: 'pt_regs', read: { '1 2 4 8': 'all' } },
  {
    programs: 'sched_cls sched_act',
    struct: '__sk_buff',
    read: {
      '1': 'tstamp_type',
      '4': 'data data_end data_meta',
      '8': 'tstamp sk hwtstamp',
      '1 2 4': `
      len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority ingress_ifindex ifindex
      tc_index hash tc_classid napi_id wire_len gso_segs gso_size
    `,
      '1 2 4 8': 'cb',
    },
    write: { '4': 'mark queue_mapping priority tc_index tc_classid', '8': 'tstamp', '1 2 4 8': 'cb' },
    registers: { data: 'pkt', data_end: 'pkt_end', data_meta: 'pkt_meta', sk: 'sock_common_or_null' },
  },
  { programs: 'tracepoint', struct: 'tracepoint_record', read: { '1 2 4 8': 'before after_first' } },
  {
    programs: 'xdp',
    struct: 'xdp_md',
    read: { '4': 'data data_end data_meta ingress_ifindex rx_queue_index' },
    registers: { data: 'pkt', data_end: 'pkt_end', data_meta: 'pkt_meta' },
  },
  {
    programs: 'xdp/xdp_devmap',
    struct: 'xdp_md',
    read: { '4': 'data data_end data_meta ingress_ifindex rx_queue_index egress_ifindex' },
    registers: { data: 'pkt', data_end: 'pkt_end', data_meta: 'pkt_meta' },
  },
  { programs: 'perf_event', struct: 'bpf_perf_event_data', read: { '8': 'regs', '1 2 4 8': 'sample_period addr' } },
  {
    programs: 'cgroup_skb',
    struct: '__sk_buff',
    read: {
      '4': 'data data_end remote_ip4 local_ip4 remote_ip6 local_ip6',
      '8': 'tstamp sk hwtstamp',
      '1 2 4': `
      len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority ingress_ifindex ifindex
      tc_index hash napi_id family remote_port local_port gso_segs gso_size
    `,
      '1 2 4 8': 'cb',
    },
    write: { '4': 'mark priority', '8': 'tstamp', '1 2 4 8': 'cb' },
    registers: { data: 'pkt', data_end: 'pkt_end', sk: 'sock_common_or_null' },
  },
  {
    programs: 'cgroup_sock',
    struct: 'bpf_sock',
    read: {
      '4': 'bound_dev_if mark priority dst_port_and_padding',
      '1 2 4 start': 'family type protocol state rx_queue_mapping',
      '1 2': 'dst_port',
      '1 2 4': 'dst_ip4 dst_ip6',
    },
    write: { '4': 'bound_dev_if mark priority' },
  },
  {
    programs: 'cgroup_sock/cgroup_inet4_post_bind',
    struct: 'bpf_sock',
    read: {
      '4': 'dst_port_and_padding',
      '1 2 4 start': 'family type protocol src_port state rx_queue_mapping',
      '1 2 4': 'src_ip4 dst_ip4 dst_ip6',
      '1 2': 'dst_port',
    },
  },
  {
    programs: 'cgroup_sock/cgroup_inet6_post_bind',
    struct: 'bpf_sock',
    read: {
      '4': 'dst_port_and_padding',
      '1 2 4 start': 'family type protocol src_port state rx_queue_mapping',
      '1 2 4': 'src_ip6 dst_ip4 dst_ip6',
      '1 2': 'dst_port',
    },
  },
  {
    programs: 'lwt_in lwt_out lwt_xmit lwt_seg6local',
    struct: '__sk_buff',
    read: {
      '4': 'data data_end',
      '8': 'sk',
      '1 2 4': `
      len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority ingress_ifindex ifindex
      tc_index hash napi_id gso_segs gso_size
    `,
      '1 2 4 8': 'cb',
    },
    write: { '4': 'mark priority', '1 2 4 8': 'cb' },
    registers: { data: 'pkt', data_end: 'pkt_end', sk: 'sock_common_or_null' },
  },
  {
    programs: 'sock_ops',
    struct: 'bpf_sock_ops',
    read: {
      '4': `
      op args family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port is_fullsock snd_cwnd srtt_us
      bpf_sock_ops_cb_flags state rtt_min snd_ssthresh rcv_nxt snd_nxt snd_una mss_cache ecn_flags rate_delivered
      rate_interval_us packets_out retrans_out total_retrans segs_in data_segs_in segs_out data_segs_out lost_out
      sacked_out sk_txhash skb_len
    `,
      '8': 'bytes_received bytes_acked sk skb_data skb_data_end skb_hwtstamp',
      '1 2 4 start': 'skb_tcp_flags',
    },
    write: { '4': 'sk_txhash', '4 start': 'args' },
    registers: { sk: 'sock_or_null', skb_data: 'pkt', skb_data_end: 'pkt_end' },
  },
  {
    programs: 'sk_skb',
    struct: '__sk_buff',
    read: {
      '4': 'data data_end remote_ip4 local_ip4 remote_ip6 local_ip6',
      '8': 'sk',
      '1 2 4': `
      len pkt_type queue_mapping protocol vlan_present vlan_tci vlan_proto priority ingress_ifindex ifindex
      tc_index hash napi_id family remote_port local_port gso_segs gso_size
    `,
      '1 2 4 8': 'cb',
    },
    write: { '4': 'priority tc_index' },
    registers: { data: 'pkt', data_end: 'pkt_end', sk: 'sock_common_or_null' },
  },
  { programs: 'cgroup_device', struct: 'bpf_cgroup_dev_ctx', read: { '4': 'major minor', '1 2 4': 'access_type' } },
  {
    programs: 'sk_msg',
    struct: 'sk_msg_md',
    read: {
      '4': 'family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port size',
      '8': 'data data_end sk',
    },
    registers: { data: 'pkt', data_end: 'pkt_end', sk: 'sock' },
  },
  { programs: 'raw_tracepoint', struct: 'raw_tracepoint_arguments', read: { '1 2 4 8': 'all' } },
  {
    programs: 'raw_tracepoint_writable',
    struct: 'raw_tracepoint_arguments',
    read: { '8': 'first', '1 2 4': 'rest_of_first', '1 2 4 8': 'after_first' },
    registers: { first: 'tp_buffer' },
  },
  {
    programs: `
      cgroup_sock_addr/cgroup_inet4_bind cgroup_sock_addr/cgroup_inet4_connect cgroup_sock_addr/cgroup_udp4_recvmsg
      cgroup_sock_addr/cgroup_inet4_getpeername cgroup_sock_addr/cgroup_inet4_getsockname
    `,
    struct: 'bpf_sock_addr',
    read: { '4': 'user_family family type protocol', '8': 'sk', '1 2 4': 'user_ip4 user_port' },
    write: { '4': 'user_ip4 user_port' },
    registers: { sk: 'sock' },
  },
  {
    programs: `
      cgroup_sock_addr/cgroup_inet6_bind cgroup_sock_addr/cgroup_inet6_connect cgroup_sock_addr/cgroup_udp6_recvmsg
      cgroup_sock_addr/cgroup_inet6_getpeername cgroup_sock_addr/cgroup_inet6_getsockname
    `,
    struct: 'bpf_sock_addr',
    read: { '4': 'user_family family type protocol', '8': 'sk', '1 2 4 8': 'user_ip6', '1 2 4': 'user_port' },
    write: { '4': 'user_port', '4 8': 'user_ip6' },
    registers: { sk: 'sock' },
  },
  {
    programs: `
      cgroup_sock_addr/cgroup_unix_connect cgroup_sock_addr/cgroup_unix_sendmsg
      cgroup_sock_addr/cgroup_unix_recvmsg cgroup_sock_addr/cgroup_unix_getpeername
      cgroup_sock_addr/cgroup_unix_getsockname
    `,
    struct: 'bpf_sock_addr',
    read: { '4': 'user_family family type protocol', '8': 'sk', '1 2 4': 'user_port' },
    write: { '4': 'user_port' },
    registers: { sk: 'sock' },
  },
  {
    programs: 'cgroup_sock_addr/cgroup_udp4_sendmsg',
    struct: 'bpf_sock_addr',
    read: { '4': 'user_family family type protocol', '8': 'sk', '1 2 4': 'user_ip4 user_port msg_src_ip4' },
    write: { '4': 'user_ip4 user_port msg_src_ip4' },
    registers: { sk: 'sock' },
  },
  {
    programs: 'cgroup_sock_addr/cgroup_udp6_sendmsg',
    struct: 'bpf_sock_addr',
    read: {
      '4': 'user_family family type protocol',
      '8': 'sk',
      '1 2 4 8': 'user_ip6 msg_src_ip6',
      '1 2 4': 'user_port',
    },
    write: { '4': 'user_port', '4 8': 'user_ip6 msg_src_ip6' },
    registers: { sk: 'sock' },
  },
  {
    programs: 'sk_reuseport',
    struct: 'sk_reuseport_md',
    read: {
      '4': 'hash',
      '8': 'data data_end sk migrating_sk',
      '1 2 4': 'len ip_protocol bind_inany',
      '2 4': 'eth_protocol',
    },
    registers: { data: 'pkt', data_end: 'pkt_end', sk: 'sock', migrating_sk: 'sock_common_or_null' },
  },
  {
    programs: 'flow_dissector',
    struct: '__sk_buff',
    read: { '4': 'data data_end', '8': 'flow_keys' },
    registers: { data: 'pkt', data_end: 'pkt_end', flow_keys: 'flow_keys' },
  },
  { programs: 'cgroup_sysctl', struct: 'bpf_sysctl', read: { '1 2 4': 'write file_pos' }, write: { '4': 'file_pos' } },
  {
    programs: 'cgroup_sockopt/cgroup_getsockopt',
    struct: 'bpf_sockopt',
    read: { '4': 'level optname optlen retval', '8': 'sk optval optval_end' },
    write: { '4': 'optlen retval' },
    registers: { sk: 'sock', optval: 'pkt', optval_end: 'pkt_end' },
  },
  {
    programs: 'cgroup_sockopt/cgroup_setsockopt',
    struct: 'bpf_sockopt',
    read: { '4': 'level optname optlen', '8': 'sk optval optval_end' },
    write: { '4': 'level optname optlen' },
    registers: { sk: 'sock', optval: 'pkt', optval_end: 'pkt_end' },
  },
  {
    programs: 'sk_lookup',
    struct: 'bpf_sk_lookup',
    read: {
      '8': 'sk',
      '1 2 4': `
      family protocol remote_ip4 remote_ip6 remote_port_and_padding local_ip4 local_ip6 local_port ingress_ifindex
    `,
    },
    registers: { sk: 'sock_or_null' },
  },
  {
    programs: 'netfilter',
    struct: 'bpf_nf_ctx',
    read: { '8': 'state skb' },
    registers: { state: 'trusted_ptr_ nf_hook_state', skb: 'trusted_ptr_ sk_buff' },
  },
  { programs: 'syscall', struct: 'syscall_context', read: { '1 2 4 8': 'all' }, write: { '1 2 4 8': 'all' } },
];
