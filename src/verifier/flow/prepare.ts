/** All that is checked and found out about a program before its first path is walked, in the kernel's order. */
import type { Env } from '../environment.ts';
import { checkAttachment } from './attachment.ts';
import { findComponents } from './components.ts';
import { checkControlFlow } from './control-flow.ts';
import { markFastcallPatterns } from './fastcall.ts';
import { FlowData } from './flow-data.ts';
import { checkFunctionInfo, checkFunctionRecords } from './function-info.ts';
import { checkInstructions } from './instructions.ts';
import { findLiveRegisters, logLiveRegisters } from './live-registers.ts';
import { checkSubprogramBounds, findSubprograms } from './subprograms.ts';
import { findPostorder, findPredecessors, findSuccessors } from './successors.ts';

/**
 * Fills env.subprograms, env.flow and env.facts.
 * @throws Rejection, NotModelled
 */
export function prepareProgram(env: Env): void {
  checkFunctionRecords(env);
  findSubprograms(env);
  env.flow = new FlowData(env.count, env.subprograms.length);
  for (const [index, { start, end }] of env.subprograms.entries()) env.flow.subprogramOf.fill(index, start, end);
  checkSubprogramBounds(env);
  checkFunctionInfo(env);
  checkInstructions(env);
  checkControlFlow(env);
  findSuccessors(env);
  findPredecessors(env);
  findPostorder(env);
  checkAttachment(env);
  findComponents(env);
  findLiveRegisters(env);
  logLiveRegisters(env);
  markFastcallPatterns(env);
}
