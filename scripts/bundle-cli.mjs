/**
 * The last part of `npm run build`: replaces dist/cli/main.js, which imports some 400 files, by a bundle of a few. Node takes half a
 * millisecond for each file, more than a small object takes to load and run.
 *
 * Only the command line is bundled: nothing imports it, whereas the rooms are entered by several doors and must share what they hold.
 * Commands stay chunks of their own, loaded when called, and so do the two kernels, of which a command needs one. koffi stays a package.
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
    // Else what the main program itself needs would become part of the rooms.
    includeDependenciesRecursively: false,
    groups: [
      { name: 'base', test: /\/dist\/(cli\/(command|failures|output|words)\.js|errors|version|near-names|uapi)/ },
      { name: 'host', test: /\/dist\/host/ },
      { name: 'verifier', test: /\/dist\/verifier/ },
      { name: 'embedded', test: /\/dist\/(embedded|jit|procfs-node)/ },
      { name: 'rooms', test: /\/dist\/(?!cli|conformance)/ },
      { name: 'shared', test: /\/dist\/cli\/(?!commands|main|conformance|judges)/ },
    ],
  },
});
await bundle.close();
await rm(compiled, { recursive: true });
await rename(bundled, compiled);
