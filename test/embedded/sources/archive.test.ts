import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  formatStatus,
  openArchive,
  parseStatusList,
  STATUS_LIST,
  tarEnd,
  tarEntry,
  VANISHED,
} from '../../../src/embedded/index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const archive = (...entries: Parameters<typeof tarEntry>[0][]) => Buffer.concat([...entries.map(tarEntry), tarEnd()]);
const LONG = `proc/7/fdinfo/${'x'.repeat(180)}`;

function textOf(reader: Awaited<ReturnType<typeof openArchive>>, path: string): string | number {
  const length = reader.read(path);
  return length < 0 ? length : new TextDecoder().decode(reader.buffer.subarray(0, length));
}

describe('an archive', () => {
  const whole = archive(
    { path: 'proc/7/stat', contents: bytes('7 (x) S') },
    { path: 'proc/7/exe', link: '/bin/ls' },
    { path: 'proc/7/fd/3', link: `/tmp/${'y'.repeat(200)}` },
    { path: LONG, contents: bytes('long') },
    { path: 'proc/7/maps', contents: new Uint8Array(0) },
    {
      path: STATUS_LIST.slice(1),
      contents: bytes(
        formatStatus('/proc/7/exe', { dev: 1, ino: 2, mode: 3, nlink: 4, uid: 5, gid: 6, rdev: 7, size: 8 }),
      ),
    },
  );

  it.each([
    ['plain', whole],
    ['compressed', gzipSync(whole)],
  ])('is read %s', async (_, contents) => {
    const reader = await openArchive(contents, 'x.tar');
    expect(textOf(reader, '/proc/7/stat')).toBe('7 (x) S');
    expect(textOf(reader, `/${LONG}`)).toBe('long');
    expect(textOf(reader, '/proc/7/maps')).toBe('');
    expect(reader.link('/proc/7/exe')).toBe('/bin/ls');
    expect(reader.link('/proc/7/fd/3')).toBe(`/tmp/${'y'.repeat(200)}`);
    expect(reader.list('/proc')).toEqual(['7']);
    expect(reader.list('/proc/7')).toEqual(['stat', 'exe', 'fd', 'fdinfo', 'maps']);
    expect(reader.status('/proc/7/exe')).toMatchObject({ ino: 2, size: 8 });
    expect(reader.status('/proc/7')).toMatchObject({ mode: 0o040555 });
    for (const missing of [reader.read('/proc/8/stat'), reader.link('/proc/7/stat'), reader.list('/proc/8')]) {
      expect(missing).toBe(VANISHED);
    }
  });

  it('shows below /proc/self what the process has to which that leads', async () => {
    const contents = archive(
      { path: 'proc/self', link: '7' },
      { path: 'proc/7/mountinfo', contents: bytes('mounts') },
      { path: 'proc/7/ns/pid', link: 'pid:[1]' },
    );
    const reader = await openArchive(contents, 'x.tar');
    expect(textOf(reader, '/proc/self/mountinfo')).toBe('mounts');
    expect(reader.link('/proc/self/ns/pid')).toBe('pid:[1]');
    expect(reader.read('/proc/self/stat')).toBe(VANISHED);
  });

  it('is what tar makes of a copy of /proc, wherever that is', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bpfiter-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    mkdirSync(join(directory, 'bundle/proc/7/fd'), { recursive: true });
    writeFileSync(join(directory, 'bundle/proc/7/stat'), '7 (x) S');
    writeFileSync(join(directory, `bundle/proc/7/${'z'.repeat(150)}`), 'long');
    symlinkSync('socket:[5]', join(directory, 'bundle/proc/7/fd/0'));
    for (const format of ['gnu', 'pax', 'ustar']) {
      const file = join(directory, `${format}.tar.gz`);
      // Names of more than 100 bytes without a slash do not fit the oldest format.
      const name = format === 'ustar' ? ['--exclude', '*zzz*'] : [];
      execFileSync('tar', ['-C', directory, '-czf', file, `--format=${format}`, ...name, './bundle']);
      const reader = await openArchive(readFileSync(file), file);
      expect(textOf(reader, '/proc/7/stat')).toBe('7 (x) S');
      expect(reader.link('/proc/7/fd/0')).toBe('socket:[5]');
      if (format !== 'ustar') expect(textOf(reader, `/proc/7/${'z'.repeat(150)}`)).toBe('long');
    }
  });

  it.each([
    ['no archive', bytes('x'.repeat(600)), 'is no tar archive, nor one that gzip compressed'],
    ['by zstd', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, ...bytes('x'.repeat(600))), 'compressed by zstd; a snapshot is'],
    ['by xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, ...bytes('x'.repeat(600))), '(unxz it first)'],
    ['torn', Uint8Array.of(...whole.subarray(0, 1024), ...bytes('x'.repeat(600))), 'no tar header at byte 1024'],
    [
      'of empty files',
      archive({ path: 'proc/7/stat', contents: bytes('') }),
      "use 'bpfiter record', or copy them first",
    ],
    ['cut short', whole.subarray(0, 700), 'the archive is cut short'],
    ['without processes', archive({ path: 'etc/passwd', contents: bytes('x') }), 'has no files of /proc'],
    ['badly compressed', gzipSync(whole).subarray(0, 60), 'cannot be decompressed'],
  ])('is refused: %s', async (_, contents, message) => {
    await expect(openArchive(contents, 'x.tar')).rejects.toThrow(message);
  });
});

it('statuses are read as they were written, whatever the path', () => {
  const status = { dev: 65024, ino: 12, mode: 0o100644, nlink: 1, uid: 0, gid: 4294967295, rdev: 0, size: 2 ** 40 };
  const text = `${formatStatus('/proc/7/fd/a\nb\\c d', status)}nonsense\n`;
  expect([...parseStatusList(text)]).toEqual([['/proc/7/fd/a\nb\\c d', status]]);
});
