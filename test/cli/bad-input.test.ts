/** What each bad input gives: one line that says what is wrong and where, and the exit code. */
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { bpfPermitted } from '../../src/host/index.ts';
import { loadedMaps, loadedPrograms } from '../../src/host/listing.ts';
import { describeOnHost } from '../host/permitted.ts';
import { bpfiter, failure, program, scratch, scratchFile } from './bpfiter.ts';
import { bad, renamedTask } from './objects.ts';

const task = program('task');

describe('an object that cannot be opened', () => {
  const cases: readonly [what: string, path: string, reason: string | RegExp][] = [
    ['missing', '/no/such.bpf.o', 'no such file'],
    ['named by nothing', '', 'no such file'],
    ['a directory', scratch, 'is a directory'],
    ['an endless device', '/dev/zero', 'is larger than 1024 MiB'],
    ['empty', bad.empty, 'not an ELF file: it is empty'],
    ['a text', bad.text, 'not an ELF file'],
    ['truncated', bad.truncated, /^the section headers at offset \d+ are past the end of the file \(3000 bytes\)$/],
    ['the source', 'programs/task.bpf.c', 'is C source: compile it (clang -g -O2 --target=bpf -c) and name task.bpf.o'],
    ['of another machine', bad.otherMachine, 'not a BPF object but one for x86-64: compile it with clang --target=bpf'],
  ];
  test.each(cases)('that is %s is reported by run and prog run', async (_, path, reason) => {
    const { stderr, ...rest } = await bpfiter(['run', path]);
    expect(rest).toEqual({ status: 2, stdout: '' });
    const head = `bpfiter: ${path || "''"}: `;
    expect(stderr.slice(0, head.length)).toBe(head);
    const said = stderr.slice(head.length, -1);
    if (typeof reason === 'string') expect(said).toBe(reason);
    else expect(said).toMatch(reason);
    expect(await bpfiter(['prog', 'run', path])).toEqual({ status: 2, stdout: '', stderr });
  });
});

describe('before anything is loaded', () => {
  const cases: readonly [what: string, args: readonly string[], message: string][] = [
    [
      'an object without programs',
      ['run', bad.withoutPrograms],
      `${bad.withoutPrograms}: no iterator program (SEC("iter/...")) in this object; it has no programs`,
    ],
    [
      'an unknown section',
      ['run', bad.unknownSection],
      `${bad.unknownSection}: no iterator program (SEC("iter/...")) in this object; it has dump_task (itre/task)`,
    ],
    [
      'a program that is no iterator',
      ['run', program('xdp_port'), '--program', 'drop_port'],
      `${program('xdp_port')}: program 'drop_port' (xdp) is no iterator program; 'bpfiter prog run' runs others`,
    ],
    ['an unknown program', ['run', task, '--program', 'dump'], `${task}: no program 'dump'; it has dump_task`],
    [
      'an unknown program to run once',
      ['prog', 'run', task, '--program', 'dump'],
      `${task}: no program 'dump'; it has dump_task`,
    ],
    [
      'several programs to choose from',
      ['prog', 'run', program('task_and_files')],
      `${program('task_and_files')}: it has iterator programs only, which 'bpfiter run' reads`,
    ],
    [
      'one and all programs',
      ['prog', 'run', task, '--all', '--program', 'x'],
      `${task}: --all and --program exclude each other`,
    ],
    [
      'data in no digits',
      ['prog', 'run', task, '--data', 'xyz'],
      "--data takes pairs of hexadecimal digits, or @FILE, not 'xyz'",
    ],
    [
      'half a byte',
      ['prog', 'run', task, '--context', '123'],
      "--context takes pairs of hexadecimal digits, or @FILE, not '123'",
    ],
    ['data in a missing file', ['prog', 'run', task, '--data', '@/no/such'], '/no/such: no such file'],
    ['no number of runs', ['prog', 'run', task, '--repeat', 'often'], "'often' is not a number of runs"],
    [
      'an unknown record',
      ['run', task, '--record', 'nonsense'],
      `${task}: no type 'nonsense' (clang leaves out types that only local variables have; declare a global 'struct nonsense *unused')`,
    ],
    [
      'records of an object without BTF',
      ['run', bad.withoutBtf, '--record', 'task'],
      `${bad.withoutBtf}: records need an object with BTF (compile it with clang -g)`,
    ],
    ['an unknown format', ['run', task, '--format', 'xml'], "--format takes text, json, ndjson, table, not 'xml'"],
    [
      'a format without a record',
      ['run', task, '--format', 'table'],
      '--format table needs --record TYPE, the struct that the program writes',
    ],
    ['JSON without a record', ['run', task, '--json'], 'JSON needs --record TYPE, the struct that the program writes'],
    [
      'a record as text',
      ['run', task, '--format', 'text', '--record', 'x'],
      '--format text prints what the program writes, it goes without --record',
    ],
    [
      'an unknown parameter',
      ['run', task, 'pid', '1'],
      `expected 'map', 'task' or 'cgroup' after '${task}', got 'pid' (see 'bpfiter run --help')`,
    ],
    [
      'a parameter without a value',
      ['run', task, 'task'],
      "expected 'pid', 'tid' or 'main_thread_only' after 'task' (see 'bpfiter run --help')",
    ],
    ['no pid', ['run', task, 'task', 'pid'], "the pid is missing (see 'bpfiter run --help')"],
    ['a pid that is none', ['run', task, 'task', 'pid', 'init'], "'init' is not a process number"],
    ['too large a pid', ['run', task, 'task', 'tid', '4294967296'], "'4294967296' is not a process number"],
    [
      'pid 0',
      ['run', task, 'task', 'pid', '0'],
      'process number 0 selects nothing; leave the parameter out for all tasks',
    ],
    [
      'two parameters',
      ['run', task, 'task', 'pid', '1', 'tid', '1'],
      "unexpected word 'tid' (see 'bpfiter run --help')",
    ],
    ['no map id', ['run', program('hashmap'), 'map', 'id', 'x'], "'x' is not a map id"],
    [
      'an unknown order',
      ['run', program('cgroup'), 'cgroup', '/', 'order', 'up'],
      "'up' is not an order: self_only, descendants_pre, descendants_post, ancestors_up, children",
    ],
    ['no cgroup id', ['run', program('cgroup'), 'cgroup', 'id', '0'], "'0' is not a cgroup id"],
    [
      'a parameter of another target',
      ['run', task, 'map', 'id', '1'],
      `${task}: iter/task does not take the parameter 'map'; it takes 'task'`,
    ],
    [
      'a parameter for a target without any',
      ['run', program('ksym'), 'task', 'pid', '1'],
      `${program('ksym')}: iter/ksym does not take the parameter 'task'; it takes no parameter`,
    ],
    [
      'a missing map',
      ['run', program('hashmap')],
      `${program('hashmap')}: iter/bpf_map_elem needs the parameter 'map'`,
    ],
    ['a missing cgroup', ['run', program('cgroup')], `${program('cgroup')}: iter/cgroup needs the parameter 'cgroup'`],
    [
      'main threads of mappings',
      ['run', program('task_vma'), 'task', 'main_thread_only'],
      `${program('task_vma')}: main_thread_only works on iter/task and iter/task_file, not on iter/task_vma (program 'dump_task_vma')`,
    ],
    [
      'no BTF in an object',
      ['btf', 'dump', bad.withoutBtf],
      `${bad.withoutBtf}: no .BTF section (compile it with clang -g)`,
    ],
    ['no BTF in a file', ['btf', 'dump', bad.text], `${bad.text}: BTF does not begin with the magic number 0xeb9f`],
    ['an unknown type', ['btf', 'dump', task, '--type', 'nonsense'], `${task}: no type 'nonsense'`],
    ['a missing base', ['btf', 'dump', task, '--base', '/no/such'], '/no/such: no such file'],
  ];
  test.each(cases)('%s is refused', async (_, args, message) => {
    expect(await bpfiter(args)).toEqual(failure(2, message));
  });
});

/** A number that was a process's and is no more. */
const deadPid = (): string => String(spawnSync('true').pid);

describeOnHost('what the kernel has to be asked about', () => {
  const cases: readonly [what: string, status: number, args: readonly string[], message: string][] = [
    [
      'a failed relocation, by field, type and program',
      1,
      ['run', bad.missingField],
      `${bad.missingField}: cannot load program 'dump_task' (iter/task): CO-RE relocation of struct task_struct.real_perant`,
    ],
    [
      'an unknown target, with a guess',
      2,
      ['run', bad.unknownTarget],
      `${bad.unknownTarget}: program 'dump_task' (section 'iter/tusk'): the kernel has no iterator 'tusk' (did you mean 'task'?); 'bpfiter targets' lists what there is\n`,
    ],
    [
      "the verifier's reason",
      1,
      ['run', bad.proprietary],
      `${bad.proprietary}: cannot load program 'dump_task' (iter/task): `,
    ],
    [
      'a map id that no map has',
      2,
      ['run', program('hashmap'), 'map', 'id', '4294967295'],
      `${program('hashmap')}: there is no map with id 4294967295\n`,
    ],
    [
      'a map name that no map has',
      2,
      ['run', program('hashmap'), 'map', 'name', 'no such map'],
      `${program('hashmap')}: there is no map named 'no such map'\n`,
    ],
    [
      'a map name that no map can have',
      2,
      ['run', program('hashmap'), 'map', 'name', 'sixteencharacter'],
      `${program('hashmap')}: 'sixteencharacter' is no name of a map: names have at most 15 characters\n`,
    ],
    [
      'a missing pin',
      2,
      ['run', program('hashmap'), 'map', 'pinned', '/no/such'],
      `${program('hashmap')}: no map is pinned at '/no/such': no such file\n`,
    ],
    [
      'a path that cannot be a pin',
      2,
      ['run', program('hashmap'), 'map', 'pinned', scratch],
      `${program('hashmap')}: no map is pinned at '${scratch}': it is not in a BPF file system\n`,
    ],
    [
      'a map that its target does not walk',
      1,
      ['run', program('sockmap'), 'map', 'name', 'sockmap.rodata'],
      `${program('sockmap')}: cannot attach program 'dump_socket' (iter/sockmap): the target does not iterate over maps of type array (EINVAL)\n`,
    ],
    ['a dead process', 2, ['run', task, 'task', 'pid', deadPid()], `${task}: there is no process `],
    ['a dead thread', 2, ['run', task, 'task', 'tid', deadPid()], `${task}: there is no thread `],
    [
      'a thread for a process',
      2,
      ['run', task, 'task', 'pid', readdirSync('/proc/self/task').at(-1) ?? ''],
      `${task}: there is no process ${readdirSync('/proc/self/task').at(-1)}: it is a thread of process ${process.pid} (use tid)\n`,
    ],
    [
      'a directory that is no cgroup',
      2,
      ['run', program('cgroup'), 'cgroup', scratch],
      `${program('cgroup')}: '${scratch}' is no cgroup: it is not in a cgroup file system\n`,
    ],
    [
      'a file for a cgroup',
      2,
      ['run', program('cgroup'), 'cgroup', bad.text],
      `${program('cgroup')}: cannot open the cgroup '${bad.text}': it is no directory\n`,
    ],
    [
      'a missing cgroup',
      2,
      ['run', program('cgroup'), 'cgroup', '/no/such'],
      `${program('cgroup')}: cannot open the cgroup '/no/such': no such directory\n`,
    ],
    [
      'a cgroup id that no cgroup has',
      2,
      ['run', program('cgroup'), 'cgroup', 'id', '18446744073709551615'],
      `${program('cgroup')}: cannot attach program 'dump_cgroup' (iter/cgroup): there is no cgroup with id 18446744073709551615 (ENOENT)\n`,
    ],
    ['a link id that no link has', 2, ['link', 'show', 'id', '4294967295'], 'there is no link with id 4294967295\n'],
    [
      'a missing pinned link',
      2,
      ['link', 'show', 'pinned', '/no/such'],
      "no link is pinned at '/no/such': no such file\n",
    ],
    [
      'a context for a program that takes none',
      2,
      ['prog', 'run', program('numbers'), '--data', '00'],
      `${program('numbers')}: program 'longest_way': a run of type syscall takes no data\n`,
    ],
    [
      'an iterator to run once',
      1,
      ['prog', 'run', task, '--program', 'dump_task'],
      `${task}: program 'dump_task' is an iterator: it runs only when its link is read\n`,
    ],
  ];
  test.each(cases)('%s', async (_, status, args, beginning) => {
    const { stderr, ...rest } = await bpfiter(args);
    expect(rest).toEqual({ status, stdout: '' });
    expect(stderr.slice(0, `bpfiter: ${beginning}`.length)).toBe(`bpfiter: ${beginning}`);
    expect(stderr.indexOf('\n')).toBe(stderr.length - 1);
  });

  test('text that is decoded as records', async () => {
    const { status, stderr } = await bpfiter(['run', task, 'task', 'tid', `${process.pid}`, '--record', 'task_struct']);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^bpfiter: \S+: the output ends with \d+ bytes that are no whole record: struct task_struct has \d+ bytes\n$/,
    );
  });
});

describeOnHost('nothing is left loaded', () => {
  const cases: readonly [what: string, args: readonly string[], status: number][] = [
    ['a run', [], 0],
    ['an unknown record', ['--record', 'no_such_type'], 2],
    ['a refused parameter', ['task', 'pid', deadPid()], 2],
    ['an output that is no records', ['task', 'tid', `${process.pid}`, '--record', 'task_struct'], 2],
  ];
  test.each(cases)('by %s', async (_, args, status) => {
    const name = `dt${Math.random().toString(36).slice(2, 9).padEnd(7, '0')}`;
    expect((await bpfiter(['run', renamedTask(name), ...args])).status).toBe(status);
    const left = () => [
      ...[...loadedPrograms()].filter((loaded) => loaded.name === name),
      ...[...loadedMaps()].filter((loaded) => loaded.name.startsWith(name.slice(0, 8))),
    ];
    // The kernel frees them some milliseconds after their last descriptor is closed.
    for (let tries = 0; tries < 100 && left().length > 0; tries++) await sleep(50);
    expect(left()).toEqual([]);
  });
});

/** The user nobody, who may do nothing with bpf(2); whoever runs the tests, if not even that is permitted here. */
const nobody = bpfPermitted().ok ? { user: 65534 } : {};
const canBecomeNobody = !bpfPermitted().ok || process.getuid?.() === 0;

describe.skipIf(!canBecomeNobody)('without privileges (skipped where the tests cannot give theirs up)', () => {
  const reason = /the host kernel cannot be used: bpf\(2\) answers E\w+ \(.+\)\S*: .+\n$/;

  test.each([
    ['run', '--kernel', 'host', task],
    ['prog', 'run', program('numbers'), '--kernel', 'host'],
    ['verify', '--kernel', 'host', task],
    ['link', 'show'],
  ])('%s %s says why it is not permitted', async (...args) => {
    const given = args.filter((word) => word !== undefined);
    const { status, stdout, stderr } = await bpfiter(given, nobody);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(reason);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  test.skipIf(process.getuid?.() !== 0)('a snapshot that may not be read is one line', async () => {
    const file = scratchFile('private.tar', '');
    chmodSync(file, 0);
    const outcome = await bpfiter(['run', task, '--source', file], { user: 65534 });
    expect(outcome).toEqual(failure(2, `${file}: may not be read (permission denied)`));
  });

  test('iter pin says so too, with the exit code of bpftool', async () => {
    const { status, stdout, stderr } = await bpfiter(['iter', 'pin', task, '/sys/fs/bpf/x'], nobody);
    expect({ status, stdout }).toEqual({ status: 255, stdout: '' });
    expect(stderr).toMatch(/^Error: can't load objfile \S+: the host kernel cannot be used: /);
  });

  test('run and prog run take the embedded kernel, and say why when asked', async () => {
    const { status, stdout, stderr } = await bpfiter(['run', '-d', task], nobody);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ +TGID +PID +PPID S COMM\n/);
    expect(stderr).toMatch(/using the embedded kernel: bpf\(2\) answers /);
    expect((await bpfiter(['prog', 'run', program('numbers')], nobody)).status).toBe(0);
  });

  test('targets of the host are listed from BTF alone', async () => {
    const { status, stdout } = await bpfiter(['targets', '--json', '--kernel', 'host'], nobody);
    expect(status).toBe(0);
    const { targets } = JSON.parse(stdout);
    expect(targets.map(({ name }: { name: string }) => name)).toContain('task');
    expect(targets[0]).toMatchObject({ sleepable: null });
  });
});
