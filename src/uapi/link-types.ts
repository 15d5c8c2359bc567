/**
 * Link types (enum bpf_link_type): number, name, first kernel that reports it.
 * Facts: include/uapi/linux/bpf.h (Linux 7.2), names as libbpf's libbpf_bpf_link_type_str().
 */
import { byId, byName, type UapiEntry } from './table.ts';

export const BPF_LINK_TYPE_UNSPEC = 0;
export const BPF_LINK_TYPE_RAW_TRACEPOINT = 1;
export const BPF_LINK_TYPE_TRACING = 2;
export const BPF_LINK_TYPE_CGROUP = 3;
export const BPF_LINK_TYPE_ITER = 4;
export const BPF_LINK_TYPE_NETNS = 5;
export const BPF_LINK_TYPE_XDP = 6;
export const BPF_LINK_TYPE_PERF_EVENT = 7;
export const BPF_LINK_TYPE_KPROBE_MULTI = 8;
export const BPF_LINK_TYPE_STRUCT_OPS = 9;
export const BPF_LINK_TYPE_NETFILTER = 10;
export const BPF_LINK_TYPE_TCX = 11;
export const BPF_LINK_TYPE_UPROBE_MULTI = 12;
export const BPF_LINK_TYPE_NETKIT = 13;
export const BPF_LINK_TYPE_SOCKMAP = 14;
export const BPF_LINK_TYPE_TRACING_MULTI = 15;

/** In the order of their numbers; gaps do not occur. */
export const linkTypes: readonly UapiEntry[] = [
  { id: BPF_LINK_TYPE_UNSPEC, name: 'unspec' },
  { id: BPF_LINK_TYPE_RAW_TRACEPOINT, name: 'raw_tracepoint', since: '5.8' },
  { id: BPF_LINK_TYPE_TRACING, name: 'tracing', since: '5.8' },
  { id: BPF_LINK_TYPE_CGROUP, name: 'cgroup', since: '5.8' },
  { id: BPF_LINK_TYPE_ITER, name: 'iter', since: '5.8' },
  { id: BPF_LINK_TYPE_NETNS, name: 'netns', since: '5.8' },
  { id: BPF_LINK_TYPE_XDP, name: 'xdp', since: '5.9' },
  { id: BPF_LINK_TYPE_PERF_EVENT, name: 'perf_event', since: '5.15' },
  { id: BPF_LINK_TYPE_KPROBE_MULTI, name: 'kprobe_multi', since: '5.18' },
  { id: BPF_LINK_TYPE_STRUCT_OPS, name: 'struct_ops', since: '5.19' },
  { id: BPF_LINK_TYPE_NETFILTER, name: 'netfilter', since: '6.4' },
  { id: BPF_LINK_TYPE_TCX, name: 'tcx', since: '6.6' },
  { id: BPF_LINK_TYPE_UPROBE_MULTI, name: 'uprobe_multi', since: '6.6' },
  { id: BPF_LINK_TYPE_NETKIT, name: 'netkit', since: '6.7' },
  { id: BPF_LINK_TYPE_SOCKMAP, name: 'sockmap', since: '6.10' },
  { id: BPF_LINK_TYPE_TRACING_MULTI, name: 'tracing_multi', since: '7.2' },
];

const names = byId(linkTypes);
const ids = byName(linkTypes);

/** `iter` for 4; undefined for a number that the table does not have. */
export const linkTypeName = (id: number): string | undefined => names.get(id);
export const linkTypeId = (name: string): number | undefined => ids.get(name);
