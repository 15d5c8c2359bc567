/**
 * Calls of helpers, and the instructions that are like calls or make their arguments: LD_ABS, LD_IND, ld_imm64.
 */
export { checkConstantString } from './const-string.ts';
export { checkHelperCall } from './helper-call.ts';
export { noteArguments } from './kept-arguments.ts';
export { checkLdAbs } from './ld-abs.ts';
export { checkLdImm64 } from './ld-imm64.ts';
export { checkArgumentOffset, checkBtfArgument } from './register-type.ts';
