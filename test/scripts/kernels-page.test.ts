import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// @ts-expect-error scripts are JavaScript without declarations
import { kernelsPage } from '../../scripts/kernels-page.mjs';
import { FEATURES, SECTION_DEFINITIONS } from '../../src/object/index.ts';
import * as uapi from '../../src/uapi/index.ts';

test('docs/kernels.md is what the tables give (else: npm run docs)', () => {
  const page = kernelsPage({ ...uapi, features: FEATURES.values(), sections: SECTION_DEFINITIONS });
  expect(readFileSync(new URL('../../docs/kernels.md', import.meta.url), 'utf8')).toBe(page);
});

test('docs/kernels.md names every iterator, feature and section', () => {
  const page = readFileSync(new URL('../../docs/kernels.md', import.meta.url), 'utf8');
  const names = [
    ...uapi.iterTargets.map(({ name }) => name),
    ...uapi.openCodedIterators.map(({ name }) => name),
    ...FEATURES.keys(),
  ];
  for (const name of names) expect(page).toContain(`| \`${name}\` | `);
  for (const { name, takesExtras } of SECTION_DEFINITIONS) {
    expect(page).toContain(`| \`${name}${takesExtras ? '+' : ''}\` | `);
  }
});
