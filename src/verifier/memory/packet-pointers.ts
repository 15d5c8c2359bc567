/**
 * A helper or function that may move the packet's data leaves no pointer into it valid, in any frame.
 * After clear_all_pkt_pointers of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { MAX_REGISTERS } from '../frame.ts';
import { TYPE } from '../register.ts';
import {
  baseType,
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_SKB_META,
  DYNPTR_TYPE_XDP,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
} from '../register-types.ts';
import { markUnknown } from '../scalar/index.ts';
import { isSpilled } from './stack-slots.ts';

/** Slices of a packet's dynptr point into it as well. */
const SLICE_OF_PACKET = DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP | DYNPTR_TYPE_SKB_META;

function pointsIntoPacket(type: number): boolean {
  switch (type) {
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET_END:
      return true;
    default:
      return baseType(type) === PTR_TO_MEM && (type & SLICE_OF_PACKET) !== 0;
  }
}

export function clearPacketPointers(env: Env): void {
  for (const frame of env.state.frames) {
    for (let register = 0; register < MAX_REGISTERS; register++) clear(frame.words, frame.register(register));
    for (let slot = 0; slot < frame.slots; slot++) if (isSpilled(frame, slot)) clear(frame.words, frame.spilled(slot));
  }
}

function clear(w: Int32Array, r: number): void {
  if (pointsIntoPacket(w[r + TYPE] as number)) markUnknown(w, r);
}
