/** Writes fields into linear memory: pointers, 64-bit numbers, texts. */
import { KERNEL_BASE_HIGH } from '../../jit/index.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { FieldPlace } from '../model/index.ts';

const TWO_32 = 4294967296;
const encoder = new TextEncoder();

/** @param to offset of an object; 0 for NULL */
export const putPointer = (memory: KernelMemory, at: number, to: number): void => setPointer(memory.u32, at, to);

/** As putPointer(), for whoever has the view at hand. */
export function setPointer(u32: Uint32Array, at: number, to: number): void {
  u32[at >> 2] = to;
  u32[(at >> 2) + 1] = to === 0 ? 0 : KERNEL_BASE_HIGH;
}

export const getPointer = ({ u32 }: KernelMemory, at: number): number => u32[at >> 2] as number;

/** A number that a double holds exactly, in 8 bytes. */
export function put64({ u32 }: KernelMemory, at: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  u32[at >> 2] = value - high * TWO_32;
  u32[(at >> 2) + 1] = high;
}

export function putWords({ u32 }: KernelMemory, at: number, low: number, high: number): void {
  u32[at >> 2] = low;
  u32[(at >> 2) + 1] = high;
}

/** An integer of 1, 2, 4 or 8 bytes. */
export function putNumber(memory: KernelMemory, at: number, size: number, value: number): void {
  if (size === 4) memory.i32[at >> 2] = value;
  else if (size === 8) put64(memory, at, value);
  else if (size === 2) memory.view.setInt16(at, value, true);
  else memory.u8[at] = value;
}

/** A field of a struct. Of a bit field, those below it are 0. */
export const putField = (
  memory: KernelMemory,
  struct: number,
  { offset, size, bit }: FieldPlace,
  value: number,
): void => putNumber(memory, struct + offset, size, bit === 0 ? value : value << bit);

/** A text with its NUL where there is room for a text of that many bytes. */
export function putText({ u8 }: KernelMemory, at: number, text: string, room: number): void {
  const bytes = encoder.encode(text);
  const length = Math.min(bytes.length, room - 1);
  u8.set(bytes.subarray(0, length), at);
  u8.fill(0, at + length, at + room);
}
