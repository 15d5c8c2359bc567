/**
 * bpf_loop where the compiler does not make a loop of it: with flags, or a callback that is not always the same.
 * Facts: kernel/bpf/bpf_iter.c of Linux 6.12.
 */
import { passNumber, passPointer } from './callbacks.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { E2BIG, EINVAL } from './errno.ts';

const MOST_LOOPS = 8 * 1024 * 1024;

export const loopHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_loop',
    signature: signature('i i p q -> s'),
    make: (runtime) => (count: number, callback: number, context: number, flags: number, flagsHigh: number) => {
      if ((flags | flagsHigh) !== 0) return EINVAL;
      if (count >>> 0 > MOST_LOOPS) return E2BIG;
      for (let i = 0; i < count; i++) {
        passNumber(runtime, 0, i);
        passPointer(runtime, 1, context);
        if (runtime.invoke(callback) !== 0) return i + 1;
      }
      return count;
    },
  },
];
