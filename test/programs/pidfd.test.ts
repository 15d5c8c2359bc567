/** Tasks chosen by a pidfd: the embedded kernel finds out from /proc/self/fdinfo what the running one knows of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BpfiterError, type Kernel, openKernel, openObject } from '../../src/index.ts';
import { describeProcessesOnHost } from '../host/permitted.ts';

const PIDFD_OPEN = 434; // on every architecture
const PIDFD_THREAD = 0o200; // O_EXCL; Linux 6.9

const object = openObject(readFileSync(new URL('../../programs/task.bpf.o', import.meta.url)), { name: 'task' });

function pidfdOpen(pid: number, flags: number): number {
  const koffi = createRequire(import.meta.url)('koffi');
  return Number(koffi.load(null).func('syscall', 'long', ['long', 'long', 'long'])(PIDFD_OPEN, pid, flags));
}

/** The tasks that are shown, or why none can be; and what the link says. */
async function shown(kernel: Kernel, pidFd: number): Promise<unknown> {
  using loaded = await kernel.load(object);
  try {
    using link = loaded.program('dump_task').attachIter({ task: { pidFd } });
    const { targetName, tid, pid } = link.info();
    const text = await link.open().text();
    // The first columns are the numbers of a task and its name.
    return { targetName, tid, pid, tasks: text.split('\n').map((line) => line.trim().split(/\s+/).slice(0, 2)) };
  } catch (error) {
    if (!(error instanceof BpfiterError)) throw error;
    const { code, errno, message } = error;
    return { code, errno, message };
  }
}

const thisThread = () =>
  readdirSync('/proc/self/task')
    .map(Number)
    .find((tid) => tid !== process.pid) ?? 0;

const threadMessage = () => `there is no process ${thisThread()}: it is a thread of process ${process.pid} (use tid)`;

interface Case {
  readonly pidFd: number;
  release(): void;
}

const ofProcess = (pid: number, flags = 0): Case => {
  const pidFd = pidfdOpen(pid, flags);
  return { pidFd, release: () => closeSync(pidFd) };
};

/** A child of a shell that does not wait for it. */
async function ofZombie(): Promise<Case> {
  const shell = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(shell.stdout, 'data');
  const { pidFd, release } = ofProcess(Number(`${line}`));
  while (!/^State:\s*Z/m.test(readFileSync(`/proc/${line}`.trim().concat('/status'), 'utf8'))) await setTimeout(20);
  return {
    pidFd,
    release: () => {
      shell.kill('SIGKILL');
      release();
    },
  };
}

async function ofGone(): Promise<Case> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const made = ofProcess(child.pid ?? 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return made;
}

const cases: readonly (readonly [string, make: () => Case | Promise<Case>, expected: () => object])[] = [
  ['a process with several threads', () => ofProcess(process.pid), () => ({ pid: process.pid })],
  ['a thread', () => ofProcess(thisThread(), PIDFD_THREAD), () => ({ code: 'not-found', message: threadMessage() })],
  ['a zombie', ofZombie, () => ({ tasks: [['TGID', 'PID'], expect.anything(), ['']] })],
  ['a process that is gone', ofGone, () => ({ code: 'not-found', errno: 3 })],
  [
    'a file, which is no pidfd',
    () => {
      const pidFd = openSync('/proc/self/status', 'r');
      return { pidFd, release: () => closeSync(pidFd) };
    },
    () => ({ code: 'refused', errno: 9 }),
  ],
  [
    'a descriptor that nobody has',
    () => ({ pidFd: 999_999, release: () => {} }),
    () => ({ code: 'refused', errno: 9 }),
  ],
];

describeProcessesOnHost('a pidfd chooses on both kernels the same', () => {
  test.each(cases)('of %s', async (_, make, expected) => {
    using host = await openKernel({ kernel: 'host' });
    using embedded = await openKernel({ kernel: 'embedded' });
    const { pidFd, release } = await make();
    try {
      const [theirs, ours] = [await shown(host, pidFd), await shown(embedded, pidFd)];
      expect(ours).toEqual(theirs);
      expect(theirs).toMatchObject(expected());
    } finally {
      release();
    }
  });
});
