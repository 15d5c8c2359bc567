import { expect, test } from 'vitest';
import { numIterator } from '../../../src/embedded/open-coded/num.ts';
import { FakeMemory } from '../fake-memory.ts';
import { trioOf } from './open-coded.ts';

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
const MAX_LOOPS = 8388608;

const memory = new FakeMemory();
const num = trioOf(numIterator, memory);
const it = memory.allocate(8);

/** @returns what new answered and what next gave, at most eight of it */
function walk(start: number, end: number): [answer: number, items: number[]] {
  memory.u8.fill(0xaa, it, it + 8);
  const answer = num.create(it, start, end);
  const items: number[] = [];
  for (let at = num.next(it); at !== 0 && items.length < 8; at = num.next(it)) {
    expect(at).toBe(it);
    items.push(memory.view.getInt32(at, true));
  }
  return [answer, items];
}

test.each<[start: number, end: number, answer: number, items: number[]]>([
  [0, 3, 0, [0, 1, 2]],
  [-2, 2, 0, [-2, -1, 0, 1]],
  [5, 5, 0, []],
  [INT_MAX, INT_MAX, 0, []],
  [INT_MAX - 3, INT_MAX, 0, [INT_MAX - 3, INT_MAX - 2, INT_MAX - 1]],
  [INT_MIN, INT_MIN + 2, 0, [INT_MIN, INT_MIN + 1]],
  [0, MAX_LOOPS, 0, [0, 1, 2, 3, 4, 5, 6, 7]],
  [1, 0, -22, []],
  [INT_MAX, INT_MIN, -22, []],
  [0, MAX_LOOPS + 1, -7, []],
  [INT_MIN, INT_MAX, -7, []],
])('the range from %d to %d', (start, end, answer, items) => {
  expect(walk(start, end)).toEqual([answer, items]);
});

test('the longest range has 8388608 numbers', () => {
  num.create(it, 0, MAX_LOOPS);
  let count = 0;
  while (num.next(it) !== 0) count += 1;
  expect(count).toBe(MAX_LOOPS);
});

test('the end stays the end, and destroying leaves nothing behind', () => {
  num.create(it, 7, 8);
  expect(num.next(it)).toBe(it);
  expect([num.next(it), num.next(it)]).toEqual([0, 0]);
  num.create(it, 7, 9);
  num.destroy(it);
  expect(memory.view.getBigUint64(it, true)).toBe(0n);
  expect(num.next(it)).toBe(0);
});
