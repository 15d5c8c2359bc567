/** `iter`, against bpftool's manual page (shared/seeds/bpftool-iter.rst) and bpftool itself where there is one. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { isOnBpffs, unmountBpffs } from '../../src/host/index.ts';
import { HostKernel } from '../../src/host/kernel.ts';
import { loadObject } from '../../src/index.ts';
import type { LoadedObject } from '../../src/kernel.ts';
import { describeProcessesOnHost, u32 } from '../host/permitted.ts';
import { bpfiter, bpftool, hasBpftool, type Outcome, privateBpffs, program, scratch } from './bpfiter.ts';
import { type Frozen, frozenProcess, frozenThreads } from './frozen.ts';
import { bad } from './objects.ts';

const task = program('task');
const hashmap = program('hashmap');
const silent: Outcome = { status: 0, stdout: '', stderr: '' };

describe('iter help', () => {
  test('is on stderr and no failure, also for a call without a command', async () => {
    const { status, stdout, stderr } = await bpfiter(['iter', 'help']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toContain('Usage: bpfiter iter pin OBJ PATH [map MAP | task TASK_OPT]\n       bpfiter iter help\n');
    expect(stderr).toContain('OBJ := /a/file/of/bpf_iter_target.o\n');
    expect(stderr).toContain('TASK_OPT := { main_thread_only }\n');
    for (const args of [['iter'], ['iter', 'h'], ['iter', 'help', '-j']]) {
      expect(await bpfiter(args)).toEqual({ status: 0, stdout: '', stderr });
    }
    expect(await bpfiter(['iter', 'show'])).toEqual({ status: 255, stdout: '', stderr });
    expect(await bpfiter(['iter', 'pin', task])).toEqual({
      status: 255,
      stdout: '',
      stderr: `Error: 'pin' needs at least 2 arguments, 1 found\n${stderr}`,
    });
  });
});

/** What is wrong, the words after `iter pin`, bpftool's exit code, and its message, to which a reason may be added. */
type Failure = [what: string, words: readonly string[], status: number, message: string, reason?: string];

const pin = '/no/such/directory/pin';

/** In the order in which they are found out: what is wrong later does not matter. */
const early: readonly Failure[] = [
  ['map without a specification', [task, pin, 'map'], 255, "'map' needs at least 2 arguments, 0 found"],
  ['map with half of it', [task, pin, 'map', 'id'], 255, "'map' needs at least 2 arguments, 1 found"],
  ['a map id that is no number', [task, pin, 'map', 'id', 'x'], 255, "can't parse x as ID"],
  ['a map name that is too long', [task, pin, 'map', 'name', 'sixteencharacter'], 255, "can't parse name"],
  ['another keyword', [task, pin, 'map', 'foo', '3'], 255, "expected 'id', 'name' or 'pinned', got: 'foo'?"],
  ['a missing object', ['/no/such.bpf.o', pin], 254, "can't open objfile /no/such.bpf.o", ': no such file'],
  ['a directory', [scratch, pin], 96, `can't open objfile ${scratch}`, ': is a directory'],
  ['an object that is no ELF file', [bad.text, pin], 95, `can't open objfile ${bad.text}`, ': not an ELF file'],
];

/** What bpftool has no words for, or other words in each version. */
const ours: readonly Failure[] = [
  ['an unknown parameter', [task, pin, 'foo'], 255, "expected 'map' or 'task', got: 'foo'?"],
  ['task without an option', [task, pin, 'task'], 255, "'task' needs an argument: main_thread_only"],
  ['another option', [task, pin, 'task', 'pid'], 255, "expected 'main_thread_only', got: 'pid'?"],
  ['words that are left over', [task, pin, 'task', 'main_thread_only', 'x'], 255, "unexpected word: 'x'"],
  [
    'an object without programs',
    [bad.withoutPrograms, pin],
    161,
    `can't find bpf program in objfile ${bad.withoutPrograms}`,
  ],
  [
    'main threads of mappings',
    [program('task_vma'), pin, 'task', 'main_thread_only'],
    255,
    "'task main_thread_only' works on iter/task and iter/task_file programs, not on dump_task_vma (iter/task_vma)",
  ],
];

describe('iter pin refuses', () => {
  test.each([...early, ...ours])('%s', async (_, words, status, message, reason = '') => {
    const text = `${message}${reason}`;
    const outcome = { status, stdout: '', stderr: `Error: ${text}\n` };
    expect(await bpfiter(['iter', 'pin', ...words])).toEqual(outcome);
    const json = { status, stdout: `${JSON.stringify({ error: text })}\n`, stderr: '' };
    expect(await bpfiter(['-j', 'iter', 'pin', ...words])).toEqual(json);
  });
});

describeProcessesOnHost('iter pin', () => {
  const kernel = new HostKernel();
  let bpffs: string;
  let loaded: LoadedObject;
  let late: readonly Failure[];
  let threads: Frozen;
  let single: Frozen;

  beforeAll(async () => {
    bpffs = privateBpffs();
    loaded = await kernel.load(await loadObject(hashmap));
    threads = await frozenThreads();
    single = await frozenProcess();
    late = [
      [
        'an unknown map id',
        [task, pin, 'map', 'id', '4294967295'],
        255,
        'get map by id (4294967295): No such file or directory',
      ],
      [
        'a missing pinned map',
        [task, pin, 'map', 'pinned', '/nope'],
        255,
        'bpf obj get (/nope): No such file or directory',
      ],
      ['a relocation without a target', [bad.missingField, pin], 234, `can't load objfile ${bad.missingField}`],
      ['an unknown section', [bad.unknownSection, pin], 234, `can't load objfile ${bad.unknownSection}`],
      ['an unknown target', [bad.unknownTarget, pin], 253, `can't load objfile ${bad.unknownTarget}`],
      ["the verifier's refusal", [bad.proprietary, pin], 234, `can't load objfile ${bad.proprietary}`],
      ['a program that is no iterator', [program('xdp_port'), pin], 234, 'attach_iter failed for program drop_port'],
      ['a missing map', [hashmap, pin], 247, 'attach_iter failed for program dump_entry'],
      ['a missing cgroup', [program('cgroup'), pin], 234, 'attach_iter failed for program dump_cgroup'],
      [
        'a map that the target does not walk',
        [program('sockmap'), pin, 'map', 'id', `${loaded.map('counters').id}`],
        234,
        'attach_iter failed for program dump_socket',
      ],
      ['a name with a dot', [task, `${bpffs}/a.b`], 255, `pin_iter failed for program dump_task to path ${bpffs}/a.b`],
    ];
    return () => loaded.close();
  });

  test('says nothing, and `cat` reads what `run` prints', async () => {
    const path = `${bpffs}/my_task`;
    expect(await bpfiter(['iter', 'pin', task, path])).toEqual(silent);
    const lines = (text: string) => text.split('\n').filter((line) => line.includes(` ${threads.pid} `));
    const { stdout } = await bpfiter(['run', task]);
    expect(lines(readFileSync(path, 'utf8'))).toEqual(lines(stdout));
    expect(lines(stdout)).toHaveLength(threads.tids.length);
    expect(await bpfiter(['i', 'p', '-j', task, `${bpffs}/json`])).toEqual({ ...silent, stdout: '\n' });
  });

  test('walks the map that is named by its id, its name or its pin', async () => {
    const counters = loaded.map('counters');
    counters.update(u32(7), Uint8Array.of(35, 0, 0, 0, 0, 0, 0, 0));
    counters.pin(`${bpffs}/counters`);
    const ways = {
      by_id: ['id', `${counters.id}`],
      by_pin: ['pinned', `${bpffs}/counters`],
      by_0x: ['i', `0x${counters.id.toString(16)}`],
    };
    for (const [name, words] of Object.entries(ways)) {
      expect(await bpfiter(['iter', 'pin', hashmap, `${bpffs}/${name}`, 'map', ...words])).toEqual(silent);
      expect(readFileSync(`${bpffs}/${name}`, 'utf8')).toBe('7: 35\n1 entries, sum 35\n');
    }
  });

  test('refuses a name that several maps have, and one that none has', async () => {
    using other = await kernel.load(await loadObject(hashmap));
    const { status, stderr } = await bpfiter(['iter', 'pin', hashmap, pin, 'map', 'name', 'counters']);
    expect(status).toBe(255);
    expect(stderr).toMatch(/^Error: several maps match this handle; choose one by its id: \d+(, \d+)+\n$/);
    expect(stderr).toContain(`${other.map('counters').id}`);
    const none = await bpfiter(['iter', 'pin', hashmap, pin, 'map', 'name', 'no such map']);
    expect(none).toEqual({ status: 255, stdout: '', stderr: "Error: there is no map named 'no such map'\n" });
  });

  test.each(['task', 'task_file'])('walks main threads only, with %s', async (name) => {
    const paths = { all: `${bpffs}/${name}_all`, main: `${bpffs}/${name}_main` };
    expect(await bpfiter(['iter', 'pin', program(name), paths.all])).toEqual(silent);
    expect(await bpfiter(['iter', 'pin', program(name), paths.main, 'task', 'main_thread_only'])).toEqual(silent);
    const lines = (path: string, { pid }: Frozen) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => Number(/^ *(\d+)/.exec(line)?.[1]) === pid);
    const leading = (line: string) => /^ *(\d+) +\1 /.test(line);
    expect(lines(paths.all, threads).filter(leading).length).toBeLessThan(lines(paths.all, threads).length);
    expect(lines(paths.main, threads)).toEqual(lines(paths.all, threads).filter(leading));
    expect(lines(paths.main, single)).toEqual(lines(paths.all, single));
  });

  test('refuses what bpftool refuses, with its words and exit codes, and leaves nothing', async () => {
    const pinned = readdirSync(bpffs);
    for (const [what, words, status, message] of late) {
      const outcome = await bpfiter(['iter', 'pin', ...words]);
      expect(outcome, what).toMatchObject({ status, stdout: '' });
      expect(outcome.stderr.slice(0, `Error: ${message}`.length), what).toBe(`Error: ${message}`);
      expect(outcome.stderr.indexOf('\n'), what).toBe(outcome.stderr.length - 1);
    }
    expect(readdirSync(bpffs)).toEqual(pinned);
  });

  test('names the reason where bpftool leaves it to its log', async () => {
    const { stderr } = await bpfiter(['iter', 'pin', bad.missingField, pin]);
    expect(stderr).toContain("struct task_struct of vmlinux has no member 'real_perant'");
    const debug = await bpfiter(['iter', 'pin', '-d', bad.proprietary, pin]);
    expect(debug.stderr).toContain('processed ');
    expect(
      debug.stderr.endsWith(
        `\nError: ${(await bpfiter(['iter', 'pin', bad.proprietary, pin])).stderr.slice('Error: '.length)}`,
      ),
    ).toBe(true);
  });

  test('refuses a path that exists and a directory that does not', async () => {
    const path = `${bpffs}/once`;
    expect(await bpfiter(['iter', 'pin', task, path])).toEqual(silent);
    const failure = (message: string) => ({
      status: 255,
      stdout: '',
      stderr: `Error: can't pin BPF object: ${message}\n`,
    });
    expect(await bpfiter(['iter', 'pin', task, path])).toEqual(failure(`path '${path}' already exists`));
    expect(await bpfiter(['iter', 'pin', task, pin])).toEqual(failure("dir '/no/such/directory' doesn't exist"));
    expect(await bpfiter(['iter', 'pin', task, `${bpffs}/`])).toEqual(failure('it names no file'));
  });

  test('refuses a directory outside bpffs instead of hiding what is in it', async () => {
    const before = readdirSync(scratch);
    const { status, stderr } = await bpfiter(['iter', 'pin', task, join(scratch, 'pin')]);
    expect(status).toBe(255);
    expect(stderr).toMatch(
      /^Error: can't pin BPF object: dir '\S+' is not in a BPF file system; pin under .+ --mount\n$/,
    );
    const mounting = await bpfiter(['iter', 'pin', task, join(scratch, 'pin'), '--mount']);
    expect(mounting.status).toBe(255);
    expect(mounting.stderr).toMatch(/^Error: can't pin BPF object: cannot mount .+: it is not empty, .+\n$/);
    expect(readdirSync(scratch)).toEqual(before);
    expect(isOnBpffs(scratch)).toBe(false);
  });

  test('mounts a bpffs on request, on a directory that is empty or missing, for as long as it is needed', async () => {
    const [empty, missing] = [join(scratch, 'empty'), join(scratch, 'to-be-made')];
    mkdirSync(empty);
    for (const directory of [empty, missing]) {
      const refused = await bpfiter(['iter', 'pin', task, `${directory}/a.b`, '--mount']);
      expect(refused).toMatchObject({ status: 255, stderr: expect.stringContaining('may not contain a dot') });
      expect([existsSync(directory), isOnBpffs(directory)]).toEqual([directory === empty, false]);
      expect(await bpfiter(['iter', 'pin', task, `${directory}/pin`, '--mount'])).toEqual(silent);
      try {
        expect(readFileSync(`${directory}/pin`, 'utf8')).toContain('COMM\n');
        expect(statSync(directory).mode & 0o777).toBe(0o700);
      } finally {
        unmountBpffs(directory);
      }
    }
  });

  describe.skipIf(!hasBpftool)('beside bpftool (skipped where there is none)', () => {
    test('fails with the same exit code and message', async () => {
      for (const [what, words, status, message] of [...early, ...late]) {
        const { status: theirs, stderr } = await bpftool('iter', 'pin', ...words);
        const errors = stderr.split('\n').filter((line) => line.startsWith('Error: '));
        expect({ theirs, error: errors[0] }, what).toEqual({ theirs: status, error: `Error: ${message}` });
      }
    });

    test('fails with the same JSON', async () => {
      const words = ['iter', 'pin', task, pin, 'map', 'id', '4294967295'];
      for (const option of ['-j', '-p'])
        expect(await bpfiter([option, ...words])).toEqual(await bpftool(option, ...words));
    });

    test('pins what the other reads and shows', async () => {
      const paths = { ours: `${bpffs}/by_bpfiter`, theirs: `${bpffs}/by_bpftool` };
      expect(await bpfiter(['iter', 'pin', task, paths.ours])).toEqual(silent);
      expect(await bpftool('iter', 'pin', task, paths.theirs)).toEqual(silent);
      const lines = (path: string) =>
        readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line.includes(` ${threads.pid} `));
      expect(lines(paths.ours)).toEqual(lines(paths.theirs));
      for (const path of Object.values(paths)) {
        const { stdout } = await bpfiter(['link', 'show', 'pinned', path]);
        expect(stdout).toMatch(/^\d+: iter {2}prog \d+ {2}target_name task {2}\n$/);
        expect((await bpftool('link', 'show', 'pinned', path)).stdout.split('\n')[0]).toBe(stdout.slice(0, -1));
      }
    });
  });
});
