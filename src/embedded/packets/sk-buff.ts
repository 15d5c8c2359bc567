/**
 * A linear socket buffer and what the helpers do to it: where its headers begin, room before and after, VLAN tag,
 * checksum, hash. The program's __sk_buff lies in memory; fields that programs write (mark, cb, ...) live only there,
 * what helpers change is written there by `sync` and `computeDataPointers`.
 *
 * Sources: include/linux/skbuff.h, net/core/{skbuff,filter}.c of Linux 6.12 and the behaviour of 6.18.
 */
import { skBuffFields } from '../contexts/uapi-structs.ts';
import type { Runtime } from '../runtime.ts';
import { addSums, subtractSums, sumBytes } from './checksum.ts';
import { EFAULT, EINVAL, ENOMEM } from './errno.ts';
import { ETH_ADDRESSES, ETH_HLEN, ETH_P_8021AD, ETH_P_8021Q, VLAN_HLEN } from './ethernet.ts';
import { flowHash } from './flow-hash.ts';
import { Packet } from './packet.ts';

const BPF_F_RECOMPUTE_CSUM = 1;
const BPF_F_INVALIDATE_HASH = 2;

/** Room before the data of a new buffer (NET_SKB_PAD), and after it (struct skb_shared_info). */
export const SKB_HEADROOM = 64;
export const SKB_SHARED_INFO = 320;
/** Four pages less the shared info: no helper makes a longer one (SKB_MAX_ALLOC). */
export const SKB_MAX_LENGTH = 4 * 4096 - SKB_SHARED_INFO;

export class SkBuff extends Packet {
  readonly context: number;
  /** Offset of the buffer, of the packet's first byte and of the byte after its last one. */
  head: number;
  data: number;
  tail: number;
  end: number;
  /** From `head` on, so that they hold when the buffer moves; undefined: not set. */
  macHeader: number | undefined;
  networkHeader = 0;
  transportHeader: number | undefined;
  macLength = 0;
  protocol = 0;
  packetType = 0;
  vlanTag: { readonly protocol: number; readonly tci: number } | undefined;
  encapsulated = false;
  /** ip_summed and what belongs to it. */
  checksum:
    | { kind: 'none' }
    | { kind: 'unnecessary'; level: number }
    /** `sum` is that of everything behind the network header's begin. */
    | { kind: 'complete' } = { kind: 'none' };
  /** skb->csum; what it was when the checksum was last complete. */
  sum = 0;
  #hash: number | undefined;

  /** @param context offset of its __sk_buff, or 0 */
  constructor(runtime: Runtime, context: number, bytes: Uint8Array) {
    super(runtime);
    this.context = context;
    const size = SKB_HEADROOM + bytes.length;
    this.head = runtime.memory.allocate(size);
    this.end = this.head + size;
    this.data = this.head + SKB_HEADROOM;
    this.tail = this.data + bytes.length;
    runtime.memory.u8.set(bytes, this.data);
  }

  release(): void {
    this.runtime.memory.free(this.head);
  }

  get length(): number {
    return this.tail - this.data;
  }

  get networkOffset(): number {
    return this.head + this.networkHeader - this.data;
  }

  /** The length of what stands before the network header. */
  get macHeaderLength(): number {
    return this.networkHeader - (this.macHeader ?? 0);
  }

  get gsoSize(): number {
    return this.context === 0 ? 0 : (this.runtime.memory.u32[(this.context + skBuffFields.gso_size) >> 2] as number);
  }

  set gsoSize(value: number) {
    this.#put('gso_size', value);
  }

  set gsoSegments(value: number) {
    this.#put('gso_segs', value);
  }

  #put(field: keyof typeof skBuffFields, value: number): void {
    if (this.context !== 0) this.runtime.memory.u32[(this.context + skBuffFields[field]) >> 2] = value;
  }

  /** Brings the program's view of what helpers change up to date, but for data_end and data_meta. */
  sync(): void {
    this.#put('len', this.length);
    this.#put('pkt_type', this.packetType);
    this.#put('protocol', this.protocol);
    this.#put('vlan_present', this.vlanTag === undefined ? 0 : 1);
    this.#put('vlan_tci', this.vlanTag?.tci ?? 0);
    this.#put('vlan_proto', this.vlanTag?.protocol ?? 0);
    this.#put('hash', this.#hash ?? 0);
    this.#put('data', this.data);
  }

  /** From here on the program may reach all of the packet directly (bpf_compute_data_pointers). */
  computeDataPointers(): void {
    this.sync();
    this.#put('data_end', this.tail);
    this.#put('data_meta', this.data);
  }

  pointer(offset: number, length: number): number {
    return offset >= 0 && offset + length <= this.length ? this.data + offset : 0;
  }

  load(offset: number, to: number, length: number): number {
    const { u8 } = this.runtime.memory;
    const from = offset > 0x7fffffff ? 0 : this.pointer(offset, length);
    if (from === 0) {
      u8.fill(0, to, to + length);
      return EFAULT;
    }
    u8.copyWithin(to, from, from + length);
    return 0;
  }

  store(offset: number, from: number, length: number, flags: number): number {
    if ((flags & ~(BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH)) !== 0) return EINVAL;
    if (offset > 0x7fffffff || this.makeWritable(offset + length) !== 0) return EFAULT;
    const recompute = (flags & BPF_F_RECOMPUTE_CSUM) !== 0;
    const to = this.data + offset;
    if (recompute) this.#pulled(to, length, offset);
    this.runtime.memory.u8.copyWithin(to, from, from + length);
    if (recompute) this.#pushed(to, length, offset);
    if ((flags & BPF_F_INVALIDATE_HASH) !== 0) this.clearHash();
    this.computeDataPointers();
    return 0;
  }

  /** All of a linear packet is writable: this only checks that it has so many bytes. */
  makeWritable(length: number): number {
    if (length > this.length) return ENOMEM;
    this.computeDataPointers();
    return 0;
  }

  /** What was summed up in a complete checksum and leaves the packet, or comes into it; `at` says if at an odd place. */
  #pulled(from: number, length: number, at = 0): void {
    if (this.checksum.kind !== 'complete') return;
    const sum = sumBytes(this.runtime.memory.u8, from, length, 0, (at & 1) !== 0);
    this.sum = subtractSums(this.sum, sum);
  }

  #pushed(from: number, length: number, at = 0): void {
    if (this.checksum.kind !== 'complete') return;
    const sum = sumBytes(this.runtime.memory.u8, from, length, 0, (at & 1) !== 0);
    this.sum = addSums(this.sum, sum);
  }

  get hash(): number {
    this.#hash ??= flowHash(this);
    return this.#hash;
  }

  set hash(value: number) {
    this.#hash = value;
  }

  clearHash(): void {
    this.#hash = undefined;
  }

  /** Moves the packet to a larger buffer where so much is not free before and after it. */
  reserve(before: number, after: number): void {
    const headroom = this.data - this.head;
    const tailroom = this.end - this.tail;
    if (headroom >= before && tailroom >= after) return;
    const { memory } = this.runtime;
    const newHeadroom = headroom >= before ? headroom : before + SKB_HEADROOM;
    const size = newHeadroom + this.length + Math.max(after, tailroom);
    const head = memory.allocate(size);
    memory.u8.copyWithin(head + newHeadroom, this.data, this.tail);
    memory.free(this.head);
    const length = this.length;
    const moved = newHeadroom - headroom;
    this.head = head;
    this.data = head + newHeadroom;
    this.tail = this.data + length;
    this.end = head + size;
    if (this.macHeader !== undefined) this.macHeader += moved;
    this.networkHeader += moved;
    if (this.transportHeader !== undefined) this.transportHeader += moved;
  }

  /** Opens a gap of zeros at `offset`, and moves what is before it forwards. */
  openGap(offset: number, length: number): void {
    this.reserve(length, 0);
    const { u8 } = this.runtime.memory;
    this.data -= length;
    u8.copyWithin(this.data, this.data + length, this.data + length + offset);
    u8.fill(0, this.data + offset, this.data + offset + length);
  }

  /** Closes a gap. @returns 0 or ENOMEM if the packet ends before the gap does */
  closeGap(offset: number, length: number): number {
    if (offset + length > this.length) return ENOMEM;
    const { u8 } = this.runtime.memory;
    this.#pulled(this.data + offset, length);
    u8.copyWithin(this.data + length, this.data, this.data + offset);
    this.data += length;
    return 0;
  }

  /** openGap() for room behind the MAC header or the network header: both move with what is before it. */
  openHeaderGap(offset: number, length: number): void {
    this.openGap(offset, length);
    this.#moveHeaders(-length);
  }

  closeHeaderGap(offset: number, length: number): number {
    const error = this.closeGap(offset, length);
    if (error === 0) this.#moveHeaders(length);
    return error;
  }

  #moveHeaders(by: number): void {
    const same = this.transportHeader === this.networkHeader;
    if (this.macHeader !== undefined) this.macHeader += by;
    this.networkHeader += by;
    if (same) this.transportHeader = this.networkHeader;
  }

  resetMacHeader(): void {
    this.macHeader = this.data - this.head;
    this.macLength = this.networkHeader - this.macHeader;
  }

  resetMacLength(): void {
    this.macLength = this.macHeaderLength;
  }

  /** Takes the tag that is outermost out of band; one that was there goes into the packet (skb_vlan_push). */
  pushVlan(protocol: number, tci: number): number {
    if (this.vlanTag !== undefined) {
      if (!this.#beginsWithMac()) return EINVAL;
      const inner = this.vlanTag;
      const { memory } = this.runtime;
      if (this.length < ETH_ADDRESSES) return EINVAL;
      this.reserve(VLAN_HLEN, 0);
      this.data -= VLAN_HLEN;
      memory.u8.copyWithin(this.data, this.data + VLAN_HLEN, this.data + VLAN_HLEN + ETH_ADDRESSES);
      memory.view.setUint16(this.data + ETH_ADDRESSES, inner.protocol, true);
      memory.view.setUint16(this.data + ETH_ADDRESSES + 2, inner.tci);
      if (this.macHeader !== undefined) this.macHeader -= VLAN_HLEN;
      this.networkHeader -= VLAN_HLEN;
      this.protocol = inner.protocol;
      this.#pushed(this.data + ETH_ADDRESSES, VLAN_HLEN);
    }
    this.vlanTag = { protocol, tci };
    return 0;
  }

  /** Drops the outermost tag; the next one in the packet goes out of band (skb_vlan_pop). */
  popVlan(): number {
    if (this.vlanTag !== undefined) this.vlanTag = undefined;
    else {
      if (!isVlan(this.protocol)) return 0;
      const tag = this.#takeVlan();
      if (typeof tag === 'number') return tag;
    }
    if (!isVlan(this.protocol)) return 0;
    const protocol = this.protocol;
    const tci = this.#takeVlan();
    if (typeof tci === 'number') return tci;
    this.vlanTag = { protocol, tci: tci.tci };
    return 0;
  }

  /** @returns the tag that was in the packet, or a negative errno */
  #takeVlan(): { readonly tci: number } | number {
    if (!this.#beginsWithMac()) return EINVAL;
    if (this.length < ETH_HLEN + VLAN_HLEN) return ENOMEM;
    const { u8, view } = this.runtime.memory;
    this.#pulled(this.data + ETH_ADDRESSES, VLAN_HLEN);
    const tci = view.getUint16(this.data + ETH_ADDRESSES + 2);
    u8.copyWithin(this.data + VLAN_HLEN, this.data, this.data + ETH_ADDRESSES);
    this.data += VLAN_HLEN;
    this.macHeader = (this.macHeader ?? 0) + VLAN_HLEN;
    this.protocol = this.etherType(this.data);
    if (this.networkOffset < ETH_HLEN) this.networkHeader = this.data - this.head + ETH_HLEN;
    this.resetMacLength();
    return { tci };
  }

  #beginsWithMac(): boolean {
    return this.data - this.head === this.macHeader;
  }

  /**
   * What the Ethernet header at `header` says is behind it; lengths are frames of 802.3 or 802.2 (eth_type_trans,
   * vlan_set_encap_proto).
   */
  etherType(header: number): number {
    const { view } = this.runtime.memory;
    const type = view.getUint16(header + ETH_ADDRESSES);
    if (type >= 0x600) return view.getUint16(header + ETH_ADDRESSES, true);
    const raw = header + ETH_HLEN + 2 <= this.tail && view.getUint16(header + ETH_HLEN) === 0xffff;
    return raw ? 0x0100 : 0x0400;
  }

  /** Changes the length at the end; what is new is zero. */
  resize(length: number): void {
    const { memory } = this.runtime;
    const old = this.length;
    if (length > old) {
      this.reserve(0, length - old);
      memory.u8.fill(0, this.tail, this.data + length);
    }
    // Nobody keeps the sum up to date here, so it does not count any longer.
    if (this.checksum.kind === 'complete') this.checksum = { kind: 'none' };
    this.tail = this.data + length;
  }
}

const isVlan = (protocol: number): boolean => protocol === ETH_P_8021Q || protocol === ETH_P_8021AD;

/** The sk_buff behind the running program's context. */
export function skBuffOf(runtime: Runtime): SkBuff {
  const { subject } = runtime.invocation;
  if (subject instanceof SkBuff) return subject;
  throw new Error(`program '${runtime.invocation.programName}' has no sk_buff behind its context`);
}
