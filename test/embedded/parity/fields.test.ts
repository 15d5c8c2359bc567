import { expect, test } from 'vitest';
import { model } from '../../../src/embedded/model/index.ts';
import { describeOnHost } from '../../host/permitted.ts';
import { fieldsOf, nameOf } from './fields.ts';
import { measure } from './measure.ts';
import { reasons } from './reasons.ts';

describeOnHost('every modelled field of processes, threads, files, areas and cgroups', () => {
  test('is as the running kernel has it, or it is said why not', async () => {
    const results = await measure();
    const unexplained = [...results.values()]
      .filter(({ name, differences }) => differences.length > 0 && !reasons.has(name))
      .map(({ name, differences }) => [name, differences.slice(0, 3)]);
    expect(unexplained).toEqual([]);
    const compared = [...results.values()].filter(({ same }) => same > 0);
    expect(compared.length).toBeGreaterThan(100);
  });
});

test('reasons are given for fields that there are', () => {
  const names = new Set(fieldsOf(model).map(nameOf));
  expect([...reasons.keys()].filter((name) => !names.has(name))).toEqual([]);
});
