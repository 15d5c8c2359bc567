/**
 * Iterators of the embedded kernel over this machine's /proc, beside a C program that reads the same files and prints
 * the same text: 2,000 processes, 50,000 open files, 45,000 memory areas. And a snapshot of 2,000 processes, from the
 * shell's prompt to the last line.
 *
 * Other processes of the machine are seen too, by both alike.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadObject, openKernel } from '../dist/index.js';
import { milliseconds, Skip, takeTurns } from './measure.mjs';
import { startNative } from './native.mjs';

export const name = 'iterators';

const LIMIT = 1.25;
const SNAPSHOT_LIMIT = 1000;

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const cli = path('../dist/cli/main.js');

/** What there is to be seen: processes, and what each has. */
const crowds = [
  { what: 'processes', command: 'tasks', object: 'task', crowd: [2000, 0, 0] },
  { what: 'open files', command: 'files', object: 'task_file', crowd: [100, 500, 0] },
  { what: 'memory areas', command: 'areas', object: 'task_vma', crowd: [100, 0, 450] },
];

export async function run() {
  if (process.platform !== 'linux') throw new Skip('there is no /proc');
  const reader = startNative(path('programs/procfs.c'));
  if (reader === undefined) throw new Skip('no clang to compile the C programs with');
  const kernel = await openKernel({ kernel: 'embedded' });
  const rows = [];
  try {
    for (const { what, command, object, crowd } of crowds) {
      const sleepers = startNative(path('programs/crowd.c'));
      try {
        await sleepers.ask(crowd.join(' '));
        rows.push(...(await walk(kernel, reader, what, command, object)));
        if (command === 'tasks') rows.push(await snapshot());
      } finally {
        sleepers.close();
        await sleepers.ended;
      }
    }
  } finally {
    reader.close();
    kernel.close();
  }
  return rows;
}

async function walk(kernel, reader, what, command, object) {
  const loaded = await kernel.load(await loadObject(path(`../programs/${object}.bpf.o`)));
  const link = loaded.programs[0].attachIter();
  const lines = {};
  const times = await takeTurns(
    {
      C: async () => {
        const [nanoseconds, count] = await reader.ask(command);
        lines.C = Number(count);
        return Number(nanoseconds) / 1e6;
      },
      embedded: () =>
        milliseconds(async () => {
          lines.embedded = (await link.open().text()).split('\n').length - 1;
        }),
    },
    { rounds: 9, warmUps: 3 },
  );
  loaded.close();
  // Processes of others come and go; a header is a line too.
  if (Math.abs(lines.C - lines.embedded) > lines.C / 50) {
    throw new Error(`${what}: C printed ${lines.C} lines, the embedded kernel ${lines.embedded}`);
  }
  const ratio = times.embedded / times.C;
  return [
    { what: `C program, ${lines.C} ${what}`, value: times.C, unit: 'ms' },
    {
      what: `iter/${object}, ${lines.embedded} ${what}`,
      value: times.embedded,
      unit: 'ms',
      ratio,
      to: 'C program',
      wanted: { text: `<= ${LIMIT}`, met: ratio <= LIMIT },
    },
  ];
}

/** From recording on the same machine; what counts is reading. */
async function snapshot() {
  const directory = mkdtempSync(join(tmpdir(), 'bpfiter-bench-'));
  try {
    const file = join(directory, 'snapshot.tar.gz');
    bpfiter('record', file);
    const words = ['run', path('../programs/task.bpf.o'), '--source', file];
    let processes = 0;
    const { run } = await takeTurns(
      {
        run: () =>
          milliseconds(() => {
            processes = new Set(
              bpfiter(...words)
                .split('\n')
                .map((line) => line.slice(0, 8)),
            ).size;
          }),
      },
      { rounds: 5, warmUps: 1 },
    );
    return {
      what: `bpfiter run on a snapshot, ${processes} processes`,
      value: run,
      unit: 'ms',
      wanted: { text: `< ${SNAPSHOT_LIMIT} ms, >= 2000 processes`, met: run < SNAPSHOT_LIMIT && processes >= 2000 },
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function bpfiter(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`bpfiter ${words.join(' ')}: ${stderr}`);
  return stdout;
}
