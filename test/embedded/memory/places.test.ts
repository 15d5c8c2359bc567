/** Whether the fixed places in linear memory are apart from each other. */
import { expect, it } from 'vitest';
import {
  CURRENT_CPU,
  FREE_LISTS,
  FREE_RUNS,
  HEAP_END,
  HEAP_START,
  LAST_PAGE,
  PAGE_TABLE,
  RUN_LISTS,
  RUNTIME_DATA,
  SIZE_CLASSES,
  STACK_BOTTOM,
  STACK_TOP,
} from '../../../src/embedded/memory/places.ts';
import { ARGUMENT_BLOCK, RESULT_HIGH, TAIL_CALL_COUNT } from '../../../src/jit/index.ts';

const PAGE = 4096;

const cells = [
  { name: 'RESULT_HIGH', at: RESULT_HIGH, size: 4 },
  { name: 'ARGUMENT_BLOCK', at: ARGUMENT_BLOCK, size: 5 * 8 },
  { name: 'TAIL_CALL_COUNT', at: TAIL_CALL_COUNT, size: 4 },
  { name: 'CURRENT_CPU', at: CURRENT_CPU, size: 4 },
  { name: 'FREE_LISTS', at: FREE_LISTS, size: 4 * SIZE_CLASSES },
  { name: 'HEAP_END', at: HEAP_END, size: 4 },
  { name: 'FREE_RUNS', at: FREE_RUNS, size: 4 * RUN_LISTS },
];

const regions = [
  { name: 'zeros', at: 0, size: PAGE },
  ...cells,
  // The stacks begin where the runtime's data must have ended.
  { name: 'RUNTIME_DATA', at: RUNTIME_DATA, size: STACK_BOTTOM - RUNTIME_DATA },
  { name: 'stacks', at: STACK_BOTTOM, size: STACK_TOP - STACK_BOTTOM },
  { name: 'PAGE_TABLE', at: PAGE_TABLE, size: 4 * (LAST_PAGE + 1) },
  { name: 'heap', at: HEAP_START, size: 1 },
];

it('places overlap nothing', () => {
  const overlaps = regions.flatMap((one) =>
    regions
      .filter((other) => other !== one && one.at <= other.at && other.at < one.at + one.size)
      .map((other) => `${one.name} covers ${other.name}`),
  );
  expect(overlaps).toEqual([]);
});

it('cells are where their size can be read at once', () => {
  expect(cells.filter(({ at, size }) => at % (size % 8 === 0 ? 8 : 4) !== 0)).toEqual([]);
});

it('lists are enough for runs of all pages', () => {
  expect(2 ** RUN_LISTS).toBeGreaterThanOrEqual(LAST_PAGE + 1);
});
