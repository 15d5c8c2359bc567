/** The kinds of programs that measure-profile asks about: program types with the attach types and targets that may matter. */
import { iterTargetsOf } from '../../dist/iter-targets.js';
import { attachTypes, programTypes } from '../../dist/uapi/index.js';
import { btf, exit, mov, tryLoad } from './ask.mjs';

export const typeIds = Object.fromEntries(programTypes.map(({ id, name }) => [name, id]));
export const attachIds = Object.fromEntries(attachTypes.map(({ id, name }) => [name, id]));

/** Kinds whose programs must return 1. */
const returnOne = new Set(
  'udp4_recvmsg udp6_recvmsg unix_recvmsg inet4_getpeername inet6_getpeername unix_getpeername inet4_getsockname inet6_getsockname unix_getsockname'
    .split(' ')
    .map((name) => attachIds[`cgroup_${name}`]),
);
/** r0 = what every kind of program may return. */
export const goodReturn = (kind) =>
  mov(0, kind.type === typeIds.cgroup_sock_addr && returnOne.has(kind.attach) ? 1 : 0);

/** Attach types that a type's rules might depend on; '' where none is given. */
const attachTypesByType = {
  socket_filter: [''],
  kprobe: ['', 'trace_kprobe_multi', 'trace_uprobe_multi', 'trace_kprobe_session', 'trace_uprobe_session'],
  sched_cls: ['', 'tcx_ingress', 'tcx_egress', 'netkit_primary', 'netkit_peer'],
  sched_act: [''],
  tracepoint: [''],
  xdp: ['', 'xdp_devmap', 'xdp_cpumap', 'xdp'],
  perf_event: [''],
  cgroup_skb: ['cgroup_inet_ingress', 'cgroup_inet_egress'],
  cgroup_sock: [
    '',
    'cgroup_inet_sock_create',
    'cgroup_inet4_post_bind',
    'cgroup_inet6_post_bind',
    'cgroup_inet_sock_release',
  ],
  lwt_in: [''],
  lwt_out: [''],
  lwt_xmit: [''],
  lwt_seg6local: [''],
  sock_ops: ['', 'cgroup_sock_ops'],
  sk_skb: ['', 'sk_skb_stream_parser', 'sk_skb_stream_verdict', 'sk_skb_verdict'],
  cgroup_device: ['', 'cgroup_device'],
  sk_msg: ['', 'sk_msg_verdict'],
  raw_tracepoint: [''],
  raw_tracepoint_writable: [''],
  cgroup_sock_addr: [
    'cgroup_inet4_bind',
    'cgroup_inet6_bind',
    'cgroup_inet4_connect',
    'cgroup_inet6_connect',
    'cgroup_unix_connect',
    'cgroup_udp4_sendmsg',
    'cgroup_udp6_sendmsg',
    'cgroup_unix_sendmsg',
    'cgroup_udp4_recvmsg',
    'cgroup_udp6_recvmsg',
    'cgroup_unix_recvmsg',
    'cgroup_inet4_getpeername',
    'cgroup_inet6_getpeername',
    'cgroup_unix_getpeername',
    'cgroup_inet4_getsockname',
    'cgroup_inet6_getsockname',
    'cgroup_unix_getsockname',
  ],
  lirc_mode2: ['', 'lirc_mode2'],
  sk_reuseport: ['', 'sk_reuseport_select', 'sk_reuseport_select_or_migrate'],
  flow_dissector: ['', 'flow_dissector'],
  cgroup_sysctl: ['', 'cgroup_sysctl'],
  cgroup_sockopt: ['cgroup_getsockopt', 'cgroup_setsockopt'],
  sk_lookup: ['sk_lookup'],
  netfilter: ['netfilter'],
};

/**
 * Kinds of programs that this kernel loads: { path, type, attach, btfId, sleepable }, path being the words of the key
 * that a profile's tables use (src/verifier/profile/kind-keys.ts).
 */
export const kinds = [];

function addKind(path, type, attach, extra = {}) {
  const kind = { path, type: typeIds[type], attach, btfId: 0, sleepable: false, ...extra };
  if (tryLoad(kind, [goodReturn(kind), exit]).accepted) kinds.push(kind);
}

for (const [type, names] of Object.entries(attachTypesByType)) {
  for (const name of names) addKind(name === '' ? [type] : [type, name], type, name === '' ? 0 : attachIds[name]);
}
for (const name of attachTypesByType.kprobe) {
  addKind(name === '' ? ['kprobe'] : ['kprobe', name], 'kprobe', name === '' ? 0 : attachIds[name], {
    sleepable: true,
  });
}
addKind(['syscall'], 'syscall', 0, { sleepable: true });
// What tp_btf programs may call does not depend on the tracepoint.
const tracepoint = btf.find('btf_trace_sched_switch', 'typedef') ?? 0;
addKind(['tracing', 'trace_raw_tp'], 'tracing', attachIds.trace_raw_tp, { btfId: tracepoint });
for (const { name, btfId } of iterTargetsOf(btf)) {
  for (const sleepable of [false, true]) {
    addKind(['tracing', 'trace_iter', name], 'tracing', attachIds.trace_iter, { btfId, sleepable });
  }
}
for (const [struct, btfId] of structOpsStructs()) {
  btf.type(btfId).members.forEach(({ name }, attach) => {
    for (const sleepable of [false, true]) {
      addKind(['struct_ops', struct, name], 'struct_ops', attach, { btfId, sleepable });
    }
  });
}

/** Structs that struct_ops maps can implement: those with a `bpf_struct_ops_<name>` beside them. */
function structOpsStructs() {
  const prefix = 'bpf_struct_ops_';
  const found = [];
  for (let id = 1; id < btf.endId; id++) {
    const name = btf.nameOf(id);
    if (!name.startsWith(prefix) || btf.type(id).kind !== 'struct') continue;
    const struct = btf.find(name.slice(prefix.length), 'struct');
    if (struct !== undefined) found.push([name.slice(prefix.length), struct]);
  }
  return found;
}
