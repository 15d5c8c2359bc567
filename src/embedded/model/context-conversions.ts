/**
 * Which struct programs of a type call their context, and which the kernel has behind it: `struct bpf_ctx_convert`, as
 * the verifier reads it out of the kernel's BTF. Facts: include/linux/bpf_types.h of Linux 6.18.
 */
import { part } from './declarations.ts';

/** Program type, what programs see, what the kernel has. */
const ROWS: readonly (readonly [type: string, program: string, kernel: string])[] = [
  ['SOCKET_FILTER', 'struct __sk_buff', 'struct sk_buff'],
  ['SCHED_CLS', 'struct __sk_buff', 'struct sk_buff'],
  ['SCHED_ACT', 'struct __sk_buff', 'struct sk_buff'],
  ['XDP', 'struct xdp_md', 'struct xdp_buff'],
  ['CGROUP_SKB', 'struct __sk_buff', 'struct sk_buff'],
  ['CGROUP_SOCK', 'struct bpf_sock', 'struct sock'],
  ['CGROUP_SOCK_ADDR', 'struct bpf_sock_addr', 'struct bpf_sock_addr_kern'],
  ['LWT_IN', 'struct __sk_buff', 'struct sk_buff'],
  ['LWT_OUT', 'struct __sk_buff', 'struct sk_buff'],
  ['LWT_XMIT', 'struct __sk_buff', 'struct sk_buff'],
  ['LWT_SEG6LOCAL', 'struct __sk_buff', 'struct sk_buff'],
  ['SOCK_OPS', 'struct bpf_sock_ops', 'struct bpf_sock_ops_kern'],
  ['SK_SKB', 'struct __sk_buff', 'struct sk_buff'],
  ['SK_MSG', 'struct sk_msg_md', 'struct sk_msg'],
  ['FLOW_DISSECTOR', 'struct __sk_buff', 'struct bpf_flow_dissector'],
  ['KPROBE', 'bpf_user_pt_regs_t', 'struct pt_regs'],
  ['TRACEPOINT', '__u64', 'u64'],
  ['PERF_EVENT', 'struct bpf_perf_event_data', 'struct bpf_perf_event_data_kern'],
  ['RAW_TRACEPOINT', 'struct bpf_raw_tracepoint_args', 'u64'],
  ['RAW_TRACEPOINT_WRITABLE', 'struct bpf_raw_tracepoint_args', 'u64'],
  ['TRACING', 'void *', 'void *'],
  ['CGROUP_DEVICE', 'struct bpf_cgroup_dev_ctx', 'struct bpf_cgroup_dev_ctx'],
  ['CGROUP_SYSCTL', 'struct bpf_sysctl', 'struct bpf_sysctl_kern'],
  ['CGROUP_SOCKOPT', 'struct bpf_sockopt', 'struct bpf_sockopt_kern'],
  ['SK_REUSEPORT', 'struct sk_reuseport_md', 'struct sk_reuseport_kern'],
  ['SK_LOOKUP', 'struct bpf_sk_lookup', 'struct bpf_sk_lookup_kern'],
  ['STRUCT_OPS', 'void *', 'void *'],
  ['EXT', 'void *', 'void *'],
  ['LSM', 'void *', 'void *'],
  ['SYSCALL', 'void *', 'void *'],
  ['NETFILTER', 'struct bpf_nf_ctx', 'struct bpf_nf_ctx'],
];

const members = ROWS.map(
  ([type, program, kernel]) => `${program} BPF_PROG_TYPE_${type}_prog; ${kernel} BPF_PROG_TYPE_${type}_kern;`,
);

export const contextConversions = part(
  'Contexts by program type',
  'Never an object: the verifier finds the context of a program type by the names of its members.',
  `struct bpf_ctx_convert { ${members.join(' ')} };`,
);
