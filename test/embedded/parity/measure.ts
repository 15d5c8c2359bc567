/** Compares all there is to compare, on this machine: for the test beside this file, and for the page of the docs. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedKernel, procfsSource } from '../../../src/embedded/index.ts';
import { HostKernel } from '../../../src/host/kernel.ts';
import { LiveReader } from '../../../src/procfs-node/index.ts';
import { compare, type FieldResult } from './compare.ts';
import { kernelThread, Subjects, subjectsOf } from './subjects.ts';

export async function measure(): Promise<ReadonlyMap<string, FieldResult>> {
  using subjects = new Subjects();
  const process = await subjects.start(join(tmpdir(), `bpfiter-subject-${Date.now()}`));
  const zombie = await subjects.zombie();
  using host = new HostKernel();
  using embedded = openEmbeddedKernel({ source: procfsSource(new LiveReader()) });
  // Not returned as a promise: what it looks at would be gone.
  return await compare(host, embedded, [
    ...subjectsOf(process, 'process'),
    ...subjectsOf(zombie, 'zombie'),
    ...kernelThread(),
    { name: 'cgroups', target: 'cgroup', parameters: { cgroup: { order: 'descendants_pre' } } },
  ]);
}
