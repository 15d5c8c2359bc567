import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import { iterTargets } from '../../src/uapi/index.ts';
import { describeOnHost } from '../host/permitted.ts';
import { bpfiter } from './bpfiter.ts';

interface Target {
  readonly name: string;
  readonly context: readonly { readonly name: string; readonly type: string; readonly register: string | null }[];
  readonly parameter: string | null;
  readonly sleepable: boolean | null;
}

const hasBtf = existsSync('/sys/kernel/btf/vmlinux');

async function list() {
  const { status, stdout, stderr } = await bpfiter(['targets', '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe.skipIf(!hasBtf)('targets (skipped where the kernel has no BTF)', () => {
  test('lists the iterator targets with their contexts', async () => {
    const { targets } = await list();
    const names = targets.map(({ name }: Target) => name);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['bpf_map', 'task', 'task_file']));
    const { context } = targets.find(({ name }: Target) => name === 'task_file');
    expect(context.map(({ name, type }: Target['context'][0]) => `${type} ${name}`)).toEqual([
      'struct bpf_iter_meta * meta',
      'struct task_struct * task',
      'u32 fd',
      'struct file * file',
    ]);
  });

  test('lists the open-coded iterators with what they take and give', async () => {
    const { openCoded } = await list();
    // Linux 6.4 was the first with any.
    if (openCoded.length === 0) return;
    expect(openCoded.find(({ name }: Target) => name === 'num')).toEqual({
      name: 'num',
      size: 8,
      arguments: [
        { name: 'start', type: 'int' },
        { name: 'end', type: 'int' },
      ],
      item: 'int',
    });
  });

  test('prints a line for each of them', async () => {
    const { targets, openCoded } = await list();
    const { stdout } = await bpfiter(['targets']);
    const lines = stdout.split('\n').slice(0, -1);
    expect(lines).toHaveLength(3 + targets.length + openCoded.length);
    expect(lines[0]).toBe('Iterator targets: SEC("iter/NAME")');
    expect(stdout).toMatch(/^ {2}task_file +struct task_struct \*task\??, u32 fd, struct file \*file\??/m);
    expect((await bpfiter(['targets', '-p'])).stdout).toBe(`${JSON.stringify({ targets, openCoded }, undefined, 2)}\n`);
  });
});

describeOnHost('targets, where the kernel can be asked,', () => {
  test('tells the parameter, the registers and whether programs may sleep', async () => {
    const { targets } = await list();
    const byName = new Map<string, Target>(targets.map((target: Target) => [target.name, target]));
    expect(byName.get('task')).toMatchObject({ parameter: 'task' });
    expect(byName.get('bpf_map_elem')).toMatchObject({ parameter: 'map', sleepable: false });
    expect(byName.get('bpf_map')).toMatchObject({ parameter: null, sleepable: false });
    expect(byName.get('task')?.context[1]?.register).toMatch(/ptr_or_null_task_struct$/);
    const { stdout } = await bpfiter(['targets']);
    expect(stdout).toMatch(/^ {2}task +struct task_struct \*task\? {2}\[parameter task/m);
  });

  const [major = 0, minor = 0] = release().split('.').map(Number);
  const is61 = major > 6 || (major === 6 && minor >= 1);
  test.skipIf(!is61)('answers as the table of iterators says (skipped before Linux 6.1)', async () => {
    const { targets } = await list();
    for (const { name, parameter = null, sleepable } of iterTargets) {
      const found = targets.find((target: Target) => target.name === name);
      // What a kernel is built without, it does not have.
      if (found !== undefined) expect(found).toMatchObject({ name, parameter, sleepable });
    }
    expect(targets.map(({ name }: Target) => name)).toContain('task');
  });
});
