import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// @ts-expect-error scripts are JavaScript without declarations
import { parityPage, verifierSources } from '../../scripts/parity-page.mjs';
import { readRules, tables } from '../verifier/rules.ts';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/parity.md', root), 'utf8');

test('docs/parity.md is what programs, answers and tables give (else: npm run docs)', () => {
  const expected = parityPage({
    rules: readRules(root),
    tables,
    sources: verifierSources(root),
  });
  expect(page).toBe(expected);
});

test('docs/parity.md has every rule, and what is not modelled', () => {
  for (const { name } of readRules(root)) expect(page).toContain(`| ${name} `);
  expect(page).toContain('- a program that is attached to a program\n');
});
