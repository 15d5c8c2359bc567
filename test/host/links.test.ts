import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { closeDescriptor, duplicate } from '../../src/host/descriptor.ts';
import { HostKernel } from '../../src/host/kernel.ts';
import { sessionOn } from '../../src/host/links.ts';
import { HostMap, tryCreateMap } from '../../src/host/maps.ts';
import type { Instruction } from '../../src/isa/index.ts';
import type { CgroupOrder, IterParameters, KernelMap, Program, TaskSelector } from '../../src/kernel.ts';
import {
  BPF_F_SLEEPABLE,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_SOCKMAP,
} from '../../src/uapi/index.ts';
import { describeOnHost, loadIterator, openDescriptors, u32 } from './permitted.ts';

const kernel = new HostKernel();

/** Where a hierarchy of version 2 is mounted. */
const cgroupRoot = readMounts()
  .find((mount) => mount.split(' ')[2] === 'cgroup2')
  ?.split(' ')[1];

function readMounts(): readonly string[] {
  try {
    return readFileSync('/proc/mounts', 'utf8').split('\n');
  } catch {
    return [];
  }
}

async function linesOf(target: string, parameters?: IterParameters): Promise<number> {
  using program = loadIterator(target);
  using link = program.attachIter(parameters);
  let count = 0;
  for await (const line of link.open().lines()) {
    expect(line).toBe('abc');
    count += 1;
  }
  return count;
}

function createMap(type = BPF_MAP_TYPE_HASH, entries = 0): HostMap {
  const key_size = type === BPF_MAP_TYPE_QUEUE ? 0 : 4;
  const map = new HostMap(tryCreateMap({ map_type: type, key_size, value_size: 4, max_entries: 100 }));
  for (let key = 0; key < entries; key += 1) map.update(u32(key), u32(key));
  return map;
}

/** Reads eight bytes of the key and as many of the value: more than the maps here have. */
const readTooMuch: readonly Instruction[] = [
  { kind: 'load', size: 8, signed: false, dst: 2, base: 1, off: 16 },
  { kind: 'jump', width: 64, condition: 'eq', dst: 2, source: { immediate: 0 }, off: 1 },
  { kind: 'load', size: 8, signed: false, dst: 3, base: 2, off: 0 },
  { kind: 'alu', width: 64, op: 'mov', dst: 0, source: { immediate: 0 } },
  { kind: 'exit' },
];

describeOnHost('a link', () => {
  test('tells its id, its program and its target', () => {
    using program = loadIterator('bpf_prog');
    using link = program.attachIter();
    const info = link.info();
    expect(info).toEqual({ id: info.id, type: 'iter', programId: program.id, targetName: 'bpf_prog' });
    using same = kernel.openLink({ id: info.id });
    expect(same.info()).toEqual(info);
    expect([...kernel.links()]).toContainEqual(info);
  });

  test('goes when its last descriptor is closed', () => {
    const before = openDescriptors();
    using program = loadIterator('task');
    const link = program.attachIter();
    const { id } = link.info();
    link.close();
    link.close();
    expect(() => kernel.openLink({ id })).toThrow(`there is no link with id ${id}`);
    expect(() => link.info()).toThrow("the link of program 'by_hand' is closed");
    program.close();
    expect(openDescriptors()).toBe(before);
  });

  test('takes another program of the same target, for later sessions', async () => {
    const silent: readonly Instruction[] = [
      { kind: 'alu', width: 64, op: 'mov', dst: 0, source: { immediate: 0 } },
      { kind: 'exit' },
    ];
    using loud = loadIterator('task');
    using quiet = loadIterator('task', { insns: silent });
    using link = loud.attachIter({ task: { tid: process.pid } });
    const open = link.open();
    link.update(quiet);
    expect(link.info().programId).toBe(quiet.id);
    expect(await link.open().text()).toBe('');
    expect(await open.text()).toBe('abc\n');
    link.update(loud, quiet);
    expect(link.info().programId).toBe(loud.id);
  });

  test('keeps its program if another one was expected, or the new one does not fit', () => {
    using first = loadIterator('task');
    using second = loadIterator('task');
    using other = loadIterator('bpf_map');
    using link = first.attachIter();
    expect(() => link.update(first, second)).toThrow(/its program is no longer 'by_hand' \(EPERM\)/);
    expect(() => link.update(other)).toThrow(/program 'by_hand' is of another type or target \(EINVAL\)/);
    const foreign = { name: 'embedded' } as Program; // stands for one of another kernel
    expect(() => link.update(foreign)).toThrow(/of another kernel/);
    expect(link.info().programId).toBe(first.id);
  });

  test('is not detached by the kernel', () => {
    using program = loadIterator('task');
    using link = program.attachIter();
    expect(() => link.detach()).toThrow(expect.objectContaining({ code: 'unsupported', errno: 95 }));
  });

  test('is not made for sleepable programs of a target that cannot sleep', () => {
    using program = loadIterator('bpf_map', { flags: BPF_F_SLEEPABLE });
    expect(() => program.attachIter()).toThrow(
      "cannot attach program 'by_hand' (iter.s/bpf_map): programs of this target may not sleep (iter.s) (EINVAL)",
    );
  });
});

describeOnHost('a task parameter', () => {
  test('tid chooses one thread', async () => {
    expect(await linesOf('task', { task: { tid: process.pid } })).toBe(1);
  });

  test('pid chooses all threads of a process', async () => {
    const threads = await linesOf('task', { task: { pid: process.pid } });
    expect(threads).toBeGreaterThan(1);
  });

  test('pidFd chooses as pid does', async () => {
    const child = spawn('sleep', ['60']);
    try {
      const pid = child.pid ?? 0;
      // pidfd_open has this number on every architecture.
      const pidFd = rawSyscall(434, pid, 0);
      using program = loadIterator('task');
      using link = program.attachIter({ task: { pidFd } });
      closeDescriptor(pidFd);
      expect(link.info()).toMatchObject({ targetName: 'task', pid });
      expect(await link.open().text()).toBe('abc\n');
    } finally {
      child.kill();
    }
  });

  test.each<[task: TaskSelector, code: string, message: string | RegExp]>([
    [{ tid: 0x3fff_ffff }, 'not-found', 'there is no thread 1073741823'],
    [{ pid: 0x3fff_ffff }, 'not-found', 'there is no process 1073741823'],
    [{ pid: -4 }, 'usage', '-4 is no number of a process'],
    [{ pidFd: 1_000_000 }, 'refused', /descriptor 1000000 is no pidfd \(EBADF\)/],
    [{ pidFd: 0 }, 'usage', /descriptor 0 cannot be used as a pidfd/],
    [{ pid: 2 ** 32 + 1 }, 'usage', '4294967297 is no number of a process'],
    // @ts-expect-error types refuse it too
    [{ tid: 1, pid: 2 }, 'usage', /one of tid, pid and pidFd/],
  ])('%j is refused: %s', (task, code, message) => {
    using program = loadIterator('task');
    expect(() => program.attachIter({ task })).toThrow(expect.objectContaining({ code }));
    expect(() => program.attachIter({ task })).toThrow(message);
  });

  test('pid of a thread that is not its process’s first would choose nothing, and says so', () => {
    using program = loadIterator('task');
    const thread =
      readdirSync(`/proc/${process.pid}/task`)
        .map(Number)
        .find((tid) => tid !== process.pid) ?? 0;
    expect(() => program.attachIter({ task: { pid: thread } })).toThrow(
      `there is no process ${thread}: it is a thread of process ${process.pid} (use tid)`,
    );
  });

  test('is refused by a target that would ignore it', () => {
    using program = loadIterator('bpf_map');
    expect(() => program.attachIter({ task: { tid: 1 } })).toThrow(/iter\/bpf_map does not take the parameter 'task'/);
  });
});

function rawSyscall(...numbers: readonly number[]): number {
  const koffi = createRequire(import.meta.url)('koffi');
  const call = koffi.load(null).func('syscall', 'long', ['long', 'long', 'long']);
  return Number(call(...numbers));
}

describeOnHost('a map parameter', () => {
  test('is a map, or names one by id', async () => {
    using map = createMap(BPF_MAP_TYPE_HASH, 12);
    expect(await linesOf('bpf_map_elem', { map })).toBe(12);
    expect(await linesOf('bpf_map_elem', { map: { id: map.id } })).toBe(12);
    expect(await linesOf('bpf_map_elem', { map: { fd: map.fd } })).toBe(12);
  });

  test('shows in the link, which holds the map', async () => {
    const map = createMap(BPF_MAP_TYPE_ARRAY, 1);
    using program = loadIterator('bpf_map_elem');
    using link = program.attachIter({ map: { id: map.id } });
    expect(link.info()).toMatchObject({ targetName: 'bpf_map_elem', mapId: map.id });
    map.close();
    expect((await link.open().text()).length).toBe(4 * 100);
  });

  test('of another type than the target takes is refused by the name of its type', () => {
    using map = createMap(BPF_MAP_TYPE_QUEUE);
    using program = loadIterator('bpf_map_elem');
    expect(() => program.attachIter({ map })).toThrow(/the target does not iterate over maps of type queue \(EINVAL\)/);
    using array = createMap(BPF_MAP_TYPE_ARRAY);
    using sockets = loadIterator('sockmap');
    expect(() => sockets.attachIter({ map: array })).toThrow(/maps of type array/);
    using sockmap = createMap(BPF_MAP_TYPE_SOCKMAP);
    sockets.attachIter({ map: sockmap }).close();
  });

  test('with keys shorter than the program reads is refused with their size', () => {
    using map = createMap();
    using program = loadIterator('bpf_map_elem', { insns: readTooMuch });
    expect(() => program.attachIter({ map })).toThrow(/reads beyond the key \(4 bytes\) or the value \(4 bytes\)/);
  });

  test('cannot be left out, nor be of another kernel, nor leak', () => {
    using program = loadIterator('bpf_map_elem');
    const before = openDescriptors();
    expect(() => program.attachIter()).toThrow(/iter\/bpf_map_elem needs the parameter 'map'/);
    expect(() => program.attachIter({ map: { id: 0x7fff_fff0 } })).toThrow(/no map with id/);
    const foreign = { name: 'elsewhere', lookup: () => undefined } as unknown as KernelMap; // stands for an embedded one
    expect(() => program.attachIter({ map: foreign })).toThrow("map 'elsewhere' is of another kernel than the program");
    expect(openDescriptors()).toBe(before);
  });
});

describe.skipIf(cgroupRoot === undefined)('cgroup parameters (skipped where no cgroup2 is mounted)', () => {
  const root = cgroupRoot ?? '';

  describeOnHost('a cgroup parameter', () => {
    /** A cgroup with two children, for as long as `use` runs. */
    async function withCgroups(use: (path: string) => Promise<void>): Promise<void> {
      const top = join(root, `bpfiter-test-${process.pid}`);
      const paths = [top, join(top, 'a'), join(top, 'b')];
      try {
        for (const path of paths) mkdirSync(path);
        await use(top);
      } finally {
        for (const path of paths.toReversed()) rmdirSync(path);
      }
    }

    test.each<[CgroupOrder, number]>([
      ['self_only', 1],
      ['descendants_pre', 3],
      ['descendants_post', 3],
      ['ancestors_up', 2],
    ])('walks in the order %s', async (order, count) => {
      await withCgroups(async (path) => {
        expect(await linesOf('cgroup', { cgroup: { path, order } })).toBe(count);
      });
    });

    test('is a path, a descriptor or an id, and shows in the link', async () => {
      await withCgroups(async (path) => {
        const id = BigInt(statSync(path, { bigint: true }).ino);
        using program = loadIterator('cgroup');
        for (const selector of [{ path }, { id }]) {
          using link = program.attachIter({ cgroup: { ...selector, order: 'descendants_pre' } });
          expect(link.info()).toMatchObject({ cgroupId: id, cgroupOrder: 'descendants_pre' });
          expect(await link.open().text()).toBe('abc\n'.repeat(3));
        }
      });
    });

    test.each([
      [{ path: '/no/such/cgroup' }, 'not-found', "cannot open the cgroup '/no/such/cgroup': no such directory"],
      [{ path: '/proc/self/status' }, 'not-found', /it is no directory/],
      [{ path: '/tmp' }, 'not-found', "'/tmp' is no cgroup: it is not in a cgroup file system"],
      [{ fd: 0 }, 'usage', /descriptor 0 cannot be used as a cgroup/],
      [{ id: 0n }, 'usage', '0 is no id of a cgroup'],
      [{ fd: 1_000_000 }, 'refused', /descriptor 1000000 is no cgroup directory \(EBADF\)/],
      [{ id: 0xffff_ffff_ffffn }, 'not-found', /there is no cgroup with id 281474976710655 \(ENOENT\)/],
    ])('%s is refused: %s', (selector, code, message) => {
      using program = loadIterator('cgroup');
      const before = openDescriptors();
      const attach = () => program.attachIter({ cgroup: { ...selector, order: 'self_only' } });
      expect(attach).toThrow(expect.objectContaining({ code }));
      expect(attach).toThrow(message);
      expect(openDescriptors()).toBe(before);
    });

    test('is needed', () => {
      using program = loadIterator('cgroup');
      expect(() => program.attachIter()).toThrow(/needs the parameter 'cgroup'/);
    });
  });
});

describeOnHost('a session', () => {
  test('reads a hundred thousand lines whole', async () => {
    using map = new HostMap(
      tryCreateMap({ map_type: BPF_MAP_TYPE_ARRAY, key_size: 4, value_size: 4, max_entries: 120_000 }),
    );
    expect(await linesOf('bpf_map_elem', { map })).toBe(120_000);
  });

  test('lets timers run while it reads', async () => {
    using map = new HostMap(
      tryCreateMap({ map_type: BPF_MAP_TYPE_ARRAY, key_size: 4, value_size: 4, max_entries: 500_000 }),
    );
    using program = loadIterator('bpf_map_elem');
    using link = program.attachIter({ map });
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 0);
    await link.open().text();
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  test('carries the errno of a read that fails', async () => {
    using program = loadIterator('task');
    using link = program.attachIter();
    // Links themselves cannot be read.
    const session = sessionOn(duplicate(link.fd, 'a file'));
    await expect(session.text()).rejects.toThrow(
      expect.objectContaining({
        code: 'refused',
        errno: 22,
        message: 'reading the iterator failed: Invalid argument (EINVAL)',
      }),
    );
  });

  test('leaves no descriptor when it ends or is left early', async () => {
    using program = loadIterator('task');
    using link = program.attachIter();
    const before = openDescriptors();
    await link.open().text();
    for await (const _ of link.open().lines()) break;
    link.open().close();
    expect(openDescriptors()).toBe(before);
  });
});
