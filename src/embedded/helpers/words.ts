/**
 * 64-bit values in linear memory as pairs of 32-bit words, without BigInt. Places need not be aligned.
 */

import { BpfiterError } from '../../errors.ts';
import { KERNEL_BASE_HIGH, RESULT_HIGH } from '../../jit/index.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';

const WORD = 0x1_0000_0000;
const ENOMEM = 12;

/** First offset that can belong to an object: page 0 is nobody's. */
export const FIRST_OFFSET = 0x1000;

export function write64({ view }: KernelMemory, at: number, low: number, high: number): void {
  view.setInt32(at, low, true);
  view.setInt32(at + 4, high, true);
}

/** @param offset 0 for NULL */
export function writePointer(memory: KernelMemory, at: number, offset: number): void {
  write64(memory, at, offset, offset === 0 ? 0 : KERNEL_BASE_HIGH);
}

/** The offset that a pointer in memory leads to; 0 for NULL and for what is no address of this kernel. */
export function readPointer({ view }: KernelMemory, at: number): number {
  return view.getInt32(at + 4, true) === KERNEL_BASE_HIGH ? view.getUint32(at, true) : 0;
}

/** For callees with a result of kind `pair`. */
export function returnPair({ view }: KernelMemory, low: number, high: number): number {
  view.setInt32(RESULT_HIGH, high, true);
  return low | 0;
}

/** As returnPair(), sign-extended: a negative errno of a helper whose result is 64 bits wide. */
export const returnSigned = (memory: KernelMemory, value: number): number => returnPair(memory, value, value >> 31);

/** Both words of a non-negative number below 2^53, as a result of kind `pair`. */
export const returnNumber = (memory: KernelMemory, value: number): number =>
  returnPair(memory, (value % WORD) | 0, Math.floor(value / WORD) | 0);

/** The number of an unsigned pair; exact below 2^53. */
export const toNumber = (low: number, high: number): number => (high >>> 0) * WORD + (low >>> 0);

/** Whether that many bytes from an address lie in linear memory, where programs may read. */
export function isReadable({ u8 }: KernelMemory, low: number, high: number, size: number): boolean {
  const offset = low >>> 0;
  return high === KERNEL_BASE_HIGH && offset >= FIRST_OFFSET && offset + size <= u8.length;
}

export function copyBytes({ u8 }: KernelMemory, to: number, from: number, size: number): void {
  // Most are a few bytes, for which the engine's own copying costs more than it saves; forwards, as Linux copies.
  if (size > 32) u8.copyWithin(to, from, from + size);
  else for (let i = 0; i < size; i++) u8[to + i] = u8[from + i] as number; // within memory
}

export function zeroBytes({ u8 }: KernelMemory, at: number, size: number): void {
  u8.fill(0, at, at + size);
}

/** As allocate(), with 0 where there is no room: what programs get to see of that is NULL. */
export function tryAllocate(memory: KernelMemory, size: number): number {
  try {
    return memory.allocate(size);
  } catch (error) {
    if (error instanceof BpfiterError && error.errno === ENOMEM) return 0;
    throw error;
  }
}
