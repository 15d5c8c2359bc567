/**
 * Instructions in the order of bytes that this machine's kernel takes, and the smallest program that it loads.
 */
import { encodeAll, type Instruction, swapByteOrder } from '../isa/index.ts';
import { littleEndian } from './structs.ts';

/** Turns little-endian slots into this machine's: the bytes themselves where that is the same. */
export const toNativeOrder = (insns: Uint8Array): Uint8Array => (littleEndian ? insns : swapByteOrder(insns));

export const exit: Instruction = { kind: 'exit' };

/** `dst = value;` */
export const setRegister = (dst: number, value: number): Instruction => ({
  kind: 'alu',
  width: 64,
  op: 'mov',
  dst,
  source: { immediate: value },
});

/** `return 0;` in little-endian slots. */
export const returnZero: Uint8Array = encodeAll([setRegister(0, 0), exit]);
