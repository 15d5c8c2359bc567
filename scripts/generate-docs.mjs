/** Writes the pages under docs/ that are made from tables: `npm run docs`, which builds dist/ first. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { findFunction, functionsOfCompiler } from '../dist/embedded/functions.js';
import { modelParts } from '../dist/embedded/index.js';
import { whyUnsupported } from '../dist/embedded/unsupported.js';
import { FEATURES, SECTION_DEFINITIONS } from '../dist/object/index.js';
import * as uapi from '../dist/uapi/index.js';
import { helperPrototypes } from '../dist/verifier/profile/linux-6.18/helpers.js';
import { kfuncs } from '../dist/verifier/profile/linux-6.18/kfuncs.js';
import { functionsPage } from './functions-page.mjs';
import { kernelsPage } from './kernels-page.mjs';
import { modelPage } from './model-page.mjs';
import { objectsPage } from './objects-page.mjs';
import { parityPage, verifierSources } from './parity-page.mjs';

const root = new URL('../', import.meta.url);

const kernels = kernelsPage({ ...uapi, features: FEATURES.values(), sections: SECTION_DEFINITIONS });
writeFileSync(new URL('docs/kernels.md', root), kernels);

const functions = functionsPage({
  helpers: [...helperPrototypes().keys()].map((id) => uapi.helperName(id)),
  kfuncs: [...kfuncs.keys()],
  isDefined: (name) => findFunction(name) !== undefined || functionsOfCompiler.has(name),
  whyUnsupported,
  restriction: (name) => findFunction(name)?.only,
});
writeFileSync(new URL('docs/functions.md', root), functions);

const { readRules, tables } = await importTypeScript(new URL('test/verifier/rules.ts', root));
const parity = parityPage({
  rules: readRules(root),
  tables,
  sources: verifierSources(root),
});
writeFileSync(new URL('docs/parity.md', root), parity);

const foreign = JSON.parse(readFileSync(new URL('test/embedded/parity/foreign.json', root), 'utf8'));
writeFileSync(new URL('docs/model.md', root), modelPage(modelParts, foreign));

const { objectsPageFacts } = await importTypeScript(new URL('test/embedded/parity/page.ts', root));
writeFileSync(new URL('docs/objects.md', root), objectsPage(objectsPageFacts(root)));

/** Of the oldest Node that the package supports, which does not read TypeScript. */
async function importTypeScript(url) {
  const bundle = await rolldown({ input: fileURLToPath(url), platform: 'node' });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
}
