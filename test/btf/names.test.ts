import { expect, test } from 'vitest';
import { essentialName } from '../../src/btf/index.ts';

test.each([
  ['task_struct', 'task_struct'],
  ['task_struct___old', 'task_struct'],
  ['task_struct___old___older', 'task_struct___old'],
  ['a___b', 'a'],
  ['a____b', 'a____b'],
  ['a__b', 'a__b'],
  ['___b', '___b'],
  ['a___', 'a___'],
  ['a___b_', 'a'],
  ['a_b___c', 'a_b'],
  ['x___y____z', 'x'],
  ['', ''],
])('%s without its flavour is %s', (name, essential) => {
  expect(essentialName(name)).toBe(essential);
});
