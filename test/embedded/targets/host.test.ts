/** The same object files on the running kernel and on the embedded one over its /proc: the same text. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedKernel, procfsSource } from '../../../src/embedded/index.ts';
import { HostKernel } from '../../../src/host/kernel.ts';
import type { IterParameters, Kernel } from '../../../src/kernel.ts';
import { openObject } from '../../../src/object/index.ts';
import { LiveReader } from '../../../src/procfs-node/index.ts';
import { describeProcessesOnHost } from '../../host/permitted.ts';
import { Subjects } from '../parity/subjects.ts';

const FIXTURES: ReadonlySet<string> = new Set(['socket_files', 'bpf_files', 'stacks', 'registers']);

const KTHREADD = 2;

/** Of programs/, or one of the fixtures beside this file. */
const program = (name: string) => {
  const path = FIXTURES.has(name) ? `test/embedded/targets/fixtures/${name}.bpf.o` : `programs/${name}.bpf.o`;
  return openObject(readFileSync(new URL(`../../../${path}`, import.meta.url)), { name: path });
};

/** Output of the object's only iterator. */
async function textOf(kernel: Kernel, name: string, parameters: IterParameters): Promise<string> {
  using loaded = await kernel.load(program(name));
  const [iterator] = loaded.programs;
  if (iterator === undefined) throw new Error(`${name} has no program`);
  using link = iterator.attachIter(parameters);
  return link.open().text();
}

describeProcessesOnHost('the running kernel and the embedded one print the same', () => {
  const subjects = new Subjects();
  const host = new HostKernel();
  const embedded = openEmbeddedKernel({ source: procfsSource(new LiveReader()) });
  const path = join(tmpdir(), `bpfiter-text-${Date.now()}`);
  let pid = 0;
  let zombie = 0;
  let sleeper: ChildProcess;

  beforeAll(async () => {
    pid = await subjects.start(path);
    zombie = await subjects.zombie();
    sleeper = spawn('sleep', ['1000']);
  });
  afterAll(() => {
    subjects[Symbol.dispose]();
    sleeper.kill('SIGKILL');
    embedded.close();
    host.close();
  });

  const cases: readonly (readonly [name: string, of: string, parameters: () => IterParameters])[] = [
    ['task', 'a process', () => ({ task: { pid } })],
    ['task', 'a thread', () => ({ task: { tid: pid } })],
    ['task', 'a zombie', () => ({ task: { pid: zombie } })],
    ['task_file', 'a process', () => ({ task: { pid } })],
    ['task_file', 'a thread', () => ({ task: { tid: pid } })],
    ['task_file', 'a zombie', () => ({ task: { pid: zombie } })],
    ['task_and_files', 'a process', () => ({ task: { pid } })],
    ['socket_files', 'a process', () => ({ task: { pid } })],
    ['task_vma', 'a process', () => ({ task: { pid } })],
    ['task_vma', 'a thread', () => ({ task: { tid: pid } })],
    ['task_vma', 'a zombie', () => ({ task: { pid: zombie } })],
    ['task_cmdline', 'a process', () => ({ task: { pid } })],
    ['task_cmdline', 'a zombie', () => ({ task: { pid: zombie } })],
    ['stacks', 'a process that sleeps', () => ({ task: { pid: sleeper.pid ?? 0 } })],
    ['stacks', 'threads that are stopped', () => ({ task: { pid } })],
    ['stacks', 'a zombie', () => ({ task: { pid: zombie } })],
    ['stacks', 'a kernel thread', () => ({ task: { pid: KTHREADD } })],
    ['registers', 'a process that sleeps', () => ({ task: { pid: sleeper.pid ?? 0 } })],
    ['registers', 'threads that are stopped', () => ({ task: { pid } })],
    ['registers', 'a kernel thread', () => ({ task: { pid: KTHREADD } })],
    ['kmem_cache', 'all', () => ({})],
    ['cgroup', 'all', () => ({ cgroup: { order: 'descendants_pre' } })],
  ];
  test.each(cases)('%s of %s', async (name, of, parameters) => {
    const text = await textOf(host, name, parameters());
    if (name === 'stacks' && of === 'a process that sleeps') expect(text).toMatch(/nanosleep\+0x\w+\/0x\w+\|$/m);
    if (name === 'socket_files') expect(text).toContain(' family 10 ');
    expect(await textOf(embedded, name, parameters())).toBe(text);
  });

  /** What both kernels print of something that others may change meanwhile: in a moment in which nobody did. */
  const inAQuietMoment = async (lines: (kernel: Kernel) => Promise<readonly string[]>) => {
    for (let attempt = 0; attempt < 50; attempt++) {
      const there = await lines(host);
      const here = await lines(embedded);
      if ((await lines(host)).join('\n') === there.join('\n')) return { there, here };
    }
    throw new Error('the running kernel printed something else each time');
  };

  // Where a socket lies is each kernel's own business, and which of its tables' buckets a UDP socket is in; timers run.
  test.each(['unix', 'netlink', 'tcp', 'udp', 'ipv6_route'])('%s, but for addresses of the kernel', async (name) => {
    const lines = async (kernel: Kernel) =>
      (await textOf(kernel, name, {}))
        .split('\n')
        .map((line) =>
          line
            .replace(/\b0{8}[0-9a-f]{8}\b/, 'ADDRESS')
            .replace(/^ *\d+: (?=\w+:)/, 'BUCKET: ')
            .replace(/ (0[1-4]):[0-9A-F]{8} /, ' $1:TIME '),
        )
        .sort();
    const { there, here } = await inAQuietMoment(lines);
    const listening = name === 'unix' || name === 'udp';
    if (listening) expect(there.some((line) => line.includes(name === 'unix' ? path : 'BUCKET'))).toBe(true);
    expect(here).toEqual(there);
  });

  test('maps, programs and links that this process has open', async () => {
    using loaded = await host.load(program('hashmap'));
    using held = await host.load(program('task'));
    const [map, iterator] = [loaded.maps[0], held.programs[0]];
    if (map === undefined || iterator === undefined) throw new Error('there is nothing to look for');
    using link = iterator.attachIter();
    const beginnings = [`map ${map.id} `, `program ${iterator.id} `, `link ${link.info().id} `];
    const lines = async (kernel: Kernel) => {
      const text = await textOf(kernel, 'bpf_files', { task: { pid: process.pid } });
      return text.split('\n').filter((line) => beginnings.some((beginning) => line.startsWith(beginning)));
    };
    const there = await lines(host);
    expect(there.length).toBe(3);
    expect(await lines(embedded)).toEqual(there);
  });

  test('types of programs, from the list of programs and from that of links', async () => {
    const name = 'test/embedded/targets/fixtures/program_types.bpf.o';
    const object = () => openObject(readFileSync(new URL(`../../../${name}`, import.meta.url)), { name });
    const lines = async (kernel: Kernel, iterator: string) => {
      using loaded = await kernel.load(object());
      using _other = await kernel.load(program('count_tasks'));
      using held = loaded.program('link_types').attachIter();
      using link = loaded.program(iterator).attachIter();
      const text = await link.open().text();
      expect(held.info().programId).toBe(loaded.program('link_types').id);
      return text.split('\n').filter((line) => /^(program_types|link_types|count_)/.test(line));
    };
    for (const iterator of ['program_types', 'link_types']) {
      const there = await lines(host, iterator);
      expect(there.join('\n')).toMatch(/^link_types: link_types, type \d+ of kind c000001$/m);
      expect(await lines(embedded, iterator)).toEqual(there);
    }
  });

  test('ksym, but for the symbol of the program that prints it', async () => {
    const lines = async (kernel: Kernel) =>
      (await textOf(kernel, 'ksym', {}))
        .split('\n')
        .filter((line) => line !== '' && !/bpf_prog_|\[__builtin__kprobes\]/.test(line));
    const { there, here } = await inAQuietMoment(lines);
    expect(there.length).toBeGreaterThan(1000);
    expect(here).toEqual(there);
  });
});
