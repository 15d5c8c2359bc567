/**
 * Addresses of the embedded kernel: KERNEL_BASE + offset into its one linear memory, where Linux has the direct map of
 * x86-64. The low word of an address is the offset, so compiled code drops the upper half and is there.
 */
import { KERNEL_BASE_HIGH } from '../../jit/index.ts';

export const KERNEL_BASE = BigInt.asUintN(64, BigInt(KERNEL_BASE_HIGH) << 32n);

/** @param offset into linear memory; 0 stands for NULL */
export const addressOf = (offset: number): bigint => (offset === 0 ? 0n : KERNEL_BASE | BigInt(offset >>> 0));
