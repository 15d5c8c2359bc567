/** The runner for the public conformance suite of the instruction set: see protocol.ts for what it speaks. */
export {
  type ConformanceArguments,
  conformanceUsage,
  decodeBase16,
  formatResult,
  parseConformanceArguments,
} from './protocol.ts';
export { type ConformanceCase, runConformance } from './run.ts';
