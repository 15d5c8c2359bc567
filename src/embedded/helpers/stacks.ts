/**
 * Stacks of calls. Those that tasks have in the kernel while they sleep the source may know; the one of the running
 * program, and those that processes have in their own memory, nothing in a process can unwind. What Linux says where it
 * cannot fetch a stack (of a kernel thread's user half, for one) is -EFAULT, after it has looked at the flags; and
 * -EOPNOTSUPP of the user half of all tasks but the running one.
 *
 * Facts: kernel/bpf/stackmap.c of Linux 6.12, measured on 6.18.
 */
import type { Runtime } from '../runtime.ts';
import type { KernelAddress } from '../sources/source.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { EFAULT, EINVAL, EOPNOTSUPP } from './errno.ts';
import { write64, zeroBytes } from './words.ts';

const SKIP_MASK = 0xff;
const USER_STACK = 1 << 8;
const FAST_STACK_CMP = 1 << 9;
const REUSE_STACKID = 1 << 10;
const USER_BUILD_ID = 1 << 11;

const ID_FLAGS = SKIP_MASK | USER_STACK | FAST_STACK_CMP | REUSE_STACKID;
const STACK_FLAGS = SKIP_MASK | USER_STACK | USER_BUILD_ID;
/** Bytes of an address, and of a struct bpf_stack_build_id. */
const ADDRESS_SIZE = 8;
const BUILD_ID_SIZE = 32;
/** kernel.perf_event_max_stack, as it is by default. */
const DEEPEST = 127;

/** @returns 0 or an errno for what nobody's stack is given for */
function check(size: number, flags: number, flagsHigh: number): number {
  const withBuildIds = (flags & USER_BUILD_ID) !== 0;
  if ((flags & ~STACK_FLAGS) !== 0 || flagsHigh !== 0 || (withBuildIds && (flags & USER_STACK) === 0)) return EINVAL;
  return size % (withBuildIds ? BUILD_ID_SIZE : ADDRESS_SIZE) === 0 ? 0 : EINVAL;
}

/** @returns bytes that were written; the rest of the buffer stays as it is */
function store({ memory }: Runtime, to: number, size: number, frames: readonly KernelAddress[]): number {
  const shown = frames.slice(0, size / ADDRESS_SIZE);
  for (const [index, { low, high }] of shown.entries()) write64(memory, to + index * ADDRESS_SIZE, low, high);
  return shown.length * ADDRESS_SIZE;
}

export const stackHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_get_stack',
    signature: signature('p p i q -> s'),
    make:
      ({ memory }) =>
      (_context: number, to: number, size: number, flags: number, flagsHigh: number) => {
        zeroBytes(memory, to, size);
        return check(size, flags, flagsHigh) || EFAULT;
      },
  },
  {
    name: 'bpf_get_task_stack',
    signature: signature('p p i q -> s'),
    make: (runtime) => {
      const { memory } = runtime;
      return (task: number, to: number, size: number, flags: number, flagsHigh: number) => {
        zeroBytes(memory, to, size);
        const { objects } = runtime.invocation;
        const isRunning = task === runtime.currentTask;
        if (objects?.hasStack(task) === false) return EFAULT;
        const error = check(size, flags, flagsHigh);
        if (error !== 0) return error;
        if ((flags & USER_STACK) !== 0) {
          const isKernelThread = objects?.hasMemory(task) === false;
          return isRunning || isKernelThread ? EFAULT : EOPNOTSUPP;
        }
        if (isRunning) return EFAULT;
        const skipped = flags & SKIP_MASK;
        const frames = objects?.kernelStack(task, Math.min(DEEPEST, size / ADDRESS_SIZE + skipped));
        if (frames === undefined || frames.length < skipped) return EFAULT;
        return store(runtime, to, size, frames.slice(skipped));
      };
    },
  },
  {
    name: 'bpf_get_stackid',
    signature: signature('p p q -> s'),
    make: () => (_context: number, _map: number, flags: number, flagsHigh: number) =>
      (flags & ~ID_FLAGS) !== 0 || flagsHigh !== 0 ? EINVAL : EFAULT,
  },
];
