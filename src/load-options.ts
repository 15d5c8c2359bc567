/** What the options of loading an object must be on either kernel; see LoadOptions. Names of programs are for linking. */
import { checkOptionNames, wrongArgument } from './arguments.ts';
import type { LoadOptions } from './kernel.ts';

const NAMES = ['programs', 'logLevel', 'transform', 'pinRoot'] as const satisfies readonly (keyof LoadOptions)[];

/** BPF_LOG_LEVEL1, BPF_LOG_LEVEL2 and BPF_LOG_STATS together. */
const MAX_LOG_LEVEL = 7;

/** @throws BpfiterError `usage` */
export function checkLoadOptions(options: LoadOptions): void {
  checkOptionNames('load()', options, NAMES);
  const { logLevel, transform, pinRoot } = options;
  if (logLevel !== undefined && !(Number.isInteger(logLevel) && logLevel >= 0 && logLevel <= MAX_LOG_LEVEL)) {
    const levels = 'a sum of 1 (branches), 2 (every instruction) and 4 (statistics)';
    throw wrongArgument("'logLevel' of load()", levels, logLevel);
  }
  if (transform !== undefined && typeof transform !== 'function') {
    throw wrongArgument("'transform' of load()", 'a function of a linked program', transform);
  }
  if (pinRoot !== undefined && typeof pinRoot !== 'string') {
    throw wrongArgument("'pinRoot' of load()", 'the path of a directory', pinRoot);
  }
}
