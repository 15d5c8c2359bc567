/**
 * Iterators of the embedded kernel over this machine's /proc, beside a C program that reads the same files and prints
 * the same text: 2,000 processes, 50,000 open files, 45,000 memory areas. Processes also beside the packages of npm that
 * list them. And a snapshot of 2,000 processes, from the shell's prompt to the last line.
 *
 * Other processes of the machine are seen too, by both alike.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import find from 'find-process';
import pidtree from 'pidtree';
import psList from 'ps-list';
import { processes } from 'systeminformation';
import { loadObject, openKernel } from '../dist/index.js';
import { milliseconds, Skip, takeTurns } from './measure.mjs';
import { startNative } from './native.mjs';

export const name = 'iterators';

const LIMIT = 1.25;
const SNAPSHOT_LIMIT = 1000;
/** V8 compiles what is hot during the first dozen rounds, some of it twice. */
const STEADY = { rounds: 15, warmUps: 15 };

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
        if (command === 'tasks') rows.push(...(await packages(kernel)), await snapshot());
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
    STEADY,
  );
  const memory = await mostMemory(kernel, link);
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
    { what: `memory at most in use for it, iter/${object}`, value: memory, unit: 'MiB' },
  ];
}

/** Of linear memory, beyond what is in use before; areas are kept by the program that shows them, for it reads names. */
async function mostMemory(kernel, link) {
  const inUse = () => kernel.runtime.memory.runtime.bytesInUse();
  const before = inUse();
  let most = before;
  for await (const _ of link.open().bytes()) most = Math.max(most, inUse());
  return (most - before) / 2 ** 20;
}

/** What lists all processes with number and name, beside iter/task, which prints as much. @returns number of processes */
const lists = {
  'ps-list': async () => (await psList()).length,
  systeminformation: async () => (await processes()).list.length,
  'find-process': async () => (await find('name', /./)).length,
  // Numbers alone.
  pidtree: async () => (await pidtree(-1)).length,
};

async function packages(kernel) {
  const loaded = await kernel.load(await loadObject(path('../programs/task.bpf.o')));
  const link = loaded.programs[0].attachIter();
  const counts = {};
  const timed = ([name, list]) => [name, () => milliseconds(async () => (counts[name] = await list()))];
  const times = await takeTurns(
    {
      embedded: () =>
        milliseconds(async () => {
          counts.embedded = (await link.open().text()).split('\n').length - 2;
        }),
      ...Object.fromEntries(Object.entries(lists).map(timed)),
    },
    { rounds: 5, warmUps: 1 },
  );
  loaded.close();
  return Object.keys(lists).map((name) => {
    // It is iter/task that counts threads as well.
    if (counts[name] < counts.embedded / 2) throw new Error(`${name} lists ${counts[name]} processes`);
    const ratio = times[name] / times.embedded;
    return {
      what: `${name}, ${counts[name]} processes`,
      value: times[name],
      unit: 'ms',
      ratio,
      to: 'iter/task',
      wanted: { text: '> 1', met: ratio > 1 },
    };
  });
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
