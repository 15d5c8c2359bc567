/**
 * The Internet checksum (RFC 1071) as Linux's helpers see it: sums of 16-bit words as they lie in memory, with the
 * carry added at the low end. A sum that is not of zeros only is never 0: 0xffff stands for zero then.
 */

/** A 32-bit sum to 16 bits. */
export function foldTo16(sum: number): number {
  let folded = (sum >>> 16) + (sum & 0xffff);
  folded = (folded >>> 16) + (folded & 0xffff);
  return folded;
}

/** What goes into a header. */
export const complement16 = (sum: number): number => ~foldTo16(sum) & 0xffff;

export function addSums(a: number, b: number): number {
  const sum = (a >>> 0) + (b >>> 0);
  return sum > 0xffffffff ? (sum - 0xffffffff) >>> 0 : sum;
}

export const subtractSums = (a: number, b: number): number => addSums(a, ~b >>> 0);

/** @param odd the bytes begin at an odd place of what is summed */
export function sumBytes(bytes: Uint8Array, offset: number, length: number, seed = 0, odd = false): number {
  let sum = 0;
  const end = offset + length;
  let at = offset;
  for (; at + 1 < end; at += 2) sum += (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  if (at < end) sum += bytes[at] as number;
  // Below 2^48: exact in a double. Folded once, it fits 32 bits.
  let folded = (sum % 0x100000000) + Math.floor(sum / 0x100000000);
  if (odd) {
    const short = foldTo16(folded);
    folded = ((short & 0xff) << 8) | (short >>> 8);
  }
  return addSums(folded, seed);
}
