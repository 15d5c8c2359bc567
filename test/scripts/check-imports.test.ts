// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings are source code to check
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/check-imports.mjs', import.meta.url));

/** Runs the check on a tree of these files and gives its exit code and its lines. */
function check(files: Readonly<Record<string, string>>): { status: number | null; lines: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'bpfiter-imports-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const { status, stderr } = spawnSync(process.execPath, [script, root], { encoding: 'utf8' });
    return { status, lines: stderr.split('\n').filter((line) => line !== '') };
  } finally {
    rmSync(root, { recursive: true });
  }
}

const wrong: readonly (readonly [what: string, path: string, text: string, fault: string])[] = [
  [
    'a room that imports one above it',
    'elf/read.ts',
    "import { x } from '../btf/index.ts';",
    "1: room 'elf' imports room 'btf'",
  ],
  [
    'a type-only import upwards',
    'btf/a.ts',
    "import type { X } from '../kernel.ts';",
    "1: room 'btf' imports room 'kernel'",
  ],
  ['a re-export upwards', 'isa/a.ts', "\nexport * from '../host/index.ts';", "2: room 'isa' imports room 'host'"],
  [
    'an import over several lines',
    'elf/a.ts',
    "import {\n  x,\n} from '../cli/main.ts';",
    "3: room 'elf' imports room 'cli'",
  ],
  [
    'a room entered by another file than its index',
    'btf/a.ts',
    "import { x } from '../elf/read.ts';",
    'by its index.ts',
  ],
  ['an import() of another file than the index', 'index.ts', "await import('./host/fd.ts');", 'by its index.ts'],
  ['a type of another file than the index', 'btf/a.ts', "type X = import('../elf/read.ts').X;", 'by its index.ts'],
  ['an import() of a computed name', 'cli/a.ts', 'await import(name);', 'computed name'],
  ['an import() of a template', 'cli/a.ts', 'await import(`./${name}.ts`);', 'computed name'],
  ['a file that is in no room', 'utils/a.ts', '', 'is in no room'],
  ['an import of what is in no room', 'cli/a.ts', "import '../strange.ts';", 'which is in no room'],
  ['an import from outside of src', 'cli/a.ts', "import '../../test/a.ts';", 'outside of src'],
  [
    'a Node built-in in a room for the browser',
    'object/a.ts',
    "import { readFileSync } from 'node:fs';",
    "imports 'node:fs'",
  ],
  ['a Node built-in without its prefix', 'host/a.ts', "import { readFileSync } from 'fs';", "imports the package 'fs'"],
  ['a package where none belongs', 'records/a.ts', "import koffi from 'koffi';", "imports the package 'koffi'"],
  [
    'a built-in that the API imports at once',
    'index.ts',
    "import { readFile } from 'node:fs/promises';",
    'needs import() where',
  ],
  ['Buffer in a room for the browser', 'btf/a.ts', 'const b = Buffer.alloc(1);', "uses 'Buffer'"],
  ['process in a room for the browser', 'isa/a.ts', 'if (process.env.DEBUG) f();', "uses 'process'"],
  ['process inside a template', 'isa/a.ts', "const s = `it's ${process.argv[0]}`;", "uses 'process'"],
  [
    'process after a regular expression with quotes',
    'isa/a.ts',
    'const r = f(/[\'"`]/);\nprocess.exit(1);',
    "2: room 'isa'",
  ],
  ['process after a division', 'isa/a.ts', 'let a = b++ / 2; // half\nprocess.exit(a / 2);', "2: room 'isa'"],
];

test.each(wrong)('%s is a fault that names file, line and rule', (_what, path, text, fault) => {
  const { status, lines } = check({ [path]: text });
  expect(lines[0]).toContain(`${path}:`);
  expect(lines[0]).toContain(fault);
  expect(lines.slice(1)).toEqual(['check-imports: 1 fault']);
  expect(status).toBe(1);
});

const right: readonly (readonly [what: string, path: string, text: string])[] = [
  ['an import of a room below by its index', 'btf/a.ts', "import { x } from '../elf/index.ts';"],
  ['an import inside the room', 'object/relocate/a.ts', "import { x } from '../model.ts';"],
  ['an import of a single-file room', 'cli/commands/a.ts', "import { BpfiterError } from '../../errors.ts';"],
  ['a Node built-in on the host', 'host/a.ts', "import { readFileSync } from 'node:fs';"],
  ['koffi in its own file', 'koffi.ts', "import koffi from 'koffi';"],
  ['a built-in that the API loads when called', 'index.ts', "const { readFile } = await import('node:fs/promises');"],
  ['an import that stands in a comment', 'elf/a.ts', "// import { x } from '../cli/main.ts';\n/* import 'node:fs'; */"],
  ['an import that stands in a string', 'elf/a.ts', 'const s = "import { x } from \'../cli/main.ts\'";'],
  ['a property that is called process', 'elf/a.ts', 'const y = { process: 1 };\nf(y.process);'],
  ['a word of a string', 'elf/a.ts', "const s = 'the process';\nconst t = `a Buffer ${s} process`;"],
];

test.each(right)('%s is no fault', (_what, path, text) => {
  expect(check({ [path]: text })).toEqual({ status: 0, lines: [] });
});

test('every fault of every file is told, in the order of the files', () => {
  const { status, lines } = check({
    'elf/a.ts': "import 'node:fs';\nimport '../btf/index.ts';",
    'btf/b.ts': 'process.exit(0);',
  });
  expect(lines.map((line) => line.split(': ')[0])).toEqual(['btf/b.ts:1', 'elf/a.ts:1', 'elf/a.ts:2', 'check-imports']);
  expect(status).toBe(1);
});

test('a directory that is not there is one line and exit code 2', () => {
  const { status, stderr } = spawnSync(process.execPath, [script, '/nonexistent'], { encoding: 'utf8' });
  expect(stderr).toBe('check-imports: /nonexistent: no such directory\n');
  expect(status).toBe(2);
});
