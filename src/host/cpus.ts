/**
 * How many CPUs there may ever be: the number of blocks in a value of a per-CPU map.
 */
import { readFileSync } from 'node:fs';
import { countCpus, POSSIBLE_CPUS } from '../cpu-list.ts';
import { BpfiterError } from '../errors.ts';

let count: number | undefined;

/** @throws BpfiterError `unsupported` where sysfs does not tell */
export function possibleCpus(): number {
  count ??= countCpus(readPossible());
  return count;
}

function readPossible(): string {
  try {
    return readFileSync(POSSIBLE_CPUS, 'latin1').trim();
  } catch (cause) {
    throw new BpfiterError('unsupported', `cannot find the number of CPUs: ${POSSIBLE_CPUS} is not readable`, {
      cause,
    });
  }
}
