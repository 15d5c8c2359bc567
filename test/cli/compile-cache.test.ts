import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cacheDirectory } from '../../src/cli/compile-cache.ts';

const user = process.geteuid?.();
let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bpfiter-home-'));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

it('compiled code is kept in the cache of the user', () => {
  expect(cacheDirectory({ HOME: home }, user)).toBe(join(home, '.cache', 'bpfiter'));
  expect(existsSync(join(home, '.cache', 'bpfiter'))).toBe(true);
  expect(cacheDirectory({ HOME: '/nowhere', XDG_CACHE_HOME: home }, user)).toBe(join(home, 'bpfiter'));
});

it('compiled code is not kept in the home of somebody else', () => {
  expect(cacheDirectory({ HOME: home }, (user ?? 0) + 1)).toBeUndefined();
  expect(cacheDirectory({ XDG_CACHE_HOME: home }, (user ?? 0) + 1)).toBeUndefined();
  expect(existsSync(join(home, '.cache'))).toBe(false);
});

it('compiled code is not kept where others may put theirs', () => {
  const directory = join(home, '.cache', 'bpfiter');
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o777);
  expect(cacheDirectory({ HOME: home }, user)).toBeUndefined();
});

it('compiled code is not kept where there is no home', () => {
  expect(cacheDirectory({}, user)).toBeUndefined();
  expect(cacheDirectory({ HOME: join(home, 'gone') }, user)).toBeUndefined();
  expect(cacheDirectory({ HOME: home }, undefined)).toBeUndefined();
});
