import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { model, Needs, openArchive, procfsSource, VANISHED } from '../../src/embedded/index.ts';
import { LiveReader, openSource, RECORDABLE, record } from '../../src/procfs-node/index.ts';
import { FakeMemory } from '../embedded/fake-memory.ts';
import { Fields } from '../embedded/sources/fields.ts';

const available = process.platform === 'linux';

/** Everything of a task that does not change while it sleeps. */
function describeTask(source: ReturnType<typeof procfsSource>, pid: number) {
  const memory = new FakeMemory();
  const kernel = source.open(memory, model);
  const session = kernel.session(Needs.everything);
  const fields = new Fields(memory);
  const task = session.taskByPid(pid);
  const number = (struct: string, object: number, ...paths: string[]) =>
    Object.fromEntries(paths.map((path) => [path, String(fields.number(object, struct, path))]));
  const mm = fields.pointer(task, 'task_struct', 'mm');
  const cred = fields.pointer(task, 'task_struct', 'cred');
  const files: unknown[] = [];
  const cursor = session.files(task);
  for (let file = cursor.next(); file !== 0; file = cursor.next()) {
    const inode = fields.pointer(file, 'file', 'f_inode');
    files.push({
      fd: cursor.fd,
      path: kernel.pathText(file + model.layoutOf('file').field('f_path').offset),
      ...number('file', file, 'f_flags', 'f_pos', 'f_mode'),
      ...number('inode', inode, 'i_ino', 'i_mode', 'i_uid', 'i_size'),
      ...number('super_block', fields.pointer(inode, 'inode', 'i_sb'), 's_dev'),
    });
  }
  const areas: unknown[] = [];
  const walk = session.memoryAreas(task, 0, 0);
  for (let area = walk.next(); area !== 0; area = walk.next()) {
    areas.push(number('vm_area_struct', area, 'vm_start', 'vm_end', 'vm_flags', 'vm_pgoff'));
  }
  const told = {
    comm: fields.text(task, 'task_struct', 'comm'),
    ...number('task_struct', task, 'tgid', 'start_boottime', 'static_prio', 'loginuid', 'exit_signal'),
    parent: fields.number(fields.pointer(task, 'task_struct', 'real_parent'), 'task_struct', 'pid'),
    mm: number('mm_struct', mm, 'total_vm', 'arg_start', 'start_stack'),
    cred: number('cred', cred, 'uid', 'fsgid', 'cap_effective'),
    net: number('net', fields.pointer(fields.pointer(task, 'task_struct', 'nsproxy'), 'nsproxy', 'net_ns'), 'ns.inum'),
    files,
    areas,
  };
  session.close();
  kernel.close();
  return told;
}

describe.skipIf(!available)('processes of this system', () => {
  let child: ChildProcess;
  let directory: string;
  let deleted: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bpfiter-'));
    deleted = join(directory, 'deleted file');
    const fd = openSync(deleted, 'w+');
    unlinkSync(deleted);
    child = spawn('sh', ['-c', 'echo ready; exec sleep 1000'], {
      stdio: ['pipe', 'pipe', fd],
      env: { SECRET: 'word' },
    });
    closeSync(fd);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    // The shell becomes sleep(1) a little later.
    while (!readFileSync(`/proc/${child.pid}/comm`, 'utf8').startsWith('sleep'))
      await new Promise((r) => setTimeout(r, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
  });

  afterAll(() => {
    child.kill();
    rmSync(directory, { recursive: true });
  });

  it('are as /proc tells', () => {
    const pid = child.pid as number;
    const told = describeTask(procfsSource(new LiveReader()), pid);
    expect(told).toMatchObject({ comm: 'sleep', tgid: String(pid), parent: process.pid });
    expect(told.files).toHaveLength(readdirSync(`/proc/${pid}/fd`).length);
    const pipe = /\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/fd/0`))?.[1];
    expect(told.files[0]).toMatchObject({ fd: 0, i_ino: pipe });
    const file = statSync(`/proc/${pid}/fd/2`);
    expect(told.files[2]).toMatchObject({
      fd: 2,
      path: `${deleted} (deleted)`,
      i_ino: String(file.ino),
      i_mode: String(file.mode),
    });
    const lines = readFileSync(`/proc/${pid}/maps`, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.includes('[vsyscall]'));
    expect(told.areas).toHaveLength(lines.length);
    expect(told.areas[0]).toMatchObject({ vm_start: String(Number.parseInt(lines[0] ?? '', 16)) });
  });

  it('are the same out of a snapshot', async () => {
    const pid = child.pid as number;
    const pieces: Uint8Array[] = [];
    const { processes, threads } = await record(
      new LiveReader(),
      { include: new Set(RECORDABLE), redact: true },
      async (piece) => {
        pieces.push(piece);
      },
    );
    expect(processes).toBeGreaterThan(1);
    expect(threads).toBeGreaterThanOrEqual(processes - 5);
    const reader = await openArchive(gzipSync(Buffer.concat(pieces)), 'snapshot');
    expect(reader.read(`/proc/${pid}/cmdline`)).toBeGreaterThan(0);
    expect(describeTask(procfsSource(reader), pid)).toEqual(describeTask(procfsSource(new LiveReader()), pid));
  });

  it('are unpacked by tar into a directory that shows the same', async () => {
    const pid = child.pid as number;
    const pieces: Uint8Array[] = [];
    await record(new LiveReader(), { include: new Set(RECORDABLE), redact: true }, async (piece) => {
      pieces.push(piece);
    });
    const directory = mkdtempSync(join(tmpdir(), 'bpfiter-unpacked-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const { stderr } = spawnSync('tar', ['x', '-C', directory], { input: Buffer.concat(pieces), encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(describeTask(await openSource(directory), pid)).toEqual(describeTask(procfsSource(new LiveReader()), pid));
  });

  it('that are gone have vanished', () => {
    const reader = new LiveReader();
    expect(reader.read('/proc/4194305/stat')).toBe(VANISHED);
    expect(reader.list('/proc/4194305/fd')).toBe(VANISHED);
    expect(reader.link('/proc/4194305/exe')).toBe(VANISHED);
  });
});

it.skipIf(!available)('what was copied out of the buffer stays as it is, however much was read into it before', () => {
  const reader = new LiveReader();
  // More than the buffer has room for at the beginning; that there is no such memory does not matter.
  reader.readAt('/proc/self/mem', 0, 1 << 20);
  const length = reader.read('/proc/self/status');
  const copy = reader.buffer.slice(0, length);
  const before = new TextDecoder().decode(copy);
  reader.read('/proc/version');
  expect(new TextDecoder().decode(copy)).toBe(before);
});
