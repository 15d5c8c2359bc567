/**
 * Helpers on sockets. The sockets that programs meet here are those of their run (struct bpf_sock in memory, which no
 * protocol stands behind) and those of maps; none can be found by address. Facts: net/core/filter.c of Linux 6.12.
 */

import { RESULT_HIGH } from '../../jit/index.ts';
import { SocketLookup } from '../contexts/sk-lookup-run.ts';
import { GivenStruct } from '../contexts/struct-run.ts';
import { skBuffFields, skLookupFields, sockFields } from '../contexts/uapi-structs.ts';
import { addressOf } from '../memory/address.ts';
import { EAFNOSUPPORT, EEXIST, EINVAL, EOPNOTSUPP, EPROTOTYPE } from '../packets/errno.ts';
import { SkBuff } from '../packets/sk-buff.ts';
import type { Runtime } from '../runtime.ts';
import { TCP_LISTEN } from '../socket-numbers.ts';
import { type FunctionDefinition, signature } from './definition.ts';

/** Of the one network namespace. */
const NETNS_COOKIE = 1;

const BPF_SK_LOOKUP_F_REPLACE = 1;
const BPF_SK_LOOKUP_F_NO_REUSEPORT = 2;

const SOCK_OPS_FULLSOCK = 72;
const SOCK_OPS_FLAGS = 84;
const ALL_CB_FLAGS = 0x7f;

/** Searches by address and port. */
const searches = ['bpf_sk_lookup_tcp', 'bpf_sk_lookup_udp', 'bpf_skc_lookup_tcp'];

export const socketHelpers: readonly FunctionDefinition[] = [
  ...searches.map((name) => ({ name, signature: signature('p p i q q -> p'), make: () => () => 0 })),
  { name: 'bpf_sk_fullsock', signature: signature('p -> p'), make: () => (sock: number) => sock },
  {
    name: 'bpf_get_listener_sock',
    signature: signature('p -> p'),
    make: (runtime) => (sock: number) =>
      sock !== 0 && runtime.memory.u32[(sock + sockFields.state) >> 2] === TCP_LISTEN ? sock : 0,
  },
  // Sockets of a run end with it, those of maps with the map: nothing counts references.
  { name: 'bpf_sk_release', signature: signature('p -> s'), make: () => () => 0 },
  {
    name: 'bpf_sk_assign',
    signature: signature('p p q -> s'),
    make: (runtime) => (context: number, sock: number, flags: number, high: number) => {
      const { subject } = runtime.invocation;
      if (subject instanceof SocketLookup) return assign(runtime, subject, sock, flags, high);
      // Traffic control: a test run does not come from a device's ingress.
      return context === 0 || sock === 0 || flags !== 0 || high !== 0 ? EINVAL : EOPNOTSUPP;
    },
  },
  {
    name: 'bpf_get_socket_cookie',
    signature: signature('p -> q'),
    make: (runtime) => {
      const cookies = new WeakMap<object, number>();
      let last = 0;
      return (pointer: number) => {
        runtime.memory.u32[RESULT_HIGH >> 2] = 0;
        const { subject, context } = runtime.invocation;
        const sock = pointer === context ? sockOf(runtime) : pointer;
        if (sock === 0) return 0;
        if (subject === undefined || sock !== sockOf(runtime)) return sock;
        let cookie = cookies.get(subject);
        if (cookie === undefined) {
          last += 1;
          cookie = last;
          cookies.set(subject, cookie);
        }
        return cookie;
      };
    },
  },
  // Root's, as sockets are that the kernel makes for itself.
  { name: 'bpf_get_socket_uid', signature: signature('p -> u'), make: () => () => 0 },
  {
    name: 'bpf_get_netns_cookie',
    signature: signature('p -> q'),
    make: (runtime) => () => {
      runtime.memory.u32[RESULT_HIGH >> 2] = 0;
      return NETNS_COOKIE;
    },
  },
  {
    name: 'bpf_sock_ops_cb_flags_set',
    signature: signature('p i -> s'),
    make: (runtime) => (context: number, flags: number) => {
      const { u32 } = runtime.memory;
      if (u32[(context + SOCK_OPS_FULLSOCK) >> 2] === 0) return EINVAL;
      u32[(context + SOCK_OPS_FLAGS) >> 2] = flags & ALL_CB_FLAGS;
      return flags & ~ALL_CB_FLAGS;
    },
  },
  // Neither a class of net_cls nor a route belongs to the packet of a run.
  { name: 'bpf_get_cgroup_classid', signature: signature('p -> u'), make: () => () => 0 },
  { name: 'bpf_skb_cgroup_classid', signature: signature('p -> u'), make: () => () => 0 },
  { name: 'bpf_get_route_realm', signature: signature('p -> u'), make: () => () => 0 },
];

/** Offset of the socket of the run, or 0. */
function sockOf(runtime: Runtime): number {
  const { subject, context } = runtime.invocation;
  const { view } = runtime.memory;
  if (subject instanceof SkBuff) return subject.context === 0 ? 0 : view.getUint32(context + skBuffFields.sk, true);
  if (subject instanceof SocketLookup) return subject.selected;
  return subject instanceof GivenStruct ? subject.sock : 0;
}

function assign(runtime: Runtime, lookup: SocketLookup, sock: number, flags: number, high: number): number {
  if ((flags & ~(BPF_SK_LOOKUP_F_REPLACE | BPF_SK_LOOKUP_F_NO_REUSEPORT)) !== 0 || high !== 0) return EINVAL;
  const { u32, view } = runtime.memory;
  if (sock !== 0) {
    if (u32[(sock + sockFields.protocol) >> 2] !== lookup.protocol) return EPROTOTYPE;
    if (u32[(sock + sockFields.family) >> 2] !== lookup.family) return EAFNOSUPPORT;
  }
  if (lookup.selected !== 0 && (flags & BPF_SK_LOOKUP_F_REPLACE) === 0) return EEXIST;
  lookup.selected = sock;
  view.setBigUint64(lookup.context + skLookupFields.sk, addressOf(sock), true);
  return 0;
}
