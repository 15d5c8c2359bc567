/**
 * Casts of sockets to what they are, or NULL. Sockets that an iterator shows are of the list that they come from; those
 * of a run are structs of their own kind (sockets.ts), and none of these.
 * Facts: bpf_skc_to_*() in net/core/filter.c of Linux 6.18.
 */
import type { Runtime } from '../runtime.ts';
import type { ObjectList } from '../sources/source.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { fieldOffset } from './fields.ts';

const AF_INET6 = 10;

interface Cast {
  readonly name: string;
  /** What such sockets come from; absent: none do. */
  readonly list?: ObjectList;
  /** AF_*, if only those of one family are. */
  readonly family?: number;
}

const casts: readonly Cast[] = [
  { name: 'bpf_tcp_sock' },
  { name: 'bpf_skc_to_tcp_sock' },
  { name: 'bpf_skc_to_tcp6_sock' },
  { name: 'bpf_skc_to_tcp_timewait_sock' },
  { name: 'bpf_skc_to_tcp_request_sock' },
  { name: 'bpf_skc_to_udp6_sock', list: 'udp_sock', family: AF_INET6 },
  { name: 'bpf_skc_to_unix_sock', list: 'unix_sock' },
  { name: 'bpf_skc_to_mptcp_sock' },
];

function make(runtime: Runtime, { list, family }: Cast): (socket: number) => number {
  const { memory, objects } = runtime;
  if (list === undefined || objects === undefined) return () => 0;
  const at = fieldOffset(runtime, 'sock_common', 'skc_family');
  return (socket) => {
    if (objects.socketAt(socket) !== list) return 0;
    return family === undefined || memory.view.getUint16(socket + at, true) === family ? socket : 0;
  };
}

export const socketCasts: readonly FunctionDefinition[] = casts.map((cast) => ({
  name: cast.name,
  signature: signature('p -> p'),
  make: (runtime) => make(runtime, cast),
}));
