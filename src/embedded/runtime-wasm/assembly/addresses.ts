/**
 * Addresses that nothing vouches for: whether they can be read, and what reading them fails with. Kernel addresses are
 * readable where they lie in linear memory, from its second page on.
 * Facts: mm/maccess.c and arch/x86/mm/maccess.c of Linux 6.12, errnos seen on 6.18.
 */
import { EFAULT, ERANGE } from './errno.ts';

/** Upper word of addresses in linear memory: KERNEL_BASE_HIGH of jit/plan.ts. The first page is nobody's. */
export const MEMORY_HIGH: u32 = 0xffff8880;
const FIRST_OFFSET: u32 = 0x1000;
/** Below are user space and addresses that are not canonical; the kernel begins where bit 47 is sign-extended. */
const KERNEL_START_HIGH: u32 = 0xffff8000;
const VSYSCALL_HIGH: u32 = 0xffffffff;
const VSYSCALL_PAGE: u32 = 0xff600000;
const PAGE_MASK: u32 = 0xfffff000;

export function memoryEnd(): u64 {
  return (<u64>memory.size()) << 16;
}

/** Whether that many bytes lie in linear memory, where programs may read. */
export function isReadable(low: u32, high: u32, size: u32): bool {
  return high === MEMORY_HIGH && low >= FIRST_OFFSET && <u64>low + size <= memoryEnd();
}

/** Whether the kernel would try at all: no user address, none that is not canonical, not the vsyscall page. */
export function may_be_kernel(low: u32, high: u32): bool {
  if (high < KERNEL_START_HIGH) return false;
  return !(high === VSYSCALL_HIGH && (low & PAGE_MASK) === VSYSCALL_PAGE);
}

/** 0 if that much can be read from there, else the errno of copy_from_kernel_nofault(). */
export function read_error(low: u32, high: u32, size: u32): i32 {
  if (isReadable(low, high, size)) return 0;
  return may_be_kernel(low, high) ? EFAULT : ERANGE;
}
