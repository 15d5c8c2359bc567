/**
 * Dynptrs in memory of the program: struct bpf_dynptr_kern.
 *
 *   0 data (address)   8 size: bits 0-23 bytes, 28-30 type, 31 read-only   12 offset into data
 *
 * Facts: include/linux/bpf.h and kernel/bpf/helpers.c of Linux 6.12.
 */
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Runtime } from '../runtime.ts';
import { readPointer, writePointer, zeroBytes } from './words.ts';

export const DYNPTR_LOCAL = 1;
export const DYNPTR_RINGBUF = 2;
/** Bytes of the struct. */
export const DYNPTR_SIZE = 16;
export const MAX_DYNPTR_SIZE = 0xffffff;
const SIZE = 8;
const OFFSET = 12;
const TYPE_SHIFT = 28;
const TYPE_MASK = 7;
const READ_ONLY = 0x8000_0000;

/** How the bytes of one kind of dynptr are reached. `data` and all places are offsets into linear memory. */
export interface DynptrType {
  read(runtime: Runtime, data: number, offset: number, to: number, size: number): number;
  /** @returns 0 or an errno */
  write(runtime: Runtime, data: number, offset: number, from: number, size: number, flags: number): number;
  /** @param buffer that the bytes may be copied to, 0 for none @returns where they are; 0 if they cannot be had so */
  slice(runtime: Runtime, data: number, offset: number, size: number, buffer: number): number;
}

export function initDynptr(
  memory: KernelMemory,
  at: number,
  data: number,
  type: number,
  size: number,
  isReadOnly = false,
): void {
  writePointer(memory, at, data);
  memory.view.setUint32(at + SIZE, (size | (type << TYPE_SHIFT) | (isReadOnly ? READ_ONLY : 0)) >>> 0, true);
  memory.view.setUint32(at + OFFSET, 0, true);
}

/** One that leads nowhere: what a failed call leaves. */
export const clearDynptr = (memory: KernelMemory, at: number): void => zeroBytes(memory, at, DYNPTR_SIZE);

/** Offset of its data, 0 for one that leads nowhere. */
export const dynptrData = (memory: KernelMemory, at: number): number => readPointer(memory, at);
export const dynptrSize = ({ view }: KernelMemory, at: number): number =>
  view.getUint32(at + SIZE, true) & MAX_DYNPTR_SIZE;
export const dynptrOffset = ({ view }: KernelMemory, at: number): number => view.getUint32(at + OFFSET, true);
export const isReadOnlyDynptr = ({ view }: KernelMemory, at: number): boolean =>
  view.getUint32(at + SIZE, true) >= READ_ONLY;

export const dynptrTypeNumber = ({ view }: KernelMemory, at: number): number =>
  (view.getUint32(at + SIZE, true) >>> TYPE_SHIFT) & TYPE_MASK;

/** Makes it the part of itself from `start` up to and without `end`, which lie in it. */
export function narrowDynptr({ view }: KernelMemory, at: number, start: number, end: number): void {
  view.setUint32(at + OFFSET, view.getUint32(at + OFFSET, true) + start, true);
  const rest = view.getUint32(at + SIZE, true) & ~MAX_DYNPTR_SIZE;
  view.setUint32(at + SIZE, (rest | (end - start)) >>> 0, true);
}

/** Whether that many bytes from there are in it. */
export function isInDynptr(memory: KernelMemory, at: number, offset: number, size: number): boolean {
  const whole = dynptrSize(memory, at);
  return size >>> 0 <= whole && offset >>> 0 <= whole - (size >>> 0);
}
