import { describe, expect, test } from 'vitest';
import { Btf, BtfBuilder, type BtfType } from '../../src/btf/index.ts';
import type { Feature, ObjectMap, ObjectProgram } from '../../src/object/index.ts';
import { FEATURES, versionHasFeature } from '../../src/object/index.ts';
import { finalAttachType, finalAutocreate, finalMapFlags, replaceMissingHelpers } from '../../src/object/sanitise.ts';
import { sanitiseBtf } from '../../src/object/sanitise-btf.ts';
import { findSectionDefinition } from '../../src/object/sections.ts';
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, BPF_TRACE_UPROBE_MULTI, BPF_XDP, helperId } from '../../src/uapi/index.ts';

const lacking =
  (...features: readonly Feature[]) =>
  (feature: Feature) =>
    !features.includes(feature);

/** A type of each kind that a kernel may lack, in this order. */
function sample() {
  const builder = new BtfBuilder();
  const int = builder.add({
    kind: 'int',
    name: 'int',
    size: 4,
    signed: true,
    char: false,
    bool: false,
    bits: 32,
    bitOffset: 0,
  });
  const variable = builder.add({ kind: 'var', name: 'v', type: int, linkage: 'global' });
  const datasec = builder.add({
    kind: 'datasec',
    name: '?.data.x',
    size: 8,
    entries: [{ type: variable, offset: 4, size: 4 }],
  });
  const prototype = builder.add({ kind: 'func_proto', returnType: int, parameters: [{ name: 'p', type: int }] });
  const func = builder.add({ kind: 'func', name: 'f', type: prototype, linkage: 'global' });
  const float = builder.add({ kind: 'float', name: 'double', size: 8 });
  const declTag = builder.add({ kind: 'decl_tag', name: 'd', type: variable, componentIndex: -1 });
  const typeTag = builder.add({ kind: 'type_tag', name: 't', type: int });
  const values = [{ name: 'MINUS', value: -1n }];
  const signedEnum = builder.add({ kind: 'enum', name: 'e', size: 4, signed: true, values });
  const enum64 = builder.add({ kind: 'enum64', name: 'w', size: 8, signed: true, values });
  const bytes = builder.bytes();
  const btf = Btf.parse(bytes);
  return { bytes, btf, int, variable, datasec, prototype, func, float, declTag, typeTag, signedEnum, enum64 };
}

const shape = ({ id: _, ...rest }: BtfType) => rest;

describe('the BTF of an object', () => {
  test('is left alone on a kernel that knows all of it', () => {
    const { btf, bytes } = sample();
    expect(sanitiseBtf(btf, bytes, () => true)).toBe(bytes);
    expect(sanitiseBtf(btf, bytes, lacking('btf-layout'))).toBe(bytes);
  });

  const oneByte = { kind: 'int', size: 1, bits: 8, signed: false };
  test.each([
    ['btf-datasec', 'variable', oneByte],
    [
      'btf-datasec',
      'datasec',
      { kind: 'struct', name: '__data_x', size: 8, members: [{ name: 'v', bitOffset: 32, bitFieldSize: 0 }] },
    ],
    ['btf-datasec-qmark', 'datasec', { kind: 'datasec', name: '_.data.x' }],
    ['btf-func', 'prototype', { kind: 'enum', name: '', size: 4, values: [{ name: 'p', value: 1n }] }],
    ['btf-func', 'func', { kind: 'typedef', name: 'f' }],
    ['btf-func-global', 'func', { kind: 'func', name: 'f', linkage: 'static' }],
    ['btf-float', 'float', { kind: 'struct', name: '', size: 8, members: [] }],
    ['btf-decl-tag', 'declTag', oneByte],
    ['btf-type-tag', 'typeTag', { kind: 'const', name: '' }],
    ['btf-enum64', 'signedEnum', { kind: 'enum', signed: false, values: [{ name: 'MINUS', value: 0xffffffffn }] }],
    ['btf-enum64', 'enum64', { kind: 'union', name: 'w', size: 8, members: [{ name: 'MINUS', bitOffset: 0 }] }],
  ] as const)('without %s has another %s', (feature, which, expected) => {
    const { btf, bytes, ...ids } = sample();
    const sane = Btf.parse(sanitiseBtf(btf, bytes, lacking(feature)));
    expect(sane.type(ids[which])).toMatchObject(expected);
  });

  test('keeps ids, sizes, strings and all types that the kernel knows', () => {
    const { btf, bytes, ...ids } = sample();
    const sane = Btf.parse(sanitiseBtf(btf, bytes, lacking('btf-float')));
    expect(sane.endId).toBe(btf.endId);
    for (const id of Object.values(ids)) {
      if (id !== ids.float) expect(shape(sane.type(id))).toEqual(shape(btf.type(id)));
      expect(sane.nameOffsetOf(id)).toBe(id === ids.float ? 0 : btf.nameOffsetOf(id));
    }
    expect(sane.sizeOfType(ids.float)).toBe(8);
  });

  test('gets a type behind the last for the unions that stand for enums', () => {
    const { btf, bytes, enum64 } = sample();
    const sane = Btf.parse(sanitiseBtf(btf, bytes, lacking('btf-enum64')));
    expect(sane.endId).toBe(btf.endId + 1);
    expect(sane.type(btf.endId)).toMatchObject({ kind: 'int', name: 'enum64_placeholder', size: 1 });
    expect(sane.type(enum64)).toMatchObject({ members: [{ type: btf.endId }] });
  });

  test('loses its table of record sizes, and nothing else, on a kernel that does not know that', () => {
    const { btf, bytes } = sample();
    const types = new DataView(bytes.buffer).getUint32(12, true);
    const table = new Uint8Array([0, 0, 0, 0, 4, 0, 0, 0]);
    const header = new Uint8Array(32);
    header.set(bytes.subarray(0, 24));
    const view = new DataView(header.buffer);
    view.setUint32(4, 32, true);
    view.setUint32(16, types + table.length, true);
    view.setUint32(24, types, true);
    view.setUint32(28, table.length, true);
    const withTable = Uint8Array.from([
      ...header,
      ...bytes.subarray(24, 24 + types),
      ...table,
      ...bytes.subarray(24 + types),
    ]);
    const parsed = Btf.parse(withTable);
    expect(sanitiseBtf(parsed, withTable, () => true)).toBe(withTable);
    expect(sanitiseBtf(parsed, withTable, lacking('btf-layout'))).toEqual(bytes);
    expect(btf.endId).toBe(parsed.endId);
  });
});

describe('calls of helpers', () => {
  const call = (imm: number, registers = 0) => Uint8Array.of(0x85, registers, 0, 0, imm, 0, 0, 0);
  const id = (name: string) => helperId(`bpf_${name}`) ?? -1;

  test.each([
    ['probe_read_kernel', 'probe_read'],
    ['probe_read_user', 'probe_read'],
    ['probe_read_kernel_str', 'probe_read_str'],
    ['probe_read_user_str', 'probe_read_str'],
    ['probe_read', 'probe_read'],
    ['map_lookup_elem', 'map_lookup_elem'],
  ])('%s become %s on a kernel that has only that', (newer, older) => {
    const insns = call(id(newer));
    replaceMissingHelpers(insns, () => true);
    expect(insns).toEqual(call(id(newer)));
    replaceMissingHelpers(insns, lacking('probe-read-kernel'));
    expect(insns).toEqual(call(id(older)));
  });

  test.each([
    ['a subprogram', 0x10],
    ['a kfunc', 0x20],
  ])('are not mistaken for calls of %s', (_, registers) => {
    const insns = call(id('probe_read_kernel'), registers);
    replaceMissingHelpers(insns, () => false);
    expect(insns).toEqual(call(id('probe_read_kernel'), registers));
  });
});

describe('maps', () => {
  const map = (origin: ObjectMap['origin'], flags = 0, autocreate = true) =>
    ({ origin, flags, autocreate }) as ObjectMap;

  test.each([
    ['data', BPF_F_RDONLY_PROG],
    ['kconfig', BPF_F_RDONLY_PROG],
    ['user', BPF_F_RDONLY_PROG | BPF_F_MMAPABLE],
  ] as const)('of origin %s may be mapped into memory only where the kernel can', (origin, flags) => {
    const asked = map(origin, BPF_F_RDONLY_PROG | BPF_F_MMAPABLE);
    expect(finalMapFlags(asked, () => true)).toBe(asked.flags);
    expect(finalMapFlags(asked, lacking('array-mmap'))).toBe(flags);
  });

  test.each([
    ['data', true, false],
    ['kconfig', true, false],
    ['user', true, true],
    ['data', false, false],
  ] as const)(
    'of origin %s (to be created: %s) are created without global data: %s',
    (origin, autocreate, expected) => {
      expect(finalAutocreate(map(origin, 0, autocreate), () => true)).toBe(autocreate);
      expect(finalAutocreate(map(origin, 0, autocreate), lacking('global-data'))).toBe(expected);
    },
  );
});

describe('the attach type of a program', () => {
  const program = (section: string) => {
    const definition = findSectionDefinition(section);
    return { definition, expectedAttachType: definition?.attachType ?? 0 } as ObjectProgram;
  };

  test.each([
    ['xdp', 'expected-attach-type', BPF_XDP, 0],
    ['usdt/x', 'uprobe-multi-link', BPF_TRACE_UPROBE_MULTI, 0],
    [
      'cgroup/connect4',
      'expected-attach-type',
      program('cgroup/connect4').expectedAttachType,
      program('cgroup/connect4').expectedAttachType,
    ],
  ] as const)('of section %s depends on %s', (section, feature, has, hasNot) => {
    expect(finalAttachType(program(section), () => true)).toBe(has);
    expect(finalAttachType(program(section), lacking(feature))).toBe(hasNot);
  });
});

describe('the table of features', () => {
  test('says for each the release and what it is', () => {
    expect(FEATURES.size).toBeGreaterThan(20);
    for (const { since, description } of FEATURES.values()) {
      expect(since).toMatch(/^\d\.\d+$/);
      expect(description).toMatch(/^[A-Z].*\.$/);
    }
  });

  test.each([
    ['prog-name', 4, 14, false],
    ['prog-name', 4, 15, true],
    ['btf-enum64', 5, 19, false],
    ['btf-enum64', 6, 0, true],
    ['memcg-account', 5, 9, false],
    ['memcg-account', 5, 11, true],
  ] as const)('%s on Linux %d.%d: %s', (feature, major, minor, expected) => {
    expect(versionHasFeature((major << 16) + (minor << 8) + 7, feature)).toBe(expected);
  });
});
