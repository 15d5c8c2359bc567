/**
 * Numbers in text, and strings compared.
 *
 * Facts: kernel/bpf/helpers.c and lib/kstrtox.c of Linux 6.12. bpf_strtol and bpf_strtoul stop at the first character
 * that is no digit, do not need an end, and look at no more than 63 characters behind blanks and sign.
 */

import { isDigit, isSpace } from '../../ctype.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Runtime } from '../runtime.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { EINVAL, ERANGE } from './errno.ts';
import { write64 } from './words.ts';

const BASE_MASK = 0x1f;
const MOST_DIGITS = 63;
const MINUS = 0x2d;
const ZERO = 0x30;
const X = 0x78;
const LOWER = 0x20;

/** Of a digit in any base up to 16; 99 for what is none. */
function digitValue(byte: number): number {
  if (isDigit(byte)) return byte - ZERO;
  const lower = byte | LOWER;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : 99;
}

/** What the scan of one number found; one a kernel, as nothing runs in between. */
interface Scan {
  negative: boolean;
  low: number;
  high: number;
}

/** @returns how many bytes belong to the number and what is before it, or an errno */
function scanNumber(
  { u8 }: KernelMemory,
  at: number,
  size: number,
  flags: number,
  flagsHigh: number,
  scan: Scan,
): number {
  let base = flags & BASE_MASK;
  if (size === 0 || (base !== 0 && base !== 8 && base !== 10 && base !== 16)) return EINVAL;
  if ((flags & ~BASE_MASK) !== 0 || flagsHigh !== 0) return EINVAL;
  const byteAt = (index: number): number => (index < at + size ? (u8[index] ?? 0) : 0);
  let i = at;
  while (i < at + size && isSpace(byteAt(i))) i += 1;
  scan.negative = byteAt(i) === MINUS;
  if (scan.negative) i += 1;
  if (i === at + size) return EINVAL;
  const end = Math.min(at + size, i + MOST_DIGITS);
  const digitAt = (index: number): number => (index < end ? digitValue(byteAt(index)) : 99);
  const isHexPrefix = byteAt(i) === ZERO && i + 1 < end && (byteAt(i + 1) | LOWER) === X && digitAt(i + 2) < 16;
  if (base === 0) base = isHexPrefix ? 16 : byteAt(i) === ZERO ? 8 : 10;
  // As the kernel: 0x goes before any number in base 16, with or without a digit behind it.
  if (base === 16 && byteAt(i) === ZERO && i + 1 < end && (byteAt(i + 1) | LOWER) === X) i += 2;
  const first = i;
  let low = 0;
  let high = 0;
  let overflows = false;
  for (; digitAt(i) < base; i++) {
    const next = low * base + digitAt(i);
    low = next >>> 0;
    high = high * base + Math.floor(next / 0x1_0000_0000);
    if (high > 0xffff_ffff) {
      overflows = true;
      high = high >>> 0;
    }
  }
  if (overflows) return ERANGE;
  if (i === first) return EINVAL;
  scan.low = low | 0;
  scan.high = high | 0;
  return i - at;
}

const parser = (name: string, finish: (scan: Scan) => number): FunctionDefinition => ({
  name,
  signature: signature('p i q p -> s'),
  make({ memory }: Runtime) {
    const scan: Scan = { negative: false, low: 0, high: 0 };
    return (at: number, size: number, flags: number, flagsHigh: number, to: number) => {
      write64(memory, to, 0, 0);
      const used = scanNumber(memory, at, size, flags, flagsHigh, scan);
      if (used < 0) return used;
      const errno = finish(scan);
      if (errno < 0) return errno;
      write64(memory, to, scan.low, scan.high);
      return used;
    };
  },
});

export const numberFunctions: readonly FunctionDefinition[] = [
  parser('bpf_strtol', (scan) => {
    if (!scan.negative) return scan.high < 0 ? ERANGE : 0;
    // The one number whose negation stays negative as well as all whose negation is not.
    scan.high = (~scan.high + (scan.low === 0 ? 1 : 0)) | 0;
    scan.low = -scan.low | 0;
    return scan.high > 0 || (scan.high === 0 && scan.low !== 0) ? ERANGE : 0;
  }),
  parser('bpf_strtoul', (scan) => (scan.negative ? EINVAL : 0)),
  {
    name: 'bpf_strncmp',
    signature: signature('p i p -> s'),
    make:
      ({ memory }) =>
      (one: number, size: number, other: number) => {
        const { u8 } = memory;
        for (let i = 0; i < size; i++) {
          const a = u8[one + i] ?? 0;
          const b = u8[other + i] ?? 0;
          if (a !== b) return a < b ? -1 : 1;
          if (a === 0) return 0;
        }
        return 0;
      },
  },
];
