/** Compares all there is to compare, on this machine: for the test beside this file, and for the page of the docs. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedKernel, procfsSource } from '../../../src/embedded/index.ts';
import { HostKernel } from '../../../src/host/kernel.ts';
import { LiveReader, nodeMachine } from '../../../src/procfs-node/index.ts';
import { compare, type FieldResult } from './compare.ts';
import { Sockets } from './sockets.ts';
import {
  kernelThread,
  loadedObjects,
  loadSubject,
  ofTheKernel,
  Subjects,
  sessionOf,
  specialsOf,
  subjectsOf,
} from './subjects.ts';

export async function measure(): Promise<ReadonlyMap<string, FieldResult>> {
  using subjects = new Subjects();
  using sockets = new Sockets();
  const path = join(tmpdir(), `bpfiter-subject-${Date.now()}`);
  const process = await subjects.start(path);
  const zombie = await subjects.zombie();
  const connections = await sockets.start(`${path}-sockets`);
  using host = new HostKernel();
  using embedded = openEmbeddedKernel({ source: procfsSource(new LiveReader()), machine: nodeMachine() });
  using _there = await loadSubject(host);
  using _here = await loadSubject(embedded);
  // Not returned as a promise: what it looks at would be gone.
  return await compare(host, embedded, [
    ...subjectsOf(process, 'process'),
    ...subjectsOf(zombie, 'zombie'),
    ...kernelThread(),
    ...specialsOf(process),
    ...sessionOf(process),
    ...connections,
    ...ofTheKernel,
    ...loadedObjects,
  ]);
}
