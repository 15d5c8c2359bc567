/** Files whose names are not what one expects, as the embedded kernel shows them, live and out of a snapshot. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  linkSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { model, Needs, openArchive, openEmbeddedKernel, procfsSource, type Source } from '../../src/embedded/index.ts';
import { openObject } from '../../src/object/index.ts';
import { LiveReader, record } from '../../src/procfs-node/index.ts';
import { FakeMemory } from '../embedded/fake-memory.ts';
import { Fields } from '../embedded/sources/fields.ts';

const NAMES = [
  'sp ace',
  'par)en (x',
  'new\nline',
  '\xff\xfe no utf8',
  'ü',
  'back\\slash',
  'pipe:[12]',
  'kept (deleted)',
];

async function output(source: Source): Promise<Buffer> {
  using kernel = openEmbeddedKernel({ source });
  using loaded = await kernel.load(openObject(readFileSync('programs/task_file.bpf.o'), { name: 'task_file' }));
  using link = loaded.program('dump_task_file').attachIter({ task: { pid: process.pid } });
  const pieces: Uint8Array[] = [];
  for await (const piece of link.open().bytes()) pieces.push(piece.slice());
  return Buffer.concat(pieces);
}

async function snapshot(): Promise<Source> {
  const pieces: Uint8Array[] = [];
  await record(new LiveReader(), { include: new Set(['files', 'maps']), redact: false }, async (piece) => {
    pieces.push(piece);
  });
  return procfsSource(await openArchive(Buffer.concat(pieces), 'snapshot'));
}

const live = (): Source => procfsSource(new LiveReader());

test.skipIf(process.platform !== 'linux')('names come out byte for byte', async () => {
  const directory = temporary();
  const paths = NAMES.map((name) =>
    Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, name === 'ü' ? 'utf8' : 'latin1')]),
  );
  for (const path of paths) {
    const descriptor = openSync(path, 'w');
    onTestFinished(() => closeSync(descriptor));
  }
  const now = await output(live());
  for (const path of paths) expect(now.includes(path), path.toString('latin1')).toBe(true);
  const recorded = await output(await snapshot());
  for (const path of paths) expect(recorded.includes(path), path.toString('latin1')).toBe(true);
});

/** A directory of its own, until the test is over. */
function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bpfiter-names-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Last names of what a process has open and maps, as the kernel's directory entries have them. */
function namesOf(source: Source, pid: number): { open: string[]; mapped: string[] } {
  const memory = new FakeMemory();
  const fields = new Fields(memory);
  const session = source.open(memory, model).session(Needs.everything);
  const task = session.taskByPid(pid);
  const nameOf = (file: number) =>
    fields.string(fields.pointer(file, 'file', 'f_path.dentry'), 'dentry', 'd_name.name');
  const all = (cursor: { next(): number }, name: (object: number) => string) => {
    const found = new Set<string>();
    for (let object = cursor.next(); object !== 0; object = cursor.next()) found.add(name(object));
    return [...found];
  };
  return {
    open: all(session.files(task), nameOf),
    mapped: all(session.memoryAreas(task, 0, 0), (area) => {
      const file = fields.pointer(area, 'vm_area_struct', 'vm_file');
      return file === 0 ? '' : nameOf(file);
    }),
  };
}

test.skipIf(process.platform !== 'linux')('files that are deleted are told from those with such names', async () => {
  const directory = temporary();
  const [gone, linked] = ['gone', 'linked', 'kept (deleted)', 'gone too (deleted)'].map((name) => {
    const path = join(directory, name);
    const descriptor = openSync(path, 'w');
    onTestFinished(() => closeSync(descriptor));
    return path;
  }) as [string, string];
  unlinkSync(gone);
  writeFileSync(`${gone} (deleted)`, 'another');
  linkSync(linked, join(directory, 'other'));
  unlinkSync(linked);
  unlinkSync(join(directory, 'gone too (deleted)'));
  for (const source of [live(), await snapshot()]) {
    const { open } = namesOf(source, process.pid);
    expect(open).toEqual(expect.arrayContaining(['gone', 'linked', 'kept (deleted)', 'gone too (deleted)']));
    for (const wrong of ['gone (deleted)', 'linked (deleted)', 'kept', 'gone too']) expect(open).not.toContain(wrong);
  }
});

test.skipIf(process.platform !== 'linux')('programs that run have their names, deleted or not', async () => {
  const directory = temporary();
  const programs = ['sleep (deleted)', 'slept'];
  const pids = programs.map((name) => {
    const path = join(directory, name);
    copyFileSync('/bin/sleep', path);
    const child = spawn(path, ['100'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill());
    return child.pid ?? 0;
  });
  // The link leads to the program as soon as it is one.
  for (const pid of pids) while (!readlinkSync(`/proc/${pid}/exe`).includes(directory)) await setTimeout(1);
  rmSync(join(directory, 'slept'));
  for (const source of [live(), await snapshot()]) {
    for (const [index, pid] of pids.entries()) {
      const { mapped } = namesOf(source, pid);
      expect(mapped.filter((name) => name.startsWith('sle'))).toEqual([programs[index]]);
    }
  }
});
