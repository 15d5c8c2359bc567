/**
 * Runs of programs that take a __sk_buff: socket filters, traffic control, cgroup_skb, lightweight tunnels (and sk_skb,
 * which Linux does not test-run). After net/bpf/test_run.c of Linux 6.12, held against the behaviour of 6.18.
 */

import type { RunOptions } from '../../kernel.ts';
import {
  BPF_F_TEST_SKB_CHECKSUM_COMPLETE,
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SK_SKB,
} from '../../uapi/index.ts';
import { addressOf } from '../memory/address.ts';
import { complement16, sumBytes } from '../packets/checksum.ts';
import { ETH_ADDRESSES, ETH_HLEN, ETH_P_IP, ETH_P_IPV6 } from '../packets/ethernet.ts';
import { SKB_HEADROOM, SKB_SHARED_INFO, SkBuff } from '../packets/sk-buff.ts';
import type { Runtime } from '../runtime.ts';
import { AF_INET, AF_INET6, TCP_CLOSE } from '../socket-numbers.ts';
import type { Prepare, PreparedRun, ProgramToRun } from './context.ts';
import { checkOptions, demandZero, RunMemory, readContext, refusal, repeatOf, viewOf } from './input.ts';
import { skBuffFields as field, skBuffSize, sockFields, sockSize } from './uapi-structs.ts';

const PAGE = 4096;
const GSO_LEGACY_MAX_SIZE = 65_536;
const GSO_MAX_SEGS = 65_535;
const LOOPBACK = 1;

/** They see the packet from its Ethernet header on; the others from the network header. */
const fromEthernet = new Set([BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_SCHED_ACT]);

/** They find data_end set when they begin. */
const direct = new Set([
  ...fromEthernet,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_CGROUP_SKB,
  BPF_PROG_TYPE_SK_SKB,
]);

/** What of a given context must be zero: all but the fields between. */
const untouchable: readonly (readonly [number, number])[] = [
  [0, field.mark],
  [field.mark + 4, field.priority],
  [field.ifindex + 4, field.cb],
  [field.cb + 20, field.tstamp],
  [field.gso_segs + 4, field.gso_size],
  [field.gso_size + 4, field.hwtstamp],
  [field.hwtstamp + 8, skBuffSize],
];

export const prepareSkBuff: Prepare = (runtime, program, options) => {
  checkOptions(program, options, {
    data: ETH_HLEN,
    context: true,
    repeat: true,
    flags: BPF_F_TEST_SKB_CHECKSUM_COMPLETE,
  });
  const { data = new Uint8Array() } = options;
  if (data.length > PAGE - SKB_HEADROOM - SKB_SHARED_INFO) {
    throw refusal(program, 'EINVAL', `more than ${PAGE - SKB_HEADROOM - SKB_SHARED_INFO} bytes of data`);
  }
  const given = options.context === undefined ? undefined : readContext(program, options.context, skBuffSize);
  const memory = new RunMemory(runtime);
  const context = memory.reserve(skBuffSize);
  const packet = new SkBuff(runtime, context, data);
  try {
    return begin(runtime, program, options, given, memory, packet);
  } catch (error) {
    packet.release();
    memory.free();
    throw error;
  }
};

function begin(
  runtime: Runtime,
  program: ProgramToRun,
  options: RunOptions,
  given: Uint8Array | undefined,
  memory: RunMemory,
  packet: SkBuff,
): PreparedRun {
  const { context } = packet;
  const givenView = given === undefined ? undefined : viewOf(given);
  if ((givenView?.getUint32(field.ifindex, true) ?? 0) > LOOPBACK) {
    throw refusal(program, 'ENODEV', 'the embedded kernel has the loopback device only');
  }
  takeEthernetHeader(packet);
  const sock = memory.reserve(sockSize);
  describeSock(program, packet, sock);
  const l2 = fromEthernet.has(program.type);
  if (l2) packet.data -= ETH_HLEN;

  if (given !== undefined) demandZero(program, given, untouchable);
  writeContext(program, packet, givenView, sock);
  if (direct.has(program.type)) packet.computeDataPointers();
  else packet.sync();
  const complete = ((options.flags ?? 0) & BPF_F_TEST_SKB_CHECKSUM_COMPLETE) !== 0;
  if (complete) {
    packet.checksum = { kind: 'complete' };
    packet.sum = sumFromNetworkHeader(packet);
  }

  return {
    context,
    subject: packet,
    repeat: repeatOf(options),
    begin: () => {},
    finish(retval) {
      if (!l2) {
        packet.openGap(0, ETH_HLEN);
      }
      if (complete) {
        if (complement16(packet.sum) !== complement16(sumFromNetworkHeader(packet))) {
          throw refusal(program, 'EBADMSG', 'the checksum of the packet does not fit its bytes');
        }
      }
      return {
        retval: retval | 0,
        dataOut: runtime.memory.u8.slice(packet.data, packet.tail),
        ...(given !== undefined && { contextOut: contextOut(runtime, given, context) }),
      };
    },
    release() {
      packet.release();
      memory.free();
    },
  };
}

/** What the stack has done with a frame when programs see it (eth_type_trans), received on the loopback device. */
export function takeEthernetHeader(packet: SkBuff): void {
  const { u8 } = packet.runtime.memory;
  packet.resetMacHeader();
  packet.macLength = 0;
  packet.packetType = packetType(u8.subarray(packet.data, packet.data + ETH_ADDRESSES / 2));
  packet.protocol = packet.etherType(packet.data);
  packet.data += ETH_HLEN;
  packet.networkHeader = packet.data - packet.head;
}

/** PACKET_HOST, _MULTICAST or _OTHERHOST: the loopback device's own address and its broadcast address are all zero. */
function packetType(destination: Uint8Array): number {
  if (destination.every((byte) => byte === 0)) return 0;
  return ((destination[0] as number) & 1) !== 0 ? 2 : 3;
}

/** The socket of a test run: of no protocol, with the packet's addresses. */
function describeSock(program: ProgramToRun, packet: SkBuff, sock: number): void {
  const { u8, u32 } = packet.runtime.memory;
  u32[(sock + sockFields.state) >> 2] = TCP_CLOSE;
  const { data, length } = packet;
  const cut = (header: string) => refusal(program, 'EINVAL', `the data ends within the ${header} header`);
  if (packet.protocol === ETH_P_IP) {
    if (length < 20) throw cut('IPv4');
    u32[(sock + sockFields.family) >> 2] = AF_INET;
    u8.copyWithin(sock + sockFields.src_ip4, data + 12, data + 16);
    u8.copyWithin(sock + sockFields.dst_ip4, data + 16, data + 20);
  } else if (packet.protocol === ETH_P_IPV6) {
    if (length < 40) throw cut('IPv6');
    u32[(sock + sockFields.family) >> 2] = AF_INET6;
    u8.copyWithin(sock + sockFields.src_ip6, data + 8, data + 24);
    u8.copyWithin(sock + sockFields.dst_ip6, data + 24, data + 40);
  }
}

function writeContext(program: ProgramToRun, packet: SkBuff, given: DataView | undefined, sock: number): void {
  const { memory } = packet.runtime;
  const { u8, view } = memory;
  const { context } = packet;
  const put = (name: keyof typeof field, value: number) => view.setUint32(context + field[name], value, true);
  const wireLength = given?.getUint32(field.wire_len, true) ?? 0;
  if (wireLength !== 0 && (wireLength < packet.length || wireLength > GSO_LEGACY_MAX_SIZE)) {
    throw refusal(program, 'EINVAL', `a wire_len of ${wireLength} for a packet of ${packet.length} bytes`);
  }
  if (given !== undefined) {
    const segments = given.getUint32(field.gso_segs, true);
    if (segments > GSO_MAX_SEGS) throw refusal(program, 'EINVAL', `gso_segs above ${GSO_MAX_SEGS}`);
    put('wire_len', wireLength === 0 ? packet.length : wireLength);
    for (const name of ['mark', 'priority', 'ingress_ifindex'] as const) put(name, given.getUint32(field[name], true));
    // 16 bits in the kernel.
    put('gso_segs', segments & 0xffff);
    put('gso_size', given.getUint32(field.gso_size, true) & 0xffff);
    view.setBigUint64(context + field.tstamp, given.getBigUint64(field.tstamp, true), true);
    view.setBigUint64(context + field.hwtstamp, given.getBigUint64(field.hwtstamp, true), true);
    for (let at = 0; at < 20; at += 4)
      view.setUint32(context + field.cb + at, given.getUint32(field.cb + at, true), true);
  }
  put('ifindex', LOOPBACK);
  put('family', memory.u32[(sock + sockFields.family) >> 2] as number);
  u8.copyWithin(context + field.local_ip4, sock + sockFields.src_ip4, sock + sockFields.src_ip4 + 4);
  u8.copyWithin(context + field.remote_ip4, sock + sockFields.dst_ip4, sock + sockFields.dst_ip4 + 4);
  u8.copyWithin(context + field.local_ip6, sock + sockFields.src_ip6, sock + sockFields.src_ip6 + 16);
  u8.copyWithin(context + field.remote_ip6, sock + sockFields.dst_ip6, sock + sockFields.dst_ip6 + 16);
  putAddress(view, context + field.sk, sock);
}

/** An 8-byte pointer field; 0 is NULL. */
export function putAddress(view: DataView, at: number, offset: number): void {
  view.setBigUint64(at, addressOf(offset), true);
}

function sumFromNetworkHeader(packet: SkBuff): number {
  const offset = packet.networkOffset;
  return sumBytes(packet.runtime.memory.u8, packet.data + offset, packet.length - offset);
}

/** The context that was given, with what may have changed. */
function contextOut(runtime: Runtime, given: Uint8Array, context: number): Uint8Array {
  const { u8 } = runtime.memory;
  const out = given.slice();
  const copy = (from: number, size: number) => out.set(u8.subarray(context + from, context + from + size), from);
  for (const name of ['mark', 'priority', 'ingress_ifindex', 'ifindex', 'wire_len', 'gso_segs'] as const) {
    copy(field[name], 4);
  }
  copy(field.tstamp, 8);
  copy(field.hwtstamp, 8);
  copy(field.cb, 20);
  return out;
}
