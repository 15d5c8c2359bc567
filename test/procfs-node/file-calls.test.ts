/** Node's calls and those of libc give the same answers, whichever a reader happens to use. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FileCalls, libcCalls, nodeCalls } from '../../src/procfs-node/file-calls.ts';
import { LiveReader } from '../../src/procfs-node/index.ts';

const libc = libcCalls();
const { ENOENT, ENOTDIR, EACCES, EINVAL, EISDIR } = constants.errno;
const both: readonly (readonly [name: string, calls: FileCalls | undefined])[] = [
  ["Node's calls", nodeCalls],
  ['calls of libc', libc],
];

describe.each(both)('%s', (_name, calls) => {
  describe.skipIf(calls === undefined || process.platform !== 'linux')('answer', () => {
    const use = calls ?? nodeCalls;
    let directory: string;

    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'bpfiter-calls-'));
      writeFileSync(join(directory, 'file'), 'some text');
      mkdirSync(join(directory, 'numbers'));
      for (const name of ['10', '9', '1x', 'x1', '0', '4294967295', '2']) {
        symlinkSync(`to ${name}`, join(directory, 'numbers', name));
      }
      mkdirSync(join(directory, 'links'));
      symlinkSync(Buffer.from('/tmp/\xff\xfe', 'latin1'), join(directory, 'links', '1'));
      symlinkSync('/tmp/ü (deleted)', join(directory, 'links', '2'));
      symlinkSync('x'.repeat(4000), join(directory, 'links', '3'));
      writeFileSync(join(directory, 'links', '4'), '');
    });

    afterAll(() => rmSync(directory, { recursive: true }));

    it('with what is in a file, behind what was read before', () => {
      const file = use.open(join(directory, 'file'));
      const into = new Uint8Array(8);
      expect(use.read(file, into, 0)).toBe(8);
      expect(use.read(file, into, 7)).toBe(1);
      expect(use.read(file, into, 0)).toBe(0);
      use.close(file);
      expect(String.fromCharCode(...into)).toBe('some tet');
    });

    it('with the names that are numbers, in their order', () => {
      expect(use.numbers(join(directory, 'numbers'))).toEqual([0, 2, 9, 10, 4294967295]);
      const open = use.numbers('/proc/self/fd');
      expect(open).toContain(0);
    });

    it('with more names than fit into one answer of the kernel', () => {
      const many = join(directory, 'many');
      mkdirSync(many);
      const numbers = Array.from({ length: 3000 }, (_, index) => index * 3);
      for (const number of numbers) symlinkSync('x', join(many, String(number)));
      expect(use.numbers(many)).toEqual(numbers);
    });

    it('with links, whatever bytes they lead to', () => {
      expect(use.links(join(directory, 'links'), [1, 2, 3, 4, 5])).toEqual([
        '/tmp/\udcff\udcfe',
        '/tmp/ü (deleted)',
        'x'.repeat(4000),
        -EINVAL,
        -ENOENT,
      ]);
    });

    it('with the errno of what is not there or cannot be read', () => {
      expect(use.open(join(directory, 'none'))).toBe(-ENOENT);
      expect(use.open(join(directory, 'file', 'below'))).toBe(-ENOTDIR);
      expect(use.numbers(join(directory, 'none'))).toBe(-ENOENT);
      expect(use.numbers(join(directory, 'file'))).toBe(-ENOTDIR);
      expect(use.links(join(directory, 'none'), [1, 2])).toEqual([-ENOENT, -ENOENT]);
      const file = use.open(directory);
      expect(use.read(file, new Uint8Array(8), 0)).toBe(-EISDIR);
      use.close(file);
    });
  });
});

describe.skipIf(process.platform !== 'linux')('a reader of very many files', () => {
  it('reads as before once it calls libc', () => {
    const reader = new LiveReader();
    const seen = () => {
      const length = reader.read('/proc/self/limits');
      const limits = new TextDecoder().decode(reader.buffer.subarray(0, length));
      return [
        limits,
        reader.links('/proc/self/fd', [0, 1, 9999]),
        reader.read('/proc/0/stat'),
        reader.numbers('/proc/0'),
      ];
    };
    const before = seen();
    for (let i = 0; i < 6000; i++) reader.read('/proc/self/comm');
    expect(seen()).toEqual(before);
  });

  it.skipIf(process.getuid?.() !== 0)('tells what may not be read from what is not there', () => {
    const script = `
      const { libcCalls } = await import(process.argv[1]);
      const calls = libcCalls();
      process.setgid(65534);
      process.setuid(65534);
      console.log(calls?.open('/proc/1/environ'), JSON.stringify(calls?.numbers('/proc/1/fd')));`;
    const path = new URL('../../dist/procfs-node/file-calls.js', import.meta.url).href;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script, path], {
      encoding: 'utf8',
    });
    if (libc === undefined) return;
    expect(stdout).toBe(`${-EACCES} ${-EACCES}\n`);
  });
});
