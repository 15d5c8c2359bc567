import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readElf } from '../../src/elf/index.ts';
import { bpfiter, bpftool, hasBpftool, program, scratchFile } from './bpfiter.ts';

const record = program('task_record');

async function dump(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await bpfiter(['btf', 'dump', ...args]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

describe('btf dump', () => {
  test('prints the types of an object as a C header', async () => {
    const header = await dump(record);
    expect(header).toMatch(/^#ifndef /);
    expect(header).toContain('struct task_faults {\n\t__u64 minor;\n\t__u64 major;\n};\n');
    expect(await dump('file', record, '--format', 'c')).toBe(header);
  });

  test('prints one type, with those it needs and no others', async () => {
    const header = await dump(record, '--type', 'task_record');
    expect(header).toContain('struct task_record {\n');
    expect(header).toContain('struct task_faults {\n');
    expect(header).not.toContain('struct task_struct');
    expect(await dump(record, '--type', 'task_faults', '--format', 'raw')).toMatch(
      /^\[\d+\] STRUCT 'task_faults' size=16 vlen=2\n\t'minor' type_id=\d+ bits_offset=0\n\t'major' type_id=\d+ bits_offset=64\n$/,
    );
  });

  test('reads plain BTF as well', async () => {
    const { data } = readElf(readFileSync(record)).section('.BTF') ?? {};
    const file = scratchFile('plain.btf', data ?? '');
    expect(await dump(file)).toBe(await dump(record));
  });

  test.skipIf(!existsSync('/sys/kernel/btf/vmlinux'))('prints the kernel (skipped where it has no BTF)', async () => {
    const types = await dump('--type', 'bpf_iter_meta');
    expect(types).toContain('struct bpf_iter_meta {\n');
    expect(await dump('/sys/kernel/btf/vmlinux', '--type', 'bpf_iter_meta')).toBe(types);
  });

  test.skipIf(!hasBpftool)("prints bpftool's raw list (skipped where there is no bpftool)", async () => {
    for (const file of [record, program('cgroup_tree')]) {
      expect(await dump(file, '--format', 'raw')).toBe((await bpftool('btf', 'dump', 'file', file)).stdout);
    }
  });
});
