import { describe, expect, it } from 'vitest';
import { openObject } from '../../src/object/index.ts';
import * as uapi from '../../src/uapi/index.ts';
import { fixtureBytes, openFixture } from './fixture.ts';

describe('programs of an object', () => {
  it('are its functions outside .text, by section and place', () => {
    const names = openFixture('subprograms').programs.map(({ name, section, autoload }) => [name, section, autoload]);
    expect(names).toEqual([
      ['first', 'raw_tp/sys_enter', true],
      ['second', 'raw_tp/sys_enter', true],
      // Its section begins with a question mark.
      ['third', 'raw_tp/sys_exit', false],
    ]);
  });

  it('take type and target from their section', () => {
    expect(openFixture('externs').program('look')).toMatchObject({
      type: uapi.BPF_PROG_TYPE_TRACING,
      expectedAttachType: uapi.BPF_TRACE_RAW_TP,
      attachTarget: { name: 'sys_enter' },
    });
  });

  it('lose what their section says when they are given another type', () => {
    const program = openFixture('externs').program('look');
    program.type = uapi.BPF_PROG_TYPE_TRACING;
    expect(program.definition?.name).toBe('tp_btf');
    program.type = uapi.BPF_PROG_TYPE_RAW_TRACEPOINT;
    expect(program).toMatchObject({ definition: undefined, attachTarget: undefined });
  });

  it('are named when one is asked for that is not there', () => {
    expect(() => openFixture('subprograms').program('fourth')).toThrow(
      "there is no program 'fourth' in subprograms; it has first, second, third",
    );
  });
});

describe('declared maps', () => {
  const { maps } = openFixture('maps');
  const named = (name: string) => maps.find((map) => map.name === name);

  it('come in the order in which the linker placed their variables', () => {
    expect(maps.map(({ name }) => name)).toEqual([
      'first',
      'second',
      'outer',
      'jumps',
      'sized',
      'pinned',
      'ring',
      'events',
      'bloom',
      'outer_hash',
    ]);
  });

  it.each([
    [
      'pinned',
      {
        type: uapi.BPF_MAP_TYPE_HASH,
        keySize: 8,
        valueSize: 8,
        maxEntries: 64,
        flags: uapi.BPF_F_NO_PREALLOC,
        pinByName: true,
      },
    ],
    ['sized', { keySize: 4, valueSize: 24, maxEntries: 3, numaNode: 1, btfKeyTypeId: 0, btfValueTypeId: 0 }],
    ['ring', { type: uapi.BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: 5000 }],
    ['events', { type: uapi.BPF_MAP_TYPE_PERF_EVENT_ARRAY, maxEntries: 0 }],
    ['bloom', { type: uapi.BPF_MAP_TYPE_BLOOM_FILTER, extra: 5n, keySize: 0, valueSize: 4 }],
    ['jumps', { type: uapi.BPF_MAP_TYPE_PROG_ARRAY, keySize: 4, valueSize: 4 }],
  ])("'%s' is what its definition says", (name, expected) => {
    expect(named(name)).toMatchObject(expected);
  });

  it('know the types of key and value', () => {
    const { btf } = openFixture('maps');
    const map = named('pinned');
    expect(btf?.nameOf(map?.btfKeyTypeId ?? 0)).toBe('pair');
    expect(btf?.nameOf(map?.btfValueTypeId ?? 0)).toBe('__u64');
  });

  it('of maps have the definition of the inner map, named or inline', () => {
    expect(named('outer')?.inner).toMatchObject({ name: 'outer.inner', type: uapi.BPF_MAP_TYPE_ARRAY, maxEntries: 2 });
    expect(named('outer_hash')?.inner).toMatchObject({ type: uapi.BPF_MAP_TYPE_HASH, maxEntries: 16, keySize: 4 });
  });

  it('have the maps and programs that are declared as their values', () => {
    expect(named('outer')?.slots).toEqual([{ map: named('first') }, undefined, undefined, { map: named('second') }]);
    expect(named('jumps')?.slots).toEqual([undefined, { program: expect.objectContaining({ name: 'tail' }) }]);
  });
});

describe('maps of data sections', () => {
  const object = openFixture('globals');

  it.each([
    ['.data', 'globals.data', 'globals.data', uapi.BPF_F_MMAPABLE],
    ['.rodata', 'globals.rodata', 'globals.rodata', uapi.BPF_F_MMAPABLE | uapi.BPF_F_RDONLY_PROG],
    ['.bss', 'globals.bss', 'globals.bss', uapi.BPF_F_MMAPABLE],
    ['.data.custom', '.data.custom', '.data.custom', uapi.BPF_F_MMAPABLE],
    ['.rodata.table', '.rodata.table', '.rodata.table', uapi.BPF_F_MMAPABLE | uapi.BPF_F_RDONLY_PROG],
    // Nobody outside can see a hidden variable.
    ['.data.hidden', '.data.hidden', '.data.hidden', 0],
    ['.kconfig', 'globals.kconfig', 'globals.kconfig', uapi.BPF_F_MMAPABLE | uapi.BPF_F_RDONLY_PROG],
  ])("'%s' is map '%s'", (section, name, kernelName, flags) => {
    const map = object.map(section);
    expect(map).toMatchObject({ name, kernelName, section, flags, keySize: 4, maxEntries: 1 });
    expect(map.initialValue).toHaveLength(map.valueSize);
  });

  it.each([
    ['long_object_name.bpf.o', 'long_obj.rodata', 'long_obj.bss', 'long_ob.kconfig'],
    ['dir/a-b.bpf.o', 'a_b.rodata', 'a_b.bss', 'a_b.kconfig'],
    ['x', 'x.rodata', 'x.bss', 'x.kconfig'],
  ])("are named after '%s' within 15 bytes", (name, rodata, bss, kconfig) => {
    const { maps } = openObject(fixtureBytes('globals'), { name });
    const kernelName = (section: string) => maps.find((map) => map.section === section)?.kernelName;
    expect(kernelName('.rodata')).toBe(rodata);
    expect(kernelName('.kconfig')).toBe(kconfig);
    // Short section names are given as much room as .rodata has.
    expect(kernelName('.bss')).toBe(bss);
  });

  it('hold the variables, which can be set', () => {
    const changed = openFixture('globals');
    const limit = changed.variable('limit');
    expect(limit).toMatchObject({ size: 4, map: { section: '.rodata' } });
    expect([...limit.bytes]).toEqual([10, 0, 0, 0]);
    limit.bytes.set([99]);
    expect(limit.map.initialValue?.[limit.offset]).toBe(99);
    expect(changed.btf?.nameOf(changed.btf.skipModifiersAndTypedefs(limit.typeId))).toBe('int');
  });

  it('say which variables there are not', () => {
    expect(() => object.variable('limits')).toThrow("there is no global variable 'limits' in globals");
  });
});

describe('externs of an object', () => {
  it('are kconfig values by alignment and size, then kernel symbols by name', () => {
    expect(openFixture('globals').externs.map(({ name }) => name)).toEqual([
      'CONFIG_HZ',
      'CONFIG_IPV6',
      'LINUX_KERNEL_VERSION',
      'CONFIG_BPF_SYSCALL',
      'LINUX_HAS_BPF_COOKIE',
      'CONFIG_DEFAULT_HOSTNAME',
    ]);
    expect(openFixture('externs').externs.map(({ name, kind, weak }) => [name, kind, weak])).toEqual([
      ['bpf_task_from_pid', 'function', false],
      ['bpf_task_release___flavour', 'function', false],
      ['no_such_function', 'function', true],
      ['no_such_symbol', 'variable', true],
      ['no_such_variable', 'variable', true],
      ['runqueues', 'variable', false],
      ['schedule', 'variable', false],
    ]);
  });

  it('lie one behind the other in the map, each aligned', () => {
    const externs = openFixture('globals').externs.filter((extern) => extern.kind === 'kconfig');
    expect(externs.map(({ offset, size, valueType }) => [offset, size, valueType])).toEqual([
      [0, 4, 'int'],
      [4, 4, 'tristate'],
      [8, 4, 'int'],
      [12, 1, 'bool'],
      [13, 1, 'bool'],
      [14, 12, 'char-array'],
    ]);
  });

  it('become plain global variables and functions in BTF', () => {
    const { btf } = openFixture('externs');
    const section = btf?.type(btf.find('.ksyms', 'datasec') ?? 0);
    if (btf === undefined || section?.kind !== 'datasec') throw new Error('no data section .ksyms');
    expect(section.size).toBe(section.entries.length * 4);
    for (const { type } of section.entries) expect(btf.type(type)).toMatchObject({ kind: 'var', linkage: 'global' });
    expect(btf.type(btf.find('bpf_task_from_pid', 'func') ?? 0)).toMatchObject({ linkage: 'global' });
  });
});

describe('an object for big-endian machines', () => {
  it('opens to what the same source gives for little-endian ones', () => {
    const big = openFixture('globals_big');
    const little = openFixture('globals');
    expect(big.littleEndian).toBe(false);
    expect(big.license).toBe('GPL');
    expect(big.programs.map(({ name, type }) => [name, type])).toEqual(
      little.programs.map(({ name, type }) => [name, type]),
    );
    const shape = ({ section, valueSize, flags }: (typeof big.maps)[number]) => [section, valueSize, flags];
    expect(big.maps.map(shape)).toEqual(little.maps.map(shape));
    expect(big.externs.map(({ name }) => name)).toEqual(little.externs.map(({ name }) => name));
    expect(big.btf?.littleEndian).toBe(true);
  });
});
