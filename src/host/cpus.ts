/**
 * How many CPUs there may ever be: the number of blocks in a value of a per-CPU map.
 */
import { readFileSync } from 'node:fs';
import { BpfiterError } from '../errors.ts';

const POSSIBLE = '/sys/devices/system/cpu/possible';

let count: number | undefined;

/** @throws BpfiterError `unsupported` where sysfs does not tell */
export function possibleCpus(): number {
  count ??= countCpus(readPossible());
  return count;
}

function readPossible(): string {
  try {
    return readFileSync(POSSIBLE, 'latin1').trim();
  } catch (cause) {
    throw new BpfiterError('unsupported', `cannot find the number of CPUs: ${POSSIBLE} is not readable`, { cause });
  }
}

/** @param list the kernel's form of a set of numbers: `0-3,8-11` */
export function countCpus(list: string): number {
  let cpus = 0;
  for (const range of list.split(',')) {
    const bounds = /^(\d+)(?:-(\d+))?$/.exec(range);
    if (bounds === null) throw new BpfiterError('malformed', `${POSSIBLE}: '${list}' is no list of CPUs`);
    cpus += Number(bounds[2] ?? bounds[1]) - Number(bounds[1]) + 1;
  }
  return cpus;
}
