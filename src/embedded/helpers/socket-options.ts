/**
 * Options of sockets that iterators show, and their end. Sockets of a running system are not this kernel's to change: a
 * program that would is not loaded, unless the source's sockets are its own (a description's).
 *
 * Facts: _bpf_getsockopt(), bpf_sock_destroy() in net/core/filter.c of Linux 6.12.
 */
import { BpfiterError } from '../../errors.ts';
import { BPF_PROG_TYPE_TRACING } from '../../uapi/index.ts';
import type { Runtime } from '../runtime.ts';
import type { SocketCalls } from '../sources/source.ts';
import { type CallSite, type FunctionDefinition, signature } from './definition.ts';

const DESCRIBED = 'only by iterators over described sockets';

/** @throws BpfiterError `unsupported` */
function callsOf({ objects }: Runtime): SocketCalls {
  if (objects?.socketCalls === undefined) {
    throw new BpfiterError('unsupported', 'sockets of a running system or a snapshot are only looked at');
  }
  return objects.socketCalls;
}

/** Other programs than iterators are given sockets that no source knows. */
function requireIterator(_runtime: Runtime, { programType }: CallSite): undefined {
  if (programType === BPF_PROG_TYPE_TRACING) return;
  throw new BpfiterError('unsupported', 'only the sockets that iterators show have options');
}

export const socketOptionHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_getsockopt',
    signature: signature('p i i p i -> s'),
    only: DESCRIBED,
    plan: requireIterator,
    make: (runtime) => {
      const calls = callsOf(runtime);
      const { memory } = runtime;
      return (sock: number, level: number, name: number, to: number, size: number) => {
        const bytes = calls.getOption(sock, level, name, size);
        const { u8 } = memory;
        if (typeof bytes !== 'number') u8.set(bytes, to);
        else u8.fill(0, to, to + size);
        return typeof bytes === 'number' ? bytes : 0;
      };
    },
  },
  {
    name: 'bpf_setsockopt',
    signature: signature('p i i p i -> s'),
    only: DESCRIBED,
    plan: requireIterator,
    make: (runtime) => {
      const calls = callsOf(runtime);
      const { memory } = runtime;
      return (sock: number, level: number, name: number, from: number, size: number) =>
        calls.setOption(sock, level, name, memory.u8.slice(from, from + size));
    },
  },
  {
    name: 'bpf_sock_destroy',
    signature: signature('p -> s'),
    only: DESCRIBED,
    make: (runtime) => {
      const calls = callsOf(runtime);
      return (sock: number) => calls.destroy(sock);
    },
  },
];
