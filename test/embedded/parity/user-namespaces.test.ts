/**
 * Processes in user namespaces of their own. Seen from the first one they are to programs what they are in the running
 * kernel; from inside one, users and groups have the numbers that they have there (docs/decisions.md), which no host
 * kernel can be asked for: loading programs wants privileges in the first.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedKernel, procfsSource } from '../../../src/embedded/index.ts';
import { HostKernel } from '../../../src/host/kernel.ts';
import { loadObject } from '../../../src/index.ts';
import { LiveReader } from '../../../src/procfs-node/index.ts';
import { MAIN } from '../../cli/bpfiter.ts';
import { describeProcessesOnHost } from '../../host/permitted.ts';
import { compare } from './compare.ts';
import { reasons } from './reasons.ts';

const path = fileURLToPath(new URL('fixtures/credentials.bpf.o', import.meta.url));
const canUnshare = spawnSync('unshare', ['-Ur', 'true']).status === 0;
/** The number of users who have none. */
const OVERFLOW = canUnshare ? Number(readFileSync('/proc/sys/kernel/overflowuid', 'latin1')) : 0;
const SOMEBODY = 1000;

const kinds = {
  'without users': { words: ['-U'], user: 0 },
  'of root': { words: ['-Ur'], user: 0 },
  'of somebody': { words: ['-Ur'], user: SOMEBODY },
  'in a user namespace': { words: ['-Ur', 'unshare', '-Ur'], user: 0 },
  'with a pid namespace': { words: ['-Ur', '-fp', '--mount-proc', '--kill-child'], user: 0 },
} as const;
type Kind = keyof typeof kinds;

const children: ChildProcess[] = [];
const pids = new Map<Kind, number>();

const commOf = (pid: number | string): string => readFileSync(`/proc/${pid}/comm`, 'latin1').trim();

/** The sleep that it becomes, or that its child becomes. */
async function sleeperIn({ words, user }: (typeof kinds)[Kind]): Promise<number> {
  const child = spawn('unshare', [...words, 'sleep', '600'], { stdio: 'ignore', uid: user, gid: user });
  children.push(child);
  for (;;) {
    await sleep(20);
    if (child.exitCode !== null) throw new Error(`unshare ${words.join(' ')} ended with ${child.exitCode}`);
    const below = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').trim();
    const pid = [child.pid ?? 0, ...(below === '' ? [] : [Number(below)])].find((one) => commOf(one) === 'sleep');
    if (pid !== undefined) return pid;
  }
}

/** The numbers that the program prints of a process: four of users, four of groups, its user namespace. */
const numbersIn = (text: string): readonly number[] => text.trim().split(' ').slice(1).map(Number);

async function numbersOnHost(pid: number): Promise<readonly number[]> {
  using host = new HostKernel();
  using loaded = await host.load(await loadObject(path));
  using link = loaded.program('credentials').attachIter({ task: { tid: pid } });
  return numbersIn(await link.open().text());
}

describeProcessesOnHost('processes in user namespaces', () => {
  beforeAll(async () => {
    if (!canUnshare) return;
    for (const kind of Object.keys(kinds) as Kind[]) pids.set(kind, await sleeperIn(kinds[kind]));
  });
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  test.skipIf(!canUnshare)('are from outside what they are in the running kernel, in every field', async () => {
    using host = new HostKernel();
    using embedded = openEmbeddedKernel({ source: procfsSource(new LiveReader()) });
    const subjects = [...pids].flatMap(([name, pid]) =>
      (['task', 'task_file'] as const).map((root) => ({ name, root, parameters: { task: { pid } } })),
    );
    const results = [...(await compare(host, embedded, subjects)).values()];
    const unexplained = results.filter(({ name, differences }) => differences.length > 0 && !reasons.has(name));
    expect(unexplained.map(({ name, differences }) => [name, differences.slice(0, 3)])).toEqual([]);
    const compared = results.filter(({ name, same }) => name.startsWith('cred.') && same >= pids.size);
    expect(compared.length).toBeGreaterThan(10);
  });

  test.skipIf(!canUnshare).each([
    ['one that has root alone', ['-Ur'], (id: number) => (id === 0 ? 0 : OVERFLOW)],
    ['one that has nobody', ['-U'], () => OVERFLOW],
  ])('have from inside %s the numbers that users have there', async (_, words, seen) => {
    for (const [kind, pid] of pids) {
      const ids = (await numbersOnHost(pid)).slice(0, 8);
      expect(ids, kind).toEqual(Array(8).fill(kinds[kind].user));
      const run = ['run', path, '--kernel', 'embedded', 'task', 'tid', String(pid)];
      const { stdout, stderr } = spawnSync('unshare', [...words, process.execPath, MAIN, ...run], { encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(numbersIn(stdout).slice(0, 8), kind).toEqual(ids.map(seen));
    }
  });

  test.skipIf(!canUnshare)('the embedded kernel is taken inside one, where bpf(2) is not permitted', () => {
    const inside = ['-Ur', '-fp', '--mount-proc', process.execPath, MAIN, 'run', path];
    const { stdout, status } = spawnSync('unshare', [...inside, 'task', 'pid', '1'], { encoding: 'utf8' });
    expect(status).toBe(0);
    // Its own threads, all of root, in the namespace that it made.
    const [first, ...others] = stdout.trim().split('\n').map(numbersIn);
    expect(first?.slice(0, 8)).toEqual(Array(8).fill(0));
    expect(first?.[8]).toBeGreaterThan(0);
    for (const other of others) expect(other).toEqual(first);
  });
});
