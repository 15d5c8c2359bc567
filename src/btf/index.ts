/** BTF: the types of kernels and BPF objects as bytes; read, written, printed. */
export { Btf, type BtfOptions } from './btf.ts';
export {
  type BtfExt,
  type BtfExtSection,
  type CoreRelocation,
  type FuncInfo,
  type LineInfo,
  parseBtfExt,
} from './ext.ts';
export { KINDS, type KindEntry, kindName, kindNumber } from './kinds.ts';
export type { MemberLocation } from './layout.ts';
export { type PrintCOptions, printC } from './print-c.ts';
export { type PrintRawOptions, printRaw } from './print-raw.ts';
export { relocateBase } from './relocate-base.ts';
export { essentialName } from './strings.ts';
export { typeName } from './type-name.ts';
export * from './types.ts';
export { BtfBuilder, type BtfBuilderOptions, type NewType } from './write.ts';
