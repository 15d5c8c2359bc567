/** Scalars: what is known of numbers, how instructions change it, and what conditional jumps tell of it. */
export { checkAlu } from './alu.ts';
export { syncBounds } from './bounds.ts';
export { rangeWithin } from './compare.ts';
export { checkConditionalJump } from './conditional-jump.ts';
export { restrictToS32, signExtend, truncateTo, widthOf } from './narrow.ts';
export { readOperand, writeOperand, writeOperandKeeping } from './operands.ts';
export { checkSanity } from './sanity.ts';
export {
  hasKnownValue,
  isConst,
  isNull,
  markConst32,
  markKnown,
  markKnownZero,
  markUnknown,
  resetRegister,
} from './values.ts';
