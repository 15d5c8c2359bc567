import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openArchive } from '../../src/embedded/index.ts';
import { bpfiter } from './bpfiter.ts';

describe.skipIf(process.platform !== 'linux')('bpfiter record', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'bpfiter-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('writes a snapshot of the processes that one can see', async () => {
    const file = join(directory, 'all.tar.gz');
    const { status, stdout } = await bpfiter(['-j', 'record', file]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ file, processes: expect.any(Number), unreadable: expect.any(Object) });
    const reader = await openArchive(readFileSync(file), file);
    expect(reader.list(`/proc/${process.pid}`)).toEqual(expect.arrayContaining(['stat', 'fd', 'maps', 'task']));
    expect(reader.list(`/proc/${process.pid}`)).not.toContain('environ');
    expect(reader.link('/proc/self')).toMatch(/^\d+$/);
    // Programs over a snapshot find what they find here.
    expect(reader.list('/proc/net')).toEqual(expect.arrayContaining(['tcp', 'udp', 'unix', 'netlink']));
    const sockets = await bpfiter(['run', 'programs/unix.bpf.o', '--source', file]);
    expect([sockets.status, sockets.stdout]).toEqual([0, expect.stringMatching(/Num +RefCount/)]);
  });

  it('leaves out what is not wanted', async () => {
    const file = join(directory, 'few.tar.gz');
    expect((await bpfiter(['record', file, '--include', 'arguments'])).status).toBe(0);
    const reader = await openArchive(readFileSync(file), file);
    const names = reader.list(`/proc/${process.pid}`);
    expect(names).toContain('cmdline');
    for (const name of ['fd', 'maps']) expect(names).not.toContain(name);
  });

  it('says with -d what programs asked for that was not recorded, and how it is', async () => {
    const file = join(directory, 'bare.tar.gz');
    expect((await bpfiter(['record', file, '--include', 'threads'])).status).toBe(0);
    const run = async (program: string, ...options: string[]) =>
      (await bpfiter(['run', `programs/${program}.bpf.o`, '--source', file, ...options])).stderr;
    const without = "arguments' records them";
    expect(await run('task_cmdline', '-d')).toContain(`${file} has no command lines; 'bpfiter record FILE --include `);
    expect(await run('task_cmdline', '-d')).toContain(without);
    expect(await run('task_cmdline')).toBe('');
    expect(await run('task_file', '-d')).toContain(`has no open files; 'bpfiter record FILE' records them`);
    expect(await run('task_vma', '-d')).toContain('has no memory areas');
    expect(await run('task', '-d')).not.toContain('has no');
    expect(await run('unix')).toContain("has no list of them; 'bpfiter record --include network' takes it along");
    const { stdout } = await bpfiter(['targets', '--json', '--source', file]);
    const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
    expect(names(JSON.parse(stdout).targets)).toEqual(expect.arrayContaining(['task', 'task_file']));
    expect(names(JSON.parse(stdout).targets)).not.toContain('unix');
    expect(names(JSON.parse(stdout).openCoded)).not.toContain('kmem_cache');
    const full = join(directory, 'arguments.tar.gz');
    expect((await bpfiter(['record', full, '--include', 'arguments'])).status).toBe(0);
    const { stderr } = await bpfiter(['run', 'programs/task_cmdline.bpf.o', '--source', full, '-d']);
    expect(stderr).not.toContain('command lines');
  });

  it('takes stacks in the kernel, where they may be read, and the symbols that tell them', async () => {
    const file = join(directory, 'stacks.tar.gz');
    const object = 'test/embedded/targets/fixtures/stacks.bpf.o';
    const child = spawn('sleep', ['1000']);
    try {
      const sleeper = ['task', 'pid', String(child.pid)];
      expect((await bpfiter(['record', file, '--include', 'stacks', '--redact'])).status).toBe(0);
      const { status, stdout } = await bpfiter(['run', object, ...sleeper, '--source', file]);
      expect(status).toBe(0);
      const live = await bpfiter(['run', object, ...sleeper, '--kernel', 'embedded']);
      // All but where the kernel is in memory, which is a secret.
      const symbols = (text: string) => text.match(/\S+\+0x\w+\/0x\w+/g);
      expect(symbols(stdout)).toEqual(symbols(live.stdout));
      if (process.getuid?.() === 0) expect(stdout).toMatch(/^ffffffff8\w+ \S*nanosleep/m);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it.each([
    [['record'], 2, 'the file to write'],
    [['record', 'x', '--include', 'files,everything'], 2, "not 'everything'"],
    [['record', 'x', '--max-size', '5T'], 2, "not '5T'"],
    [['record', '/nonexistent/x'], 1, 'cannot write /nonexistent/x: No such file or directory (ENOENT)'],
    [['record', '/tmp'], 1, 'cannot write /tmp: Is a directory (EISDIR)'],
    [['record', '/dev/full'], 1, 'cannot write /dev/full: No space left on device (ENOSPC)'],
    [['record', `/tmp/${'x'.repeat(300)}`], 1, 'x: File name too long (ENAMETOOLONG)'],
  ])('%j is refused', async (words, code, message) => {
    const { status, stderr } = await bpfiter(words);
    expect([status, stderr]).toEqual([code, expect.stringContaining(message)]);
  });

  it('leaves nothing behind that is larger than allowed', async () => {
    const file = join(directory, 'large.tar.gz');
    const { status, stderr } = await bpfiter(['record', file, '--max-size', '1K']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('larger than 1024 bytes')]);
    expect(readdirSync(directory)).not.toContainEqual(expect.stringContaining('large.tar.gz'));
  });

  it('takes a name as long as names can be', async () => {
    const file = join(directory, 'x'.repeat(255));
    expect(await bpfiter(['record', file, '--include', ''])).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(file).subarray(0, 2)).toEqual(Buffer.of(0x1f, 0x8b));
    expect(readdirSync(directory)).not.toContainEqual(expect.stringContaining('.part'));
  });

  it('leaves a file alone that it fails to replace', async () => {
    const file = join(directory, 'earlier.tar.gz');
    writeFileSync(file, 'an earlier snapshot');
    expect((await bpfiter(['record', file, '--max-size', '1K'])).status).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe('an earlier snapshot');
    expect((await bpfiter(['record', file])).status).toBe(0);
    expect(readFileSync(file).subarray(0, 2)).toEqual(Buffer.of(0x1f, 0x8b));
  });
});
