/**
 * The first part of `npm run build`, and of `npm run check`: compiles src/embedded/runtime-wasm/assembly (AssemblyScript)
 * and writes src/embedded/runtime-wasm/generated.ts, which holds the module as base64 text, so that it loads wherever
 * TypeScript does. Does nothing if neither the sources nor the compiler have changed since.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const room = join('src', 'embedded', 'runtime-wasm');
const target = join(root, room, 'generated.ts');

const options = [
  `${room}/assembly/index.ts`,
  '--runtime=stub',
  '-O3',
  '--converge',
  '--noAssert',
  '--importMemory',
  // Below, linear memory has other uses: RUNTIME_DATA in memory/places.ts.
  '--memoryBase=8192',
  '--initialMemory=96',
  '--maximumMemory=65536',
  '--use=abort=',
];

const sources = readdirSync(join(root, room, 'assembly'))
  .map((name) => join(room, 'assembly', name))
  .concat(
    join(room, 'format-codes.ts'),
    join(room, 'map-header.ts'),
    join(room, 'maps-line.ts'),
    join('src', 'embedded', 'memory', 'places.ts'),
  )
  .sort();
const version = compilerVersion();
const hash = createHash('sha256').update(JSON.stringify([version, options]));
for (const path of sources) hash.update(path).update(readFileSync(join(root, path)));
const firstLine = `// Made by scripts/build-runtime-wasm.mjs of ${hash.digest('hex').slice(0, 16)}; not to be edited.`;

if (read(target).split('\n', 1)[0] !== firstLine) {
  const { default: asc } = await import('assemblyscript/asc');
  let module;
  const { error, stderr } = await asc.main([...options, '--baseDir', root, '--outFile', 'runtime.wasm'], {
    // The compiler puts `.ts` behind the names in imports, which have it already, as everywhere in src/.
    readFile: (name, base) => read(join(base, name)).replace(/( from '[^']*)\.ts'/g, "$1'") || null,
    writeFile(name, contents) {
      if (name.endsWith('.wasm')) module = contents;
    },
  });
  if (error) {
    console.error(`${stderr}`);
    process.exit(1);
  }
  const text = Buffer.from(module).toString('base64');
  writeFileSync(target, `${firstLine}\nexport const moduleText =\n  '${text}';\n`);
}

function compilerVersion() {
  try {
    return createRequire(import.meta.url)('assemblyscript/package.json').version;
  } catch {
    console.error('build-runtime-wasm: AssemblyScript is not installed: run npm ci');
    process.exit(1);
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
