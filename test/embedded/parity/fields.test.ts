import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { expect, test } from 'vitest';
import { modelParts } from '../../../src/embedded/model/index.ts';
import { describeProcessesOnHost } from '../../host/permitted.ts';
import type { FieldResult } from './compare.ts';
import { nameOf } from './fields.ts';
import { measure } from './measure.ts';
import { reasons } from './reasons.ts';

describeProcessesOnHost('every modelled field of what iterators show', () => {
  test('is as the running kernel has it, or it is said why not', async () => {
    const results = await measure();
    const unexplained = [...results.values()]
      .filter(({ name, differences }) => differences.length > 0 && !reasons.has(name))
      .map(({ name, differences }) => [name, differences.slice(0, 3)]);
    expect(unexplained).toEqual([]);
    if (process.env.BPFITER_RECORD !== undefined) record(results);
    const compared = [...results.values()].filter(({ same }) => same > 0);
    expect(compared.length).toBeGreaterThan(100);
  });
});

/** For docs/objects.md. */
function record(results: ReadonlyMap<string, FieldResult>): void {
  const fields = Object.fromEntries(
    [...results.values()].map(({ name, same, filled, differences, absent }) => [
      name,
      { same, filled, differs: differences.length, absent },
    ]),
  );
  const measured = { kernel: release().replace(/-.*/, ''), fields };
  writeFileSync(new URL('measured.json', import.meta.url), `${JSON.stringify(measured, undefined, 2)}\n`);
}

test('reasons are given for fields that there are', () => {
  const names = new Set(
    modelParts.flatMap(({ structs }) =>
      structs.flatMap(({ name, fields }) => fields.map(({ member }) => nameOf({ struct: name, member: member.name }))),
    ),
  );
  expect([...reasons.keys()].filter((name) => !names.has(name))).toEqual([]);
});
