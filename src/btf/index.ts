/** BTF: the types of kernels and BPF objects as bytes; read, written, printed. */
export { Btf, type BtfOptions } from './btf.ts';
export { KINDS, type KindEntry, kindName, kindNumber } from './kinds.ts';
export type { MemberLocation } from './layout.ts';
export { essentialName } from './strings.ts';
export * from './types.ts';
