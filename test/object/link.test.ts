import { describe, expect, it } from 'vitest';
import { explainLog, link, refusalReason } from '../../src/object/index.ts';
import * as uapi from '../../src/uapi/index.ts';
import { openFixture } from './fixture.ts';
import { kernel, kernelBtf } from './kernel.ts';
import { linkOne, programText } from './program-text.ts';

describe('maps as a kernel is to create them', () => {
  const linked = (name: string, options: Parameters<typeof kernel>[0] = {}) =>
    link(openFixture('maps'), kernel(options)).maps.find((map) => map.name === name);

  it('have ring buffers of a page times a power of two', () => {
    expect(linked('ring')?.maxEntries).toBe(8192);
  });

  it('have perf event arrays with a slot a CPU', () => {
    expect(linked('events')?.maxEntries).toBe(6);
    expect(linked('events')).toMatchObject({ btfKeyTypeId: 0, btfValueTypeId: 0 });
  });

  it('refer to each other', () => {
    const { maps } = link(openFixture('maps'), kernel());
    const outer = maps.find(({ name }) => name === 'outer');
    const first = maps.find(({ name }) => name === 'first');
    const slot = outer?.slots[0];
    expect(slot !== undefined && 'map' in slot && slot.map).toBe(first);
  });

  it.each([
    ['array-mmap' as const, '.data', { flags: 0, autocreate: true }],
    ['global-data' as const, '.data', { flags: uapi.BPF_F_MMAPABLE, autocreate: false }],
  ])('are without %s where the kernel lacks it', (feature, section, expected) => {
    const kconfig = { CONFIG_HZ: '1', CONFIG_IPV6: 'y' };
    const { maps } = link(openFixture('globals'), kernel({ kconfig, lacks: [feature] }));
    expect(maps.find((map) => map.section === section)).toMatchObject(expected);
  });

  it('have arena variables where programs can refer to them', () => {
    const arena = (has: Parameters<typeof kernel>[0]) => link(openFixture('arena'), kernel(has));
    const [map] = arena({}).maps;
    expect(map).toMatchObject({ origin: 'arena', initialOffset: 0, maxEntries: 16 });
    expect([...(map?.initialValue ?? [])]).toEqual([1, 0, 0, 0, 2, 0, 0, 0]);
    const newer = arena({ has: ['ldimm64-full-range-offset'] });
    expect(newer.maps[0]?.initialOffset).toBe(15 * 4096);
    const offsets = newer.programs[0]?.mapReferences.filter(({ kind }) => kind === 'value').map(({ offset }) => offset);
    expect(new Set(offsets)).toEqual(new Set([15 * 4096, 15 * 4096 + 4]));
  });
});

describe('references to maps', () => {
  it('name the map and the byte of its value', () => {
    const kconfig = { CONFIG_HZ: '1', CONFIG_IPV6: 'y' };
    const { programs } = link(openFixture('globals'), kernel({ kconfig }));
    const references = programs[0]?.mapReferences.map(({ map, kind, offset }) => [map.section, kind, offset]);
    expect(references).toContainEqual(['.rodata', 'value', 0]);
    expect(references).toContainEqual(['.rodata.table', 'value', 0]);
    expect(references).toContainEqual(['.kconfig', 'value', 13]);
  });

  it('to a map itself have no offset', () => {
    const program = linkOne(openFixture('maps'), 'use', kernel());
    expect(program.mapReferences.map(({ map, kind }) => `${kind} ${map.name}`)).toEqual([
      'map outer',
      'map jumps',
      'map sized',
    ]);
    for (const { insn } of program.mapReferences)
      expect(programText(program).some((line) => line.startsWith(`${insn}: (18)`))).toBe(true);
  });
});

describe('what is not there', () => {
  const poisoned = (name: string) => {
    const object = openFixture('poisoned');
    object.map('optional').autocreate = false;
    return linkOne(object, name, kernel());
  };

  it.each([
    ['needs_field', 195896080, /CO-RE relocation of .*task_struct___absent.*no_such_field.* failed: .*no_such_field/],
    ['needs_function', 2002000000, /^function 'no_such_function' is called, but this kernel does not have it$/],
    ['needs_map', 2001000000, /^map 'optional' is used, but was not to be created$/],
  ])("poisons the instruction of '%s' and says why", (name, marker, reason) => {
    const program = poisoned(name);
    expect(program.poisoned).toEqual([{ insn: expect.any(Number), marker, reason: expect.stringMatching(reason) }]);
    const [at] = program.poisoned;
    expect(programText(program)).toContain(`${at?.insn}: (85) call unknown#${marker}`);
  });

  it('is told in place of what the verifier says about the poisoned instruction', () => {
    const program = poisoned('needs_function');
    const insn = program.poisoned[0]?.insn;
    const log = [
      '0: R1=ctx() R10=fp0',
      `${insn}: (85) call unknown#2002000000`,
      'invalid func unknown#2002000000',
      'processed 2 insns (limit 1000000)',
      '',
    ].join('\n');
    expect(explainLog(log, program).split('\n').slice(1, 3)).toEqual([
      `${insn}: <poisoned instruction>`,
      "function 'no_such_function' is called, but this kernel does not have it",
    ]);
    expect(refusalReason(log, program)).toBe("function 'no_such_function' is called, but this kernel does not have it");
  });

  it.each([
    ['of another instruction', '999: (85) call unknown#2002000000\ninvalid func unknown#2002000000\n'],
    ['about something else', '0: (79) r0 = *(u64 *)(r1 +8)\ninvalid bpf_context access off=8 size=8\n'],
    ['that is empty', ''],
  ])('leaves a log %s alone', (_, log) => {
    const program = poisoned('needs_function');
    expect(explainLog(log, program)).toBe(log);
    expect(refusalReason(log, program)).toBeUndefined();
  });
});

describe('arguments tagged as context', () => {
  const functionIds = (lacks: readonly 'arg-ctx-tag'[], program: string) => {
    const { programs, btf } = link(openFixture('contexts'), kernel({ lacks }), { programs: [program] });
    const info = programs[0]?.funcInfo;
    if (info === undefined || btf === undefined) throw new Error('no func_info');
    const view = new DataView(info.bytes.buffer, info.bytes.byteOffset);
    return Array.from({ length: info.bytes.length / info.recordSize }, (_, index) =>
      view.getUint32(index * info.recordSize + 4, true),
    );
  };

  it('are left to kernels that know the tag', () => {
    expect(functionIds([], 'packet')[1]).toBe(openFixture('contexts').btf?.find('any_context', 'func'));
  });

  it('get a type of their own for kernels that do not', () => {
    const { endId = 0 } = openFixture('contexts').btf ?? {};
    expect(functionIds(['arg-ctx-tag'], 'packet')[1]).toBeGreaterThanOrEqual(endId);
  });
});

describe('linking', () => {
  it('leaves out programs that are not to be loaded, unless they are named', () => {
    const names = (programs?: string[]) =>
      link(openFixture('subprograms'), kernel(), { programs }).programs.map(({ program }) => program.name);
    expect(names()).toEqual(['first', 'second']);
    expect(names(['third'])).toEqual(['third']);
    expect(() => names(['fourth'])).toThrow("there is no program 'fourth'");
  });

  it('gives the same result twice', () => {
    const object = openFixture('subprograms');
    expect(link(object, kernel())).toEqual(link(object, kernel()));
  });

  it('finds the attach target', () => {
    const program = linkOne(openFixture('externs'), 'look', kernel({ symbols: { schedule: 1n } }));
    expect(program.attachBtfId).toBe(kernelBtf().ids.sysEnter);
  });

  it('refuses what nobody said how to attach', () => {
    const object = openFixture('externs');
    object.program('look').attachTarget = undefined;
    expect(() => linkOne(object, 'look', kernel({ symbols: { schedule: 1n } }))).toThrow(
      "program 'look' (section 'tp_btf/sys_enter'): the section does not say what to attach to, and no target was set",
    );
  });

  it('refuses programs without a type', () => {
    const object = openFixture('subprograms');
    object.program('first').type = uapi.BPF_PROG_TYPE_UNSPEC;
    expect(() => linkOne(object, 'first', kernel())).toThrow(
      "program 'first' (section 'raw_tp/sys_enter'): the section does not say what type",
    );
  });

  it('refuses objects for big-endian machines', () => {
    expect(() => link(openFixture('globals_big'), kernel())).toThrow(
      'globals_big: the object is for big-endian machines',
    );
  });

  it('takes license and version from the object', () => {
    const object = openFixture('subprograms');
    expect(link(object, kernel())).toMatchObject({ license: 'GPL', kernelVersion: 0x61205 });
    object.license = 'MIT';
    object.kernelVersion = 0x50a00;
    expect(link(object, kernel())).toMatchObject({ license: 'MIT', kernelVersion: 0x50a00 });
  });
});
