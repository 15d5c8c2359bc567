import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { bpfPermitted } from '../src/host/index.ts';

/** In the tree, so that the package is found by its own name. */
const directory = mkdtempSync('test/.readme-');
afterAll(() => rmSync(directory, { recursive: true }));

const examples = [...readFileSync('README.md', 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
const permission = bpfPermitted();

describe('the examples of the README', () => {
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

  test.skipIf(!permission.ok)('run on the running kernel (skipped where bpf(2) is not permitted)', () => {
    const [example = ''] = examples;
    const config = { extends: '../../tsconfig.json', include: ['*.ts'], compilerOptions: { noEmit: false } };
    writeFileSync(join(directory, 'example0.ts'), example);
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
    execFileSync('npx', ['tsc', '-p', directory, '--allowImportingTsExtensions', 'false']);
    const output = execFileSync('node', [join(directory, 'example0.js')], { encoding: 'utf8' });
    const names = output.trim().split('\n');
    expect(names.length).toBeGreaterThan(0);
    // The process that ran, by its number and name.
    expect(names[0]).toMatch(/^\d+ node$/);
  });

  test('name only programs that are there', () => {
    const text = readFileSync('README.md', 'utf8');
    for (const [, path = ''] of text.matchAll(/(programs\/\w+\.bpf\.[co])/g))
      expect(readFileSync(path).length).toBeGreaterThan(0);
  });
});
