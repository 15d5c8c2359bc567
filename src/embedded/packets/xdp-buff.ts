/**
 * A packet as XDP has it: one page with room before the data for metadata and growth, room after it, and further
 * pages where it is longer (fragments). Its fields live here; the program's xdp_md is written by `sync`.
 *
 * Sources: include/net/xdp.h, net/core/filter.c, net/bpf/test_run.c of Linux 6.12 and the behaviour of 6.18.
 */
import { xdpMdFields } from '../contexts/uapi-structs.ts';
import type { Runtime } from '../runtime.ts';
import { EACCES, EFAULT, EINVAL } from './errno.ts';
import { ETH_HLEN } from './ethernet.ts';
import { Packet } from './packet.ts';

export const PAGE = 4096;
export const XDP_HEADROOM = 256;
/** struct skb_shared_info at the end of the page. */
export const XDP_TAILROOM = 320;
/** struct xdp_frame, which XDP keeps at the begin of the page when the packet goes on. */
export const XDP_FRAME = 40;
export const MAX_FRAGMENTS = 17;

interface Fragment {
  page: number;
  /** From the page's begin. */
  start: number;
  size: number;
}

export class XdpBuff extends Packet {
  readonly context: number;
  readonly #page: number;
  dataMeta: number;
  data: number;
  dataEnd: number;
  #fragments: Fragment[] = [];

  /** @param linear how many of the bytes lie in the first page */
  constructor(runtime: Runtime, context: number, bytes: Uint8Array, linear: number, headroom: number) {
    super(runtime);
    this.context = context;
    const { memory } = runtime;
    this.#page = memory.allocate(PAGE);
    this.data = this.#page + headroom;
    this.dataMeta = this.data;
    this.dataEnd = this.data + linear;
    memory.u8.set(bytes.subarray(0, linear), this.data);
    for (let at = linear; at < bytes.length; at += PAGE) {
      const part = bytes.subarray(at, at + PAGE);
      const page = memory.allocate(PAGE);
      memory.u8.set(part, page);
      this.#fragments.push({ page, start: 0, size: part.length });
    }
  }

  release(): void {
    this.runtime.memory.free(this.#page);
    for (const { page } of this.#fragments) this.runtime.memory.free(page);
    this.#fragments = [];
  }

  get #linear(): number {
    return this.dataEnd - this.data;
  }

  get #hardEnd(): number {
    return this.#page + PAGE - XDP_TAILROOM;
  }

  get length(): number {
    return this.#fragments.reduce((sum, { size }) => sum + size, this.#linear);
  }

  sync(): void {
    const { u32 } = this.runtime.memory;
    const at = this.context >> 2;
    u32[at + (xdpMdFields.data >> 2)] = this.data;
    u32[at + (xdpMdFields.data_end >> 2)] = this.dataEnd;
    u32[at + (xdpMdFields.data_meta >> 2)] = this.dataMeta;
  }

  /** Metadata and packet, as they leave the run. */
  bytes(): Uint8Array {
    const { u8 } = this.runtime.memory;
    const linear = this.dataEnd - this.dataMeta;
    const out = new Uint8Array(this.length + this.data - this.dataMeta);
    out.set(u8.subarray(this.dataMeta, this.dataEnd));
    let at = linear;
    for (const { page, start, size } of this.#fragments) {
      out.set(u8.subarray(page + start, page + start + size), at);
      at += size;
    }
    return out;
  }

  pointer(offset: number, length: number): number {
    if (offset > 0xffff || length > 0xffff || offset + length > this.length) return 0;
    if (offset < this.#linear) return offset + length <= this.#linear ? this.data + offset : 0;
    let at = offset - this.#linear;
    for (const { page, start, size } of this.#fragments) {
      if (at < size) return at + length <= size ? page + start + at : 0;
      at -= size;
    }
    // Nothing at the very end: an address all the same, as Linux gives.
    return length === 0 ? this.data + offset : 0;
  }

  load(offset: number, to: number, length: number): number {
    const error = this.#outside(offset, length);
    if (error !== 0) return error;
    this.#pieces(offset, length, (piece, size, done) =>
      this.runtime.memory.u8.copyWithin(to + done, piece, piece + size),
    );
    return 0;
  }

  store(offset: number, from: number, length: number, flags: number): number {
    if (flags !== 0) return EINVAL;
    const error = this.#outside(offset, length);
    if (error !== 0) return error;
    const { u8 } = this.runtime.memory;
    this.#pieces(offset, length, (piece, size, done) => u8.copyWithin(piece, from + done, from + done + size));
    return 0;
  }

  #outside(offset: number, length: number): number {
    if (offset > 0xffff || length > 0xffff) return EFAULT;
    return offset + length > this.length ? EINVAL : 0;
  }

  #pieces(offset: number, length: number, copy: (piece: number, size: number, done: number) => void): void {
    let skip = offset;
    let done = 0;
    const take = (start: number, size: number): void => {
      const count = Math.min(size - skip, length - done);
      if (count > 0) {
        copy(start + skip, count, done);
        done += count;
      }
      skip = Math.max(0, skip - size);
    };
    take(this.data, this.#linear);
    for (const { page, start, size } of this.#fragments) take(page + start, size);
  }

  adjustHead(by: number): number {
    const meta = this.data - this.dataMeta;
    const data = this.data + by;
    if (data < this.#page + XDP_FRAME + meta || data > this.dataEnd - ETH_HLEN) return EINVAL;
    if (meta > 0) this.runtime.memory.u8.copyWithin(this.dataMeta + by, this.dataMeta, this.data);
    this.dataMeta += by;
    this.data = data;
    this.sync();
    return 0;
  }

  adjustMeta(by: number): number {
    const meta = this.dataMeta + by;
    const size = this.data - meta;
    if (meta < this.#page + XDP_FRAME || meta > this.data) return EINVAL;
    if ((size & 3) !== 0 || size > 255) return EACCES;
    this.dataMeta = meta;
    this.sync();
    return 0;
  }

  adjustTail(by: number): number {
    if (this.#fragments.length > 0) {
      const error = by < 0 ? this.#shrink(-by) : this.#grow(by);
      this.sync();
      return error;
    }
    const end = this.dataEnd + by;
    if (end > this.#hardEnd || end < this.data + ETH_HLEN) return EINVAL;
    if (by > 0) this.runtime.memory.u8.fill(0, this.dataEnd, end);
    this.dataEnd = end;
    this.sync();
    return 0;
  }

  #grow(by: number): number {
    const last = this.#fragments[this.#fragments.length - 1];
    if (last === undefined) return EINVAL;
    const end = last.start + last.size;
    if (by > PAGE - end) return EINVAL;
    this.runtime.memory.u8.fill(0, last.page + end, last.page + end + by);
    last.size += by;
    return 0;
  }

  #shrink(by: number): number {
    if (by > this.length - ETH_HLEN) return EINVAL;
    let left = by;
    for (let last = this.#fragments.at(-1); last !== undefined && left > 0; last = this.#fragments.at(-1)) {
      const taken = Math.min(left, last.size);
      left -= taken;
      if (taken < last.size) {
        last.size -= taken;
        break;
      }
      this.runtime.memory.free(last.page);
      this.#fragments.pop();
    }
    if (this.#fragments.length === 0) this.dataEnd -= left;
    return 0;
  }

  /** Makes the first bytes lie in one piece (bpf_xdp_pull_data of Linux 6.18). */
  pull(length: number): number {
    if (length <= this.#linear) return 0;
    if (length > this.length) return EINVAL;
    const { memory } = this.runtime;
    let missing = length - this.#linear;
    const shift = Math.max(0, missing - (this.#hardEnd - this.dataEnd));
    if (shift > this.dataMeta - this.#page - XDP_FRAME) return EINVAL;
    if (shift > 0) {
      memory.u8.copyWithin(this.dataMeta - shift, this.dataMeta, this.dataEnd);
      this.dataMeta -= shift;
      this.data -= shift;
      this.dataEnd -= shift;
    }
    while (missing > 0) {
      const first = this.#fragments[0];
      if (first === undefined) break;
      const taken = Math.min(missing, first.size);
      memory.u8.copyWithin(this.dataEnd, first.page + first.start, first.page + first.start + taken);
      this.dataEnd += taken;
      missing -= taken;
      first.start += taken;
      first.size -= taken;
      if (first.size === 0) {
        memory.free(first.page);
        this.#fragments.shift();
      }
    }
    this.sync();
    return 0;
  }
}

/** The packet behind the running XDP program's context. */
export function xdpBuffOf(runtime: Runtime): XdpBuff {
  const { subject } = runtime.invocation;
  if (subject instanceof XdpBuff) return subject;
  throw new Error(`program '${runtime.invocation.programName}' has no XDP packet behind its context`);
}
