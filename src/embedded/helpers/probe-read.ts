/**
 * Reads through addresses that nothing vouches for.
 *
 * Kernel addresses are readable where they lie in linear memory, from its second page on. Programs of this kernel have
 * no user memory beside them: `current` is the process that runs this kernel, whose own memory is nobody's business, so
 * each user address faults. The memory of a task that is named is read in user-memory.ts.
 *
 * Facts: kernel/trace/bpf_trace.c, mm/maccess.c and arch/x86/mm/maccess.c of Linux 6.12, errnos seen on 6.18.
 */
import { KERNEL_BASE_HIGH } from '../../jit/index.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { EFAULT, ERANGE } from './errno.ts';
import { copyBytes, isReadable, zeroBytes } from './words.ts';

/** Below is user space, with the guard page at its end; above, from where bit 47 is sign-extended, the kernel. */
const USER_END_HIGH = 0x8000;
const KERNEL_START_HIGH = 0xffff8000;
const VSYSCALL_HIGH = 0xffffffff;
const VSYSCALL_PAGE = 0xff600000;
const PAGE_MASK = 0xfffff000;

/** Whether the kernel would try at all: no user address, none that is not canonical, not the vsyscall page. */
export function mayBeKernel(low: number, high: number): boolean {
  if (high === KERNEL_BASE_HIGH) return true;
  const upper = high >>> 0;
  if (upper < KERNEL_START_HIGH) return false;
  return !(upper === VSYSCALL_HIGH && (low & PAGE_MASK) >>> 0 === VSYSCALL_PAGE);
}

const isUser = (high: number): boolean => high >>> 0 < USER_END_HIGH;

/** 0 if that much can be read from there, else the errno of copy_from_kernel_nofault(). */
export function readErrno(memory: KernelMemory, low: number, high: number, size: number): number {
  if (isReadable(memory, low, high, size)) return 0;
  return mayBeKernel(low, high) ? EFAULT : ERANGE;
}

/** @returns 0 or an errno, and then nothing is written */
export function readKernel(memory: KernelMemory, to: number, size: number, low: number, high: number): number {
  const errno = readErrno(memory, low, high, size);
  if (errno === 0) copyBytes(memory, to, low >>> 0, size);
  return errno;
}

/**
 * Copies a string with its end, cut to `size`; as strncpy_from_kernel_nofault().
 * @returns bytes written, or an errno with nothing of use written
 */
export function readKernelString(memory: KernelMemory, to: number, size: number, low: number, high: number): number {
  if (size === 0) return 0;
  if (!isReadable(memory, low, high, 1)) return mayBeKernel(low, high) ? EFAULT : ERANGE;
  const { u8 } = memory;
  const from = low >>> 0;
  for (let i = 0; i < size; i++) {
    const byte = u8[from + i];
    if (byte === undefined) return EFAULT;
    u8[to + i] = byte;
    if (byte === 0) return i + 1;
  }
  u8[to + size - 1] = 0;
  return size;
}

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
  reader('bpf_probe_read_kernel', readKernel),
  reader('bpf_probe_read_kernel_str', readKernelString),
  reader('bpf_probe_read_user', readUser),
  reader('bpf_probe_read_user_str', readUserString),
  reader('bpf_copy_from_user', (_memory, _to, size) => (size === 0 ? 0 : EFAULT)),
  {
    name: 'bpf_probe_write_user',
    signature: signature('q p i -> s'),
    make: () => () => EFAULT,
  },
];
