/** What a run's options must be on either kernel, before a kernel looks at them; see RunOptions. */
import { BpfiterError } from './errors.ts';

/** Linux counts in 32 bits, and runs nothing at all if asked for more than an int holds. */
const MAX_REPEAT = 0x7fffffff;

/** @throws BpfiterError `usage` unless it is a number of runs; 0 is one run, as it is to Linux */
export function checkRepeat(repeat: number, programName: string): void {
  if (Number.isInteger(repeat) && repeat >= 0 && repeat <= MAX_REPEAT) return;
  throw new BpfiterError('usage', `program '${programName}': it cannot run ${repeat} times, but 0 to ${MAX_REPEAT}`);
}
