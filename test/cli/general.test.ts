import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { version } from '../../src/version.ts';
import { bpfiter, failure, MAIN, program, scratch, shell } from './bpfiter.ts';

const commands = ['run', 'iter', 'verify', 'prog', 'targets', 'link', 'btf'];

describe('version', () => {
  test('is a word as well as an option, as of bpftool', async () => {
    expect(await bpfiter(['version'])).toEqual(await bpfiter(['--version']));
  });
});

describe('a Node that is too old', () => {
  test('is told in one line', () => {
    const without = 'data:text/javascript,process.getBuiltinModule=undefined';
    const { status, stderr } = spawnSync(process.execPath, ['--import', without, MAIN, 'targets'], {
      encoding: 'utf8',
    });
    const message = `bpfiter: Node ${process.version} is too old: 20.19 or newer is needed\n`;
    expect({ status, stderr }).toEqual({ status: 1, stderr: message });
  });
});

describe('help', () => {
  test('lists the commands and the general options', async () => {
    const { status, stdout, stderr } = await bpfiter(['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} +\\S`, 'm'));
    for (const option of ['-h, --help', '-V, --version', '-d, --debug', '-j, --json', '--kernel']) {
      expect(stdout).toContain(option);
    }
    expect((await bpfiter(['-h'])).stdout).toBe(stdout);
    expect((await bpfiter(['help'])).stdout).toBe(stdout);
  });

  test('is what a call without a command gets, with the exit code of wrong usage', async () => {
    const { status, stdout } = await bpfiter([]);
    expect(status).toBe(2);
    expect(stdout).toBe((await bpfiter(['--help'])).stdout);
  });

  test.each(commands)('tells the usage and the options of %s', async (command) => {
    const { status, stdout, stderr } = await bpfiter([command, '--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`\n  bpfiter ${command} `.trimEnd());
    expect(stdout).toMatch(/^ {2}-d, --debug +\S/m);
  });
});

test('the version is that of the package', async () => {
  expect(await bpfiter(['-V'])).toEqual({ status: 0, stdout: `bpfiter v${version}\n`, stderr: '' });
  expect(await bpfiter(['--version'])).toEqual({ status: 0, stdout: `bpfiter v${version}\n`, stderr: '' });
  expect((await bpfiter(['run', '-jV'])).stdout).toBe(`{"version":"${version}"}\n`);
});

describe('commands and words may be cut to a prefix', () => {
  const cases: readonly [given: readonly string[], meant: readonly string[]][] = [
    [
      ['r', '-h'],
      ['run', '--help'],
    ],
    [
      ['ver', '-h'],
      ['verify', '--help'],
    ],
    [
      ['p', '-h'],
      ['prog', '--help'],
    ],
    [
      ['it', 'h'],
      ['iter', 'help'],
    ],
    [
      ['b', 'd', program('task'), '--format', 'raw'],
      ['btf', 'dump', program('task'), '--format', 'raw'],
    ],
  ];
  test.each(cases)('%j is %j', async (given, meant) => {
    const outcome = await bpfiter(given);
    expect(outcome).toEqual(await bpfiter(meant));
    expect(outcome.status).toBe(0);
  });
});

describe('wrong usage is one line on stderr and exit code 2', () => {
  const cases: readonly [args: readonly string[], message: string][] = [
    [['nonsense'], "no command 'nonsense'; there are: run, iter, verify, prog, targets, link, btf, record"],
    [[''], "no command ''; there are: run, iter, verify, prog, targets, link, btf, record"],
    [['--nonsense'], "unknown option '--nonsense'"],
    [['run', '-x'], "unknown option '-x'"],
    [['run', '--record'], '--record needs a value'],
    [
      ['prog', 'run', '--repeat', '-1'],
      '--repeat needs a value; one that begins with a dash is written --repeat=VALUE',
    ],
    [['run', '--mount', 'x.bpf.o'], "'run' takes no option --mount"],
    [['link', '--record', 'x'], "'link' takes no option --record"],
    [['run', '--kernel', 'other', 'x.bpf.o'], "--kernel takes auto, host or embedded, not 'other'"],
    [['run'], "OBJ, the object file, is missing (see 'bpfiter run --help')"],
    [['verify'], "OBJ, an object file, is missing (see 'bpfiter verify --help')"],
    [['prog'], "expected 'run' or 'dump' after 'prog' (see 'bpfiter prog --help')"],
    [['prog', 'walk'], "expected 'run' or 'dump' after 'prog', got 'walk' (see 'bpfiter prog --help')"],
    [['prog', 'run'], "OBJ, the object file, is missing (see 'bpfiter prog --help')"],
    [['link', 'hide'], "expected 'show' or 'list' after 'link', got 'hide' (see 'bpfiter link --help')"],
    [['link', 'show', 'id'], "the link id is missing (see 'bpfiter link --help')"],
    [['link', 'show', 'id', 'x'], "'x' is not a link id"],
    [['link', 'show', 'id', '4294967296'], "'4294967296' is not a link id"],
    [['link', 'show', 'other'], "unexpected word 'other' (see 'bpfiter link --help')"],
    [['targets', 'other'], "unexpected word 'other' (see 'bpfiter targets --help')"],
    [['btf'], "expected 'dump' after 'btf' (see 'bpfiter btf --help')"],
    [['btf', 'dump', '--json'], "'btf dump' prints C or bpftool's raw list, no JSON"],
    [['btf', 'dump', '--format', 'json'], "--format takes c or raw here, not 'json'"],
    [['btf', 'dump', '--base', 'x'], "--base needs FILE, the kernel's BTF has no base"],
    [['verify', 'x.bpf.o', '--log', '8'], "'8' is not a log level (1, 2, 4 or a sum of them)"],
    [['verify', 'x.bpf.o', '--log', 'all'], "'all' is not a log level (1, 2, 4 or a sum of them)"],
  ];
  test.each(cases)('%j', async (args, message) => {
    expect(await bpfiter(args)).toEqual(failure(2, message));
  });
});

test('control characters in what a user gives come out as escapes, so that a failure stays one line', async () => {
  const outcome = await bpfiter(['run', 'no\nsuch\x1b[31m.bpf.o']);
  expect(outcome).toEqual(failure(2, 'no\\x0asuch\\x1b[31m.bpf.o: no such file'));
});

test('what would end with the embedded kernel is not done in it', async () => {
  const message = 'the embedded kernel ends with this command, and its links and pins too';
  expect(await bpfiter(['link', '--kernel=embedded'])).toEqual(failure(1, message));
  const { status, stderr } = await bpfiter(['iter', 'pin', program('task'), '/sys/fs/bpf/x', '--kernel', 'embedded']);
  expect(status).toBe(255);
  expect(stderr).toContain(message);
});

test('the embedded kernel tells of its targets what the running one tells of the same', async () => {
  const { status, stdout } = await bpfiter(['targets', '--json', '--kernel', 'embedded']);
  expect(status).toBe(0);
  const task = JSON.parse(stdout).targets.find(({ name }: { name: string }) => name === 'task');
  expect(task).toEqual({
    name: 'task',
    context: [
      { name: 'meta', type: 'struct bpf_iter_meta *', register: 'trusted_ptr_bpf_iter_meta' },
      { name: 'task', type: 'struct task_struct *', register: 'trusted_ptr_or_null_task_struct' },
    ],
    parameter: 'task',
    sleepable: true,
  });
});

describe('help', () => {
  test('for a command comes before it or behind it', async () => {
    const { status, stdout } = await bpfiter(['help', 'run']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: (await bpfiter(['run', '--help'])).stdout });
    expect((await bpfiter(['help', 'fly'])).stderr).toContain("no command 'fly'");
  });
});

describe('a source', () => {
  test('that is none is refused by name', async () => {
    const object = program('task');
    const nothing = join(tmpdir(), 'bpfiter-no-such-snapshot');
    expect(await bpfiter(['run', object, '--source', nothing])).toEqual(failure(2, `${nothing}: no such file`));
    const { status, stderr } = await bpfiter(['run', object, '--source', object]);
    expect(status).toBe(2);
    expect(stderr).toContain(object);
  });

  test('is taken only by commands that look at objects', async () => {
    const message = "'verify' takes no option --source";
    expect(await bpfiter(['verify', program('task'), '--source', '/'])).toEqual(failure(2, message));
  });

  test('is not for the host kernel', async () => {
    const { status, stderr } = await bpfiter(['run', program('task'), '--source', '/', '--kernel', 'host']);
    expect(status).toBe(2);
    expect(stderr).toContain('a source is for the embedded kernel');
  });
});

describe('the output', () => {
  const dump = `"${process.execPath}" "${MAIN}" btf dump ${program('task')}`;

  test('ends quietly when its reader has enough', async () => {
    const { status, stdout, stderr } = await shell(`set -o pipefail; ${dump} | head -1`);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '#ifndef __VMLINUX_H__\n', stderr: '' });
  });

  test.each([
    ['types', dump],
    ['what a program returned', `"${process.execPath}" "${MAIN}" prog run ${program('numbers')}`],
    ['what a program wrote', `"${process.execPath}" "${MAIN}" run ${program('task')}`],
  ])('fails in one line where it cannot be written: %s', async (_, command) => {
    const { status, stderr } = await shell(`${command} > /dev/full`);
    const message = 'bpfiter: cannot write the output: No space left on device (ENOSPC)\n';
    expect({ status, stderr }).toEqual({ status: 1, stderr: message });
  });
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it, whatever it waits for', async (signal) => {
  const pipe = join(scratch, signal);
  execFileSync('mkfifo', [pipe]);
  const child = spawn(process.execPath, [MAIN, 'run', pipe], { stdio: 'ignore' });
  const closed = new Promise((resolve) => child.once('close', (...outcome) => resolve(outcome)));
  // It opens when the other end does, and nothing will ever come through.
  const writer = await open(pipe, 'w');
  child.kill(signal);
  expect(await closed).toEqual([null, signal]);
  await writer.close();
});
