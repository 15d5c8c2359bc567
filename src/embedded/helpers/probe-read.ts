/**
 * Reads through addresses that nothing vouches for. Which of them can be read, and reading them, is the runtime's
 * (runtime-wasm/assembly/addresses.ts, probe-read.ts).
 *
 * Programs of this kernel have
 * no user memory beside them: `current` is the process that runs this kernel, whose own memory is nobody's business, so
 * each user address faults. The memory of a task that is named is read in user-memory.ts.
 *
 * Facts: kernel/trace/bpf_trace.c, mm/maccess.c and arch/x86/mm/maccess.c of Linux 6.12, errnos seen on 6.18.
 */
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { EFAULT } from './errno.ts';
import { inWasm } from './in-wasm.ts';
import { zeroBytes } from './words.ts';

/** Below is user space, with the guard page at its end. */
const USER_END_HIGH = 0x8000;

/** Whether the kernel would try at all: no user address, none that is not canonical, not the vsyscall page. */
export const mayBeKernel = ({ runtime }: KernelMemory, low: number, high: number): boolean =>
  runtime.may_be_kernel(low, high) !== 0;

const isUser = (high: number): boolean => high >>> 0 < USER_END_HIGH;

/** 0 if that much can be read from there, else the errno of copy_from_kernel_nofault(). */
export const readErrno = ({ runtime }: KernelMemory, low: number, high: number, size: number): number =>
  runtime.read_error(low, high, size);

/** @returns 0 or an errno, and then nothing is written */
export const readKernel: Reader = ({ runtime }, to, size, low, high) => runtime.read_kernel(to, size, low, high);

/**
 * Copies a string with its end, cut to `size`; as strncpy_from_kernel_nofault().
 * @returns bytes written, or an errno with nothing of use written
 */
export const readKernelString: Reader = ({ runtime }, to, size, low, high) =>
  runtime.read_kernel_str(to, size, low, high);

type Reader = (memory: KernelMemory, to: number, size: number, low: number, high: number) => number;

/** Of user memory there is none; reading nothing of it succeeds, as in Linux. */
const readUser: Reader = (_memory, _to, size, _low, high) => (size === 0 && isUser(high) ? 0 : EFAULT);
const readUserString: Reader = (_memory, _to, size) => (size === 0 ? 0 : EFAULT);

/** The oldest two helpers look at the address to tell which space it is of. */
const either =
  (user: Reader, kernel: Reader): Reader =>
  (memory, to, size, low, high) =>
    (isUser(high) ? user : kernel)(memory, to, size, low, high);

const reader = (name: string, read: Reader): FunctionDefinition => ({
  name,
  signature: signature('p i q -> s'),
  make:
    ({ memory }: Runtime) =>
    (to: number, size: number, low: number, high: number): number => {
      const result = read(memory, to, size, low, high);
      if (result < 0) zeroBytes(memory, to, size);
      return result;
    },
});

export const probeReads: readonly FunctionDefinition[] = [
  reader('bpf_probe_read', either(readUser, readKernel)),
  reader('bpf_probe_read_str', either(readUserString, readKernelString)),
  inWasm('bpf_probe_read_kernel', 'p i q -> s', (wasm) => wasm.probe_read_kernel),
  inWasm('bpf_probe_read_kernel_str', 'p i q -> s', (wasm) => wasm.probe_read_kernel_str),
  reader('bpf_probe_read_user', readUser),
  reader('bpf_probe_read_user_str', readUserString),
  reader('bpf_copy_from_user', (_memory, _to, size) => (size === 0 ? 0 : EFAULT)),
  {
    name: 'bpf_probe_write_user',
    signature: signature('q p i -> s'),
    make: () => () => EFAULT,
  },
];
