/** Scalars: what is known of numbers, how instructions change it, and what conditional jumps tell of it. */

export { checkAlu } from './alu.ts';
export { syncBounds } from './bounds.ts';
export { alignmentOk, bitsWithin, rangeWithin, sameValue } from './compare.ts';
export { checkConditionalJump } from './conditional-jump.ts';
export {
  add64,
  CARRY,
  copy64,
  equal64,
  is64,
  isZero64,
  lessS,
  lessU,
  OVERFLOW,
  set64,
  sub64,
} from './int64.ts';
export {
  fitsU32,
  restrictToS32,
  signExtend,
  signExtendLow,
  truncateTo,
  widthOf,
  zeroExtend32,
} from './narrow.ts';
export { noteWideRead, readOperand, writeOperand, writeOperandKeeping } from './operands.ts';
export { checkSanity } from './sanity.ts';
export {
  tnumAdd,
  tnumAnd,
  tnumConst,
  tnumCopy,
  tnumEqualsConst,
  tnumIn,
  tnumIntersect,
  tnumIsAligned,
  tnumIsConst,
  tnumOr,
  tnumRange,
  tnumSub,
  tnumUnknown,
} from './tnum.ts';
export { scalarAlu } from './transfer.ts';
export {
  constHi,
  constLo,
  hasKnownValue,
  initRegister,
  isConst,
  isConst32,
  isNull,
  markConst32,
  markKnown,
  markKnownZero,
  markUnknown,
  resetRegister,
  setKnownValue,
  setUnboundedRanges,
} from './values.ts';
