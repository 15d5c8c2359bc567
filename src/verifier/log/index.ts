/** The verifier's log in the kernel's form: states, instructions, source lines, names of types. */
export {
  instructionText,
  lineOf,
  printCurrentInstruction,
  printInstruction,
  printInstructionState,
  printSourceLine,
  printStatistics,
} from './instructions.ts';
export { LOG_BRANCHES, LOG_INSTRUCTIONS, LOG_STATISTICS, VerifierLog } from './log.ts';
export { describeState, markPrinted, printState, registerText, tnumText } from './states.ts';
export { dynptrName, iterName, typeName } from './type-names.ts';
