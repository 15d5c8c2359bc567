/** The kernel's form of a set of processors, as sysfs has it: `0-3,8-11`. */
import { BpfiterError } from './errors.ts';

/** Of how many CPUs there may ever be: the number of blocks in a value of a per-CPU map. */
export const POSSIBLE_CPUS = '/sys/devices/system/cpu/possible';

/** How many are in the set. @throws BpfiterError `malformed` */
export function countCpus(list: string): number {
  let cpus = 0;
  for (const range of list.split(',')) {
    const bounds = /^(\d+)(?:-(\d+))?$/.exec(range);
    if (bounds === null) throw new BpfiterError('malformed', `${POSSIBLE_CPUS}: '${list}' is no list of CPUs`);
    cpus += Number(bounds[2] ?? bounds[1]) - Number(bounds[1]) + 1;
  }
  return cpus;
}
