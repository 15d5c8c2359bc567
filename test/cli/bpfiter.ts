/** Runs the built command line as its users do: a process with arguments, two streams and an exit code. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import { mountBpffs, unmountBpffs } from '../../src/host/index.ts';

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

export const MAIN = path('dist/cli/main.js');
if (!existsSync(MAIN)) throw new Error('dist/cli/main.js is missing: npm run build');

/** One of the programs that come with the package. */
export const program = (name: string): string => path(`programs/${name}.bpf.o`);

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly cwd?: string;
  /** User and group to run as. */
  readonly user?: number;
}

export async function bpfiter(args: readonly string[], { cwd, user }: Surroundings = {}): Promise<Outcome> {
  const identity = user === undefined ? {} : { uid: user, gid: user };
  const outcome = await execute(process.execPath, [MAIN, ...args], { cwd, ...identity });
  expect(outcome.stderr, 'whatever a user does is no internal error').not.toContain('internal error');
  return outcome;
}

export const shell = (script: string, ...args: readonly string[]): Promise<Outcome> =>
  execute('bash', ['-c', script, 'bash', ...args], {});

function execute(command: string, args: readonly string[], options: object): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
        texts[name] += chunk;
      });
    }
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...texts }));
  });
}

/** A failure as everything but `iter` reports it: nothing on stdout, one line on stderr. */
export const failure = (status: number, message: string): Outcome => ({
  status,
  stdout: '',
  stderr: `bpfiter: ${message}\n`,
});

/** bpftool, where there is one that runs. */
export const hasBpftool = spawnSync('bpftool', ['version']).status === 0;

export const bpftool = (...args: readonly string[]): Promise<Outcome> => execute('bpftool', args, {});

/** A directory for the files of one test file. */
export const scratch = mkdtempSync(join(process.env.BPFITER_TESTS ?? tmpdir(), 'cli-'));

/** Writes a file into it. @returns its path */
export function scratchFile(name: string, contents: string | Uint8Array): string {
  const file = join(scratch, name);
  writeFileSync(file, contents);
  return file;
}

const mounts: string[] = [];
afterAll(() => {
  for (const directory of mounts) {
    unmountBpffs(directory);
    rmdirSync(directory);
  }
});

/**
 * Mounts a bpffs of its own in a temporary directory: what is pinned there goes with the test file.
 * @returns the directory
 */
export function privateBpffs(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bpfiter-bpffs-'));
  mountBpffs(directory);
  mounts.push(directory);
  return directory;
}
