import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// @ts-expect-error scripts are JavaScript without declarations
import { functionsPage } from '../../scripts/functions-page.mjs';
import { findFunction, functionsOfCompiler } from '../../src/embedded/functions.ts';
import { whyUnsupported } from '../../src/embedded/unsupported.ts';
import { helperName } from '../../src/uapi/index.ts';
import { helperPrototypes } from '../../src/verifier/profile/linux-6.18/helpers.ts';
import { kfuncs } from '../../src/verifier/profile/linux-6.18/kfuncs.ts';

test('docs/functions.md is what the tables give (else: npm run docs)', () => {
  const page = functionsPage({
    helpers: [...helperPrototypes().keys()].map((id) => helperName(id)),
    kfuncs: [...kfuncs.keys()],
    isDefined: (name: string) => findFunction(name) !== undefined || functionsOfCompiler.has(name),
    whyUnsupported,
    restriction: (name: string) => findFunction(name)?.only,
  });
  expect(readFileSync(new URL('../../docs/functions.md', import.meta.url), 'utf8')).toBe(page);
});
