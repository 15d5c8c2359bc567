/**
 * Helpers that change what a packet consists of: room before, within and behind it, its protocol, VLAN tags, type and
 * hash. Facts: net/core/filter.c of Linux 6.12, held against 6.18.
 */
import { BPF_PROG_TYPE_SK_SKB } from '../../uapi/index.ts';
import { skBuffFields } from '../contexts/uapi-structs.ts';
import { EALREADY, EFAULT, EINVAL, ENOMEM, ENOTSUPP, EOPNOTSUPP } from '../packets/errno.ts';
import { ETH_HLEN, ETH_P_8021AD, ETH_P_8021Q, ETH_P_IP, ETH_P_IPV6 } from '../packets/ethernet.ts';
import { SKB_MAX_LENGTH, type SkBuff, skBuffOf } from '../packets/sk-buff.ts';
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
/** PACKET_OTHERHOST: the last type that programs may set or change. */
const LAST_PACKET_TYPE = 3;

const BPF_ADJ_ROOM_NET = 0;
const BPF_ADJ_ROOM_MAC = 1;
const FIXED_GSO = 1 << 0;
const ENCAP_L3_IPV4 = 1 << 1;
const ENCAP_L3_IPV6 = 1 << 2;
const ENCAP_L4_GRE = 1 << 3;
const ENCAP_L4_UDP = 1 << 4;
const NO_CSUM_RESET = 1 << 5;
const ENCAP_L2_ETH = 1 << 6;
const DECAP_L3_IPV4 = 1 << 7;
const DECAP_L3_IPV6 = 1 << 8;
const ENCAP_L3 = ENCAP_L3_IPV4 | ENCAP_L3_IPV6;
const DECAP_L3 = DECAP_L3_IPV4 | DECAP_L3_IPV6;
/** The upper byte of 64-bit flags: length of an inner layer 2 header. */
const L2_SHIFT_IN_HIGH = 24;
const ROOM_FLAGS = FIXED_GSO | ENCAP_L3 | ENCAP_L4_GRE | ENCAP_L4_UDP | ENCAP_L2_ETH | DECAP_L3;

const BPF_SKB_CLOCK_REALTIME = 0;
const BPF_SKB_CLOCK_TAI = 2;

/** Runs what changes the packet, then lets the program see it. */
const change =
  <Rest extends readonly number[]>(body: (packet: SkBuff, ...rest: Rest) => number) =>
  (runtime: Runtime) =>
  (_context: number, ...rest: Rest): number => {
    const packet = skBuffOf(runtime);
    const result = body(packet, ...rest);
    packet.computeDataPointers();
    return result;
  };

export const packetShapeHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_skb_vlan_push',
    signature: signature('p i i -> s'),
    make: change((packet, given: number, tci: number) => {
      const protocol = given & 0xffff;
      const known = protocol === ETH_P_8021Q || protocol === ETH_P_8021AD;
      const error = packet.pushVlan(known ? protocol : ETH_P_8021Q, tci & 0xffff);
      packet.resetMacLength();
      return error;
    }),
  },
  { name: 'bpf_skb_vlan_pop', signature: signature('p -> s'), make: change((packet) => packet.popVlan()) },
  {
    name: 'bpf_skb_change_proto',
    signature: signature('p i q -> s'),
    make: change((packet, protocol: number, flags: number, high: number) =>
      flags !== 0 || high !== 0 ? EINVAL : changeProtocol(packet, protocol & 0xffff),
    ),
  },
  {
    name: 'bpf_skb_change_type',
    signature: signature('p i -> s'),
    make: (runtime) => (_context: number, type: number) => {
      const packet = skBuffOf(runtime);
      if (packet.packetType > LAST_PACKET_TYPE || type >>> 0 > LAST_PACKET_TYPE) return EINVAL;
      packet.packetType = type;
      packet.sync();
      return 0;
    },
  },
  {
    name: 'bpf_skb_change_tail',
    signature: signature('p i q -> s'),
    make: change((packet, length: number, flags: number, high: number) => {
      const size = length >>> 0;
      if (flags !== 0 || high !== 0 || size > SKB_MAX_LENGTH || size < leastLength(packet)) return EINVAL;
      if (packet.encapsulated) return ENOTSUPP;
      packet.resize(size);
      if (packet.gsoSize !== 0) {
        packet.gsoSize = 0;
        packet.gsoSegments = 0;
      }
      return 0;
    }),
  },
  {
    name: 'bpf_skb_change_head',
    signature: signature('p i q -> s'),
    make: change((packet, room: number, flags: number, high: number) => {
      const length = packet.length + (room >>> 0);
      if (flags !== 0 || high !== 0 || length > 0xffffffff) return EINVAL;
      if (packet.gsoSize === 0 && length > SKB_MAX_LENGTH) return EINVAL;
      if (length > SKB_MAX_LENGTH) return ENOMEM;
      packet.openGap(0, room >>> 0);
      packet.resetMacHeader();
      return 0;
    }),
  },
  {
    name: 'bpf_skb_adjust_room',
    signature: signature('p i i q -> s'),
    make: (runtime) => {
      const streamed = change(adjustStream)(runtime);
      const packets = change(adjustRoom)(runtime);
      return (context: number, by: number, mode: number, flags: number, high: number) =>
        (runtime.invocation.programType === BPF_PROG_TYPE_SK_SKB ? streamed : packets)(context, by, mode, flags, high);
    },
  },
  {
    name: 'bpf_get_hash_recalc',
    signature: signature('p -> u'),
    make: (runtime) => () => {
      const packet = skBuffOf(runtime);
      const { hash } = packet;
      packet.sync();
      return hash;
    },
  },
  {
    name: 'bpf_set_hash',
    signature: signature('p i -> s'),
    make: (runtime) => (_context: number, hash: number) => {
      const packet = skBuffOf(runtime);
      packet.hash = hash >>> 0;
      packet.sync();
      return 0;
    },
  },
  {
    name: 'bpf_set_hash_invalid',
    signature: signature('p -> s'),
    make: (runtime) => () => {
      const packet = skBuffOf(runtime);
      packet.clearHash();
      packet.sync();
      return 0;
    },
  },
  {
    name: 'bpf_skb_set_tstamp',
    signature: signature('p q i -> s'),
    make: (runtime) => (context: number, low: number, high: number, type: number) => {
      const { protocol } = skBuffOf(runtime);
      if (protocol !== ETH_P_IP && protocol !== ETH_P_IPV6) return EOPNOTSUPP;
      const zero = low === 0 && high === 0;
      if (type >>> 0 > BPF_SKB_CLOCK_TAI || (zero && type !== BPF_SKB_CLOCK_REALTIME)) return EINVAL;
      const { view } = runtime.memory;
      view.setInt32(context + skBuffFields.tstamp, low, true);
      view.setInt32(context + skBuffFields.tstamp + 4, high, true);
      view.setUint8(context + skBuffFields.tstamp_type, type);
      return 0;
    },
  },
  {
    name: 'bpf_skb_ecn_set_ce',
    signature: signature('p -> s'),
    make: (runtime) => () => setCongestionExperienced(skBuffOf(runtime)),
  },
];

function changeProtocol(packet: SkBuff, to: number): number {
  const longer = IPV6_HEADER - IPV4_HEADER;
  const at = packet.macHeaderLength;
  if (packet.protocol === ETH_P_IP && to === ETH_P_IPV6) packet.openHeaderGap(at, longer);
  else if (packet.protocol === ETH_P_IPV6 && to === ETH_P_IP) {
    const error = packet.closeHeaderGap(at, longer);
    if (error !== 0) return error;
  } else return ENOTSUPP;
  packet.protocol = to;
  packet.clearHash();
  return 0;
}

function leastLength(packet: SkBuff): number {
  if (packet.transportHeader !== undefined) {
    const transport = packet.head + packet.transportHeader - packet.data;
    if (transport > 0) return transport;
  }
  return Math.max(0, packet.networkOffset);
}

/** sk_skb: room at the packet's begin. */
function adjustStream(packet: SkBuff, by: number, mode: number, flags: number, high: number): number {
  if (flags !== 0 || high !== 0 || mode !== 0) return EINVAL;
  const size = Math.abs(by);
  if (size > 0xfff) return EFAULT;
  if (by >= 0) packet.openGap(0, size);
  else return packet.closeGap(0, size);
  return 0;
}

const baseLength = ({ protocol }: SkBuff): number => (protocol === ETH_P_IP ? IPV4_HEADER : IPV6_HEADER);

function adjustRoom(packet: SkBuff, by: number, mode: number, flags: number, high: number): number {
  if ((flags & ~(ROOM_FLAGS | NO_CSUM_RESET)) !== 0 || (high & 0xffffff) !== 0) return EINVAL;
  const size = Math.abs(by);
  if (size > 0xfff) return EFAULT;
  if (packet.protocol !== ETH_P_IP && packet.protocol !== ETH_P_IPV6) return ENOTSUPP;
  if (mode !== BPF_ADJ_ROOM_NET && mode !== BPF_ADJ_ROOM_MAC) return ENOTSUPP;
  const shrink = by < 0;
  const at = packet.macHeaderLength + (mode === BPF_ADJ_ROOM_NET ? baseLength(packet) : 0);
  let least = baseLength(packet);
  const decapsulated = flags & DECAP_L3;
  if (decapsulated !== 0) {
    if (!shrink || decapsulated === DECAP_L3) return EINVAL;
    least = decapsulated === DECAP_L3_IPV4 ? IPV4_HEADER : IPV6_HEADER;
  }
  const current = packet.length - packet.networkOffset;
  if (shrink && (size >= current || current - size < least)) return ENOTSUPP;
  if (!shrink && packet.length + size > SKB_MAX_LENGTH && packet.gsoSize === 0) return ENOTSUPP;
  const error = shrink
    ? shrinkRoom(packet, at, size, flags, high)
    : growRoom(packet, at, size, flags, high >>> L2_SHIFT_IN_HIGH);
  if (error === 0 && (flags & NO_CSUM_RESET) === 0 && packet.checksum.kind === 'unnecessary') {
    packet.checksum = { kind: 'none' };
  }
  return error;
}

function shrinkRoom(packet: SkBuff, at: number, size: number, flags: number, high: number): number {
  if ((flags & ~(FIXED_GSO | DECAP_L3 | NO_CSUM_RESET)) !== 0 || high !== 0) return EINVAL;
  // The packets of a test run have a size of segments, but no type of them.
  if (packet.gsoSize !== 0) return ENOTSUPP;
  const error = packet.closeHeaderGap(at, size);
  if (error !== 0) return error;
  if (packet.protocol === ETH_P_IP && (flags & DECAP_L3_IPV6) !== 0) packet.protocol = ETH_P_IPV6;
  else if (packet.protocol === ETH_P_IPV6 && (flags & DECAP_L3_IPV4) !== 0) packet.protocol = ETH_P_IP;
  return 0;
}

function growRoom(packet: SkBuff, at: number, size: number, flags: number, innerMac: number): number {
  if (packet.gsoSize !== 0) return ENOTSUPP;
  const encapsulate = (flags & ENCAP_L3) !== 0;
  const macLength = packet.macHeaderLength;
  if (encapsulate) {
    if ((flags & ENCAP_L3) === ENCAP_L3) return EINVAL;
    if ((flags & ENCAP_L4_GRE) !== 0 && (flags & ENCAP_L4_UDP) !== 0) return EINVAL;
    if ((flags & ENCAP_L2_ETH) !== 0 && innerMac < ETH_HLEN) return EINVAL;
    if (packet.encapsulated) return EALREADY;
    if (innerMac > size) return EINVAL;
  }
  packet.openHeaderGap(at, size);
  if (!encapsulate) return 0;
  packet.encapsulated = true;
  const ipv6 = (flags & ENCAP_L3_IPV6) !== 0;
  packet.networkHeader = packet.data - packet.head + macLength;
  if ((flags & (ENCAP_L4_GRE | ENCAP_L4_UDP)) !== 0) {
    packet.transportHeader = packet.networkHeader + (ipv6 ? IPV6_HEADER : IPV4_HEADER);
  }
  packet.protocol = ipv6 ? ETH_P_IPV6 : ETH_P_IP;
  return 0;
}

/** @returns 1 if the packet says CE now, 0 if it is of no transport that knows ECN (RFC 3168) */
function setCongestionExperienced(packet: SkBuff): number {
  const { u8, view } = packet.runtime.memory;
  const header = packet.data + packet.networkOffset;
  const size = packet.protocol === ETH_P_IP ? IPV4_HEADER : packet.protocol === ETH_P_IPV6 ? IPV6_HEADER : 0;
  if (size === 0 || header + size > packet.tail) return 0;
  const ipv4 = size === IPV4_HEADER;
  const shift = ipv4 ? 0 : 4;
  const at = header + 1;
  const ecn = ((u8[at] as number) >>> shift) & 3;
  if (ecn === 0) return 0;
  if (ecn === 3) return 1;
  u8[at] = (u8[at] as number) | (3 << shift);
  if (ipv4) {
    // One's complement: what the field grew by goes off the checksum.
    let sum = view.getUint16(header + 10) - (3 - ecn);
    if (sum < 0) sum += 0xffff;
    view.setUint16(header + 10, sum);
  }
  return 1;
}
