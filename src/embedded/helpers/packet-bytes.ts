/**
 * Reading and writing a packet's bytes, and the checksums over them. Facts: net/core/filter.c of Linux 6.12; what
 * bpf_csum_diff() gives is 6.18's, which folds to 16 bits.
 */
import { RESULT_HIGH } from '../../jit/index.ts';
import { FlowDissection } from '../contexts/flow-dissector-run.ts';
import { addSums, complement16, foldTo16, subtractSums, sumBytes } from '../packets/checksum.ts';
import { EACCES, EFAULT, EINVAL, ENOTSUPP } from '../packets/errno.ts';
import { packetOf } from '../packets/packet.ts';
import { type SkBuff, skBuffOf } from '../packets/sk-buff.ts';
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';

const BPF_HDR_START_MAC = 0;
const BPF_HDR_START_NET = 1;

const BPF_F_HDR_FIELD_MASK = 0xf;
const BPF_F_PSEUDO_HDR = 0x10;
const BPF_F_MARK_MANGLED_0 = 0x20;
const BPF_F_MARK_ENFORCE = 0x40;
const BPF_F_IPV6 = 0x80;
const L4_FLAGS = BPF_F_HDR_FIELD_MASK | BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | BPF_F_IPV6;

const BPF_CSUM_LEVEL_QUERY = 0;
const BPF_CSUM_LEVEL_INC = 1;
const BPF_CSUM_LEVEL_DEC = 2;
const BPF_CSUM_LEVEL_RESET = 3;
const MAX_CSUM_LEVEL = 3;

/** A failed load leaves zeros, so that the program's buffer is never uninitialised. */
function cleared(runtime: Runtime, to: number, length: number): number {
  runtime.memory.u8.fill(0, to, to + length);
  return EFAULT;
}

export const packetByteHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_skb_load_bytes',
    signature: signature('p i p i -> s'),
    make: (runtime) => (_context: number, offset: number, to: number, length: number) => {
      // A flow dissector that runs on given data has no sk_buff.
      if (runtime.invocation.subject instanceof FlowDissection) return cleared(runtime, to, length);
      return packetOf(runtime).load(offset >>> 0, to, length);
    },
  },
  {
    name: 'bpf_skb_load_bytes_relative',
    signature: signature('p i p i i -> s'),
    make: (runtime) => (_context: number, offset: number, to: number, length: number, start: number) => {
      const packet = packetOf(runtime);
      const header = 'networkOffset' in packet ? headerOffset(packet as SkBuff, start) : undefined;
      if (offset >>> 0 > 0xffff || header === undefined) return cleared(runtime, to, length);
      const from = packet.pointer(0, 0) + header + offset;
      if (from + length > packet.pointer(0, 0) + packet.length) return cleared(runtime, to, length);
      runtime.memory.u8.copyWithin(to, from, from + length);
      return 0;
    },
  },
  {
    name: 'bpf_skb_store_bytes',
    signature: signature('p i p i q -> s'),
    make: (runtime) => (_context: number, offset: number, from: number, length: number, flags: number, high: number) =>
      high !== 0 ? EINVAL : skBuffOf(runtime).store(offset >>> 0, from, length, flags),
  },
  {
    name: 'bpf_skb_pull_data',
    signature: signature('p i -> s'),
    make: (runtime) => (_context: number, length: number) => {
      const packet = skBuffOf(runtime);
      return packet.makeWritable(length === 0 ? packet.length : length >>> 0);
    },
  },
  {
    name: 'bpf_csum_diff',
    signature: signature('p i p i i -> s'),
    make: (runtime) => (from: number, fromSize: number, to: number, toSize: number, seed: number) => {
      const { u8 } = runtime.memory;
      if (fromSize !== 0 && toSize !== 0) {
        return foldTo16(subtractSums(sumBytes(u8, to, toSize, seed >>> 0), sumBytes(u8, from, fromSize)));
      }
      if (toSize !== 0) return foldTo16(sumBytes(u8, to, toSize, seed >>> 0));
      if (fromSize !== 0) return foldTo16(~sumBytes(u8, from, fromSize, ~seed >>> 0) >>> 0);
      return foldTo16(seed >>> 0);
    },
  },
  {
    name: 'bpf_csum_update',
    signature: signature('p i -> q'),
    make: (runtime) => (_context: number, sum: number) => {
      const packet = skBuffOf(runtime);
      const complete = packet.checksum.kind === 'complete';
      runtime.memory.i32[RESULT_HIGH >> 2] = complete ? 0 : -1;
      if (!complete) return ENOTSUPP;
      packet.sum = addSums(packet.sum, sum);
      return packet.sum | 0;
    },
  },
  {
    name: 'bpf_csum_level',
    signature: signature('p q -> s'),
    make: (runtime) => (_context: number, what: number, high: number) =>
      high !== 0 ? EINVAL : changeLevel(skBuffOf(runtime), what),
  },
  {
    name: 'bpf_l3_csum_replace',
    signature: signature('p i q q i -> s'),
    make:
      (runtime) =>
      (
        _context: number,
        offset: number,
        from: number,
        fromHigh: number,
        to: number,
        _toHigh: number,
        flags: number,
      ) => {
        if ((flags & ~BPF_F_HDR_FIELD_MASK) !== 0) return EINVAL;
        const at = fieldAt(runtime, offset);
        return at < 0 ? at : replace(runtime, at, flags & BPF_F_HDR_FIELD_MASK, from, to, fromHigh);
      },
  },
  {
    name: 'bpf_l4_csum_replace',
    signature: signature('p i q q i -> s'),
    make:
      (runtime) =>
      (
        _context: number,
        offset: number,
        from: number,
        fromHigh: number,
        to: number,
        _toHigh: number,
        flags: number,
      ) => {
        if ((flags & ~L4_FLAGS) !== 0) return EINVAL;
        const at = fieldAt(runtime, offset);
        if (at < 0) return at;
        const { view } = runtime.memory;
        const mangledZero = (flags & BPF_F_MARK_MANGLED_0) !== 0;
        if (mangledZero && (flags & BPF_F_MARK_ENFORCE) === 0 && view.getUint16(at, true) === 0) return 0;
        const size = flags & BPF_F_HDR_FIELD_MASK;
        const error = replace(runtime, at, size, from, to, fromHigh);
        if (error !== 0) return error;
        // The pseudo header is in a complete checksum only through this field; IPv6 leaves it as it was.
        if ((flags & BPF_F_PSEUDO_HDR) !== 0) {
          shiftComplete(skBuffOf(runtime), size, from, to, (flags & BPF_F_IPV6) !== 0);
        }
        if (mangledZero && view.getUint16(at, true) === 0) view.setUint16(at, 0xffff, true);
        return 0;
      },
  },
];

function headerOffset(packet: SkBuff, start: number): number | undefined {
  if (start === BPF_HDR_START_NET) return packet.networkOffset;
  if (start !== BPF_HDR_START_MAC || packet.macHeader === undefined) return undefined;
  return packet.head + packet.macHeader - packet.data;
}

function changeLevel(packet: SkBuff, what: number): number {
  const { checksum } = packet;
  const level = checksum.kind === 'unnecessary' ? checksum.level : undefined;
  switch (what) {
    case BPF_CSUM_LEVEL_QUERY:
      return level ?? EACCES;
    case BPF_CSUM_LEVEL_INC:
      if (checksum.kind === 'none') packet.checksum = { kind: 'unnecessary', level: 0 };
      else if (level !== undefined && level < MAX_CSUM_LEVEL)
        packet.checksum = { kind: 'unnecessary', level: level + 1 };
      return 0;
    case BPF_CSUM_LEVEL_DEC:
      if (level !== undefined)
        packet.checksum = level === 0 ? { kind: 'none' } : { kind: 'unnecessary', level: level - 1 };
      return 0;
    case BPF_CSUM_LEVEL_RESET:
      if (level !== undefined) packet.checksum = { kind: 'none' };
      return 0;
    default:
      return EINVAL;
  }
}

/** Where the checksum field lies in memory, or a negative errno. */
function fieldAt(runtime: Runtime, offset: number): number {
  if (offset >>> 0 > 0xffff || (offset & 1) !== 0) return EFAULT;
  const packet = skBuffOf(runtime);
  return packet.makeWritable(offset + 2) === 0 ? packet.data + offset : EFAULT;
}

/** RFC 1624: `to` in place of `from` in what the field sums up; with size 0, `to` is already the difference. */
function replace(runtime: Runtime, at: number, size: number, from: number, to: number, fromHigh: number): number {
  const { view } = runtime.memory;
  const old = ~view.getUint16(at, true) & 0xffff;
  let sum: number;
  if (size === 0) {
    if (from !== 0 || fromHigh !== 0) return EINVAL;
    sum = addSums(to >>> 0, old);
  } else if (size === 2) {
    sum = addSums(addSums(old, ~from & 0xffff), to & 0xffff);
  } else if (size === 4) {
    sum = addSums(subtractSums(old, from >>> 0), to >>> 0);
  } else return EINVAL;
  view.setUint16(at, complement16(sum), true);
  return 0;
}

function shiftComplete(packet: SkBuff, size: number, from: number, to: number, ipv6: boolean): void {
  if (packet.checksum.kind !== 'complete') return;
  if (size === 0) {
    if (!ipv6) packet.sum = ~subtractSums(to >>> 0, packet.sum) >>> 0;
    return;
  }
  const word = size === 2 ? 0xffff : 0xffffffff;
  packet.sum = ~addSums(subtractSums(~packet.sum >>> 0, (from & word) >>> 0), (to & word) >>> 0) >>> 0;
}
