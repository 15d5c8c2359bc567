/** Objects out of /proc, live or recorded. */
import { checkObject } from '../../../arguments.ts';
import { engineMachine } from '../../machine.ts';
import type { Source } from '../source.ts';
import { ProcfsObjects } from './objects.ts';
import type { ProcReader } from './reader.ts';

export { openArchive } from './archive.ts';
export { mayBeDeleted, placesOf } from './deleted-files.ts';
export { type FileStatus, type ProcReader, UNREADABLE, VANISHED } from './reader.ts';

/** @param reader of a live /proc, a directory or an archive; closed with the kernel */
export function procfsSource(reader: ProcReader): Source {
  checkObject('procfsSource()', 'a reader: what openArchive() gives, for one', reader, ['name', 'read']);
  return {
    name: reader.name,
    recorded: reader.recorded,
    open: (memory, model, machine = engineMachine()) => new ProcfsObjects(memory, model, reader, machine),
  };
}
export { numbersOf } from './numbers.ts';
export { formatStatus, parseStatusList, STATUS_LIST } from './status-list.ts';
export { tarEnd, tarEntry } from './tar.ts';
