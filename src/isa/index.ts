/**
 * BPF instructions: opcodes, fields in place (InstructionView), decoding to a union, encoding, and the kernel's
 * disassembly. Inside the package instructions are always little-endian slots of 8 bytes; swapByteOrder() brings
 * those of big-endian objects into that form. Bytes only, no I/O.
 */
export { swapByteOrder } from './byte-order.ts';
export { decode } from './decode.ts';
export { type DisassembleOptions, disassemble } from './disassemble.ts';
export { encode, encodeAll } from './encode.ts';
export type * from './instruction.ts';
export * from './opcodes.ts';
export { InstructionView } from './view.ts';
