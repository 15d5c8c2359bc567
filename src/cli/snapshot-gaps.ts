/** What a snapshot does not have that programs asked for, as lines for -d: what it is, and how it is recorded. */
import { RECORDED_BY_DEFAULT, type Recordable } from '../procfs-node/index.ts';

const NAMES: Readonly<Record<Recordable, string>> = {
  threads: 'threads beside the first of each process',
  files: 'open files',
  maps: 'memory areas',
  cgroups: 'control groups',
  network: 'sockets and routes',
  lists: 'slab caches and shared buffers',
  symbols: 'symbols of the kernel',
  stacks: 'stacks of the kernel',
  arguments: 'command lines',
  environment: 'environments',
};

/** @param missing kinds that programs asked for in vain */
export function snapshotGaps(snapshot: string, missing: readonly Recordable[]): readonly string[] {
  return missing.map((kind) => {
    const included = RECORDED_BY_DEFAULT.includes(kind);
    const options = included ? '' : ` --include ${[...RECORDED_BY_DEFAULT, kind].join(',')}`;
    return `${snapshot} has no ${NAMES[kind]}; 'bpfiter record FILE${options}' records them`;
  });
}
