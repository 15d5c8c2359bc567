import { beforeEach, expect, test } from 'vitest';
import type { LinearMemory } from '../../../src/embedded/memory/linear-memory.ts';
import { bitsIterator } from '../../../src/embedded/open-coded/bits.ts';
import { KERNEL_BASE_HIGH } from '../../../src/jit/index.ts';
import { testKernel } from '../maps/kernel.ts';
import { type Trio, trioOf } from './open-coded.ts';

const E2BIG = 7;
const EFAULT = 14;
const EINVAL = 22;
const ERANGE = 34;

let memory: LinearMemory;
let bits: Trio;
let it: number;
beforeEach(() => {
  ({ memory } = testKernel());
  bits = trioOf(bitsIterator, memory);
  it = memory.allocate(16);
  memory.u8.fill(0xaa, it, it + 16);
});

function words(...values: bigint[]): number {
  const at = memory.allocate(8 * values.length);
  values.forEach((value, index) => {
    memory.view.setBigUint64(at + 8 * index, value, true);
  });
  return at;
}

function items(): number[] {
  const found: number[] = [];
  for (let at = bits.next(it); at !== 0; at = bits.next(it)) found.push(memory.view.getInt32(at, true));
  return found;
}

test.each<[what: string, words: bigint[], items: number[]]>([
  ['no bit', [0n], []],
  ['the first and the last of one word', [1n | (1n << 63n)], [0, 63]],
  ['bits around the middle of a word', [(1n << 31n) | (1n << 32n)], [31, 32]],
  ['bits of several words', [1n << 3n, 0n, 1n << 40n, 1n << 63n], [3, 168, 255]],
])('%s', (_, values, expected) => {
  expect(bits.create(it, words(...values), KERNEL_BASE_HIGH, values.length)).toBe(0);
  expect(items()).toEqual(expected);
  expect(bits.next(it)).toBe(0);
  bits.destroy(it);
});

test('every bit of a full word', () => {
  bits.create(it, words(2n ** 64n - 1n), KERNEL_BASE_HIGH, 1);
  expect(items()).toEqual(Array.from({ length: 64 }, (_, bit) => bit));
});

test.each([1, 2])('what becomes of %d words after new does not matter', (count) => {
  const at = words(...Array.from({ length: count }, () => 1n));
  bits.create(it, at, KERNEL_BASE_HIGH, count);
  memory.u8.fill(0xff, at, at + 8 * count);
  expect(items()).toHaveLength(count);
});

test('511 words are the most; the copy of more than one is given back', () => {
  const at = words(...Array.from({ length: 512 }, () => 1n));
  expect(bits.create(it, at, KERNEL_BASE_HIGH, 512)).toBe(-E2BIG);
  expect(bits.next(it)).toBe(0);
  bits.destroy(it);
  expect(bits.create(it, at, KERNEL_BASE_HIGH, 511)).toBe(0);
  const copy = memory.view.getUint32(it, true);
  expect(memory.runtime.usableSize(copy)).toBeGreaterThanOrEqual(511 * 8);
  expect(items()).toHaveLength(511);
  bits.destroy(it);
  expect(memory.allocate(511 * 8)).toBe(copy);
});

test.each<[what: string, low: number, high: number, words: number, answer: number]>([
  ['NULL', 0, 0, 1, -EINVAL],
  ['no words', 0x2000, KERNEL_BASE_HIGH, 0, -EINVAL],
  ['a number of words beyond all bounds', 0x2000, KERNEL_BASE_HIGH, -1, -E2BIG],
  ['one word of user space', 0x1000, 0, 1, -EFAULT],
  ['two words of user space', 0x1000, 0, 2, -ERANGE],
  ['words at no possible address', 0, 0x8000_0000 | 0, 2, -ERANGE],
  ['words where the kernel has nothing', 0, 0xffff_f000 | 0, 2, -EFAULT],
  ['words behind the end of memory', 0x7fff_ff00, KERNEL_BASE_HIGH, 2, -EFAULT],
])('%s cannot be walked', (_, low, high, count, answer) => {
  expect(bits.create(it, low, high, count)).toBe(answer);
  expect([bits.next(it), bits.next(it)]).toEqual([0, 0]);
  bits.destroy(it);
});
