/**
 * Ring buffers that programs write and users read. At BASE: a page with the consumer's position, a page with the
 * producer's and that of the oldest record which is not complete, then the ring. As linear memory cannot map a page
 * twice, as much memory lies behind the ring: a record that begins before the ring's end goes on there, and whoever
 * reads it does too. A record: its length with two bits on top, how many pages it is from BASE, and the bytes.
 */
import {
  BASE,
  MASK,
  RING_BUSY,
  RING_CONSUMER,
  RING_DATA,
  RING_DISCARDED,
  RING_HEADER,
  RING_MASK,
  RING_PENDING,
  RING_PRODUCER,
  RING_WAITERS,
} from '../map-header.ts';
import { EAGAIN, EINVAL } from './errno.ts';
import { get } from './header.ts';
import { wake } from './imports.ts';

const LARGEST_RECORD: u32 = 0x3fffffff;

const NO_WAKEUP: u32 = 1;
const FORCE_WAKEUP: u32 = 2;

function roundedLength(word: u32): u32 {
  return ((word & ~(<u32>RING_BUSY | <u32>RING_DISCARDED)) + RING_HEADER + 7) & ~7;
}

/** @returns offset of the record's bytes, or 0 if there is no room */
function reserve(map: u32, size: u32): u32 {
  if (size > LARGEST_RECORD) return 0;
  const ring = get(map, BASE);
  const mask: u64 = get(map, MASK);
  const length: u64 = (size + RING_HEADER + 7) & ~7;
  if (length > mask + 1) return 0;
  const produced = load<u64>(ring + RING_PRODUCER);
  let pending = load<u64>(ring + RING_PENDING);
  while (pending < produced) {
    const word = load<u32>(ring + RING_DATA + <u32>(pending & mask));
    if ((word & RING_BUSY) !== 0) break;
    pending += roundedLength(word);
  }
  store<u64>(ring + RING_PENDING, pending);
  const end = produced + length;
  if (end - load<u64>(ring + RING_CONSUMER) > mask || end - pending > mask) return 0;
  const record = ring + RING_DATA + <u32>(produced & mask);
  store<u32>(record, size | RING_BUSY);
  store<u32>(record, (record - ring) >> 12, 4);
  store<u64>(ring + RING_PRODUCER, end);
  return record + RING_HEADER;
}

function commit(sample: u32, flags: u32, discard: u32): void {
  const record = sample - RING_HEADER;
  const ring = (record & ~4095) - (load<u32>(record, 4) << 12);
  store<u32>(record, (load<u32>(record) ^ RING_BUSY) | discard);
  if (load<u32>(ring + RING_WAITERS) === 0) return;
  const next = ring + RING_DATA + <u32>(load<u64>(ring + RING_CONSUMER) & load<u32>(ring + RING_MASK));
  if ((flags & FORCE_WAKEUP) !== 0 || (next === record && (flags & NO_WAKEUP) === 0)) wake(ring);
}

/** As bpf_ringbuf_reserve(); the size and the flags as two words each. */
export function ringbuf_reserve(map: u32, size: u32, sizeUpper: u32, flags: u32, flagsUpper: u32): u32 {
  if ((flags | flagsUpper | sizeUpper) !== 0) return 0;
  return reserve(map, size);
}

export function ringbuf_submit(sample: u32, flags: u32): void {
  commit(sample, flags, 0);
}

export function ringbuf_discard(sample: u32, flags: u32): void {
  commit(sample, flags, RING_DISCARDED);
}

export function ringbuf_output(map: u32, data: u32, size: u32, flags: u32, flagsUpper: u32): i32 {
  if ((flags & ~(NO_WAKEUP | FORCE_WAKEUP)) !== 0 || flagsUpper !== 0) return EINVAL;
  const sample = reserve(map, size);
  if (sample === 0) return EAGAIN;
  memory.copy(sample, data, size);
  commit(sample, flags, 0);
  return 0;
}

/** As bpf_ringbuf_query(). */
export function ringbuf_query(map: u32, what: u64): u64 {
  const ring = get(map, BASE);
  const consumed = load<u64>(ring + RING_CONSUMER);
  const produced = load<u64>(ring + RING_PRODUCER);
  if (what === 0) return produced - consumed;
  if (what === 1) return <u64>get(map, MASK) + 1;
  if (what === 2) return consumed;
  return what === 3 ? produced : 0;
}
