/**
 * What programs of each kind may do besides calling functions and touching their context, and which attach types each
 * program type loads with.
 *
 * Measured on Linux 6.18.44 by scripts/measure-profile.mjs, a question being a program of a few instructions. Where no
 * socket can be come by to put into a sockmap, `update` is taken to be as `delete`. Left out: kinds that the measuring
 * machine does not load (trampolines.ts).
 */
import type { LoadableRow, ProgramRow } from '../program-rules.ts';

export const programRules: readonly ProgramRow[] = [
  { programs: 'socket_filter', loadAbsolute: true, sockmap: 'update delete' },
  { programs: 'kprobe', sleepable: 'may', privateStack: true },
  {
    programs: 'kprobe/trace_kprobe_session kprobe/trace_uprobe_session',
    returns: [0, 1],
    sleepable: 'may',
    privateStack: true,
  },
  { programs: 'sched_cls sched_act', packet: 'write', loadAbsolute: true, sockmap: 'update delete' },
  { programs: 'tracepoint perf_event raw_tracepoint tracing/trace_raw_tp', privateStack: true },
  { programs: 'xdp', packet: 'write', sockmap: 'update delete' },
  { programs: 'cgroup_skb/cgroup_inet_ingress', returns: [0, 1], packet: 'read' },
  { programs: 'cgroup_skb/cgroup_inet_egress', returns: [0, 3], packet: 'read' },
  {
    programs: `
      cgroup_sock cgroup_device cgroup_sock_addr/cgroup_inet4_connect cgroup_sock_addr/cgroup_inet6_connect
      cgroup_sock_addr/cgroup_unix_connect cgroup_sock_addr/cgroup_udp4_sendmsg
      cgroup_sock_addr/cgroup_udp6_sendmsg cgroup_sock_addr/cgroup_unix_sendmsg cgroup_sysctl netfilter
    `,
    returns: [0, 1],
  },
  { programs: 'lwt_in lwt_out lwt_seg6local', packet: 'read' },
  { programs: 'lwt_xmit sk_skb sk_msg', packet: 'write' },
  { programs: 'sock_ops', returns: [0, 1], packet: 'read', sockmap: 'delete' },
  { programs: 'raw_tracepoint_writable' },
  { programs: 'cgroup_sock_addr/cgroup_inet4_bind cgroup_sock_addr/cgroup_inet6_bind', returns: [0, 3] },
  {
    programs: `
      cgroup_sock_addr/cgroup_udp4_recvmsg cgroup_sock_addr/cgroup_udp6_recvmsg
      cgroup_sock_addr/cgroup_unix_recvmsg cgroup_sock_addr/cgroup_inet4_getpeername
      cgroup_sock_addr/cgroup_inet6_getpeername cgroup_sock_addr/cgroup_unix_getpeername
      cgroup_sock_addr/cgroup_inet4_getsockname cgroup_sock_addr/cgroup_inet6_getsockname
      cgroup_sock_addr/cgroup_unix_getsockname
    `,
    returns: [1, 1],
  },
  { programs: 'sk_reuseport flow_dissector', packet: 'read', sockmap: 'update delete' },
  { programs: 'cgroup_sockopt', returns: [0, 1], packet: 'write' },
  { programs: 'sk_lookup', returns: [0, 1], sockmap: 'update delete' },
  { programs: 'syscall', sleepable: 'must' },
  { programs: 'tracing/trace_iter', returns: [0, 1], sleepable: 'may', sockmap: 'update delete' },
  { programs: 'struct_ops/bpf_dummy_ops', gplOnly: true },
  {
    programs: 'struct_ops/bpf_dummy_ops.test_sleepable struct_ops/tcp_congestion_ops',
    sleepable: 'may',
    gplOnly: true,
  },
];

/** A type that is not here cannot be loaded at all; one without attach types takes any. */
export const loadable: readonly LoadableRow[] = [
  { type: 'socket_filter' },
  { type: 'kprobe' },
  { type: 'sched_cls' },
  { type: 'sched_act' },
  { type: 'tracepoint' },
  { type: 'xdp' },
  { type: 'perf_event' },
  { type: 'cgroup_skb', attachTypes: 'cgroup_inet_ingress cgroup_inet_egress' },
  {
    type: 'cgroup_sock',
    attachTypes: `
      cgroup_inet_ingress cgroup_inet_sock_create cgroup_inet4_post_bind cgroup_inet6_post_bind
      cgroup_inet_sock_release
    `,
  },
  { type: 'lwt_in' },
  { type: 'lwt_out' },
  { type: 'lwt_xmit' },
  { type: 'sock_ops' },
  { type: 'sk_skb' },
  { type: 'cgroup_device' },
  { type: 'sk_msg' },
  { type: 'raw_tracepoint' },
  {
    type: 'cgroup_sock_addr',
    attachTypes: `
      cgroup_inet4_bind cgroup_inet6_bind cgroup_inet4_connect cgroup_inet6_connect cgroup_udp4_sendmsg
      cgroup_udp6_sendmsg cgroup_udp4_recvmsg cgroup_udp6_recvmsg cgroup_inet4_getpeername cgroup_inet6_getpeername
      cgroup_inet4_getsockname cgroup_inet6_getsockname cgroup_unix_connect cgroup_unix_sendmsg cgroup_unix_recvmsg
      cgroup_unix_getpeername cgroup_unix_getsockname
    `,
  },
  { type: 'lwt_seg6local' },
  { type: 'sk_reuseport', attachTypes: 'cgroup_inet_ingress sk_reuseport_select sk_reuseport_select_or_migrate' },
  { type: 'flow_dissector' },
  { type: 'cgroup_sysctl' },
  { type: 'raw_tracepoint_writable' },
  { type: 'cgroup_sockopt', attachTypes: 'cgroup_getsockopt cgroup_setsockopt' },
  { type: 'sk_lookup', attachTypes: 'sk_lookup' },
  { type: 'syscall', attachTypes: 'cgroup_inet_ingress' },
  { type: 'netfilter', attachTypes: 'netfilter' },
];
