/**
 * Stacks of calls. Nothing in a process can unwind the stack of a task, so there is never one to give: what Linux says
 * where it cannot fetch a stack (of a kernel thread's user half, for one) is -EFAULT, after it has looked at the flags.
 *
 * Facts: kernel/bpf/stackmap.c of Linux 6.12.
 */
import { type FunctionDefinition, signature } from './definition.ts';
import { EFAULT, EINVAL } from './errno.ts';
import { zeroBytes } from './words.ts';

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

/** Both take who it is of first: a context or a task. */
const stack = (name: string): FunctionDefinition => ({
  name,
  signature: signature('p p i q -> s'),
  make:
    ({ memory }) =>
    (_of: number, to: number, size: number, flags: number, flagsHigh: number) => {
      zeroBytes(memory, to, size);
      const withBuildIds = (flags & USER_BUILD_ID) !== 0;
      if ((flags & ~STACK_FLAGS) !== 0 || flagsHigh !== 0 || (withBuildIds && (flags & USER_STACK) === 0))
        return EINVAL;
      return size % (withBuildIds ? BUILD_ID_SIZE : ADDRESS_SIZE) === 0 ? EFAULT : EINVAL;
    },
});

export const stackHelpers: readonly FunctionDefinition[] = [
  stack('bpf_get_stack'),
  stack('bpf_get_task_stack'),
  {
    name: 'bpf_get_stackid',
    signature: signature('p p q -> s'),
    make: () => (_context: number, _map: number, flags: number, flagsHigh: number) =>
      (flags & ~ID_FLAGS) !== 0 || flagsHigh !== 0 ? EINVAL : EFAULT,
  },
];
