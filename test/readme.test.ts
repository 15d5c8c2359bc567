import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

/** In the tree, so that the package is found by its own name. */
const directory = mkdtempSync('test/.readme-');
afterAll(() => rmSync(directory, { recursive: true }));

const examples = ['README.md', 'docs/testing.md'].flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code),
);

describe('the examples of the README and of docs/testing.md', () => {
  test('are there', () => {
    expect(examples.length).toBeGreaterThan(0);
  });

  test('compile', () => {
    for (const [index, code] of examples.entries()) writeFileSync(join(directory, `example${index}.ts`), code);
    const config = { extends: '../../tsconfig.json', include: ['*.ts'], compilerOptions: { noUnusedLocals: false } };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
    const { stdout, status } = spawnSync('npx', ['tsc', '-p', directory], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  test('run, on whichever kernel there is', () => {
    const config = { extends: '../../tsconfig.json', include: ['*.ts'], compilerOptions: { noEmit: false } };
    for (const [index, code] of examples.entries()) writeFileSync(join(directory, `example${index}.ts`), code);
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
    execFileSync('npx', ['tsc', '-p', directory, '--allowImportingTsExtensions', 'false']);
    const outputs = examples.map((_, index) =>
      execFileSync('node', [join(directory, `example${index}.js`)], { encoding: 'utf8' }),
    );
    // The first prints the threads of the process that runs it; the others say nothing if all is well.
    expect(outputs[0]).toMatch(/^\d+ node\n/);
    expect(outputs.slice(1).join('')).toBe('');
  });

  test('name only programs that are there', () => {
    const text = readFileSync('README.md', 'utf8');
    for (const [, path = ''] of text.matchAll(/(programs\/\w+\.bpf\.[co])/g))
      expect(readFileSync(path).length).toBeGreaterThan(0);
  });
});
