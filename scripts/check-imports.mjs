/**
 * Checks who imports whom: the direction between the rooms of src/, that a room is entered by its index.ts only, and that the rooms meant for
 * the browser use nothing of Node. Part of `npm run check`.
 *
 *   node scripts/check-imports.mjs [DIR]     DIR: the tree to check, src/ of this checkout unless told
 *
 * It reads names, it does not resolve types: an identifier that is spelt like a Node global counts as one. The rules come from the section
 * "The rooms" of the plan that the table below restates.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The rooms from bottom to top; each may import those before it in this list. A room is a directory, entered by its index.ts, or a few files
 * directly in src/, each of which is a door.
 *
 * node: what of Node a room may use. 'never': it runs in a browser. 'when called': built-ins through import(), so that the module itself still
 * loads in a browser. 'always': Node only.
 */
const rooms = [
  { name: 'errors', files: ['errors.ts', 'arguments.ts', 'version.ts', 'near-names.ts', 'ctype.ts'], node: 'never' },
  { name: 'uapi', node: 'never' },
  { name: 'elf', node: 'never' },
  { name: 'isa', node: 'never' },
  { name: 'btf', node: 'never' },
  { name: 'object', node: 'never' },
  { name: 'records', node: 'never' },
  {
    name: 'kernel',
    files: [
      'kernel.ts',
      'cpu-list.ts',
      'loaded-object.ts',
      'program-slots.ts',
      'map-errors.ts',
      'load-options.ts',
      'run-options.ts',
      'kernel-log.ts',
      'session.ts',
      'iter-parameters.ts',
      'iter-targets.ts',
      'typed-map.ts',
      'global-variables.ts',
      'ring-buffer.ts',
    ],
    node: 'never',
  },
  { name: 'verifier', node: 'never' },
  { name: 'jit', node: 'never' },
  { name: 'embedded', node: 'never' },
  { name: 'read-file', files: ['read-file.ts'], node: 'when called' },
  { name: 'koffi', files: ['koffi.ts'], node: 'always', packages: ['koffi'] },
  { name: 'procfs-node', node: 'always' },
  { name: 'host', node: 'always' },
  { name: 'index', files: ['index.ts'], node: 'when called' },
  { name: 'conformance', node: 'never' },
  { name: 'cli', node: 'always' },
];

const nodeGlobals = ['Buffer', 'process', 'global', 'require', '__dirname', '__filename', 'setImmediate'];

/** @param path from src/, with slashes */
function roomOf(path) {
  const [first] = path.split('/');
  return rooms.find((room) =>
    room.files === undefined ? room.name === first && path !== first : room.files.includes(path),
  );
}

const isDoor = (room, path) => room.files !== undefined || path === `${room.name}/index.ts`;

/**
 * The text with comments and the insides of strings blanked, offsets unchanged: what is left is code. Code inside a template literal's ${} stays.
 * A slash begins a regular expression where an operand may stand, which is told from what stands before it, and if one ends on the same line.
 */
function blankTextAndComments(text) {
  const out = text.split('');
  const blank = (from, to) => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  /** One entry for each template literal that is open, holding the depth of braces in its current ${}. */
  const templates = [];
  let last = '';
  let i = 0;

  const endOf = (quote, from) => {
    let inClass = false;
    for (let j = from; j < text.length; j++) {
      if (text[j] === '\\') j++;
      else if (quote === '/' && text[j] === '\n') return text.length;
      else if (quote === '/' && text[j] === '[') inClass = true;
      else if (quote === '/' && text[j] === ']') inClass = false;
      else if (text[j] === quote && !inClass) return j;
      else if (quote === '`' && text.startsWith('${', j)) return j;
    }
    return text.length;
  };
  const operandMayFollow = () =>
    last === '' ||
    '(,=:[!&|?{};+-*%~^<>'.includes(last) ||
    /\b(?:return|case|typeof|of|in|yield|await)\s*$/.test(text.slice(Math.max(0, i - 12), i));
  const template = (from) => {
    const end = endOf('`', from);
    blank(from, end);
    if (text[end] === '$') {
      templates.push(0);
      i = end + 2;
    } else i = end + 1;
  };

  while (i < text.length) {
    const c = text[i];
    if (text.startsWith('//', i)) {
      const end = text.indexOf('\n', i);
      blank(i, end < 0 ? text.length : end);
      i = end < 0 ? text.length : end;
    } else if (text.startsWith('/*', i)) {
      const end = text.indexOf('*/', i + 2);
      blank(i, end < 0 ? text.length : end + 2);
      i = end < 0 ? text.length : end + 2;
    } else if (c === "'" || c === '"' || (c === '/' && operandMayFollow() && endOf('/', i + 1) < text.length)) {
      const end = endOf(c, i + 1);
      blank(i + 1, end);
      i = end + 1;
      last = c;
    } else if (c === '`') {
      last = c;
      template(i + 1);
    } else if (c === '}' && templates.at(-1) === 0) {
      templates.pop();
      last = '`';
      template(i + 1);
    } else {
      if (templates.length > 0 && c === '{') templates[templates.length - 1]++;
      if (templates.length > 0 && c === '}') templates[templates.length - 1]--;
      if (c.trim() !== '') last = c;
      i++;
    }
  }
  return out.join('');
}

/** What a file names in its imports: {specifier, dynamic, offset}; the specifier of a computed import() is undefined. */
function* importsOf(text, code) {
  for (const match of code.matchAll(/\bfrom\s*(?=['"])|\bimport\s*(?:\(\s*)?(?=['"`])|\bimport\s*\((?!\s*['"`])/g)) {
    const dynamic = match[0].includes('(');
    const quote = match.index + match[0].length;
    const end = text.indexOf(text[quote], quote + 1);
    const computed = !/['"]/.test(text[quote] ?? '');
    yield { specifier: computed ? undefined : text.slice(quote + 1, end), dynamic, offset: match.index };
  }
}

/** Why this import is wrong, or undefined. */
function faultOfImport(path, room, { specifier, dynamic }) {
  if (specifier === undefined) return 'import() of a computed name cannot be checked: name the module';
  if (specifier.startsWith('.')) {
    const target = posix.normalize(posix.join(posix.dirname(path), specifier));
    if (target.startsWith('..')) return `imports '${specifier}', which is outside of src`;
    const other = roomOf(target);
    if (other === undefined) return `imports '${specifier}', which is in no room`;
    if (other === room) return undefined;
    if (rooms.indexOf(other) > rooms.indexOf(room))
      return `room '${room.name}' imports room '${other.name}', which is above it`;
    if (!isDoor(other, target)) return `imports '${specifier}': enter room '${other.name}' by its index.ts`;
    return undefined;
  }
  if (room.packages?.includes(specifier)) return undefined;
  if (!specifier.startsWith('node:')) return `imports the package '${specifier}', which room '${room.name}' may not`;
  if (room.node === 'always' || (room.node === 'when called' && dynamic)) return undefined;
  return room.node === 'never'
    ? `room '${room.name}' runs in a browser and imports '${specifier}'`
    : `room '${room.name}' loads in a browser: '${specifier}' needs import() where it is used`;
}

/** @returns lines `FILE:LINE: what is wrong` */
function faultsOf(path, text) {
  const room = roomOf(path);
  if (room === undefined) return [`${path}:1: is in no room: add it to the table of scripts/check-imports.mjs`];
  const code = blankTextAndComments(text);
  const at = (offset) => `${path}:${text.slice(0, offset).split('\n').length}`;
  const faults = [];
  for (const found of importsOf(text, code)) {
    const fault = faultOfImport(path, room, found);
    if (fault !== undefined) faults.push(`${at(found.offset)}: ${fault}`);
  }
  if (room.node !== 'always') {
    // A property of that name (`x.process`, `{ process: 1 }`) is not the global.
    for (const match of code.matchAll(new RegExp(`(?<![.\\w$#])(?:${nodeGlobals.join('|')})\\b(?!\\s*:)`, 'g'))) {
      faults.push(`${at(match.index)}: room '${room.name}' runs in a browser and uses '${match[0]}'`);
    }
  }
  return faults;
}

const root = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..', 'src');
let paths;
try {
  paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
} catch (error) {
  console.error(`check-imports: ${root}: ${error.code === 'ENOENT' ? 'no such directory' : error.message}`);
  process.exit(2);
}
const faults = paths.flatMap((path) => faultsOf(path, readFileSync(join(root, path), 'utf8')));
for (const fault of faults) console.error(fault);
if (faults.length > 0) console.error(`check-imports: ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`);
process.exit(faults.length === 0 ? 0 : 1);
