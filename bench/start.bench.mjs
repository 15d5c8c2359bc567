/**
 * From the shell's prompt to the last line: what `bpfiter run` on a small object takes beyond starting Node, on the
 * running kernel, and on the embedded one over /proc and over a snapshot of it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { milliseconds, Skip, takeTurns } from './measure.mjs';

export const name = 'start';

const TASKS = 100;
const LIMIT = 150;
const HOST = 'bpfiter run task.bpf.o';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const bpfiter = (...words) => spawnSync(process.execPath, [path('dist/cli/main.js'), ...words], { encoding: 'utf8' });
const runTasks = (...words) => bpfiter('run', path('programs/task.bpf.o'), ...words);

export async function run() {
  const trial = runTasks('--kernel', 'host');
  if (trial.status !== 0)
    throw new Skip(trial.stderr.trim() || `bpfiter run ended with ${trial.status ?? trial.signal}`);

  const missing = TASKS - readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).length;
  const sleepers = Array.from({ length: Math.max(0, missing) }, () => spawn('sleep', ['600'], { stdio: 'ignore' }));
  const directory = mkdtempSync(join(tmpdir(), 'bpfiter-start-'));
  const snapshot = join(directory, 'snapshot.tar.gz');
  try {
    bpfiter('record', snapshot);
    let lines = 0;
    const times = await takeTurns(
      {
        'node -e 0': () => milliseconds(() => spawnSync(process.execPath, ['-e', '0'])),
        'bpfiter --version': () => milliseconds(() => bpfiter('--version')),
        [HOST]: () =>
          milliseconds(() => {
            lines = runTasks('--kernel', 'host').stdout.split('\n').length - 2;
          }),
        'bpfiter run, embedded kernel': () => milliseconds(() => runTasks('--kernel', 'embedded')),
        'bpfiter run, snapshot': () => milliseconds(() => runTasks('--source', snapshot)),
      },
      { rounds: 15 },
    );
    const node = times['node -e 0'];
    const extra = times[HOST] - node;
    return [
      ...Object.entries(times).map(([what, value]) => ({
        what,
        value,
        unit: 'ms',
        ratio: value / node,
        to: 'node -e 0',
      })),
      {
        what: `run beyond node, ${lines} tasks`,
        value: extra,
        unit: 'ms',
        wanted: { text: `< ${LIMIT} ms, >= ${TASKS} tasks`, met: extra < LIMIT && lines >= TASKS },
      },
    ];
  } finally {
    for (const sleeper of sleepers) sleeper.kill();
    rmSync(directory, { recursive: true });
  }
}
