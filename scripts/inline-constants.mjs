/**
 * The second part of `npm run build`: in the compiled files of dist/, puts the values of constants in the place of their names. Until its
 * functions are optimised, which takes V8 some thousand calls of each, the verifier would spend a quarter of its time on looking up
 * `REG_WORDS` and the like in other modules.
 *
 * Every file stays a file and exports what it did, so that the compiler's declarations and the package's doors remain as they are.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const source = fileURLToPath(new URL('../src', import.meta.url));
const compiled = fileURLToPath(new URL('../dist', import.meta.url));

// By the sources, as dist/ may still have the output of files that are gone.
const names = (await readdir(source, { recursive: true }))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -'.ts'.length))
  .filter((name) => existsSync(join(compiled, `${name}.js`)));

const bundle = await rolldown({
  // Entries keep all their exports.
  input: Object.fromEntries(names.map((name) => [name, join(compiled, `${name}.js`)])),
  platform: 'node',
  external: 'koffi',
  treeshake: { moduleSideEffects: false },
  optimization: { inlineConst: { mode: 'all', pass: 3 } },
  checks: { ineffectiveDynamicImport: false },
});
await bundle.write({
  dir: compiled,
  format: 'esm',
  preserveModules: true,
  preserveModulesRoot: compiled,
  comments: { legal: true, annotation: true, jsdoc: true },
});
await bundle.close();
