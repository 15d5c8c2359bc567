/** What the README shows works: its program compiles and runs, its commands do what they say. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeOnHost } from '../host/permitted.ts';
import { bpfiter, scratch } from './bpfiter.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '');

/** The words after `bpfiter`, of each command. */
const commands = blocks('sh')
  .flatMap((block) => [...block.matchAll(/npx bpfiter ([^#&\n]*)/g)])
  .map((match) => (match[1] ?? '').trim().split(/ +/));

test('the README names objects that exist', () => {
  const objects = commands.flat().filter((word) => word.endsWith('.bpf.o') && !word.includes('*'));
  expect(objects.length).toBeGreaterThan(5);
  for (const object of objects) expect(existsSync(join(root, object)), object).toBe(true);
});

/** Compiles the README's program as a user of the package would. @returns the path of what comes out */
function compileExample(): string {
  const [example = ''] = blocks('ts');
  writeFileSync(join(scratch, 'example.ts'), example);
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(scratch, 'node_modules'));
  symlinkSync(root, join(scratch, 'node_modules/bpfiter'));
  const compilerOptions = {
    ...{ strict: true, target: 'es2022', lib: ['es2023', 'esnext.disposable'], skipLibCheck: true },
    ...{ module: 'nodenext', types: ['node'], typeRoots: [join(root, 'node_modules/@types')], outDir: 'out' },
  };
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['example.ts'] }));
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', scratch], { stdio: ['ignore', 'inherit', 'inherit'] });
  return join(scratch, 'out/example.js');
}

const example = compileExample();

test("the README's program compiles against the package", () => {
  expect(existsSync(example)).toBe(true);
});

describeOnHost('on this kernel', () => {
  test("the README's program prints the threads of its own process", () => {
    const output = execFileSync(process.execPath, [example], { cwd: root, encoding: 'utf8' });
    expect(output).toMatch(/^\d+ node\n/m);
  });

  // The others need a map, a cgroup or a bpffs that is known.
  const runnable = commands.filter((words) => !words.some((word) => /^(map|cgroup|pin)$/.test(word)));
  test.each(runnable.map((words) => [words.join(' '), words] as const))('bpfiter %s', async (_, words) => {
    const given = words
      .flatMap((word) => (word === 'programs/*.bpf.o' ? ['programs/task.bpf.o', 'programs/ksym.bpf.o'] : [word]))
      .map((word) => (word === '1234' ? `${process.pid}` : word));
    expect(await bpfiter(given, { cwd: root })).toMatchObject({ status: 0, stderr: '' });
  });
});
