import { expect, test } from 'vitest';
import { IdTable } from '../../src/embedded/id-table.ts';

test('numbers ascend from 1 and do not come back', () => {
  const table = new IdTable<string>();
  expect([table.add('a'), table.add('b'), table.add('c')]).toEqual([1, 2, 3]);
  table.remove(3);
  table.remove(3);
  expect(table.add('d')).toBe(4);
  expect([table.get(2), table.get(3), table.get(4), table.get(0)]).toEqual(['b', undefined, 'd', undefined]);
});

test('walks go on from any number, over gaps and over what is added meanwhile', () => {
  const table = new IdTable<string>();
  for (const name of ['a', 'b', 'c']) table.add(name);
  table.remove(2);
  expect(table.from(2)).toEqual({ id: 3, object: 'c' });
  expect(table.from(4)).toBeUndefined();
  const seen: string[] = [];
  for (const name of table.values()) {
    if (name === 'a') table.add('late');
    seen.push(name);
  }
  expect(seen).toEqual(['a', 'c', 'late']);
});
