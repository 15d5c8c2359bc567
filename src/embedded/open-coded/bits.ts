/**
 * bpf_iter_bits: the numbers of the bits that are set in an array of 64-bit words, ascending.
 *
 *   0 the word itself, or the offset of a copy of the words (u64)   8 nr_bits (u32)   12 bit handed out last (s32)
 *
 * The words are copied by new, through a pointer that nobody has checked. Source: kernel/bpf/helpers.c of Linux 6.18;
 * facts/iterators.md 3.3.
 */
import { KERNEL_BASE_HIGH } from '../../jit/index.ts';
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';

const E2BIG = 7;
const EFAULT = 14;
const EINVAL = 22;
const ERANGE = 34;

/** BITS_ITER_NR_WORDS_MAX */
const MAX_WORDS = 511;

const NR_BITS = 8;
const BIT = 12;

/** Addresses below are user space or none at all (x86-64): reading them is -ERANGE, of others -EFAULT. */
const LEAST_KERNEL_HIGH = 0xffff_8000;

/** @returns 0, or what a probe read of so many bytes at that address fails with */
function readError(memory: KernelMemory, low: number, high: number, size: number): number {
  if (high >>> 0 < LEAST_KERNEL_HIGH) return -ERANGE;
  return high === KERNEL_BASE_HIGH && (low >>> 0) + size <= memory.u8.length ? 0 : -EFAULT;
}

function create(memory: KernelMemory, it: number, low: number, high: number, words: number): number {
  const count = words >>> 0;
  memory.u8.fill(0, it, it + NR_BITS + 4);
  memory.i32[(it + BIT) >>> 2] = -1;
  if ((low === 0 && high === 0) || count === 0) return -EINVAL;
  if (count > MAX_WORDS) return -E2BIG;
  const size = count * 8;
  const error = readError(memory, low, high, size);
  if (error !== 0) return count === 1 ? -EFAULT : error;
  const inside = count === 1;
  const copy = inside ? it : memory.allocate(size);
  memory.u8.copyWithin(copy, low >>> 0, (low >>> 0) + size);
  if (!inside) memory.u32[it >>> 2] = copy;
  memory.u32[(it + NR_BITS) >>> 2] = count * 64;
  return 0;
}

/** @returns offset of the number, 0 if no further bit is set */
function next(memory: KernelMemory, it: number): number {
  const { u32, i32 } = memory;
  const bits = u32[(it + NR_BITS) >>> 2] ?? 0;
  const first = (i32[(it + BIT) >>> 2] ?? 0) + 1;
  const found = nextBit(u32, bits === 64 ? it : (u32[it >>> 2] ?? 0), bits, first);
  // As Linux leaves it: behind the last bit, so that the end stays the end.
  i32[(it + BIT) >>> 2] = found;
  return found < bits ? it + BIT : 0;
}

/** The first bit that is set from `from` on, or else `bits`. @param words offset of the array */
function nextBit(u32: Uint32Array, words: number, bits: number, from: number): number {
  if (from >= bits) return bits;
  const end = bits >>> 5;
  let index = from >>> 5;
  let word = (u32[(words >>> 2) + index] ?? 0) & (-1 << (from & 31));
  while (word === 0) {
    index += 1;
    if (index === end) return bits;
    word = u32[(words >>> 2) + index] ?? 0;
  }
  return index * 32 + 31 - Math.clz32(word & -word);
}

export const bitsIterator: readonly FunctionDefinition[] = [
  {
    name: 'bpf_iter_bits_new',
    signature: signature('p q i -> s'),
    make:
      ({ memory }) =>
      (it: number, low: number, high: number, words: number) =>
        create(memory, it, low, high, words),
  },
  {
    name: 'bpf_iter_bits_next',
    signature: signature('p -> p'),
    make:
      ({ memory }) =>
      (it: number) =>
        next(memory, it),
  },
  {
    name: 'bpf_iter_bits_destroy',
    signature: signature('p -> v'),
    make:
      ({ memory }) =>
      (it: number) => {
        if ((memory.u32[(it + NR_BITS) >>> 2] ?? 0) > 64) memory.free(memory.u32[it >>> 2] ?? 0);
      },
  },
];
