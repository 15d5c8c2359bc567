/** The embedded kernel: verifies, compiles and runs programs inside this process. No I/O, any JavaScript engine. */
export { addressOf, KERNEL_BASE } from './memory/address.ts';
