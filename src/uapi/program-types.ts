/**
 * Program types (enum bpf_prog_type): number, name, first kernel.
 * Facts: include/uapi/linux/bpf.h (Linux 7.2), names as libbpf's libbpf_bpf_prog_type_str().
 */
import { byId, byName, type UapiEntry } from './table.ts';

export const BPF_PROG_TYPE_UNSPEC = 0;
export const BPF_PROG_TYPE_SOCKET_FILTER = 1;
export const BPF_PROG_TYPE_KPROBE = 2;
export const BPF_PROG_TYPE_SCHED_CLS = 3;
export const BPF_PROG_TYPE_SCHED_ACT = 4;
export const BPF_PROG_TYPE_TRACEPOINT = 5;
export const BPF_PROG_TYPE_XDP = 6;
export const BPF_PROG_TYPE_PERF_EVENT = 7;
export const BPF_PROG_TYPE_CGROUP_SKB = 8;
export const BPF_PROG_TYPE_CGROUP_SOCK = 9;
export const BPF_PROG_TYPE_LWT_IN = 10;
export const BPF_PROG_TYPE_LWT_OUT = 11;
export const BPF_PROG_TYPE_LWT_XMIT = 12;
export const BPF_PROG_TYPE_SOCK_OPS = 13;
export const BPF_PROG_TYPE_SK_SKB = 14;
export const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
export const BPF_PROG_TYPE_SK_MSG = 16;
export const BPF_PROG_TYPE_RAW_TRACEPOINT = 17;
export const BPF_PROG_TYPE_CGROUP_SOCK_ADDR = 18;
export const BPF_PROG_TYPE_LWT_SEG6LOCAL = 19;
export const BPF_PROG_TYPE_LIRC_MODE2 = 20;
export const BPF_PROG_TYPE_SK_REUSEPORT = 21;
export const BPF_PROG_TYPE_FLOW_DISSECTOR = 22;
export const BPF_PROG_TYPE_CGROUP_SYSCTL = 23;
export const BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE = 24;
export const BPF_PROG_TYPE_CGROUP_SOCKOPT = 25;
export const BPF_PROG_TYPE_TRACING = 26;
export const BPF_PROG_TYPE_STRUCT_OPS = 27;
export const BPF_PROG_TYPE_EXT = 28;
export const BPF_PROG_TYPE_LSM = 29;
export const BPF_PROG_TYPE_SK_LOOKUP = 30;
export const BPF_PROG_TYPE_SYSCALL = 31;
export const BPF_PROG_TYPE_NETFILTER = 32;

/** In the order of their numbers; gaps do not occur. */
export const programTypes: readonly UapiEntry[] = [
  { id: BPF_PROG_TYPE_UNSPEC, name: 'unspec' },
  { id: BPF_PROG_TYPE_SOCKET_FILTER, name: 'socket_filter', since: '3.19' },
  { id: BPF_PROG_TYPE_KPROBE, name: 'kprobe', since: '4.1' },
  { id: BPF_PROG_TYPE_SCHED_CLS, name: 'sched_cls', since: '4.1' },
  { id: BPF_PROG_TYPE_SCHED_ACT, name: 'sched_act', since: '4.1' },
  { id: BPF_PROG_TYPE_TRACEPOINT, name: 'tracepoint', since: '4.7' },
  { id: BPF_PROG_TYPE_XDP, name: 'xdp', since: '4.8' },
  { id: BPF_PROG_TYPE_PERF_EVENT, name: 'perf_event', since: '4.9' },
  { id: BPF_PROG_TYPE_CGROUP_SKB, name: 'cgroup_skb', since: '4.10' },
  { id: BPF_PROG_TYPE_CGROUP_SOCK, name: 'cgroup_sock', since: '4.10' },
  { id: BPF_PROG_TYPE_LWT_IN, name: 'lwt_in', since: '4.10' },
  { id: BPF_PROG_TYPE_LWT_OUT, name: 'lwt_out', since: '4.10' },
  { id: BPF_PROG_TYPE_LWT_XMIT, name: 'lwt_xmit', since: '4.10' },
  { id: BPF_PROG_TYPE_SOCK_OPS, name: 'sock_ops', since: '4.13' },
  { id: BPF_PROG_TYPE_SK_SKB, name: 'sk_skb', since: '4.14' },
  { id: BPF_PROG_TYPE_CGROUP_DEVICE, name: 'cgroup_device', since: '4.15' },
  { id: BPF_PROG_TYPE_SK_MSG, name: 'sk_msg', since: '4.17' },
  { id: BPF_PROG_TYPE_RAW_TRACEPOINT, name: 'raw_tracepoint', since: '4.17' },
  { id: BPF_PROG_TYPE_CGROUP_SOCK_ADDR, name: 'cgroup_sock_addr', since: '4.17' },
  { id: BPF_PROG_TYPE_LWT_SEG6LOCAL, name: 'lwt_seg6local', since: '4.18' },
  { id: BPF_PROG_TYPE_LIRC_MODE2, name: 'lirc_mode2', since: '4.18' },
  { id: BPF_PROG_TYPE_SK_REUSEPORT, name: 'sk_reuseport', since: '4.19' },
  { id: BPF_PROG_TYPE_FLOW_DISSECTOR, name: 'flow_dissector', since: '4.20' },
  { id: BPF_PROG_TYPE_CGROUP_SYSCTL, name: 'cgroup_sysctl', since: '5.2' },
  { id: BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, name: 'raw_tracepoint_writable', since: '5.2' },
  { id: BPF_PROG_TYPE_CGROUP_SOCKOPT, name: 'cgroup_sockopt', since: '5.3' },
  { id: BPF_PROG_TYPE_TRACING, name: 'tracing', since: '5.5' },
  { id: BPF_PROG_TYPE_STRUCT_OPS, name: 'struct_ops', since: '5.6' },
  { id: BPF_PROG_TYPE_EXT, name: 'ext', since: '5.6' },
  { id: BPF_PROG_TYPE_LSM, name: 'lsm', since: '5.7' },
  { id: BPF_PROG_TYPE_SK_LOOKUP, name: 'sk_lookup', since: '5.9' },
  { id: BPF_PROG_TYPE_SYSCALL, name: 'syscall', since: '5.14' },
  { id: BPF_PROG_TYPE_NETFILTER, name: 'netfilter', since: '6.4' },
];

const names = byId(programTypes);
const ids = byName(programTypes);

/** `tracing` for 26; undefined for a number that the table does not have. */
export const programTypeName = (id: number): string | undefined => names.get(id);
export const programTypeId = (name: string): number | undefined => ids.get(name);
