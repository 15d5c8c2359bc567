/** Objects that somebody wrote down: what a unit test of an iterator runs over. */
import { procfsSource } from '../procfs/index.ts';
import type { Source } from '../source.ts';
import { checkDescription } from './check.ts';
import type { SystemDescription } from './descriptions.ts';
import { DescriptionReader } from './reader.ts';

export type {
  AreaDescription,
  CgroupDescription,
  DmaBufferDescription,
  FileDescription,
  RegistersDescription,
  SlabCacheDescription,
  SymbolDescription,
  SystemDescription,
  TaskDescription,
  ThreadDescription,
} from './descriptions.ts';
export type {
  NetlinkSocketDescription,
  SocketDescription,
  TcpSocketDescription,
  TcpState,
  UdpSocketDescription,
  UnixSocketDescription,
} from './socket-descriptions.ts';
export type { SocketOptions } from './socket-options.ts';

/**
 * A system of the objects that are described, and no others but the idle task. More examples: docs/testing.md.
 *
 *   const source = objectsSource({ tasks: [{ pid: 1, comm: 'init' }, { pid: 7, parent: 1, comm: 'worker' }] });
 *
 * @throws BpfiterError `usage` for references to nothing and numbers that are taken twice
 */
export function objectsSource(description: SystemDescription): Source {
  checkDescription(description);
  return procfsSource(new DescriptionReader(description));
}
