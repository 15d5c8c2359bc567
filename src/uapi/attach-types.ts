/**
 * Attach types (enum bpf_attach_type): number, name, first kernel.
 * Facts: include/uapi/linux/bpf.h (Linux 7.2), names as libbpf's libbpf_bpf_attach_type_str().
 */
import { byId, byName, type UapiEntry } from './table.ts';

export const BPF_CGROUP_INET_INGRESS = 0;
export const BPF_CGROUP_INET_EGRESS = 1;
export const BPF_CGROUP_INET_SOCK_CREATE = 2;
export const BPF_CGROUP_SOCK_OPS = 3;
export const BPF_SK_SKB_STREAM_PARSER = 4;
export const BPF_SK_SKB_STREAM_VERDICT = 5;
export const BPF_CGROUP_DEVICE = 6;
export const BPF_SK_MSG_VERDICT = 7;
export const BPF_CGROUP_INET4_BIND = 8;
export const BPF_CGROUP_INET6_BIND = 9;
export const BPF_CGROUP_INET4_CONNECT = 10;
export const BPF_CGROUP_INET6_CONNECT = 11;
export const BPF_CGROUP_INET4_POST_BIND = 12;
export const BPF_CGROUP_INET6_POST_BIND = 13;
export const BPF_CGROUP_UDP4_SENDMSG = 14;
export const BPF_CGROUP_UDP6_SENDMSG = 15;
export const BPF_LIRC_MODE2 = 16;
export const BPF_FLOW_DISSECTOR = 17;
export const BPF_CGROUP_SYSCTL = 18;
export const BPF_CGROUP_UDP4_RECVMSG = 19;
export const BPF_CGROUP_UDP6_RECVMSG = 20;
export const BPF_CGROUP_GETSOCKOPT = 21;
export const BPF_CGROUP_SETSOCKOPT = 22;
export const BPF_TRACE_RAW_TP = 23;
export const BPF_TRACE_FENTRY = 24;
export const BPF_TRACE_FEXIT = 25;
export const BPF_MODIFY_RETURN = 26;
export const BPF_LSM_MAC = 27;
export const BPF_TRACE_ITER = 28;
export const BPF_CGROUP_INET4_GETPEERNAME = 29;
export const BPF_CGROUP_INET6_GETPEERNAME = 30;
export const BPF_CGROUP_INET4_GETSOCKNAME = 31;
export const BPF_CGROUP_INET6_GETSOCKNAME = 32;
export const BPF_XDP_DEVMAP = 33;
export const BPF_CGROUP_INET_SOCK_RELEASE = 34;
export const BPF_XDP_CPUMAP = 35;
export const BPF_SK_LOOKUP = 36;
export const BPF_XDP = 37;
export const BPF_SK_SKB_VERDICT = 38;
export const BPF_SK_REUSEPORT_SELECT = 39;
export const BPF_SK_REUSEPORT_SELECT_OR_MIGRATE = 40;
export const BPF_PERF_EVENT = 41;
export const BPF_TRACE_KPROBE_MULTI = 42;
export const BPF_LSM_CGROUP = 43;
export const BPF_STRUCT_OPS = 44;
export const BPF_NETFILTER = 45;
export const BPF_TCX_INGRESS = 46;
export const BPF_TCX_EGRESS = 47;
export const BPF_TRACE_UPROBE_MULTI = 48;
export const BPF_CGROUP_UNIX_CONNECT = 49;
export const BPF_CGROUP_UNIX_SENDMSG = 50;
export const BPF_CGROUP_UNIX_RECVMSG = 51;
export const BPF_CGROUP_UNIX_GETPEERNAME = 52;
export const BPF_CGROUP_UNIX_GETSOCKNAME = 53;
export const BPF_NETKIT_PRIMARY = 54;
export const BPF_NETKIT_PEER = 55;
export const BPF_TRACE_KPROBE_SESSION = 56;
export const BPF_TRACE_UPROBE_SESSION = 57;
export const BPF_TRACE_FSESSION = 58;
export const BPF_TRACE_FENTRY_MULTI = 59;
export const BPF_TRACE_FEXIT_MULTI = 60;
export const BPF_TRACE_FSESSION_MULTI = 61;

/** In the order of their numbers; gaps do not occur. */
export const attachTypes: readonly UapiEntry[] = [
  { id: BPF_CGROUP_INET_INGRESS, name: 'cgroup_inet_ingress', since: '4.10' },
  { id: BPF_CGROUP_INET_EGRESS, name: 'cgroup_inet_egress', since: '4.10' },
  { id: BPF_CGROUP_INET_SOCK_CREATE, name: 'cgroup_inet_sock_create', since: '4.10' },
  { id: BPF_CGROUP_SOCK_OPS, name: 'cgroup_sock_ops', since: '4.13' },
  { id: BPF_SK_SKB_STREAM_PARSER, name: 'sk_skb_stream_parser', since: '4.14' },
  { id: BPF_SK_SKB_STREAM_VERDICT, name: 'sk_skb_stream_verdict', since: '4.14' },
  { id: BPF_CGROUP_DEVICE, name: 'cgroup_device', since: '4.15' },
  { id: BPF_SK_MSG_VERDICT, name: 'sk_msg_verdict', since: '4.17' },
  { id: BPF_CGROUP_INET4_BIND, name: 'cgroup_inet4_bind', since: '4.17' },
  { id: BPF_CGROUP_INET6_BIND, name: 'cgroup_inet6_bind', since: '4.17' },
  { id: BPF_CGROUP_INET4_CONNECT, name: 'cgroup_inet4_connect', since: '4.17' },
  { id: BPF_CGROUP_INET6_CONNECT, name: 'cgroup_inet6_connect', since: '4.17' },
  { id: BPF_CGROUP_INET4_POST_BIND, name: 'cgroup_inet4_post_bind', since: '4.17' },
  { id: BPF_CGROUP_INET6_POST_BIND, name: 'cgroup_inet6_post_bind', since: '4.17' },
  { id: BPF_CGROUP_UDP4_SENDMSG, name: 'cgroup_udp4_sendmsg', since: '4.18' },
  { id: BPF_CGROUP_UDP6_SENDMSG, name: 'cgroup_udp6_sendmsg', since: '4.18' },
  { id: BPF_LIRC_MODE2, name: 'lirc_mode2', since: '4.18' },
  { id: BPF_FLOW_DISSECTOR, name: 'flow_dissector', since: '4.20' },
  { id: BPF_CGROUP_SYSCTL, name: 'cgroup_sysctl', since: '5.2' },
  { id: BPF_CGROUP_UDP4_RECVMSG, name: 'cgroup_udp4_recvmsg', since: '5.2' },
  { id: BPF_CGROUP_UDP6_RECVMSG, name: 'cgroup_udp6_recvmsg', since: '5.2' },
  { id: BPF_CGROUP_GETSOCKOPT, name: 'cgroup_getsockopt', since: '5.3' },
  { id: BPF_CGROUP_SETSOCKOPT, name: 'cgroup_setsockopt', since: '5.3' },
  { id: BPF_TRACE_RAW_TP, name: 'trace_raw_tp', since: '5.5' },
  { id: BPF_TRACE_FENTRY, name: 'trace_fentry', since: '5.5' },
  { id: BPF_TRACE_FEXIT, name: 'trace_fexit', since: '5.5' },
  { id: BPF_MODIFY_RETURN, name: 'modify_return', since: '5.7' },
  { id: BPF_LSM_MAC, name: 'lsm_mac', since: '5.7' },
  { id: BPF_TRACE_ITER, name: 'trace_iter', since: '5.8' },
  { id: BPF_CGROUP_INET4_GETPEERNAME, name: 'cgroup_inet4_getpeername', since: '5.8' },
  { id: BPF_CGROUP_INET6_GETPEERNAME, name: 'cgroup_inet6_getpeername', since: '5.8' },
  { id: BPF_CGROUP_INET4_GETSOCKNAME, name: 'cgroup_inet4_getsockname', since: '5.8' },
  { id: BPF_CGROUP_INET6_GETSOCKNAME, name: 'cgroup_inet6_getsockname', since: '5.8' },
  { id: BPF_XDP_DEVMAP, name: 'xdp_devmap', since: '5.8' },
  { id: BPF_CGROUP_INET_SOCK_RELEASE, name: 'cgroup_inet_sock_release', since: '5.9' },
  { id: BPF_XDP_CPUMAP, name: 'xdp_cpumap', since: '5.9' },
  { id: BPF_SK_LOOKUP, name: 'sk_lookup', since: '5.9' },
  { id: BPF_XDP, name: 'xdp', since: '5.9' },
  { id: BPF_SK_SKB_VERDICT, name: 'sk_skb_verdict', since: '5.13' },
  { id: BPF_SK_REUSEPORT_SELECT, name: 'sk_reuseport_select', since: '5.14' },
  { id: BPF_SK_REUSEPORT_SELECT_OR_MIGRATE, name: 'sk_reuseport_select_or_migrate', since: '5.14' },
  { id: BPF_PERF_EVENT, name: 'perf_event', since: '5.15' },
  { id: BPF_TRACE_KPROBE_MULTI, name: 'trace_kprobe_multi', since: '5.18' },
  { id: BPF_LSM_CGROUP, name: 'lsm_cgroup', since: '6.0' },
  { id: BPF_STRUCT_OPS, name: 'struct_ops', since: '6.4' },
  { id: BPF_NETFILTER, name: 'netfilter', since: '6.4' },
  { id: BPF_TCX_INGRESS, name: 'tcx_ingress', since: '6.6' },
  { id: BPF_TCX_EGRESS, name: 'tcx_egress', since: '6.6' },
  { id: BPF_TRACE_UPROBE_MULTI, name: 'trace_uprobe_multi', since: '6.6' },
  { id: BPF_CGROUP_UNIX_CONNECT, name: 'cgroup_unix_connect', since: '6.7' },
  { id: BPF_CGROUP_UNIX_SENDMSG, name: 'cgroup_unix_sendmsg', since: '6.7' },
  { id: BPF_CGROUP_UNIX_RECVMSG, name: 'cgroup_unix_recvmsg', since: '6.7' },
  { id: BPF_CGROUP_UNIX_GETPEERNAME, name: 'cgroup_unix_getpeername', since: '6.7' },
  { id: BPF_CGROUP_UNIX_GETSOCKNAME, name: 'cgroup_unix_getsockname', since: '6.7' },
  { id: BPF_NETKIT_PRIMARY, name: 'netkit_primary', since: '6.7' },
  { id: BPF_NETKIT_PEER, name: 'netkit_peer', since: '6.7' },
  { id: BPF_TRACE_KPROBE_SESSION, name: 'trace_kprobe_session', since: '6.10' },
  { id: BPF_TRACE_UPROBE_SESSION, name: 'trace_uprobe_session', since: '6.13' },
  { id: BPF_TRACE_FSESSION, name: 'trace_fsession', since: '7.0' },
  { id: BPF_TRACE_FENTRY_MULTI, name: 'trace_fentry_multi', since: '7.2' },
  { id: BPF_TRACE_FEXIT_MULTI, name: 'trace_fexit_multi', since: '7.2' },
  { id: BPF_TRACE_FSESSION_MULTI, name: 'trace_fsession_multi', since: '7.2' },
];

const names = byId(attachTypes);
const ids = byName(attachTypes);

/** `trace_iter` for 28; undefined for a number that the table does not have. */
export const attachTypeName = (id: number): string | undefined => names.get(id);
export const attachTypeId = (name: string): number | undefined => ids.get(name);
