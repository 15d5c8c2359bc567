/**
 * bpf_sock_from_file: the socket that an open file is, or NULL. The source of the file knows it (file.private_data).
 * Facts: net/socket.c of Linux 6.18.
 */
import { type FunctionDefinition, signature } from './definition.ts';
import { fieldOffset } from './fields.ts';

export const socketFileHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_sock_from_file',
    signature: signature('p -> p'),
    reads: ['file.f_op', 'file.private_data'],
    make: (runtime) => {
      const { memory, objects } = runtime;
      const operations = objects?.symbol('socket_file_ops');
      const [kind, data] = [fieldOffset(runtime, 'file', 'f_op'), fieldOffset(runtime, 'file', 'private_data')];
      const pointer = (at: number) => memory.u32[at >> 2] as number; // its lower half is the offset
      return (file: number) => (pointer(file + kind) === operations ? pointer(file + data) : 0);
    },
  },
];
