/**
 * Casts of sockets to what they are, or NULL. Of sockets that an iterator shows their source knows what they are; those
 * of a run are structs of their own kind (sockets.ts), and none of these.
 * Facts: bpf_skc_to_*() in net/core/filter.c of Linux 6.18.
 */

import type { Runtime } from '../runtime.ts';
import { AF_INET6 } from '../socket-numbers.ts';
import type { SocketStruct } from '../sources/source.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { fieldOffset } from './fields.ts';

interface Cast {
  readonly name: string;
  /** What such sockets are; absent: there are none. */
  readonly struct?: SocketStruct;
  /** AF_*, if only those of one family are. */
  readonly family?: number;
}

const casts: readonly Cast[] = [
  { name: 'bpf_tcp_sock' },
  { name: 'bpf_skc_to_tcp_sock', struct: 'tcp_sock' },
  { name: 'bpf_skc_to_tcp6_sock', struct: 'tcp_sock', family: AF_INET6 },
  { name: 'bpf_skc_to_tcp_timewait_sock', struct: 'tcp_timewait_sock' },
  { name: 'bpf_skc_to_tcp_request_sock', struct: 'tcp_request_sock' },
  { name: 'bpf_skc_to_udp6_sock', struct: 'udp_sock', family: AF_INET6 },
  { name: 'bpf_skc_to_unix_sock', struct: 'unix_sock' },
  { name: 'bpf_skc_to_mptcp_sock' },
];

function make(runtime: Runtime, { struct, family }: Cast): (socket: number) => number {
  const { memory, objects } = runtime;
  if (struct === undefined || objects === undefined) return () => 0;
  const at = fieldOffset(runtime, 'sock_common', 'skc_family');
  return (socket) => {
    if (objects.socketAt(socket) !== struct) return 0;
    return family === undefined || memory.view.getUint16(socket + at, true) === family ? socket : 0;
  };
}

export const socketCasts: readonly FunctionDefinition[] = casts.map((cast) => ({
  name: cast.name,
  signature: signature('p -> p'),
  make: (runtime) => make(runtime, cast),
}));
