/**
 * The objects in programs/ and in the fixtures of the tests are built from the sources beside them. Also the script that says so,
 * scripts/build-programs.mjs, on a tree of its own.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const script = join(checkout, 'scripts/build-programs.mjs');

function build(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

test('no object is older than its source, and none is another than the recorded one', () => {
  expect(build(['--check'])).toEqual({ status: 0, stdout: '', stderr: '' });
});

const objects = readdirSync(join(checkout, 'programs')).filter((name) => name.endsWith('.bpf.o'));

const recorded = JSON.parse(readFileSync(join(checkout, 'programs/objects.json'), 'utf8'));

test.each(Object.keys(recorded.objects))('%s holds no absolute path of the machine that built it', (path) => {
  expect(readFileSync(join(checkout, path), 'latin1')).not.toMatch(/\0\/[\w.-]+\//);
});

test.each(objects)('%s names its source, as it lies in the checkout', (name) => {
  const text = readFileSync(join(checkout, 'programs', name), 'latin1');
  expect(text).toContain(`./programs/${name.replace(/o$/, 'c')}\0`);
});

test.each(objects)('%s says that it is under both licences, in the source and in the object', (name) => {
  const source = readFileSync(join(checkout, 'programs', name.replace(/o$/, 'c')), 'utf8');
  expect(source.split('\n')[0]).toBe('// SPDX-License-Identifier: MIT OR GPL-2.0-only');
  expect(readFileSync(join(checkout, 'programs', name), 'latin1')).toContain('Dual MIT/GPL\0');
});

describe('build-programs', () => {
  let root: string;

  /** A tree with one program of ours, as it is committed. */
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bpfiter-build-'));
    mkdirSync(join(root, 'programs'));
    cpSync(join(checkout, 'programs/include'), join(root, 'programs/include'), { recursive: true });
    for (const name of ['task.bpf.c', 'task.bpf.o'])
      cpSync(join(checkout, 'programs', name), join(root, 'programs', name));
    const record = JSON.parse(readFileSync(join(checkout, 'programs/objects.json'), 'utf8'));
    const kept = { 'programs/task.bpf.o': record.objects['programs/task.bpf.o'] };
    writeFileSync(join(root, 'programs/objects.json'), JSON.stringify({ ...record, objects: kept }));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const at = (path: string) => join(root, path);
  const append = (path: string) => writeFileSync(at(path), `${readFileSync(at(path), 'utf8')}\n`);

  const changes: readonly (readonly [what: string, change: () => void, line: string])[] = [
    [
      'a changed source',
      () => append('programs/task.bpf.c'),
      'programs/task.bpf.o: is older than programs/task.bpf.c or a header of it',
    ],
    [
      'a changed header',
      () => append('programs/include/task_state.h'),
      'programs/task.bpf.o: is older than programs/task.bpf.c or a header of it',
    ],
    [
      'a changed object',
      () => append('programs/task.bpf.o'),
      'programs/task.bpf.o: is not the file that programs/objects.json records',
    ],
    ['a missing object', () => rmSync(at('programs/task.bpf.o')), 'programs/task.bpf.o: is not built'],
    [
      'an object without a source',
      () => cpSync(at('programs/task.bpf.o'), at('programs/stray.bpf.o')),
      'programs/stray.bpf.o: has no source',
    ],
    [
      'a fixture that is not recorded',
      () => {
        mkdirSync(at('test/elf/fixtures'), { recursive: true });
        cpSync(at('programs/task.bpf.c'), at('test/elf/fixtures/a.bpf.c'));
        cpSync(at('programs/task.bpf.o'), at('test/elf/fixtures/a.bpf.o'));
      },
      'test/elf/fixtures/a.bpf.o: is not in programs/objects.json',
    ],
  ];

  test('finds nothing stale in an untouched tree', () => {
    expect(build(['--check', '--root', root])).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test.each(changes)('finds %s', (_what, change, line) => {
    change();
    expect(build(['--check', '--root', root])).toEqual({ status: 1, stdout: '', stderr: `${line}\n` });
  });

  test('ignores a changed header that no source includes', () => {
    append('programs/include/path.h');
    expect(build(['--check', '--root', root]).status).toBe(0);
  });

  const refusals: readonly (readonly [what: string, env: Record<string, string>, line: string])[] = [
    [
      'a compiler that is not there',
      { CLANG: '/nonexistent/clang' },
      "$CLANG is '/nonexistent/clang', which does not run",
    ],
    [
      'no compiler at all',
      { CLANG: '', PATH: '/nonexistent' },
      'no clang-22 and no clang: install clang, or name one in $CLANG',
    ],
    [
      'a BTF that is not there',
      { CLANG: process.execPath, VMLINUX_BTF: '/nonexistent/btf' },
      "/nonexistent/btf: not there; building needs a kernel's BTF (name one in $VMLINUX_BTF)",
    ],
  ];

  test.each(refusals)('refuses %s in one line', (_what, env, line) => {
    expect(build(['--all', '--root', root], env)).toEqual({
      status: 2,
      stdout: '',
      stderr: `build-programs: ${line}\n`,
    });
  });

  test('refuses a source that includes a header which is nowhere', () => {
    writeFileSync(at('programs/task.bpf.c'), '#include "nowhere.h"\n');
    expect(build(['--check', '--root', root])).toMatchObject({
      status: 2,
      stderr:
        'build-programs: programs/task.bpf.c: includes "nowhere.h", which is neither beside it nor in programs/include\n',
    });
  });

  test('refuses a record that is not JSON', () => {
    writeFileSync(at('programs/objects.json'), '{');
    expect(build(['--check', '--root', root])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^build-programs: .*objects\.json: /),
    });
  });

  const lacking = ['clang-22', 'llvm-strip-22'].find((name) => spawnSync(name, ['--version']).status !== 0);
  const reasons: readonly (readonly [boolean, string])[] = [
    [lacking !== undefined, `${lacking} is not installed`],
    [!existsSync('/sys/kernel/btf/vmlinux'), 'the kernel has no BTF'],
    [!existsSync('/usr/include/bpf/bpf_helpers.h'), "libbpf's headers are not installed"],
    [!existsSync(join(checkout, 'dist/cli/main.js')), 'dist/ is not built'],
  ];
  const reason = reasons.find(([applies]) => applies)?.[1] ?? '';

  test.skipIf(reason !== '')(
    `builds what is stale, records it, and leaves the rest alone${reason && ` (skipped: ${reason})`}`,
    () => {
      append('programs/task.bpf.c');
      mkdirSync(at('test/x/fixtures'), { recursive: true });
      writeFileSync(
        at('test/x/fixtures/v4.bpf.c'),
        '// clang flags: -mcpu=v4\n#include "vmlinux.h"\nint answer = 42;\n',
      );
      const env = { CLANG: 'clang-22' };

      expect(build(['--root', root], env)).toEqual({
        status: 0,
        stdout: 'programs/task.bpf.o\ntest/x/fixtures/v4.bpf.o\n',
        stderr: '',
      });
      expect(build(['--check', '--root', root]).status).toBe(0);
      expect(build(['--root', root], env)).toEqual({ status: 0, stdout: '', stderr: '' });
    },
  );

  test.skipIf(reason !== '')(
    `builds the same object wherever the checkout lies${reason && ` (skipped: ${reason})`}`,
    () => {
      const elsewhere = at('deeper/place');
      cpSync(at('programs'), join(elsewhere, 'programs'), { recursive: true });
      const built = [root, elsewhere].map((place) => {
        expect(build(['--all', '--root', place], { CLANG: 'clang-22' }).status).toBe(0);
        return readFileSync(join(place, 'programs/task.bpf.o'));
      });
      expect(built[0]?.equals(built[1] ?? Buffer.of())).toBe(true);
    },
  );

  test.skipIf(reason !== '')(
    `gives clang's own words for a source that does not compile${reason && ` (skipped: ${reason})`}`,
    () => {
      writeFileSync(at('programs/task.bpf.c'), 'int broken = ;\n');
      const { status, stderr } = build(['--root', root], { CLANG: 'clang-22' });
      expect(stderr).toMatch(
        /^build-programs: programs\/task\.bpf\.c: clang refuses it\nprograms\/task\.bpf\.c:1:14: error: expected expression/,
      );
      expect(status).toBe(2);
    },
  );
});

test('the tables of programs/README.md name every program, and no other', () => {
  const readme = readFileSync(join(checkout, 'programs/README.md'), 'utf8');
  const named = [...readme.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => `${name}.bpf.o`);
  expect(named.sort()).toEqual(objects.sort());
});
