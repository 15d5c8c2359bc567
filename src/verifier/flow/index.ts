/**
 * What can be said of a program without walking its paths: whether its instructions, functions and control flow are
 * sound, which functions' arguments BTF gives, what is live where, and how much stack all functions need together.
 */
export { prepareArguments } from './arguments.ts';
export {
  callsBack,
  helperChangesPacket,
  isFunctionAddress,
  isKfuncCall,
  kfuncChangesPacket,
  setsCallback,
} from './calls.ts';
export { isContextPointer } from './context-argument.ts';
export { declarationTags } from './declaration-tags.ts';
export { type KfuncTarget, kfuncTarget } from './kfunc-target.ts';
export { prepareProgram } from './prepare.ts';
export { checkStackDepth } from './stack-depth.ts';
export {
  commitStackWriteMarks,
  isStackSlotLive,
  markStackRead,
  markStackWrite,
  prepareStackQuery,
  resetStackCallchain,
  resetStackWriteMarks,
  updateLiveStack,
} from './stack-liveness.ts';
export { subprogramAt, subprogramOf } from './subprograms.ts';
