/**
 * The last part of `npm run build`: replaces dist/cli/main.js, which imports some 400 files, by a bundle of a few. Node takes half a
 * millisecond for each file, more than a small object takes to load and run.
 *
 * Only the command line is bundled: nothing imports it, whereas the rooms are entered by several doors and must share what they hold.
 * Commands stay chunks of their own, loaded when called, and so do the two kernels, of which a command needs one. koffi stays a package.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
const { output } = await bundle.write({
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
      {
        name: 'base',
        test: /\/dist\/(cli\/(command|compile-cache|failures|output|words)\.js|errors|version|near-names|uapi)/,
      },
      { name: 'host', test: /\/dist\/host/ },
      { name: 'verifier', test: /\/dist\/verifier/ },
      { name: 'embedded', test: /\/dist\/(embedded|jit|procfs-node)/ },
      { name: 'rooms', test: /\/dist\/(?!cli|conformance)/ },
      { name: 'shared', test: /\/dist\/cli\/(?!commands|main|conformance|judges)/ },
    ],
  },
});
await bundle.close();
for (const { fileName, code } of output) {
  // One character beyond Latin-1 would make V8 keep and read the whole file with two bytes a character.
  const ascii = code?.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  if (ascii !== code) await writeFile(join(bundled, fileName), ascii);
}
await rm(compiled, { recursive: true });
await rename(bundled, compiled);
