import { describe, expect, it } from 'vitest';
import { findSectionDefinition, SECTION_DEFINITIONS } from '../../src/object/index.ts';
import * as uapi from '../../src/uapi/index.ts';

describe('section names', () => {
  it.each([
    ['socket', uapi.BPF_PROG_TYPE_SOCKET_FILTER, 0],
    ['kprobe', uapi.BPF_PROG_TYPE_KPROBE, 0],
    ['kprobe/do_exit', uapi.BPF_PROG_TYPE_KPROBE, 0],
    ['kprobe.multi/tcp_*', uapi.BPF_PROG_TYPE_KPROBE, uapi.BPF_TRACE_KPROBE_MULTI],
    ['uprobe.multi.s//bin/true:main', uapi.BPF_PROG_TYPE_KPROBE, uapi.BPF_TRACE_UPROBE_MULTI],
    ['tp/sched/sched_switch', uapi.BPF_PROG_TYPE_TRACEPOINT, 0],
    ['tc', uapi.BPF_PROG_TYPE_SCHED_CLS, 0],
    ['tc/ingress', uapi.BPF_PROG_TYPE_SCHED_CLS, uapi.BPF_TCX_INGRESS],
    ['iter/task', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_ITER],
    ['iter.s/bpf_map', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_TRACE_ITER],
    ['fmod_ret.s/bpf_modify', uapi.BPF_PROG_TYPE_TRACING, uapi.BPF_MODIFY_RETURN],
    ['xdp', uapi.BPF_PROG_TYPE_XDP, uapi.BPF_XDP],
    ['xdp.frags/devmap', uapi.BPF_PROG_TYPE_XDP, uapi.BPF_XDP_DEVMAP],
    ['cgroup/connect_unix', uapi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, uapi.BPF_CGROUP_UNIX_CONNECT],
    ['struct_ops.s/init', uapi.BPF_PROG_TYPE_STRUCT_OPS, 0],
    ['lsm_cgroup/socket_create', uapi.BPF_PROG_TYPE_LSM, uapi.BPF_LSM_CGROUP],
  ])("'%s' says type and attach type", (section, type, attachType) => {
    expect(findSectionDefinition(section)).toMatchObject({ type, attachType });
  });

  it.each([
    ['an exact name takes no extras', 'socket/filter'],
    ['the extras of an exact name must be one that is listed', 'xdp/other'],
    ['a name is not a mere beginning', 'kprobes/do_exit'],
    ['nothing may stand between name and slash', 'iter.x/task'],
    ['case counts', 'XDP'],
    ['no name', ''],
    ['a slash alone', '/task'],
    ['a name with a plus', 'kprobe+'],
  ])('%s', (_, section) => {
    expect(findSectionDefinition(section)).toBeUndefined();
  });

  it.each([
    ['iter.s/task', { sleepable: true, attachesByBtf: true }],
    ['iter/task', { sleepable: false, attachesByBtf: true }],
    ['syscall', { sleepable: true, attachesByBtf: false }],
    ['xdp.frags', { fragments: true }],
    ['usdt', { usdt: true }],
    ['cgroup_skb/ingress', { attachTypeOptional: true }],
    ['cgroup/bind4', { attachTypeOptional: false }],
  ])("'%s' says how to load", (section, options) => {
    expect(findSectionDefinition(section)).toMatchObject(options);
  });

  it('are each found under their own name', () => {
    expect(SECTION_DEFINITIONS.map(({ name }) => findSectionDefinition(name))).toEqual(SECTION_DEFINITIONS);
  });
});
