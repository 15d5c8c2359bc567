import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// @ts-expect-error scripts are JavaScript without declarations
import { objectsPage } from '../../scripts/objects-page.mjs';
import { objectsPageFacts } from '../embedded/parity/page.ts';

const root = new URL('../../', import.meta.url);

test('docs/objects.md is what the model and the recorded comparison give (else: npm run docs)', () => {
  expect(readFileSync(new URL('docs/objects.md', root), 'utf8')).toBe(objectsPage(objectsPageFacts(root)));
});
