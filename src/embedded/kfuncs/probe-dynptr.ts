/**
 * Kfuncs that read through addresses that nothing vouches for: into dynptrs, and strings of users. Of the memory of
 * `current` there is none (helpers/probe-read.ts), so what reads it fails as on addresses that are not mapped.
 *
 * Facts: kernel/trace/bpf_trace.c and kernel/bpf/helpers.c of Linux 6.18.
 */
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import { sliceForWriting, writeDynptr } from '../helpers/dynptr.ts';
import { isInDynptr } from '../helpers/dynptr-struct.ts';
import { E2BIG, EFAULT, EINVAL } from '../helpers/errno.ts';
import { readKernel, readKernelString } from '../helpers/probe-read.ts';
import { readTask, readTaskString } from '../helpers/user-memory.ts';
import { zeroBytes } from '../helpers/words.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Runtime } from '../runtime.ts';

const CHUNK = 256;
const WORD = 0x1_0000_0000;
const BPF_F_PAD_ZEROS = 1;

/** @returns bytes or 0 as the kind of reading has it, or an errno */
type Read = (runtime: Runtime, task: number, to: number, size: number, low: number, high: number) => number;
type ReadKernel = (memory: KernelMemory, to: number, size: number, low: number, high: number) => number;

const readUser: Read = (_runtime, _task, _to, size) => (size === 0 ? 0 : EFAULT);

const ofKernel =
  (read: ReadKernel): Read =>
  ({ memory }, _task, to, size, low, high) =>
    read(memory, to, size, low, high);

/**
 * @param isString whether reading ends with a NUL, and gives how many bytes it took
 * @param hasTask whether it is told whose memory
 */
const intoDynptr = (name: string, read: Read, isString: boolean, hasTask = false): FunctionDefinition => ({
  name,
  signature: signature(hasTask ? 'p i i q p -> s' : 'p i i q -> s'),
  make:
    (runtime) =>
    (at: number, offset: number, size: number, low: number, high: number, task = 0) => {
      const { memory } = runtime;
      const slice = sliceForWriting(runtime, at, offset, size, 0);
      if (slice !== 0) return read(runtime, task, slice, size, low, high);
      if (!isInDynptr(memory, at, offset, size)) return E2BIG;
      const buffer = memory.allocate(CHUNK);
      try {
        // Each piece of a string but the last ends in a NUL that the next piece takes the place of.
        for (let done = 0; done < size; ) {
          const length = Math.min(CHUNK, size - done);
          const next = (low >>> 0) + done;
          const result = read(runtime, task, buffer, length, next | 0, next < WORD ? high : high + 1);
          if (result < 0) return result;
          const taken = isString ? result : length;
          const errno = writeDynptr(runtime, at, offset + done, buffer, taken, 0);
          if (errno !== 0) return errno;
          if (isString && (taken < length || length === 1)) return done + taken;
          done += isString ? length - 1 : length;
        }
        return isString ? size : 0;
      } finally {
        memory.free(buffer);
      }
    },
});

export const probeKfuncs: readonly FunctionDefinition[] = [
  intoDynptr('bpf_probe_read_kernel_dynptr', ofKernel(readKernel), false),
  intoDynptr('bpf_probe_read_kernel_str_dynptr', ofKernel(readKernelString), true),
  intoDynptr('bpf_probe_read_user_dynptr', readUser, false),
  intoDynptr('bpf_probe_read_user_str_dynptr', readUser, true),
  intoDynptr('bpf_copy_from_user_dynptr', readUser, false),
  intoDynptr('bpf_copy_from_user_str_dynptr', readUser, true),
  intoDynptr('bpf_copy_from_user_task_dynptr', readTask, false, true),
  intoDynptr('bpf_copy_from_user_task_str_dynptr', readTaskString, true, true),
  {
    name: 'bpf_copy_from_user_str',
    signature: signature('p i q q -> s'),
    make:
      ({ memory }) =>
      (to: number, size: number, _low: number, _high: number, flags: number, flagsHigh: number) => {
        if ((flags & ~BPF_F_PAD_ZEROS) !== 0 || flagsHigh !== 0) return EINVAL;
        if (size === 0) return 0;
        // Room for the end alone is filled without looking at the address.
        if (size === 1) {
          memory.u8[to] = 0;
          return 1;
        }
        if (flags !== 0) zeroBytes(memory, to, size);
        return EFAULT;
      },
  },
  {
    name: 'bpf_copy_from_user_task_str',
    signature: signature('p i q p q -> s'),
    make:
      (runtime) =>
      (to: number, size: number, low: number, high: number, task: number, flags: number, flagsHigh: number) => {
        if ((flags & ~BPF_F_PAD_ZEROS) !== 0 || flagsHigh !== 0) return EINVAL;
        if (size === 0) return 0;
        const { memory } = runtime;
        const result = readTaskString(runtime, task, to, size, low, high);
        if (result < 0) zeroBytes(memory, to, flags === 0 ? 1 : size);
        else if (flags !== 0) zeroBytes(memory, to + result, size - result);
        return result;
      },
  },
];
