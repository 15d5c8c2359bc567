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

/** Goes before everything else: what follows would fail with a stack, below the line of 30 KB that the bundle is. */
const refuseOldNode =
  'if(process.getBuiltinModule===undefined){' +
  'process.stderr.write("bpfiter: Node "+process.version+" is too old: 20.19 or newer is needed\\n");process.exit(1)}';

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
  const first = fileName === 'chunks/base.js' ? refuseOldNode : '';
  const written = code === undefined ? undefined : inAscii(first + withoutFacades(code));
  if (written !== code) await writeFile(join(bundled, fileName), written);
}
await rm(compiled, { recursive: true });
await rename(bundled, compiled);

/**
 * Node's own modules are asked for as objects: an import statement makes Node read every export of theirs, and so load what is behind those
 * of `fs` that nobody wanted, which takes 5 to 10 ms.
 */
function withoutFacades(code) {
  const statement = /\bimport(?: (?<whole>\w+) |\{(?<names>[^}]*)\})from"(?<module>node:[\w/]+)";/g;
  const changed = code.replace(statement, (...match) => {
    const { whole, names, module } = match.at(-1);
    const target = whole ?? `{${names.replaceAll(' as ', ':')}}`;
    return `const ${target}=process.getBuiltinModule("${module}");`;
  });
  if (/\bfrom"node:/.test(changed)) throw new Error('a module of Node is imported in a way that is not known here');
  return changed;
}

/** One character beyond Latin-1 would make V8 keep and read the whole file with two bytes a character. */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
