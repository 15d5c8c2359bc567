import { describe, expect, test } from 'vitest';
import { Btf, BtfBuilder, type NewType } from '../../src/btf/index.ts';
import { sample } from './sample.ts';

const build = (...types: readonly NewType[]): Btf => {
  const b = new BtfBuilder();
  for (const type of types) b.add(type);
  return Btf.parse(b.bytes(), { name: 'test' });
};
const unsigned = (size: number, bits = size * 8, bitOffset = 0): NewType => ({
  kind: 'int',
  name: `u${size * 8}`,
  size,
  signed: false,
  char: false,
  bool: false,
  bits,
  bitOffset,
});
const member = (name: string, type: number, bitOffset: number, bitFieldSize = 0) => ({
  name,
  type,
  bitOffset,
  bitFieldSize,
});

describe('sizes', () => {
  const btf = sample();
  const named = (name: string) => btf.find(name) ?? -1;

  test.each([
    ['u32', 4],
    ['task', 120],
    ['state', 4],
    ['flags', 8],
    ['double', 8],
    ['current_task', 8],
    ['.data', 8],
  ])('%s takes %i bytes', (name, size) => {
    expect(btf.sizeOfType(named(name))).toBe(size);
  });

  test('arrays of arrays multiply', () => {
    expect(btf.sizeOfType(btf.member(named('task'), 'grid')?.type ?? -1)).toBe(24);
  });

  test.each([
    ['hidden', /no size: it is fwd 'hidden'/],
    ['start_task', /no size: it is func 'start_task'/],
    ['user', /no size: it is decl_tag 'user'/],
  ])('%s has none', (name, message) => {
    expect(() => btf.sizeOfType(named(name))).toThrow(message);
  });

  test('a typedef of void has none', () => {
    expect(() => build({ kind: 'typedef', name: 'nothing', type: 0 }).sizeOfType(1)).toThrow(/it is made of void/);
  });

  test('more than 4 GiB is refused', () => {
    const half: NewType = { kind: 'array', elementType: 1, indexType: 1, length: 0x8000_0000 };
    const btf = build(unsigned(4), half);
    expect(() => btf.sizeOfType(2)).toThrow(/larger than 4 GiB/);
  });
});

describe('alignments', () => {
  test.each<[string, readonly NewType[], number]>([
    ['an integer', [unsigned(4)], 4],
    ['an integer wider than a pointer', [unsigned(16)], 8],
    ['an array', [unsigned(2), { kind: 'array', elementType: 1, indexType: 1, length: 9 }], 2],
    ['an empty struct', [{ kind: 'struct', size: 0, members: [] }], 1],
    ['a struct', [unsigned(4), { kind: 'struct', size: 8, members: [member('a', 1, 0)] }], 4],
    [
      'a struct with a member out of place',
      [unsigned(4), { kind: 'struct', size: 8, members: [member('a', 1, 8)] }],
      1,
    ],
    ['a struct of an odd size', [unsigned(4), { kind: 'struct', size: 5, members: [member('a', 1, 0)] }], 1],
    [
      'a bit field that straddles its unit',
      [unsigned(4), { kind: 'struct', size: 8, members: [member('a', 1, 30, 4)] }],
      1,
    ],
    ['a bit field within its unit', [unsigned(4), { kind: 'struct', size: 8, members: [member('a', 1, 28, 4)] }], 4],
  ])('%s', (_, types, alignment) => {
    expect(build(...types).alignmentOf(types.length)).toBe(alignment);
  });

  test('a pointer is aligned to its size', () => {
    expect(build({ kind: 'ptr', type: 0 }).alignmentOf(1)).toBe(8);
  });
});

describe('members', () => {
  const btf = sample();
  const task = btf.find('task') ?? -1;

  test.each<[string, object | undefined]>([
    ['comm', { bitOffset: 0 }],
    ['ratio', { bitOffset: 128 }],
    ['node.owner', { bitOffset: 448 }],
    ['queued', { bitOffset: 289, bitSize: 3 }],
    ['nothing', undefined],
    ['pid.inner', undefined],
    ['node.next.owner', undefined],
    ['', undefined],
  ])('%s', (path, place) => {
    const found = btf.member(task, path);
    if (place === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(place);
  });

  test('are found by a list of names as well, and through qualifiers', () => {
    const b = new BtfBuilder();
    const int = b.add(unsigned(4));
    const struct = b.add({ kind: 'struct', name: 's', size: 4, members: [member('a.b', int, 0)] });
    const alias = b.add({ kind: 'typedef', name: 's_t', type: b.add({ kind: 'const', type: struct }) });
    expect(Btf.parse(b.bytes()).member(alias, ['a.b'])).toEqual({ bitOffset: 0, type: int });
  });

  test('of old compilers have their bit fields in the type', () => {
    const old = build(unsigned(4, 3, 5), { kind: 'struct', name: 's', size: 4, members: [member('bits', 1, 8)] });
    expect(old.member(2, 'bits')).toEqual({ bitOffset: 13, bitSize: 3, type: 1 });
  });

  test('that are not bit fields have no bit size', () => {
    expect(btf.member(task, 'pid')).not.toHaveProperty('bitSize');
  });
});

describe('types that lead back to themselves', () => {
  test.each<[string, readonly NewType[]]>([
    ['typedef', [{ kind: 'typedef', name: 't', type: 1 }]],
    [
      'qualifiers',
      [
        { kind: 'const', type: 2 },
        { kind: 'volatile', type: 1 },
      ],
    ],
    ['array', [{ kind: 'array', elementType: 1, indexType: 1, length: 1 }]],
    ['empty array', [{ kind: 'array', elementType: 1, indexType: 1, length: 0 }]],
    ['variable', [{ kind: 'var', name: 'v', type: 1, linkage: 'global' }]],
  ])('have neither size nor alignment: %s', (_, types) => {
    const btf = build(...types);
    expect(() => btf.sizeOfType(1)).toThrow(/endless chain|4 GiB/);
    expect(() => btf.alignmentOf(1)).toThrow(/endless chain/);
  });

  test('have no alignment: a struct within itself', () => {
    const btf = build({ kind: 'struct', name: 's', size: 8, members: [member('', 1, 0)] });
    expect(() => btf.alignmentOf(1)).toThrow(/contains itself/);
    expect(btf.member(1, 'x')).toBeUndefined();
  });

  test('end looking through typedefs', () => {
    const btf = build({ kind: 'typedef', name: 'a', type: 2 }, { kind: 'typedef', name: 'b', type: 1 });
    expect(() => btf.skipModifiersAndTypedefs(1)).toThrow(/endless chain/);
    expect(btf.skipModifiers(1)).toBe(1);
  });
});

test('modifiers are looked through, and typedefs only when asked', () => {
  const btf = build(
    unsigned(4),
    { kind: 'const', type: 1 },
    { kind: 'typedef', name: 't', type: 2 },
    { kind: 'volatile', type: 3 },
    { kind: 'type_tag', name: 'user', type: 4 },
  );
  expect(btf.skipModifiers(5)).toBe(3);
  expect(btf.skipModifiersAndTypedefs(5)).toBe(1);
});
