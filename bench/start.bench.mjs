/** From the shell's prompt to the last line: what `bpfiter run` on a small object takes beyond starting Node. */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { milliseconds, Skip, takeTurns } from './measure.mjs';

export const name = 'start';

const TASKS = 100;
const LIMIT = 150;

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const command = [path('dist/cli/main.js'), 'run', path('programs/task.bpf.o')];

export async function run() {
  const trial = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (trial.status !== 0)
    throw new Skip(trial.stderr.trim() || `bpfiter run ended with ${trial.status ?? trial.signal}`);

  const missing = TASKS - readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).length;
  const sleepers = Array.from({ length: Math.max(0, missing) }, () => spawn('sleep', ['600'], { stdio: 'ignore' }));
  try {
    let lines = 0;
    const times = await takeTurns(
      {
        'node -e 0': () => milliseconds(() => spawnSync(process.execPath, ['-e', '0'])),
        'bpfiter --version': () => milliseconds(() => spawnSync(process.execPath, [command[0], '--version'])),
        'bpfiter run task.bpf.o': () =>
          milliseconds(() => {
            lines = spawnSync(process.execPath, command, { encoding: 'utf8' }).stdout.split('\n').length - 2;
          }),
      },
      { rounds: 15 },
    );
    const node = times['node -e 0'];
    const extra = times['bpfiter run task.bpf.o'] - node;
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
  }
}
