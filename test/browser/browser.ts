/** A headless Chromium, where there is one. */
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of the browser: what CHROME_BIN says, or the first in PATH. */
export function findBrowser(): string | undefined {
  const { CHROME_BIN, PATH = '' } = process.env;
  if (CHROME_BIN !== undefined && CHROME_BIN !== '') return CHROME_BIN;
  const paths = PATH.split(delimiter).flatMap((directory) => NAMES.map((name) => join(directory, name)));
  return paths.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns what closes it again, and a promise that rejects if it ends before */
export function openBrowser(browser: string, url: string): { close(): Promise<void>; readonly ended: Promise<never> } {
  const profile = mkdtempSync(join(tmpdir(), 'bpfiter-browser-'));
  // A group of its own, since a browser is several processes. As root it runs only without its sandbox.
  const child = spawn(
    browser,
    ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`, url],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  let messages = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    messages += text;
  });
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(`ended with ${code ?? signal}: ${messages}`));
  });
  const ended = exited.then((reason) => {
    throw new Error(`${browser} ${reason}`);
  });
  ended.catch(() => {});
  return {
    ended,
    close: async () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
