/** Processes that tests look at: stopped, so that nothing about them changes between one look and the next. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

/** A thread with a descriptor table of its own (unshare of CLONE_FILES), which iter/task_file walks beside the first. */
const THREADS = `
const { Worker } = require('node:worker_threads');
const worker = new Worker(\`
  require('koffi').load(null).func('unshare', 'int', ['int'])(0x400);
  require('node:fs').openSync('/dev/null');
  require('node:worker_threads').parentPort.postMessage('ready');
  setInterval(() => {}, 1e6);
\`, { eval: true });
worker.once('message', (text) => console.log(text));
`;

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

export interface Frozen {
  readonly pid: number;
  /** Of all its threads, ascending. */
  readonly tids: readonly number[];
}

/** A process of several threads. */
export async function frozenThreads(): Promise<Frozen> {
  const root = fileURLToPath(new URL('../..', import.meta.url)); // where koffi is
  const child = spawn(process.execPath, ['-e', THREADS], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return freeze(child);
}

/** A process of one thread. */
export function frozenProcess(): Promise<Frozen> {
  return freeze(spawn('sleep', ['600'], { stdio: 'ignore' }));
}

async function freeze(child: ChildProcess): Promise<Frozen> {
  children.push(child);
  const { pid } = child;
  if (pid === undefined) throw new Error('the process did not start');
  child.kill('SIGSTOP');
  const threads = () => readdirSync(`/proc/${pid}/task`).map(Number);
  const stopped = (tid: number) => /^State:\s+T/m.test(readFileSync(`/proc/${pid}/task/${tid}/status`, 'latin1'));
  while (!threads().every(stopped)) await sleep(5);
  return { pid, tids: threads().sort((a, b) => a - b) };
}
