/** Helpers on the message of an sk_msg program: one piece of memory, which is the run's data. */
import { GivenStruct } from '../contexts/struct-run.ts';
import { EINVAL } from '../packets/errno.ts';
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';

function messageOf(runtime: Runtime): GivenStruct {
  const { subject } = runtime.invocation;
  if (subject instanceof GivenStruct) return subject;
  throw new Error(`program '${runtime.invocation.programName}' has no message behind its context`);
}

export const messageHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_msg_apply_bytes',
    signature: signature('p i -> s'),
    make: (runtime) => (_context: number, bytes: number) => {
      messageOf(runtime).applyBytes = bytes >>> 0;
      return 0;
    },
  },
  {
    name: 'bpf_msg_cork_bytes',
    signature: signature('p i -> s'),
    make: (runtime) => (_context: number, bytes: number) => {
      messageOf(runtime).corkBytes = bytes >>> 0;
      return 0;
    },
  },
  {
    name: 'bpf_msg_pull_data',
    signature: signature('p i i q -> s'),
    make: (runtime) => (_context: number, start: number, end: number, flags: number, high: number) => {
      const message = messageOf(runtime);
      const from = start >>> 0;
      const to = end >>> 0;
      if (flags !== 0 || high !== 0 || to <= from || to > message.length) return EINVAL;
      message.show(from, to);
      return 0;
    },
  },
  {
    name: 'bpf_msg_push_data',
    signature: signature('p i i q -> s'),
    make: (runtime) => (_context: number, start: number, length: number, flags: number, high: number) => {
      const message = messageOf(runtime);
      if (flags !== 0 || high !== 0) return EINVAL;
      if (length === 0) return 0;
      const at = start >>> 0;
      const old = message.bytes;
      if (at > old.length) return EINVAL;
      const bytes = new Uint8Array(old.length + (length >>> 0));
      bytes.set(old.subarray(0, at));
      bytes.set(old.subarray(at), at + (length >>> 0));
      message.replace(bytes);
      return 0;
    },
  },
  {
    name: 'bpf_msg_pop_data',
    signature: signature('p i i q -> s'),
    make: (runtime) => (_context: number, start: number, length: number, flags: number, high: number) => {
      const message = messageOf(runtime);
      if (flags !== 0 || high !== 0) return EINVAL;
      if (length === 0) return 0;
      const from = start >>> 0;
      const to = from + (length >>> 0);
      const old = message.bytes;
      if (from >= old.length || to > old.length) return EINVAL;
      const bytes = new Uint8Array(old.length - (to - from));
      bytes.set(old.subarray(0, from));
      bytes.set(old.subarray(to), from);
      message.replace(bytes);
      return 0;
    },
  },
];
