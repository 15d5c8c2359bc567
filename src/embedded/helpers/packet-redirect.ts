/**
 * Helpers that send packets elsewhere, or ask where they would go. A run of the embedded kernel has the loopback device
 * and no routes: what a program is told is what Linux says on such a host, and packets that are sent are lost there.
 * Facts: net/core/filter.c, include/net/xdp.h of Linux 6.12.
 */

import { BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_PROG_TYPE_XDP } from '../../uapi/index.ts';
import { EAFNOSUPPORT, EBADMSG, EINVAL, ENODEV, ENOENT, ERANGE } from '../packets/errno.ts';
import { packetOf } from '../packets/packet.ts';
import { SkBuff, skBuffOf } from '../packets/sk-buff.ts';
import { XdpBuff } from '../packets/xdp-buff.ts';
import type { Runtime } from '../runtime.ts';
import { AF_INET, AF_INET6 } from '../socket-numbers.ts';
import { type FunctionDefinition, signature } from './definition.ts';

const TC_ACT_SHOT = 2;
const TC_ACT_REDIRECT = 7;
const XDP_ABORTED = 0;
const XDP_REDIRECT = 4;
const SK_DROP = 0;
const SK_PASS = 1;
const BPF_F_INGRESS = 1;
/** What a redirect_map may return where the map has nothing: XDP_ABORTED to XDP_TX. */
const ACTION_MASK = 3;
const BPF_F_BROADCAST = 1 << 3;
const BPF_F_EXCLUDE_INGRESS = 1 << 4;

const LOOPBACK = 1;
const LOOPBACK_MTU = 65_536;
const LOOPBACK_HEADER = 14;
const BPF_MTU_CHK_SEGS = 1;
const BPF_MTU_CHK_RET_FRAG_NEEDED = 1;

const FIB_LOOKUP_SIZE = 64;
const FIB_LOOKUP_FLAGS = 0x3f;
const FIB_LOOKUP_IFINDEX = 8;
const BPF_FIB_LKUP_RET_FWD_DISABLED = 5;
const REDIR_NEIGH_SIZE = 20;

export const redirectHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_redirect',
    signature: signature('i q -> s'),
    make: (runtime) => (_device: number, flags: number, high: number) => {
      if (runtime.invocation.programType === BPF_PROG_TYPE_XDP) {
        return flags !== 0 || high !== 0 ? XDP_ABORTED : XDP_REDIRECT;
      }
      return (flags & ~BPF_F_INGRESS) !== 0 || high !== 0 ? TC_ACT_SHOT : TC_ACT_REDIRECT;
    },
  },
  {
    name: 'bpf_redirect_peer',
    signature: signature('i q -> s'),
    make: () => (_device: number, flags: number, high: number) =>
      flags !== 0 || high !== 0 ? TC_ACT_SHOT : TC_ACT_REDIRECT,
  },
  {
    name: 'bpf_redirect_neigh',
    signature: signature('i p i q -> s'),
    make: () => (_device: number, _neighbour: number, size: number, flags: number, high: number) => {
      const tooShort = size !== 0 && size < REDIR_NEIGH_SIZE;
      return tooShort || flags !== 0 || high !== 0 ? TC_ACT_SHOT : TC_ACT_REDIRECT;
    },
  },
  {
    name: 'bpf_clone_redirect',
    signature: signature('p i q -> s'),
    make: (runtime) => (_context: number, device: number, flags: number, high: number) => {
      const packet = skBuffOf(runtime);
      if ((flags & ~BPF_F_INGRESS) !== 0 || high !== 0) return EINVAL;
      // No type of segments is ever set in a test run.
      if (packet.gsoSize !== 0) return EBADMSG;
      if (device !== LOOPBACK) return EINVAL;
      packet.computeDataPointers();
      return (packet.macHeader ?? 0) >= packet.networkHeader || packet.length === 0 ? ERANGE : 0;
    },
  },
  {
    name: 'bpf_redirect_map',
    signature: signature('p q q -> s'),
    make: (runtime) => {
      const has = lookUp(runtime);
      return (map: number, key: number, _keyHigh: number, flags: number, high: number) => {
        const type = runtime.mapAt(map)?.type;
        const devices = type === BPF_MAP_TYPE_DEVMAP || type === BPF_MAP_TYPE_DEVMAP_HASH;
        const more = devices ? BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS : 0;
        if ((flags & ~(ACTION_MASK | more)) !== 0 || high !== 0) return XDP_ABORTED;
        const broadcast = devices && (flags & BPF_F_BROADCAST) !== 0;
        return broadcast || has(map, key) !== 0 ? XDP_REDIRECT : flags & ACTION_MASK;
      };
    },
  },
  ...(['bpf_sk_redirect_map', 'bpf_msg_redirect_map'] as const).map(
    (name): FunctionDefinition => ({
      name,
      signature: signature('p p i q -> s'),
      make: (runtime) => {
        const has = lookUp(runtime);
        return (_context: number, map: number, key: number, flags: number, high: number) =>
          (flags & ~BPF_F_INGRESS) === 0 && high === 0 && has(map, key) !== 0 ? SK_PASS : SK_DROP;
      },
    }),
  ),
  ...(['bpf_sk_redirect_hash', 'bpf_msg_redirect_hash'] as const).map(
    (name): FunctionDefinition => ({
      name,
      signature: signature('p p p q -> s'),
      make: (runtime) => (_context: number, map: number, key: number, flags: number, high: number) => {
        if ((flags & ~BPF_F_INGRESS) !== 0 || high !== 0) return SK_DROP;
        return (runtime.mapAt(map)?.lookupElement(key) ?? 0) !== 0 ? SK_PASS : SK_DROP;
      },
    }),
  ),
  {
    name: 'bpf_sk_select_reuseport',
    signature: signature('p p p q -> s'),
    make: (runtime) => (_context: number, map: number, key: number, flags: number, high: number) => {
      if (flags !== 0 || high !== 0) return EINVAL;
      return (runtime.mapAt(map)?.lookupElement(key) ?? 0) !== 0 ? 0 : ENOENT;
    },
  },
  {
    name: 'bpf_fib_lookup',
    signature: signature('p p i i -> s'),
    make: (runtime) => (_context: number, parameters: number, size: number, flags: number) => {
      if (size < FIB_LOOKUP_SIZE || (flags & ~FIB_LOOKUP_FLAGS) !== 0) return EINVAL;
      const { u8, view } = runtime.memory;
      const family = u8[parameters];
      if (family !== AF_INET && family !== AF_INET6) return EAFNOSUPPORT;
      if (view.getUint32(parameters + FIB_LOOKUP_IFINDEX, true) !== LOOPBACK) return ENODEV;
      return BPF_FIB_LKUP_RET_FWD_DISABLED;
    },
  },
  {
    name: 'bpf_check_mtu',
    signature: signature('p i p i q -> s'),
    make: (runtime) => (_context: number, device: number, size: number, by: number, flags: number, high: number) => {
      const { view } = runtime.memory;
      const given = view.getUint32(size, true);
      const segments = flags === BPF_MTU_CHK_SEGS && runtime.invocation.programType !== BPF_PROG_TYPE_XDP;
      if (high !== 0 || (flags !== 0 && !segments)) return EINVAL;
      if (segments && (by !== 0 || given !== 0)) return EINVAL;
      if (device !== 0 && device !== LOOPBACK) return ENODEV;
      const { subject } = runtime.invocation;
      // Of an XDP packet, what lies in the first page.
      const whole = subject instanceof XdpBuff ? subject.dataEnd - subject.data : packetOf(runtime).length;
      const length = (given !== 0 ? given + LOOPBACK_HEADER : whole) + by;
      view.setUint32(size, LOOPBACK_MTU, true);
      if (length <= LOOPBACK_MTU + LOOPBACK_HEADER) return 0;
      // What is to be segmented may be longer than one segment.
      return subject instanceof SkBuff && subject.gsoSize !== 0 ? 0 : BPF_MTU_CHK_RET_FRAG_NEEDED;
    },
  },
];

/** Looks a number up in a map with keys of 4 bytes. @returns what is there, or 0 */
function lookUp(runtime: Runtime): (map: number, key: number) => number {
  let cell = 0;
  return (map, key) => {
    if (cell === 0) cell = runtime.memory.allocate(8);
    runtime.memory.view.setInt32(cell, key, true);
    return runtime.mapAt(map)?.lookupElement(cell) ?? 0;
  };
}
