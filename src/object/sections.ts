/**
 * The section names that say what a program is: the table behind `SEC("iter/task")` and the rules by which a
 * name finds its row. What follows the name (`kprobe/do_exit`) matters to attaching only, but for targets in BTF.
 *
 * Facts: the names, types and options are libbpf 1.8's (section_defs in its src/libbpf.c); `since` is the libbpf
 * release that first knew the name, taken from the history of that table.
 */

import { checkText } from '../arguments.ts';
import { didYouMean } from '../near-names.ts';
import * as uapi from '../uapi/index.ts';

/** How a program of such a section is attached once it is loaded; absent where only the user can know. */
export type AttachKind =
  | 'kprobe'
  | 'kprobe-multi'
  | 'kprobe-session'
  | 'ksyscall'
  | 'uprobe'
  | 'uprobe-multi'
  | 'usdt'
  | 'tracepoint'
  | 'raw-tracepoint'
  | 'trace'
  | 'trace-multi'
  | 'lsm'
  | 'iter';

export interface SectionDefinition {
  /** The name, without what may follow it. */
  readonly name: string;
  /** Whether `name/something` matches too, or the name alone. */
  readonly takesExtras: boolean;
  /** BPF_PROG_TYPE_*. */
  readonly type: number;
  /** expected_attach_type of BPF_PROG_LOAD. */
  readonly attachType: number;
  /** Kernels without expected_attach_type may be given 0 instead. */
  readonly attachTypeOptional: boolean;
  /** The target is named after the slash and found in BTF (attach_btf_id). */
  readonly attachesByBtf: boolean;
  /** Loaded with BPF_F_SLEEPABLE. */
  readonly sleepable: boolean;
  /** Loaded with BPF_F_XDP_HAS_FRAGS. */
  readonly fragments: boolean;
  /** The attach type becomes BPF_TRACE_UPROBE_MULTI on kernels that have that link. */
  readonly usdt: boolean;
  readonly attach: AttachKind | undefined;
  /** First libbpf release with this name. */
  readonly since: string;
}

type Option = 'optional' | 'btf' | 'sleepable' | 'fragments' | 'usdt';
type Row = readonly [
  /** A trailing `+` means that extras may follow. */
  pattern: string,
  type: number,
  attachType: number,
  options: readonly Option[],
  since: string,
  attach?: AttachKind,
];

const ROWS: readonly Row[] = [
  ['socket', uapi.BPF_PROG_TYPE_SOCKET_FILTER, 0, [], '0.0.3'],
  ['sk_reuseport/migrate', uapi.BPF_PROG_TYPE_SK_REUSEPORT, uapi.BPF_SK_REUSEPORT_SELECT_OR_MIGRATE, [], '0.5'],
  ['sk_reuseport', uapi.BPF_PROG_TYPE_SK_REUSEPORT, uapi.BPF_SK_REUSEPORT_SELECT, [], '0.0.7'],

  ['kprobe+', uapi.BPF_PROG_TYPE_KPROBE, 0, [], '0.0.3', 'kprobe'],
  ['uprobe+', uapi.BPF_PROG_TYPE_KPROBE, 0, [], '0.0.6', 'uprobe'],
  ['uprobe.s+', uapi.BPF_PROG_TYPE_KPROBE, 0, ['sleepable'], '1.0', 'uprobe'],
  ['kretprobe+', uapi.BPF_PROG_TYPE_KPROBE, 0, [], '0.0.3', 'kprobe'],
  ['uretprobe+', uapi.BPF_PROG_TYPE_KPROBE, 0, [], '0.0.6', 'uprobe'],
  ['uretprobe.s+', uapi.BPF_PROG_TYPE_KPROBE, 0, ['sleepable'], '1.0', 'uprobe'],
  ['kprobe.multi+', uapi.BPF_PROG_TYPE_KPROBE, uapi.BPF_TRACE_KPROBE_MULTI, [], '0.8', 'kprobe-multi'],
  ['kretprobe.multi+', uapi.BPF_PROG_TYPE_KPROBE, uapi.BPF_TRACE_KPROBE_MULTI, [], '0.8', 'kprobe-multi'],
  ['kprobe.session+', uapi.BPF_PROG_TYPE_KPROBE, uapi.BPF_TRACE_KPROBE_SESSION, [], '1.5', 'kprobe-session'],
  ['uprobe.multi+', uapi.BPF_PROG_TYPE_KPROBE, uapi.BPF_TRACE_UPROBE_MULTI, [], '1.3', 'uprobe-multi'],
  ['uretprobe.multi+', uapi.BPF_PROG_TYPE_KPROBE, uapi.BPF_TRACE_UPROBE_MULTI, [], '1.3', 'uprobe-multi'],
  ['uprobe.session+', uapi.BPF_PROG_TYPE_KPROBE, uapi.BPF_TRACE_UPROBE_SESSION, [], '1.6', 'uprobe-multi'],
  ['uprobe.multi.s+', uapi.BPF_PROG_TYPE_KPROBE, uapi.BPF_TRACE_UPROBE_MULTI, ['sleepable'], '1.3', 'uprobe-multi'],
  ['uretprobe.multi.s+', uapi.BPF_PROG_TYPE_KPROBE, uapi.BPF_TRACE_UPROBE_MULTI, ['sleepable'], '1.3', 'uprobe-multi'],
  ['uprobe.session.s+', uapi.BPF_PROG_TYPE_KPROBE, uapi.BPF_TRACE_UPROBE_SESSION, ['sleepable'], '1.6', 'uprobe-multi'],
  ['ksyscall+', uapi.BPF_PROG_TYPE_KPROBE, 0, [], '1.0', 'ksyscall'],
  ['kretsyscall+', uapi.BPF_PROG_TYPE_KPROBE, 0, [], '1.0', 'ksyscall'],
  ['usdt+', uapi.BPF_PROG_TYPE_KPROBE, 0, ['usdt'], '0.8', 'usdt'],
  ['usdt.s+', uapi.BPF_PROG_TYPE_KPROBE, 0, ['usdt', 'sleepable'], '1.3', 'usdt'],

  ['tc/ingress', uapi.BPF_PROG_TYPE_SCHED_CLS, uapi.BPF_TCX_INGRESS, [], '1.3'],
  ['tc/egress', uapi.BPF_PROG_TYPE_SCHED_CLS, uapi.BPF_TCX_EGRESS, [], '1.3'],
  ['tcx/ingress', uapi.BPF_PROG_TYPE_SCHED_CLS, uapi.BPF_TCX_INGRESS, [], '1.3'],
  ['tcx/egress', uapi.BPF_PROG_TYPE_SCHED_CLS, uapi.BPF_TCX_EGRESS, [], '1.3'],
  ['tc', uapi.BPF_PROG_TYPE_SCHED_CLS, 0, [], '0.6'],
  ['classifier', uapi.BPF_PROG_TYPE_SCHED_CLS, 0, [], '0.0.3'],
  ['action', uapi.BPF_PROG_TYPE_SCHED_ACT, 0, [], '0.0.3'],
  ['netkit/primary', uapi.BPF_PROG_TYPE_SCHED_CLS, uapi.BPF_NETKIT_PRIMARY, [], '1.3'],
  ['netkit/peer', uapi.BPF_PROG_TYPE_SCHED_CLS, uapi.BPF_NETKIT_PEER, [], '1.3'],

  ['tracepoint+', uapi.BPF_PROG_TYPE_TRACEPOINT, 0, [], '0.0.3', 'tracepoint'],
  ['tp+', uapi.BPF_PROG_TYPE_TRACEPOINT, 0, [], '0.0.6', 'tracepoint'],
  ['tracepoint.s+', uapi.BPF_PROG_TYPE_TRACEPOINT, 0, ['sleepable'], '1.8', 'tracepoint'],
  ['tp.s+', uapi.BPF_PROG_TYPE_TRACEPOINT, 0, ['sleepable'], '1.8', 'tracepoint'],
  ['raw_tracepoint+', uapi.BPF_PROG_TYPE_RAW_TRACEPOINT, 0, [], '0.0.3', 'raw-tracepoint'],
  ['raw_tp+', uapi.BPF_PROG_TYPE_RAW_TRACEPOINT, 0, [], '0.0.6', 'raw-tracepoint'],
  ['raw_tracepoint.s+', uapi.BPF_PROG_TYPE_RAW_TRACEPOINT, 0, ['sleepable'], '1.8', 'raw-tracepoint'],
  ['raw_tp.s+', uapi.BPF_PROG_TYPE_RAW_TRACEPOINT, 0, ['sleepable'], '1.8', 'raw-tracepoint'],
  ['raw_tracepoint.w+', uapi.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0, [], '0.6', 'raw-tracepoint'],
  ['raw_tp.w+', uapi.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0, [], '0.6', 'raw-tracepoint'],

  ['tp_btf+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_RAW_TP, ['btf'], '0.0.6', 'trace'],
  ['tp_btf.s+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_RAW_TP, ['btf', 'sleepable'], '1.8', 'trace'],
  ['fentry+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FENTRY, ['btf'], '0.0.6', 'trace'],
  ['fmod_ret+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_MODIFY_RETURN, ['btf'], '0.0.8', 'trace'],
  ['fexit+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FEXIT, ['btf'], '0.0.6', 'trace'],
  ['fentry.s+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FENTRY, ['btf', 'sleepable'], '0.2', 'trace'],
  ['fmod_ret.s+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_MODIFY_RETURN, ['btf', 'sleepable'], '0.2', 'trace'],
  ['fexit.s+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FEXIT, ['btf', 'sleepable'], '0.2', 'trace'],
  ['fsession+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FSESSION, ['btf'], '1.7', 'trace'],
  ['fsession.s+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FSESSION, ['btf', 'sleepable'], '1.7', 'trace'],
  ['fsession.multi+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FSESSION_MULTI, [], '1.8', 'trace-multi'],
  ['fsession.multi.s+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FSESSION_MULTI, ['sleepable'], '1.8', 'trace-multi'],
  ['fentry.multi+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FENTRY_MULTI, [], '1.8', 'trace-multi'],
  ['fexit.multi+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FEXIT_MULTI, [], '1.8', 'trace-multi'],
  ['fentry.multi.s+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FENTRY_MULTI, ['sleepable'], '1.8', 'trace-multi'],
  ['fexit.multi.s+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_FEXIT_MULTI, ['sleepable'], '1.8', 'trace-multi'],
  ['freplace+', uapi.BPF_PROG_TYPE_EXT, 0, ['btf'], '0.0.7', 'trace'],
  ['lsm+', uapi.BPF_PROG_TYPE_LSM, uapi.BPF_LSM_MAC, ['btf'], '0.0.8', 'lsm'],
  ['lsm.s+', uapi.BPF_PROG_TYPE_LSM, uapi.BPF_LSM_MAC, ['btf', 'sleepable'], '0.2', 'lsm'],
  ['lsm_cgroup+', uapi.BPF_PROG_TYPE_LSM, uapi.BPF_LSM_CGROUP, ['btf'], '1.0'],
  ['iter+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_ITER, ['btf'], '0.0.9', 'iter'],
  ['iter.s+', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_ITER, ['btf', 'sleepable'], '0.7', 'iter'],
  ['syscall', uapi.BPF_PROG_TYPE_SYSCALL, 0, ['sleepable'], '0.5'],

  ['xdp.frags/devmap', uapi.BPF_PROG_TYPE_XDP, uapi.BPF_XDP_DEVMAP, ['fragments'], '0.7'],
  ['xdp/devmap', uapi.BPF_PROG_TYPE_XDP, uapi.BPF_XDP_DEVMAP, [], '0.7'],
  ['xdp.frags/cpumap', uapi.BPF_PROG_TYPE_XDP, uapi.BPF_XDP_CPUMAP, ['fragments'], '0.7'],
  ['xdp/cpumap', uapi.BPF_PROG_TYPE_XDP, uapi.BPF_XDP_CPUMAP, [], '0.7'],
  ['xdp.frags', uapi.BPF_PROG_TYPE_XDP, uapi.BPF_XDP, ['fragments'], '0.7'],
  ['xdp', uapi.BPF_PROG_TYPE_XDP, uapi.BPF_XDP, ['optional'], '0.0.3'],
  ['perf_event', uapi.BPF_PROG_TYPE_PERF_EVENT, 0, [], '0.0.3'],
  ['lwt_in', uapi.BPF_PROG_TYPE_LWT_IN, 0, [], '0.0.3'],
  ['lwt_out', uapi.BPF_PROG_TYPE_LWT_OUT, 0, [], '0.0.3'],
  ['lwt_xmit', uapi.BPF_PROG_TYPE_LWT_XMIT, 0, [], '0.0.3'],
  ['lwt_seg6local', uapi.BPF_PROG_TYPE_LWT_SEG6LOCAL, 0, [], '0.0.3'],
  ['sockops', uapi.BPF_PROG_TYPE_SOCK_OPS, uapi.BPF_CGROUP_SOCK_OPS, ['optional'], '0.0.3'],
  ['sk_skb/stream_parser', uapi.BPF_PROG_TYPE_SK_SKB, uapi.BPF_SK_SKB_STREAM_PARSER, ['optional'], '0.0.3'],
  ['sk_skb/stream_verdict', uapi.BPF_PROG_TYPE_SK_SKB, uapi.BPF_SK_SKB_STREAM_VERDICT, ['optional'], '0.0.3'],
  ['sk_skb/verdict', uapi.BPF_PROG_TYPE_SK_SKB, uapi.BPF_SK_SKB_VERDICT, ['optional'], '1.4'],
  ['sk_skb', uapi.BPF_PROG_TYPE_SK_SKB, 0, [], '0.0.3'],
  ['sk_msg', uapi.BPF_PROG_TYPE_SK_MSG, uapi.BPF_SK_MSG_VERDICT, ['optional'], '0.0.3'],
  ['lirc_mode2', uapi.BPF_PROG_TYPE_LIRC_MODE2, uapi.BPF_LIRC_MODE2, ['optional'], '0.0.3'],
  ['flow_dissector', uapi.BPF_PROG_TYPE_FLOW_DISSECTOR, uapi.BPF_FLOW_DISSECTOR, ['optional'], '0.0.3'],

  ['cgroup_skb/ingress', uapi.BPF_PROG_TYPE_CGROUP_SKB, uapi.BPF_CGROUP_INET_INGRESS, ['optional'], '0.0.3'],
  ['cgroup_skb/egress', uapi.BPF_PROG_TYPE_CGROUP_SKB, uapi.BPF_CGROUP_INET_EGRESS, ['optional'], '0.0.3'],
  ['cgroup/skb', uapi.BPF_PROG_TYPE_CGROUP_SKB, 0, [], '0.0.3'],
  ['cgroup/sock_create', uapi.BPF_PROG_TYPE_CGROUP_SOCK, uapi.BPF_CGROUP_INET_SOCK_CREATE, [], '0.1'],
  ['cgroup/sock_release', uapi.BPF_PROG_TYPE_CGROUP_SOCK, uapi.BPF_CGROUP_INET_SOCK_RELEASE, [], '0.1'],
  ['cgroup/sock', uapi.BPF_PROG_TYPE_CGROUP_SOCK, uapi.BPF_CGROUP_INET_SOCK_CREATE, ['optional'], '0.0.3'],
  ['cgroup/post_bind4', uapi.BPF_PROG_TYPE_CGROUP_SOCK, uapi.BPF_CGROUP_INET4_POST_BIND, [], '0.0.3'],
  ['cgroup/post_bind6', uapi.BPF_PROG_TYPE_CGROUP_SOCK, uapi.BPF_CGROUP_INET6_POST_BIND, [], '0.0.3'],
  ['cgroup/bind4', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_INET4_BIND, [], '0.0.3'],
  ['cgroup/bind6', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_INET6_BIND, [], '0.0.3'],
  ['cgroup/connect4', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_INET4_CONNECT, [], '0.0.3'],
  ['cgroup/connect6', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_INET6_CONNECT, [], '0.0.3'],
  ['cgroup/connect_unix', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_UNIX_CONNECT, [], '1.3'],
  ['cgroup/sendmsg4', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_UDP4_SENDMSG, [], '0.0.3'],
  ['cgroup/sendmsg6', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_UDP6_SENDMSG, [], '0.0.3'],
  ['cgroup/sendmsg_unix', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_UNIX_SENDMSG, [], '1.3'],
  ['cgroup/recvmsg4', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_UDP4_RECVMSG, [], '0.0.4'],
  ['cgroup/recvmsg6', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_UDP6_RECVMSG, [], '0.0.4'],
  ['cgroup/recvmsg_unix', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_UNIX_RECVMSG, [], '1.3'],
  ['cgroup/getpeername4', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_INET4_GETPEERNAME, [], '0.0.9'],
  ['cgroup/getpeername6', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_INET6_GETPEERNAME, [], '0.0.9'],
  ['cgroup/getpeername_unix', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_UNIX_GETPEERNAME, [], '1.3'],
  ['cgroup/getsockname4', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_INET4_GETSOCKNAME, [], '0.0.9'],
  ['cgroup/getsockname6', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_INET6_GETSOCKNAME, [], '0.0.9'],
  ['cgroup/getsockname_unix', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_UNIX_GETSOCKNAME, [], '1.3'],
  ['cgroup/sysctl', uapi.BPF_PROG_TYPE_CGROUP_SYSCTL, uapi.BPF_CGROUP_SYSCTL, [], '0.0.3'],
  ['cgroup/getsockopt', uapi.BPF_PROG_TYPE_CGROUP_SOCKOPT, uapi.BPF_CGROUP_GETSOCKOPT, [], '0.0.4'],
  ['cgroup/setsockopt', uapi.BPF_PROG_TYPE_CGROUP_SOCKOPT, uapi.BPF_CGROUP_SETSOCKOPT, [], '0.0.4'],
  ['cgroup/dev', uapi.BPF_PROG_TYPE_CGROUP_DEVICE, uapi.BPF_CGROUP_DEVICE, ['optional'], '0.0.3'],

  ['struct_ops+', uapi.BPF_PROG_TYPE_STRUCT_OPS, 0, [], '0.0.7'],
  ['struct_ops.s+', uapi.BPF_PROG_TYPE_STRUCT_OPS, 0, ['sleepable'], '1.2'],
  ['sk_lookup', uapi.BPF_PROG_TYPE_SK_LOOKUP, uapi.BPF_SK_LOOKUP, [], '0.1'],
  ['netfilter', uapi.BPF_PROG_TYPE_NETFILTER, uapi.BPF_NETFILTER, [], '1.3'],
];

/** Every section name with a meaning, in libbpf's order. */
export const SECTION_DEFINITIONS: readonly SectionDefinition[] = ROWS.map(
  ([pattern, type, attachType, options, since, attach]) => ({
    name: pattern.endsWith('+') ? pattern.slice(0, -1) : pattern,
    takesExtras: pattern.endsWith('+'),
    type,
    attachType,
    attachTypeOptional: options.includes('optional'),
    attachesByBtf: options.includes('btf'),
    sleepable: options.includes('sleepable'),
    fragments: options.includes('fragments'),
    usdt: options.includes('usdt'),
    attach,
    since,
  }),
);

/** ` (did you mean 'iter'?)` for a section that means nothing, or nothing. */
export const similarSection = (section: string): string =>
  didYouMean(
    section.replace(/\/.*/, ''),
    SECTION_DEFINITIONS.map(({ name }) => name),
  );

/** No two rows match the same section: an exact name never equals the beginning of another row's `name/`. */
const BY_NAME: ReadonlyMap<string, SectionDefinition> = new Map(SECTION_DEFINITIONS.map((row) => [row.name, row]));

/**
 * The row for a section name, or undefined for a name that says nothing: such a program can be loaded only after its type was set.
 * A leading `?` (not to be loaded by default) must already be gone.
 */
export function findSectionDefinition(section: string): SectionDefinition | undefined {
  checkText('findSectionDefinition()', "the name of a section ('iter/task')", section);
  const exact = BY_NAME.get(section);
  if (exact !== undefined) return exact;
  const slash = section.indexOf('/');
  if (slash < 0) return undefined;
  const prefix = BY_NAME.get(section.slice(0, slash));
  return prefix?.takesExtras ? prefix : undefined;
}

/** What follows the first slash of a section name, or undefined if there is none: `task` of `iter/task`. */
export function sectionExtras(section: string): string | undefined {
  const slash = section.indexOf('/');
  return slash < 0 ? undefined : section.slice(slash + 1);
}
