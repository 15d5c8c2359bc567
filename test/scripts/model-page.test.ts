import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
// @ts-expect-error scripts are JavaScript without declarations
import { modelPage } from '../../scripts/model-page.mjs';
import { modelParts } from '../../src/embedded/model/index.ts';

it('docs/model.md is what the model says', () => {
  const page = readFileSync(new URL('../../docs/model.md', import.meta.url), 'utf8');
  const foreign = readFileSync(new URL('../embedded/parity/foreign.json', import.meta.url), 'utf8');
  expect(page).toBe(modelPage(modelParts, JSON.parse(foreign)));
  expect(page).toContain('| `start_boottime` |');
});
