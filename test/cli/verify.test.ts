import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DEFAULT_BPFFS } from '../../src/host/index.ts';
import { describeOnHost } from '../host/permitted.ts';
import { bpfiter, failure, program, scratchFile } from './bpfiter.ts';
import { bad } from './objects.ts';

const task = program('task');
const fields = [
  'object',
  'program',
  'section',
  'type',
  'verdict',
  'errno',
  'message',
  'insns',
  'states',
  'peakStates',
  'usec',
  'code',
];

async function verdicts(...args: readonly string[]) {
  const { status, stdout, stderr } = await bpfiter(['verify', '--json', ...args]);
  expect(stderr).toBe('');
  const lines = stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  for (const line of lines) expect(Object.keys(line).sort()).toEqual([...fields].sort());
  return { status, lines };
}

describeOnHost('verify', () => {
  test("says below the kernel's refusal where the program goes wrong, but not in JSON", async () => {
    const object = fileURLToPath(new URL('../verifier/kfuncs/fixtures/maps.bpf.o', import.meta.url));
    const asked = ['verify', '--kernel', 'host', '--program', 'read_locks', object];
    const { status, stdout } = await bpfiter(asked);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^reject .*bpf_spin_lock cannot be accessed directly by load\/store \[EACCES\]\n {4}maps\.bpf\.c:\d+: /,
    );
    expect((await bpfiter([...asked, '--json'])).stdout.split('\n')).toHaveLength(2);
  });

  test("gives a verdict for each program of each object, with the kernel's statistics", async () => {
    const { status, stdout, stderr } = await bpfiter(['verify', task, program('task_and_files')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.split('\n').slice(0, -1);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^accept {6}task\.bpf\.o: dump_task \(iter\/task\): \d+ insns, \d+ states, \d+ usec$/);
    expect(lines[1]).toMatch(/^accept {6}task_and_files\.bpf\.o: files \(iter\/task_file\): /);
    expect(lines[2]).toMatch(/^accept {6}task_and_files\.bpf\.o: tasks \(iter\/task\): /);
  });

  test('gives the same as JSON, a line each', async () => {
    const { status, lines } = await verdicts(task, bad.proprietary);
    expect(status).toBe(1);
    expect(lines).toEqual([
      {
        ...{ object: 'task.bpf.o', program: 'dump_task', section: 'iter/task', type: 'tracing' },
        ...{ verdict: 'accept', errno: 0, message: '', code: null },
        ...{
          insns: expect.any(Number),
          states: expect.any(Number),
          peakStates: expect.any(Number),
          usec: expect.any(Number),
        },
      },
      expect.objectContaining({
        ...{ object: 'proprietary.bpf.o', verdict: 'reject', errno: 22, code: 'refused' },
        message: expect.stringMatching(/non-GPL compatible program$/),
      }),
    ]);
    expect(lines[0].insns).toBeGreaterThan(10);
    const { stdout } = await bpfiter(['verify', '--pretty', task]);
    expect(stdout).toMatch(/^\{\n {2}"object": "task\.bpf\.o",\n/);
  });

  const refusals: readonly [what: string, path: string, errno: number, code: string, message: RegExp][] = [
    [
      'a relocation without a target',
      bad.missingField,
      22,
      'refused',
      /^CO-RE relocation of struct task_struct\.real_perant .*: struct task_struct of vmlinux has no member 'real_perant'$/,
    ],
    [
      'an unknown target',
      bad.unknownTarget,
      3,
      'not-found',
      /^the kernel has no iterator 'tusk' \(did you mean 'task'\?\)/,
    ],
    ['an unknown section', bad.unknownSection, 22, 'usage', /^the section does not say what type of program it is/],
    ["the verifier's reason", bad.proprietary, 22, 'refused', /non-GPL compatible program$/],
  ];
  test.each(refusals)(
    'says of %s what libbpf would, without saying the program again',
    async (_, path, errno, code, message) => {
      const { status, lines } = await verdicts(path);
      expect(status).toBe(1);
      expect(lines).toMatchObject([{ program: 'dump_task', verdict: 'reject', errno, code }]);
      expect(lines[0].message).toMatch(message);
      const { stdout } = await bpfiter(['verify', path]);
      // Advice stands below, indented.
      expect(stdout.split('\n').filter((line) => /^\S/.test(line))).toHaveLength(1);
      expect(stdout).toContain(`: ${lines[0].message} [E`);
    },
  );

  test('goes on after an object that does not open, and ends with 2', async () => {
    const { status, stdout, stderr } = await bpfiter(['verify', '/no/such.bpf.o', task, bad.truncated]);
    expect(status).toBe(2);
    expect(stdout).toMatch(/^accept .*\n$/);
    expect(stderr).toMatch(/^bpfiter: \/no\/such\.bpf\.o: no such file\nbpfiter: \S+: the section headers .*\n$/);
    const json = await verdicts('/no/such.bpf.o', bad.text, task);
    expect(json.status).toBe(2);
    expect(json.lines).toMatchObject([
      {
        object: 'such.bpf.o',
        program: '',
        section: '',
        type: '',
        verdict: 'reject',
        errno: 2,
        message: 'no such file',
        code: 'not-found',
      },
      { object: 'text.bpf.o', program: '', errno: 22, message: 'not an ELF file', code: 'malformed' },
      { object: 'task.bpf.o', verdict: 'accept' },
    ]);
  });

  test('takes the named program only', async () => {
    const { lines } = await verdicts(program('task_and_files'), '--program', 'tasks');
    expect(lines).toMatchObject([{ program: 'tasks', verdict: 'accept' }]);
    expect(await bpfiter(['verify', task, '--program', 'other'])).toEqual(
      failure(2, `${task}: no program 'other'; it has dump_task`),
    );
  });

  test('says that an object has no programs', async () => {
    const { status, stdout, stderr } = await bpfiter(['verify', bad.withoutPrograms]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toBe(`bpfiter: ${bad.withoutPrograms}: it has no programs\n`);
  });

  test("prints the kernel's log in front of the verdict", async () => {
    const level2 = (await bpfiter(['verify', '--log', '2', task])).stdout;
    expect(level2).toMatch(/^func#0 @0\n/);
    expect(level2).toContain('R1=ctx()');
    expect(level2).toMatch(/\nprocessed \d+ insns .*\naccept .*\n$/);
    const refused = (await bpfiter(['verify', '--log', '1', bad.missingField])).stdout;
    expect(refused).toContain("struct task_struct of vmlinux has no member 'real_perant'\nprocessed ");
    expect((await bpfiter(['verify', '--log', '4', task])).stdout).toMatch(/^verification time \d+ usec\n/);
  });

  test('pins no maps', async () => {
    // One of its maps, here with a name that no other test has, asks to be pinned by its name.
    const name = Math.random().toString(36).slice(2, 8).padEnd(6, '_');
    const object = readFileSync(new URL('../object/fixtures/maps.bpf.o', import.meta.url), 'latin1');
    const renamed = scratchFile('maps.bpf.o', Buffer.from(object.replaceAll('pinned\0', `${name}\0`), 'latin1'));
    const { lines } = await verdicts(renamed);
    expect(lines).toMatchObject([{ verdict: 'accept' }, { verdict: 'accept' }]);
    expect(existsSync(`${DEFAULT_BPFFS}/${name}`)).toBe(false);
  });
});
