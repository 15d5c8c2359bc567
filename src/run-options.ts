/** What a run's options must be on either kernel, before a kernel looks at them; see RunOptions. */
import { checkBytes, checkOptionNames } from './arguments.ts';
import { BpfiterError } from './errors.ts';
import type { RunOptions } from './kernel.ts';

/** Linux counts in 32 bits, and runs nothing at all if asked for more than an int holds. */
const MAX_REPEAT = 0x7fffffff;

const NAMES = ['context', 'data', 'repeat', 'flags'] as const satisfies readonly (keyof RunOptions)[];

/** @throws BpfiterError `usage` for what is no option at all; whether a type of program takes them is for each kernel */
export function checkRunOptions(options: RunOptions, programName: string): void {
  checkOptionNames(`a run of program '${programName}'`, options, NAMES);
  for (const name of ['context', 'data'] as const) {
    const bytes = options[name];
    if (bytes !== undefined) checkBytes(`'${name}' of a run of program '${programName}'`, 'bytes', bytes);
  }
}

/** @throws BpfiterError `usage` unless it is a number of runs; 0 is one run, as it is to Linux */
export function checkRepeat(repeat: number, programName: string): void {
  if (Number.isInteger(repeat) && repeat >= 0 && repeat <= MAX_REPEAT) return;
  throw new BpfiterError('usage', `program '${programName}': it cannot run ${repeat} times, but 0 to ${MAX_REPEAT}`);
}
