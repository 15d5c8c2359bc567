import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { describeProcessesOnHost } from '../host/permitted.ts';
import { bpfiter, bpftool, hasBpftool, privateBpffs, program } from './bpfiter.ts';
import { type Frozen, frozenProcess, frozenThreads } from './frozen.ts';

/** Lines of a process: they begin with its number. */
const linesOf = (output: string, pid: number): string[] =>
  output.split('\n').filter((line) => Number(/^ *(\d+)/.exec(line)?.[1]) === pid);

async function run(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await bpfiter(['run', ...args]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

describeProcessesOnHost('run', () => {
  let threads: Frozen;
  let single: Frozen;
  beforeAll(async () => {
    threads = await frozenThreads();
    single = await frozenProcess();
  });

  test('prints what an iterator writes, to its end', async () => {
    const output = await run(program('task'));
    expect(output.split('\n')[0]).toBe('    TGID      PID     PPID S COMM');
    expect(output.endsWith('\n')).toBe(true);
    const [line] = linesOf(output, single.pid);
    expect(line?.trim().split(/ +/)).toEqual([single.pid, single.pid, process.pid, 'T', 'sleep'].map(String));
    expect(linesOf(output, threads.pid).map((line) => Number(line.trim().split(/ +/)[1]))).toEqual(threads.tids);
  });

  test('walks the threads of one process, or one thread', async () => {
    const all = await run(program('task'));
    const header = all.slice(0, all.indexOf('\n') + 1);
    const lines = linesOf(all, threads.pid);
    const tid = threads.tids.at(-1);
    expect((await run(program('task'), 'task', 'pid', `${threads.pid}`)).split('\n').slice(1, -1).sort()).toEqual(
      lines.sort(),
    );
    expect(await run(program('task'), 'task', 'tid', `${tid}`)).toBe(
      `${header}${lines.find((line) => line.trim().split(/ +/)[1] === `${tid}`)}\n`,
    );
  });

  test('walks main threads only, of tasks', async () => {
    const output = await run(program('task'), 'task', 'main_thread_only');
    const all = await run(program('task'));
    expect(linesOf(all, threads.pid).length).toBeGreaterThan(1);
    expect(linesOf(output, threads.pid)).toEqual(linesOf(all, threads.pid).slice(0, 1));
    expect(linesOf(output, single.pid)).toEqual(linesOf(all, single.pid));
    for (const line of output.split('\n').slice(1, -1)) expect(line).toMatch(/^ *(\d+) +\1 /);
  });

  test('walks main threads only, of their files', async () => {
    const all = linesOf(await run(program('task_file')), threads.pid);
    const output = linesOf(await run(program('task_file'), 'task', 'main_thread_only'), threads.pid);
    const leaders = all.filter((line) => /^ *(\d+) +\1 /.test(line));
    expect(all.length).toBeGreaterThan(leaders.length);
    expect(output).toEqual(leaders);
    const descriptors = readdirSync(`/proc/${threads.pid}/fd`).sort((a, b) => Number(a) - Number(b));
    expect(output.map((line) => line.trim().split(/ +/)[2])).toEqual(descriptors);
    expect(output[0]).toMatch(new RegExp(` ${readlinkSync(`/proc/${threads.pid}/fd/0`)}$`));
  });

  test('walks the mappings of a process', async () => {
    const shown = (text: string) => text.split('\n').map((line) => line.split(' ').slice(0, 3).join(' '));
    const maps = shown(readFileSync(`/proc/${single.pid}/maps`, 'utf8')).filter(
      (line) => !line.startsWith('ffffffffff600000'),
    );
    expect(shown(await run(program('task_vma'), 'task', 'pid', `${single.pid}`))).toEqual(maps);
  });

  test('finds a map of the object by its name', async () => {
    expect(await run(program('hashmap'), 'map', 'name', 'counters')).toBe('0 entries, sum 0\n');
  });

  test('prints several programs under headings, or the named one', async () => {
    const task = ['task', 'tid', `${single.pid}`];
    const output = await run(program('task_and_files'), ...task);
    expect(output).toMatch(/^==> files \(iter\/task_file\) <==\n[^=]*\n==> tasks \(iter\/task\) <==\n[^=]*$/);
    const named = await run(program('task_and_files'), ...task, '--program', 'tasks');
    expect(named).not.toContain('==>');
    expect(output.split('\n').at(-2)?.split(/ +/)[1]).toBe(named.split('\n').at(-2)?.split(/ +/)[1]);
  });

  test('decodes records, in every format', async () => {
    const args = [program('task_record'), 'task', 'tid', `${single.pid}`, '--record', 'task_record'];
    const [table, json, ndjson, pretty, byOption] = await Promise.all([
      run(...args),
      run(...args, '--json'),
      run(...args, '--format', 'ndjson'),
      run(...args, '--pretty'),
      run(...args, '--format', 'json'),
    ]);
    const [record] = JSON.parse(json);
    expect(record).toMatchObject({
      pid: single.pid,
      tgid: single.pid,
      ppid: process.pid,
      kind: 'TASK_KIND_PROCESS',
      comm: 'sleep',
      faults: { minor: expect.any(Number), major: expect.any(Number) },
    });
    expect(json).toBe(byOption);
    expect(json).toBe(`[${ndjson.trim()}]\n`);
    expect(pretty).toBe(`${JSON.stringify([record], undefined, 2)}\n`);
    const [titles, row, ...rest] = table.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(titles).toContain('faults.minor');
    expect(row?.[titles?.indexOf('comm') ?? -1]).toBe('sleep');
    expect(row?.[titles?.indexOf('pid') ?? -1]).toBe(`${single.pid}`);
    expect(rest).toEqual([['']]);
  });

  test('prints no records as an empty list', async () => {
    const args = [program('task_and_files'), '--program', 'tasks', '--record', 'bpf_iter_meta', '--json'];
    // A thread that is not its process's first: the program writes nothing for it.
    expect(await run(...args, 'task', 'tid', `${threads.tids.at(-1)}`)).toBe('[]\n');
  });

  test('says with -d what it does', async () => {
    const { status, stderr } = await bpfiter(['run', '-d', program('hashmap'), 'map', 'name', 'counters']);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^bpfiter: using the host kernel\nbpfiter: program dump_entry: loaded with id \d+\n/);
    const refused = await bpfiter(['run', '-d', program('hashmap'), 'map', 'id', '4294967295']);
    expect(refused.stderr).toContain('there is no map with id');
  });
});

describeProcessesOnHost('run, beside bpftool (skipped where there is none)', () => {
  test.skipIf(!hasBpftool)('prints what `bpftool iter pin` and `cat` print of the same processes', async () => {
    const processes = await Promise.all([frozenThreads(), frozenProcess(), frozenProcess()]);
    const directory = privateBpffs();
    for (const name of ['task', 'task_file', 'task_cmdline']) {
      expect(await bpftool('iter', 'pin', program(name), `${directory}/${name}`)).toMatchObject({ status: 0 });
      const [theirs, ours] = [readFileSync(`${directory}/${name}`, 'utf8'), await run(program(name))];
      for (const { pid } of processes) {
        expect(linesOf(ours, pid)).toEqual(linesOf(theirs, pid));
        expect(linesOf(ours, pid)).not.toEqual([]);
      }
    }
  });
});
