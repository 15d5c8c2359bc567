/**
 * The second half of `npm run build`: replaces dist/cli/main.js, which imports some 160 files, by a bundle of a few. Node takes half a
 * millisecond for each file, more than a small object takes to load and run.
 *
 * Only the command line is bundled: nothing imports it, whereas the rooms are entered by several doors and must share what they hold.
 * Commands stay chunks of their own, loaded when called; the rooms, which most of them need, are one. koffi stays a package.
 */
import { rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const compiled = fileURLToPath(new URL('../dist/cli', import.meta.url));
const bundled = `${compiled}.bundled`;

const bundle = await rolldown({
  input: [`${compiled}/main.js`, `${compiled}/conformance.js`],
  platform: 'node',
  external: 'koffi',
  preserveEntrySignatures: false,
  checks: { ineffectiveDynamicImport: false },
});
await bundle.write({
  dir: bundled,
  format: 'esm',
  chunkFileNames: 'chunks/[name].js',
  // Node reads every byte before the first line runs; names stay, for the stack of an error that should not happen.
  comments: { legal: true, annotation: false, jsdoc: false },
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  codeSplitting: {
    // The rooms that every command with an OBJ needs. Without the next line, what the main program itself needs would become part of them.
    includeDependenciesRecursively: false,
    groups: [{ name: 'rooms', test: /\/dist\/(?!cli|errors|uapi|version|verifier)/ }],
  },
});
await bundle.close();
await rm(compiled, { recursive: true });
await rename(bundled, compiled);
