import { expect, test } from 'vitest';
import { FakeRuntime, pairOf, pointerPair } from './fake-runtime.ts';

const EFAULT = -14;
const EINVAL = -22;
const ERANGE = -34;

const reads: readonly [what: string, helper: string, address: bigint, errno: number][] = [
  ['NULL', 'bpf_probe_read_kernel', 0n, ERANGE],
  ['a small number', 'bpf_probe_read_kernel', 0x10n, ERANGE],
  ['a user address', 'bpf_probe_read_kernel', 0x7fff_0000_0000n, ERANGE],
  ['an address that is not canonical', 'bpf_probe_read_kernel', 0x8000_0000_0000_0000n, ERANGE],
  ['the vsyscall page', 'bpf_probe_read_kernel', 0xffff_ffff_ff60_0010n, ERANGE],
  ['an unmapped kernel address', 'bpf_probe_read_kernel', 0xffff_ffff_8000_0000n, EFAULT],
  ['what is behind memory', 'bpf_probe_read_kernel', 0xffff_8880_ffff_fff0n, EFAULT],
  ['the first page', 'bpf_probe_read_kernel', 0xffff_8880_0000_0010n, EFAULT],
  ['NULL', 'bpf_probe_read_kernel_str', 0n, ERANGE],
  ['an unmapped kernel address', 'bpf_probe_read_kernel_str', 0xffff_ffff_8000_0000n, EFAULT],
  ['NULL', 'bpf_probe_read_user', 0n, EFAULT],
  ['a kernel address', 'bpf_probe_read_user', 0xffff_8880_0001_0000n, EFAULT],
  ['a user address', 'bpf_probe_read_user_str', 0x1000n, EFAULT],
  ['a user address', 'bpf_copy_from_user', 0x1000n, EFAULT],
  ['a user address', 'bpf_probe_read', 0x1000n, EFAULT],
  ['an unmapped kernel address', 'bpf_probe_read_str', 0xffff_ffff_8000_0000n, EFAULT],
];

test.each(reads)('of %s, %s fails and leaves zeros', (_what, helper, address, errno) => {
  const runtime = new FakeRuntime();
  const to = runtime.place('xxxxxxxx');
  expect(runtime.function(helper)(to, 4, ...pairOf(address))).toBe(errno);
  expect(runtime.memory.text(to + 4, 8)).toBe('xxxx');
  expect(runtime.memory.u32[to >> 2]).toBe(0);
});

test('kernel memory and strings are read, strings cut with an end', () => {
  const runtime = new FakeRuntime();
  const from = runtime.place('a string of more than thirty-two bytes');
  const to = runtime.memory.allocate(64);
  for (const helper of ['bpf_probe_read', 'bpf_probe_read_kernel']) {
    expect(runtime.function(helper)(to, 38, ...pointerPair(from))).toBe(0);
    expect(runtime.memory.text(to, 38)).toBe('a string of more than thirty-two bytes');
  }
  for (const helper of ['bpf_probe_read_str', 'bpf_probe_read_kernel_str']) {
    const read = runtime.function(helper);
    expect(read(to, 64, ...pointerPair(from))).toBe(39);
    expect(read(to, 9, ...pointerPair(from))).toBe(9);
    expect(runtime.memory.text(to, 64)).toBe('a string');
    expect(read(to, 0, ...pointerPair(from))).toBe(0);
  }
});

test('bpf_copy_from_user_task looks at its flags first', () => {
  const runtime = new FakeRuntime();
  const to = runtime.place('xxxxxxxx');
  const copy = runtime.function('bpf_copy_from_user_task');
  expect(copy(to, 8, 0x1000, 0, 0, 1, 0)).toBe(EINVAL);
  expect(runtime.memory.text(to, 8)).toBe('xxxxxxxx');
  expect(copy(to, 0, 0x1000, 0, 0, 0, 0)).toBe(0);
  expect(copy(to, 8, 0x1000, 0, 0, 0, 0)).toBe(EFAULT);
});

test.each<[text: string, flags: number, strtol: bigint | number, strtoul: bigint | number]>([
  ['42 rest', 0, 42n, 42n],
  [' \t\n-42', 10, -42n, EINVAL],
  ['0x1fg', 0, 0x1fn, 0x1fn],
  ['0X1F', 16, 0x1fn, 0x1fn],
  ['1F', 16, 0x1fn, 0x1fn],
  ['0x', 0, 0n, 0n],
  ['0x', 16, EINVAL, EINVAL],
  ['017', 0, 15n, 15n],
  ['018', 8, 1n, 1n],
  ['9', 8, EINVAL, EINVAL],
  ['x', 0, EINVAL, EINVAL],
  ['', 0, EINVAL, EINVAL],
  [' - 1', 0, EINVAL, EINVAL],
  ['+1', 0, EINVAL, EINVAL],
  ['1', 2, EINVAL, EINVAL],
  ['1', 32 + 10, EINVAL, EINVAL],
  ['9223372036854775807', 0, 9223372036854775807n, 9223372036854775807n],
  ['9223372036854775808', 0, ERANGE, 9223372036854775808n],
  ['-9223372036854775808', 0, -9223372036854775808n, EINVAL],
  ['-9223372036854775809', 0, ERANGE, EINVAL],
  ['-18446744073709551615', 0, ERANGE, EINVAL],
  ['18446744073709551615', 0, ERANGE, 18446744073709551615n],
  ['18446744073709551616', 0, ERANGE, ERANGE],
  [`0${'0'.repeat(70)}7`, 10, 0n, 0n],
])('numbers of %j with flags %d', (text, flags, strtol, strtoul) => {
  const runtime = new FakeRuntime();
  const at = runtime.place(text);
  const to = runtime.words(-1n);
  for (const [helper, expected] of [
    ['bpf_strtol', strtol],
    ['bpf_strtoul', strtoul],
  ] as const) {
    const result: number = runtime.function(helper)(at, text.length, flags, 0, to);
    const value = runtime.memory.view.getBigInt64(to, true);
    if (typeof expected === 'number') expect([helper, result, value]).toEqual([helper, expected, 0n]);
    else expect([helper, result > 0, value]).toEqual([helper, true, BigInt.asIntN(64, expected)]);
  }
});

test('numbers say how much of the text they are', () => {
  const runtime = new FakeRuntime();
  const strtol = runtime.function('bpf_strtol');
  const to = runtime.words(0n);
  expect(strtol(runtime.place('  -0x1f rest'), 12, 0, 0, to)).toBe(7);
  expect(strtol(runtime.place('123456'), 3, 0, 0, to)).toBe(3);
  expect(runtime.memory.view.getBigInt64(to, true)).toBe(123n);
});

test('bpf_strncmp compares up to a size or an end', () => {
  const runtime = new FakeRuntime();
  const compare = (a: string, size: number, b: string): number =>
    runtime.function('bpf_strncmp')(runtime.place(a), size, runtime.place(b));
  expect(compare('abc', 3, 'abcd')).toBe(0);
  expect(compare('abc', 4, 'abcd')).toBe(-1);
  expect(compare('abd', 4, 'abcd')).toBe(1);
  expect(compare('é', 3, 'e')).toBe(1);
});

test('clocks differ by constants', () => {
  const runtime = new FakeRuntime();
  runtime.nowNs = 0xffff_ffff_ffn;
  expect(runtime.pair('bpf_ktime_get_ns')).toBe(runtime.nowNs);
  expect(runtime.pair('bpf_ktime_get_boot_ns')).toBe(runtime.nowNs + runtime.machine.bootOffset);
  expect(runtime.pair('bpf_ktime_get_tai_ns')).toBe(runtime.nowNs + 1_795_000_000_123_456_789n);
  runtime.nowNs = 299_999_999_999n;
  expect(runtime.pair('bpf_jiffies64')).toBe(0xffff_ffffn);
  runtime.nowNs += 1n;
  expect(runtime.pair('bpf_jiffies64')).toBe(0x1_0000_0000n);
});

const layouts = {
  task_struct: { pid: 0, tgid: 4, comm: 8, cred: 24, cgroups: 32 },
  cred: { uid: 4, gid: 8 },
  css_set: { dfl_cgrp: 8 },
  cgroup: { self: 16, level: 40, kn: 48 },
  cgroup_subsys_state: { parent: 8 },
  kernfs_node: { id: 8 },
};

test('the current task is the one that the runtime says', () => {
  const runtime = new FakeRuntime(layouts);
  const { memory } = runtime;
  const task = memory.allocate(48);
  runtime.currentTask = task;
  memory.u32.set([70, 7], task >> 2);
  memory.u8.set(new TextEncoder().encode('exactly15bytes!'), task + 8);
  const cred = memory.allocate(16);
  memory.u32.set([0, 1000, 100], cred >> 2);
  memory.u32.set(pointerPair(cred), (task + 24) >> 2);
  expect(runtime.pair('bpf_get_current_pid_tgid')).toBe((7n << 32n) | 70n);
  expect(runtime.pair('bpf_get_current_uid_gid')).toBe((100n << 32n) | 1000n);
  expect(runtime.function('bpf_get_current_task')()).toBe(task);
  const to = runtime.place('zzzzzzzzzzzzzzzzzzzz');
  expect(runtime.function('bpf_get_current_comm')(to, 18)).toBe(0);
  expect([...memory.u8.subarray(to, to + 20)]).toEqual([
    ...new TextEncoder().encode('exactly15bytes!'),
    ...[0, 0, 0],
    ...new TextEncoder().encode('zz'),
  ]);
  runtime.function('bpf_get_current_comm')(to, 4);
  expect(memory.text(to, 20)).toBe('exa');
});

test('cgroups of the current task: its own and those above it', () => {
  const runtime = new FakeRuntime(layouts);
  const { memory } = runtime;
  const cgroups = [11n, 22n, 33n].map((id, level) => {
    const cgroup = memory.allocate(56);
    const node = memory.allocate(16);
    memory.view.setBigUint64(node + 8, id, true);
    memory.view.setInt32(cgroup + 40, level, true);
    memory.u32.set(pointerPair(node), (cgroup + 48) >> 2);
    return cgroup;
  }) as [number, number, number]; // one for each of three
  for (const [child, parent] of [
    [cgroups[1], cgroups[0]],
    [cgroups[2], cgroups[1]],
  ] as const) {
    memory.u32.set(pointerPair(parent + 16), (child + 16 + 8) >> 2);
  }
  const set = memory.allocate(16);
  memory.u32.set(pointerPair(cgroups[2]), (set + 8) >> 2);
  runtime.currentTask = memory.allocate(48);
  memory.u32.set(pointerPair(set), (runtime.currentTask + 32) >> 2);
  expect(runtime.pair('bpf_get_current_cgroup_id')).toBe(33n);
  expect([-1, 0, 1, 2, 3].map((level) => runtime.pair('bpf_get_current_ancestor_cgroup_id', level))).toEqual([
    ...[0n, 11n, 22n, 33n, 0n],
  ]);
});

test('a function says which field of this kernel it lacks', () => {
  const runtime = new FakeRuntime({ task_struct: { pid: 0 } });
  expect(() => runtime.function('bpf_get_current_pid_tgid')).toThrow('this kernel has no task_struct.tgid');
});
