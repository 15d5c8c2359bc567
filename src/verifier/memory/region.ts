/**
 * Accesses to regions of known size through pointers that may vary: map values and keys, memory, packets, buffers.
 * After check_mem_region_access, check_packet_access and check_buffer_access of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EACCES, EINVAL } from '../errno.ts';
import { tnumText } from '../log/index.ts';
import { BPF_FLOW_KEYS_SIZE } from '../profile/linux-6.18/socket-fields.ts';
import { ID, RANGE, SMIN, TYPE, UMAX, VALUE } from '../register.ts';
import {
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
} from '../register-types.ts';
import { isNegative, isUnmoved, MAX_VARIABLE_OFFSET, signedMin, unsignedMax } from './numbers.ts';

const S64_MIN_HIGH = -0x8000_0000;
const S32_MIN = -0x8000_0000;

/** Says why an access at one offset is outside. @returns whether it is inside */
function checkOffset(
  env: Env,
  w: Int32Array,
  r: number,
  regno: number,
  off: number,
  size: number,
  limit: number,
  zeroSizeAllowed: boolean,
): boolean {
  const sizeIsRight = size > 0 || (size === 0 && zeroSizeAllowed);
  if (off >= 0 && sizeIsRight && off + size <= limit) return true;
  switch (w[r + TYPE] as number) {
    case PTR_TO_MAP_KEY:
      env.say('memory/outside-key', { off, size, limit: limit | 0 });
      break;
    case PTR_TO_MAP_VALUE:
      env.say('memory/outside-value', { off, size, limit: limit | 0 });
      break;
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET_END:
      env.say('memory/outside-packet', { off, size, limit: limit | 0, reg: regno, id: w[r + ID] as number });
      break;
    default:
      env.say('memory/outside-memory', { off, size, limit });
  }
  return false;
}

/**
 * @param off constant part of the offset, the register's included
 * @param limit bytes of the region
 */
export function checkRegionAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  limit: number,
  zeroSizeAllowed: boolean,
): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (isNegative(w, r)) {
    const least = signedMin(w, r) + off;
    const isLeastOfAll = w[r + SMIN] === 0 && w[r + SMIN + 1] === S64_MIN_HIGH;
    if (isLeastOfAll || least < S32_MIN || least < 0) env.reject(EACCES, 'memory/min-negative', { reg: regno });
  }
  if (!checkOffset(env, w, r, regno, ((w[r + SMIN] as number) + off) | 0, size, limit, zeroSizeAllowed))
    env.reject(EACCES, 'memory/min-outside', { reg: regno });
  if (unsignedMax(w, r) >= MAX_VARIABLE_OFFSET) env.reject(EACCES, 'memory/unbounded', { reg: regno });
  if (!checkOffset(env, w, r, regno, ((w[r + UMAX] as number) + off) | 0, size, limit, zeroSizeAllowed))
    env.reject(EACCES, 'memory/max-outside', { reg: regno });
}

/** What lies before the packet's end was compared with the fixed part of the offset; the varying part is in it. */
export function checkPacketAccess(env: Env, regno: number, off: number, size: number, zeroSizeAllowed: boolean): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (isNegative(w, r)) env.reject(EACCES, 'memory/min-negative', { reg: regno });
  const range = w[r + RANGE] as number;
  if (range < 0) env.reject(EINVAL, 'memory/beyond-packet', { reg: regno });
  if (!checkOffset(env, w, r, regno, off, size, range, zeroSizeAllowed))
    env.reject(EACCES, 'memory/beyond-packet', { reg: regno });
}

/** Buffers have no size here: whoever runs the program checks the highest offset. @param buffer what it is called */
export function checkBufferAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  buffer: 'rdonly' | 'rdwr' | 'tracepoint',
): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (off < 0) env.reject(EACCES, 'memory/buffer', { reg: regno, buffer, off, size });
  if (!isUnmoved(w, r)) env.reject(EACCES, 'memory/buffer-variable', { reg: regno, off, tnum: tnumText(w, r + VALUE) });
  env.furthest[buffer] = Math.max(env.furthest[buffer], off + size);
}

export function checkFlowKeysAccess(env: Env, off: number, size: number): void {
  if (size < 0 || off < 0 || off + size > BPF_FLOW_KEYS_SIZE) env.reject(EACCES, 'memory/flow-keys', { off, size });
}
