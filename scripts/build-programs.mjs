/**
 * Builds the BPF programs of this repository, programs/*.bpf.c, bench/programs/*.bpf.c and test/**\/fixtures/*.bpf.c, and records in programs/objects.json what each object
 * was built from. The objects are committed, so that nobody needs clang to use or test them; a test runs `--check` and fails if one is stale.
 *
 *   npm run programs                    build what is stale or missing
 *   npm run programs -- --all           build everything
 *   npm run programs -- --check         build nothing; say what is stale and exit with 1 if anything is
 *   npm run programs -- [--all] PATH... only these sources
 *
 * Building needs clang (clang-22 or clang, or $CLANG), its llvm-strip ($LLVM_STRIP), libbpf's headers (Debian: libbpf-dev), and the kernel's BTF
 * (/sys/kernel/btf/vmlinux, or $VMLINUX_BTF) for vmlinux.h, which our own `bpfiter btf dump` makes anew each time. Checking needs none of them.
 *
 * A source may ask for other flags in a comment, `clang flags: -mcpu=v4`; they come after the flags below.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const warnings = ['-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror'];
// Kfuncs are declared by programs/include/open_coded.h, whatever the kernel is on which this runs.
const flags = ['-target', 'bpf', '-mcpu=v3', '-g', '-O2', ...warnings, '-DBPF_NO_KFUNC_PROTOTYPES'];

const checkout = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What stops the script: one line for the reader. */
class Refusal extends Error {}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const objectOf = (source) => source.replace(/\.c$/, '.o');

/** Paths from root of every file in programs/ and in test/**\/fixtures/ that ends so. */
function filesEnding(root, ending) {
  const list = (directory, recursive) => {
    const path = join(root, directory);
    return existsSync(path) ? readdirSync(path, { recursive }).map((name) => join(directory, name)) : [];
  };
  return [
    ...list('programs', false),
    ...list('bench/programs', false),
    ...list('test', true).filter((path) => /(^|\/)fixtures\/[^/]+$/.test(path)),
  ]
    .filter((path) => path.endsWith(ending))
    .sort();
}

/** A source and the headers of this repository that it includes, in the order in which they are first met. */
function sourcesOf(root, path, met = []) {
  met.push(path);
  for (const [, name] of readFileSync(join(root, path), 'utf8').matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
    if (name === 'vmlinux.h') continue;
    const header = [join(dirname(path), name), join('programs/include', name)].find((candidate) =>
      existsSync(join(root, candidate)),
    );
    if (header === undefined)
      throw new Refusal(`${path}: includes "${name}", which is neither beside it nor in programs/include`);
    if (!met.includes(header)) sourcesOf(root, header, met);
  }
  return met;
}

/** The hash of all that decides what an object is built from, save the compiler, libbpf's headers and the kernel. */
function sourceHash(root, path) {
  const parts = sourcesOf(root, path).map((source) => `${source}\n${readFileSync(join(root, source), 'utf8')}`);
  return sha256([flags.join(' '), ...parts].join('\0'));
}

const recordPath = (root) => join(root, 'programs/objects.json');

/** { compiler, kernel, objects: { OBJECT: { source, object } } }, the last two being sha256 hashes. */
function readRecord(root) {
  if (!existsSync(recordPath(root))) return { objects: {} };
  try {
    const record = JSON.parse(readFileSync(recordPath(root), 'utf8'));
    if (typeof record.objects !== 'object' || record.objects === null) throw new Error('it has no "objects"');
    return record;
  } catch (error) {
    throw new Refusal(`programs/objects.json: ${error.message}`);
  }
}

/** Why the object of this source is not what the source says, or undefined. */
function staleness(root, record, source) {
  const object = objectOf(source);
  const entry = record.objects[object];
  if (!existsSync(join(root, object))) return 'is not built';
  if (entry === undefined) return 'is not in programs/objects.json';
  if (entry.source !== sourceHash(root, source)) return `is older than ${source} or a header of it`;
  if (entry.object !== sha256(readFileSync(join(root, object))))
    return 'is not the file that programs/objects.json records';
  return undefined;
}

/** One line for each object that is stale, has no source, or is recorded and gone. */
function check(root) {
  const record = readRecord(root);
  const sources = filesEnding(root, '.bpf.c');
  const expected = new Set(sources.map(objectOf));
  const lines = [];
  for (const source of sources) {
    const why = staleness(root, record, source);
    if (why !== undefined) lines.push(`${objectOf(source)}: ${why}`);
  }
  for (const object of filesEnding(root, '.bpf.o')) {
    if (!expected.has(object)) lines.push(`${object}: has no source`);
  }
  for (const object of Object.keys(record.objects)) {
    if (!expected.has(object)) lines.push(`${object}: is in programs/objects.json and has no source`);
  }
  return lines;
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (result.error?.code === 'ENOENT') throw new Refusal(`${command}: not found`);
  if (result.error) throw new Refusal(`${command}: ${result.error.message}`);
  return result;
}

/** The compiler to use and its version's first line. */
function findClang() {
  const wanted = process.env.CLANG;
  for (const name of wanted ? [wanted] : ['clang-22', 'clang']) {
    const result = spawnSync(name, ['--version'], { encoding: 'utf8' });
    if (result.status === 0) return { clang: name, version: result.stdout.split('\n')[0] };
  }
  throw new Refusal(
    wanted
      ? `$CLANG is '${wanted}', which does not run`
      : 'no clang-22 and no clang: install clang, or name one in $CLANG',
  );
}

/**
 * Writes vmlinux.h. The parameters of function pointers are left out: no program of ours calls through one, and clang puts every
 * struct that a parameter names into the object's BTF, which makes an object that reads a socket four times as big.
 */
function writeVmlinuxHeader(directory) {
  const btf = process.env.VMLINUX_BTF ?? '/sys/kernel/btf/vmlinux';
  if (!existsSync(btf))
    throw new Refusal(`${btf}: not there; building needs a kernel's BTF (name one in $VMLINUX_BTF)`);
  const bpfiter = join(checkout, 'dist/cli/main.js');
  if (!existsSync(bpfiter)) throw new Refusal('dist/ is not there: run npm run build first');
  const { status, stdout, stderr } = run(process.execPath, [bpfiter, 'btf', 'dump', btf, '--format', 'c']);
  if (status !== 0) throw new Refusal(stderr.trim().replace(/^bpfiter: /, ''));
  const header = stdout.replace(/^(.*\(\*\w*\))\((?:[^()]|\([^()]*\))*\)/gm, '$1()');
  writeFileSync(join(directory, 'vmlinux.h'), header);
}

function compile(root, source, clang, generated) {
  const object = objectOf(source);
  const [, extra = ''] = readFileSync(join(root, source), 'utf8').match(/clang flags: *(.*)$/m) ?? [];
  // Paths are relative, or mapped to '.', so that the object is the same wherever it is built.
  const paths = [
    '-iquote',
    'programs/include',
    '-isystem',
    generated,
    `-ffile-prefix-map=${generated}=.`,
    '-fdebug-compilation-dir=.',
  ];
  const args = [...flags, ...extra.split(/\s+/).filter(Boolean), ...paths, '-c', source, '-o', object];
  const compiled = run(clang, args, { cwd: root });
  if (compiled.status !== 0) throw new Refusal(`${source}: clang refuses it\n${compiled.stderr.trim()}`);
  process.stderr.write(compiled.stderr);
  // DWARF goes, BTF stays.
  const strip = process.env.LLVM_STRIP ?? clang.replace(/clang(?=[^/]*$)/, 'llvm-strip');
  const stripped = run(strip, ['-g', object], { cwd: root });
  if (stripped.status !== 0) throw new Refusal(`${object}: ${strip} failed: ${stripped.stderr.trim().split('\n')[0]}`);
}

/**
 * Changes the record as it is on disk now, for another build may have written to it since this one began. What has no source any more leaves it;
 * the object is the author's to delete.
 */
function updateRecord(root, sources, change) {
  const { objects, ...maker } = { ...readRecord(root), ...change.maker };
  const expected = new Set(sources.map(objectOf));
  const kept = Object.entries({ ...objects, ...change.objects }).filter(([object]) => expected.has(object));
  const sorted = Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(recordPath(root), `${JSON.stringify({ ...maker, objects: sorted }, undefined, 2)}\n`);
}

function build(root, all, names) {
  const record = readRecord(root);
  const sources = filesEnding(root, '.bpf.c');
  const wanted = names.map((name) => relative(root, resolve(name)));
  const unknown = wanted.find((name) => !sources.includes(name));
  if (unknown !== undefined) throw new Refusal(`${unknown}: no such source in programs/ or test/**/fixtures/`);
  const chosen = (wanted.length > 0 ? wanted : sources).filter(
    (source) => all || staleness(root, record, source) !== undefined,
  );
  if (chosen.length === 0) return updateRecord(root, sources, {});

  const { clang, version } = findClang();
  const maker = { compiler: version, kernel: release() };
  const generated = mkdtempSync(join(tmpdir(), 'bpfiter-programs-'));
  try {
    writeVmlinuxHeader(generated);
    for (const source of chosen) {
      compile(root, source, clang, generated);
      const object = objectOf(source);
      const made = { source: sourceHash(root, source), object: sha256(readFileSync(join(root, object))) };
      updateRecord(root, sources, { maker, objects: { [object]: made } });
      console.log(object);
    }
  } finally {
    rmSync(generated, { recursive: true });
  }
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { all: { type: 'boolean' }, check: { type: 'boolean' }, root: { type: 'string' } },
  });
  const root = resolve(values.root ?? checkout);
  if (values.check) {
    const lines = check(root);
    for (const line of lines) console.error(line);
    process.exitCode = lines.length === 0 ? 0 : 1;
  } else {
    build(root, values.all ?? false, positionals);
  }
} catch (error) {
  if (!(error instanceof Refusal) && !error.code?.startsWith('ERR_PARSE_ARGS')) throw error;
  console.error(`build-programs: ${error.message}`);
  process.exitCode = 2;
}
