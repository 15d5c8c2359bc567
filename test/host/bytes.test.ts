/** What the room does without the kernel. */
import { createRequire } from 'node:module';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Btf } from '../../src/btf/index.ts';
import { countCpus } from '../../src/cpu-list.ts';
import { BpfiterError } from '../../src/errors.ts';
import * as attributes from '../../src/host/attributes.ts';
import { failure } from '../../src/host/failure.ts';
import { findSymbol } from '../../src/host/kallsyms.ts';
import { readKernelBtf } from '../../src/host/kernel-btf.ts';
import { parseVersion, upstreamVersion, versionCode } from '../../src/host/kernel-version.ts';
import { loadWithLog } from '../../src/host/load-log.ts';
import { Releases } from '../../src/host/releases.ts';
import { cString, StructLayout } from '../../src/host/structs.ts';

/** Before anything of this file has made a call. */
const koffiLoadedByImport = isKoffiLoaded();

function isKoffiLoaded(): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((path) => /[/\\]koffi[/\\]/.test(path));
}

describe('importing the room', () => {
  afterEach(() => {
    vi.doUnmock('node:module');
    vi.resetModules();
  });

  test('does not load koffi', () => {
    expect(koffiLoadedByImport).toBe(false);
  });

  test('says how to install koffi once a call needs it and it is not there', async () => {
    vi.resetModules();
    vi.doMock('node:module', () => ({
      createRequire: () => () => {
        throw new Error("Cannot find module 'koffi'");
      },
    }));
    const { bpfPermitted } = await import('../../src/host/index.ts');
    expect(bpfPermitted()).toEqual({
      ok: false,
      code: 'unsupported',
      reason: expect.stringContaining('npm install koffi'),
    });
  });

  test('says that only Linux will do on another platform', async () => {
    vi.resetModules();
    const platform = Object.getOwnPropertyDescriptor(process, 'platform');
    Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' });
    try {
      const { openHostKernel } = await import('../../src/host/index.ts');
      expect(() => openHostKernel()).toThrow(/on Linux only, and this is darwin/);
    } finally {
      Object.defineProperty(process, 'platform', { ...platform });
    }
  });
});

describe('struct layouts', () => {
  const layout = new StructLayout('sample', { a: 'u32', p: 'pointer', n: 'name', b: 's32', c: 'u64' });

  test('follow the natural alignment of C', () => {
    expect(layout.fields.map((field) => layout.place(field).offset)).toEqual([0, 8, 16, 32, 40]);
    expect(layout.size).toBe(48);
    expect(layout.sizeThrough('n')).toBe(32);
  });

  test('keep numbers of either sign and cut names so that a NUL follows', () => {
    const struct = layout.create({ a: 0xffff_ffff, b: -5, c: 1n << 63n, n: 'a name of more than 15 bytes' });
    expect(struct.number('a')).toBe(0xffff_ffff);
    expect(struct.number('b')).toBe(-5);
    expect(struct.bigint('c')).toBe(1n << 63n);
    expect(struct.name('n')).toBe('a name of more ');
  });

  test('take a shorter name over a longer one whole', () => {
    const struct = layout.create({ n: 'long enough' });
    struct.set('n', 'x');
    expect(struct.name('n')).toBe('x');
  });
});

/** Of a layout, only the names and places of its fields are looked at. */
type Layout = Pick<StructLayout<never>, 'name' | 'fields' | 'place'>;

/** Our layouts, and what the kernel calls the same fields. */
const inBpfAttr: readonly [layout: Layout, prefix: string, renamed?: Record<string, string>][] = [
  [attributes.mapCreateAttributes, ''],
  [attributes.mapElementAttributes, ''],
  [attributes.mapBatchAttributes, 'batch.'],
  [attributes.programLoadAttributes, ''],
  [attributes.objectPathAttributes, ''],
  [attributes.testRunAttributes, 'test.'],
  [attributes.idAttributes, '', { id: 'start_id' }],
  [attributes.infoAttributes, 'info.'],
  [attributes.btfLoadAttributes, ''],
  [attributes.linkCreateAttributes, 'link_create.'],
  [
    attributes.uprobeMultiAttributes,
    'link_create.',
    Object.fromEntries(
      ['path', 'offsets', 'ref_ctr_offsets', 'cookies', 'cnt', 'pid']
        .map((field) => [field, `uprobe_multi.${field}`])
        .concat([['multi_flags', 'uprobe_multi.flags']]),
    ),
  ],
  [attributes.linkUpdateAttributes, 'link_update.'],
  [attributes.linkDetachAttributes, 'link_detach.'],
  [attributes.enableStatsAttributes, 'enable_stats.'],
  [attributes.iterCreateAttributes, 'iter_create.'],
  [attributes.bindMapAttributes, 'prog_bind_map.'],
];

const inStructs: readonly [layout: Layout, struct: string, renamed?: Record<string, string>][] = [
  [attributes.programInfo, 'bpf_prog_info'],
  [attributes.mapInfo, 'bpf_map_info'],
  [attributes.btfInfo, 'bpf_btf_info'],
  [
    attributes.linkInfo,
    'bpf_link_info',
    {
      target_name: 'iter.target_name',
      target_name_len: 'iter.target_name_len',
      map_id: 'iter.map.map_id',
      cgroup_id: 'iter.cgroup.cgroup_id',
      cgroup_order: 'iter.cgroup.order',
    },
  ],
  [
    attributes.taskLinkInfo,
    'bpf_link_info',
    {
      target_name: 'iter.target_name',
      target_name_len: 'iter.target_name_len',
      map_id: 'iter.map.map_id',
      tid: 'iter.task.tid',
      pid: 'iter.task.pid',
    },
  ],
];

const inIterInfo: readonly [layout: Layout, prefix: string][] = [
  [attributes.mapIterInfo, 'map.'],
  [attributes.cgroupIterInfo, 'cgroup.'],
  [attributes.taskIterInfo, 'task.'],
];

const kernelTypes = readKernelBtf();

describe.skipIf(kernelTypes === undefined)('layouts (skipped where the kernel has no BTF)', () => {
  const types = kernelTypes ?? Btf.parse(new Uint8Array());
  /** The version that the layouts were written for has all their fields; older ones may lack some. */
  const complete = upstreamVersion() >= versionCode(6, 18, 0);

  /** Fields whose place the kernel's types tell otherwise. */
  function misplaced(layout: Layout, typeId: number, nameOf: (field: string) => string): string[] {
    return layout.fields.filter((field) => {
      const member = types.member(typeId, nameOf(field));
      return member === undefined ? complete : member.bitOffset !== layout.place(field).offset * 8;
    });
  }

  for (const [layout, prefix, renamed = {}] of inBpfAttr) {
    test(`${layout.name} has its fields where the kernel has them`, () => {
      const union = types.find('bpf_attr', 'union') ?? 0;
      expect(misplaced(layout, union, (field) => prefix + (renamed[field] ?? field))).toEqual([]);
    });
  }

  for (const [layout, struct, renamed = {}] of inStructs) {
    test(`${layout.name} has its fields where the kernel has them`, () => {
      const id = types.find(struct, 'struct') ?? 0;
      expect(misplaced(layout, id, (field) => renamed[field] ?? field)).toEqual([]);
    });
  }

  for (const [layout, prefix] of inIterInfo) {
    test(`${layout.name} has its fields where the kernel has them`, () => {
      const id = types.find('bpf_iter_link_info', 'union') ?? 0;
      expect(misplaced(layout, id, (field) => prefix + field)).toEqual([]);
    });
  }
});

test.each([
  ['6.18.44-fc-v595', versionCode(6, 18, 44)],
  ['5.4.8', versionCode(5, 4, 8)],
  ['4.19.67-2 (2019-08-28)', versionCode(4, 19, 67)],
  ['4.9.337', (4 << 16) + (9 << 8) + 255],
  ['6.18', 0],
  ['', 0],
])('the version in "%s" is read', (text, code) => {
  expect(parseVersion(text)).toBe(code);
});

test.each([
  ['0', 1],
  ['0-3', 4],
  ['0-1,4-7,9', 7],
])('the list of CPUs %s has so many', (list, count) => {
  expect(countCpus(list)).toBe(count);
});

test('what is no list of CPUs is malformed', () => {
  expect(() => countCpus('0-x')).toThrow(BpfiterError);
});

describe('a kernel symbol', () => {
  const text = Buffer.from(
    [
      'ffffffff81000000 T _stext',
      'ffffffff81000010 t twice',
      'ffffffff81000020 t twice',
      'ffffffff81000030 D same_place',
      'ffffffff81000030 D same_place',
      'ffffffff81000040 d local.llvm.1234',
      'ffffffff81000050 t local_function.llvm.1234',
      'ffffffffc0000000 t in_module\t[module]',
      '0000000000000000 A last',
    ].join('\n'),
  );

  test.each([
    ['_stext', 0xffffffff81000000n],
    ['stext', 'missing'],
    ['_st', 'missing'],
    ['T', 'missing'],
    ['twice', 'ambiguous'],
    ['same_place', 0xffffffff81000030n],
    ['local', 0xffffffff81000040n],
    ['local_function', 'missing'],
    ['in_module', 0xffffffffc0000000n],
    ['last', 0n],
  ])('%s is found only as a whole name', (name, address) => {
    expect(findSymbol(text, name)).toBe(address);
  });
});

describe('a load with a log', () => {
  const ENOSPC = 28;

  /** Answers as the kernel does: puts its log into the buffer as far as it fits. */
  const logging = (text: string, buffer: Uint8Array | undefined) => {
    const bytes = new TextEncoder().encode(text).subarray(0, (buffer?.length ?? 1) - 1);
    buffer?.set(bytes);
  };

  test('asks for no log while the load goes well', () => {
    const levels: (number | undefined)[] = [];
    const outcome = loadWithLog(0, (log) => {
      levels.push(log?.level);
      return { result: 7, logSize: 0 };
    });
    expect(outcome).toEqual({ result: 7, log: '' });
    expect(levels).toEqual([undefined]);
  });

  test('asks for messages when a load fails of which statistics were wanted', () => {
    const levels: (number | undefined)[] = [];
    const outcome = loadWithLog(4, (log) => {
      levels.push(log?.level);
      logging(log?.level === 4 ? 'processed 1 insns' : 'R1 is bad', log?.bytes);
      return { result: -13, logSize: 0 };
    });
    expect(outcome.log).toBe('R1 is bad');
    expect(levels).toEqual([4, 5]);
  });

  test('repeats a load that failed, for the reason', () => {
    const outcome = loadWithLog(0, (log) => {
      logging('R1 is bad\n', log?.bytes);
      return { result: -13, logSize: 0 };
    });
    expect(outcome).toEqual({ result: -13, log: 'R1 is bad\n' });
  });

  test('grows the buffer until an older kernel no longer answers ENOSPC', () => {
    const text = 'x'.repeat(5 << 20);
    const outcome = loadWithLog(2, (log) => {
      logging(text, log?.bytes);
      return { result: (log?.bytes.length ?? 0) > text.length ? -22 : -ENOSPC, logSize: 0 };
    });
    expect(outcome.result).toBe(-22);
    expect(outcome.log).toBe(text);
  });

  test('grows the buffer to the size that a newer kernel tells', () => {
    const text = 'y'.repeat(9 << 20);
    const sizes: number[] = [];
    const { log } = loadWithLog(1, (buffer) => {
      sizes.push(buffer?.bytes.length ?? 0);
      logging(text, buffer?.bytes);
      return { result: -13, logSize: text.length + 1 };
    });
    expect(log).toBe(text);
    expect(sizes).toEqual([1 << 20, text.length + 1]);
  });
});

test('text ends at the first NUL, or with its bytes', () => {
  expect(cString(Uint8Array.of(97, 98, 0, 99))).toBe('ab');
  expect(cString(Uint8Array.of(97, 98))).toBe('ab');
});

describe('releases', () => {
  test('run in the reverse order, all of them, and only once', () => {
    const order: number[] = [];
    const releases = new Releases();
    releases.add(() => order.push(1));
    releases.add(() => {
      throw new Error('second');
    });
    releases.add(() => order.push(3));
    expect(() => releases.release()).toThrow('second');
    releases.release();
    expect(order).toEqual([3, 1]);
  });

  test('that are forgotten do not run', () => {
    const releases = new Releases();
    releases.add(() => expect.unreachable());
    releases.forget();
    releases.release();
  });
});

test('a failure says what was attempted, why, and the errno', () => {
  const error = failure(22, "create map 'm'", { because: 'it is too odd', detail: 'all of it' });
  expect(error).toMatchObject({
    code: 'refused',
    errno: 22,
    message: "cannot create map 'm': it is too odd (EINVAL)",
    detail: 'all of it',
  });
  expect(failure(9, 'x').message).toBe('cannot x: Bad file descriptor (EBADF)');
});
