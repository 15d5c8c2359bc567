/**
 * Ring buffers, as both kernels have them: maps without keys, in which programs leave records for users (RINGBUF), or
 * users for programs (USER_RINGBUF).
 */

import { checkMap } from './iter-parameters.ts';
import type { KernelMap } from './kernel.ts';
import { BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF } from './uapi/index.ts';

/** A map of type BPF_MAP_TYPE_RINGBUF. Every record is read once, whoever reads it. */
export interface RingBuffer extends KernelMap {
  /** Takes the records that are complete, in order. */
  drain(): Generator<Uint8Array, void, undefined>;
  /** Takes records as they come, until the signal says stop or the map is closed. One reader at a time. */
  records(signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined>;
}

/** A map of type BPF_MAP_TYPE_USER_RINGBUF. */
export interface UserRingBuffer extends KernelMap {
  /**
   * Appends a record for programs, which read it with bpf_user_ringbuf_drain().
   * @throws BpfiterError `refused` if there is no room: ENOSPC, or E2BIG where there never will be
   */
  submit(record: Uint8Array): void;
}

/**
 * Whether the map of a kernel is a ring buffer that programs write.
 *
 * @example
 * const events = loaded.map('events');
 * if (isRingBuffer(events)) for (const record of events.drain()) console.log(layout.decode(record));
 */
export function isRingBuffer(map: KernelMap): map is RingBuffer {
  checkMap('isRingBuffer()', map);
  return map.type === BPF_MAP_TYPE_RINGBUF;
}

/** Whether the map of a kernel is a ring buffer that users write. */
export function isUserRingBuffer(map: KernelMap): map is UserRingBuffer {
  checkMap('isUserRingBuffer()', map);
  return map.type === BPF_MAP_TYPE_USER_RINGBUF;
}
