import { describe, expect, test } from 'vitest';
import { Btf, BtfBuilder, type NewType } from '../../src/btf/index.ts';
import { sample, sampleBytes } from './sample.ts';

const ids = (btf: Btf) => Array.from({ length: btf.endId - btf.firstId }, (_, index) => btf.firstId + index);

describe('the writer', () => {
  test.each([true, false])('makes the same bytes of the types that it reads (little-endian: %s)', (littleEndian) => {
    const btf = sample({ littleEndian });
    const b = new BtfBuilder({ littleEndian, keepStringsOf: btf });
    for (const id of ids(btf)) {
      const type = btf.type(id);
      if (type.kind !== 'void') b.add(type);
    }
    expect(b.bytes()).toEqual(sampleBytes({ littleEndian }));
  });

  test('keeps strings where they were, so that line info stays right', () => {
    const first = new BtfBuilder();
    const path = first.addString('/src/a.c');
    const btf = Btf.parse(first.bytes());
    const second = new BtfBuilder({ keepStringsOf: btf });
    expect(second.addString('/src/a.c')).toBe(path);
    const added = second.addString('new');
    const copy = Btf.parse(second.bytes());
    expect(copy.string(path)).toBe('/src/a.c');
    expect(copy.string(added)).toBe('new');
  });

  test('finds strings that are kept whole, the first of split BTF and those beyond ASCII too', () => {
    const base = Btf.parse(new BtfBuilder().bytes());
    const first = new BtfBuilder({ base });
    const [name, other] = [first.addString('structure'), first.addString('été')];
    const kept = Btf.parse(first.bytes(), { base });
    const second = new BtfBuilder({ base, keepStringsOf: kept });
    expect([second.addString('structure'), second.addString('été')]).toEqual([name, other]);
    const part = second.addString('struct');
    expect(Btf.parse(second.bytes(), { base }).string(part)).toBe('struct');
    expect(() => second.addString('structure\0été')).toThrow('contains a NUL');
  });

  test('stores a string once', () => {
    const b = new BtfBuilder();
    expect(b.addString('a')).toBe(b.addString('a'));
    expect(b.addString('')).toBe(0);
  });

  test('replaces a type under its id', () => {
    const b = new BtfBuilder();
    const id = b.add({ kind: 'float', name: 'float', size: 4 });
    b.define(id, { kind: 'struct', name: 'float', size: 4, members: [] });
    expect(Btf.parse(b.bytes()).type(id)).toMatchObject({ kind: 'struct', size: 4 });
  });

  test('insists on types for reserved ids', () => {
    const b = new BtfBuilder();
    const id = b.reserve();
    expect(() => b.bytes()).toThrow(`BTF type ${id} was never defined`);
    expect(() => b.define(b.nextId, { kind: 'ptr', type: 0 })).toThrow(/not one of this builder's/);
  });

  const member = { name: 'm', type: 0, bitOffset: 0, bitFieldSize: 0 };
  const int = { kind: 'int', size: 4, signed: true, char: false, bool: false, bits: 32, bitOffset: 0 } as const;
  test.each<[string, NewType]>([
    ['a negative size', { ...int, size: -1 }],
    ['a fraction', { ...int, size: 0.5 }],
    ['too many bits', { ...int, bits: 256 }],
    ['an id of more than 32 bits', { kind: 'ptr', type: 2 ** 32 }],
    [
      'a bit field too far out',
      { kind: 'struct', size: 1, members: [{ ...member, bitOffset: 2 ** 24, bitFieldSize: 1 }] },
    ],
    [
      'a value too large for its enum',
      { kind: 'enum', size: 4, signed: true, values: [{ name: 'V', value: 1n << 31n }] },
    ],
    [
      'a negative value of an unsigned enum',
      { kind: 'enum64', size: 8, signed: false, values: [{ name: 'V', value: -1n }] },
    ],
    ['a NUL in a name', { kind: 'fwd', name: 'a\0b', target: 'struct' }],
  ])('refuses %s', (_, type) => {
    expect(() => new BtfBuilder().add(type)).toThrow(/does not fit|contains a NUL/);
  });
});

describe('copying from another blob', () => {
  const source = sample();

  test('takes along what a type refers to, and each type once', () => {
    const b = new BtfBuilder();
    b.add({ kind: 'float', name: 'first', size: 4 });
    const node = b.addFrom(source, source.find('node') ?? -1);
    expect(b.addFrom(source, source.find('node') ?? -1)).toBe(node);
    const copy = Btf.parse(b.bytes());
    expect(copy.findAll('node')).toEqual([node]);
    const next = copy.type(copy.member(node, 'next')?.type ?? -1);
    expect(next).toMatchObject({ kind: 'ptr', type: node });
    // first, node, its pointer, the pointer to hidden, the tag, hidden.
    expect(copy.endId).toBe(7);
  });

  test('changes the byte order where that differs', () => {
    const b = new BtfBuilder({ littleEndian: false });
    const task = b.addFrom(source, source.find('task') ?? -1);
    const copy = Btf.parse(b.bytes());
    expect(copy.littleEndian).toBe(false);
    expect(copy.member(task, 'queued')).toMatchObject({ bitOffset: 289, bitSize: 3 });
  });

  test('leaves the types of a shared base where they are', () => {
    const b = new BtfBuilder({ base: source });
    expect(b.addFrom(source, 5)).toBe(5);
    const split = new BtfBuilder({ base: source });
    const own = split.add({ kind: 'ptr', type: source.find('task') ?? -1 });
    const copied = b.addFrom(Btf.parse(split.bytes(), { base: source }), own);
    expect(copied).toBe(source.endId);
    expect(Btf.parse(b.bytes(), { base: source }).referencedType(copied)).toBe(source.find('task'));
  });

  test('copies whole blobs with their ids changed by a rule', () => {
    const b = new BtfBuilder();
    const shift = 10;
    for (let count = 0; count < shift; count++) b.add({ kind: 'ptr', type: 0 });
    for (const id of ids(source)) b.addCopy(source, id, (old) => (old === 0 ? 0 : old + shift));
    const copy = Btf.parse(b.bytes());
    expect(copy.find('task')).toBe((source.find('task') ?? -1) + shift);
    expect(copy.sizeOfType(copy.find('task') ?? -1)).toBe(120);
  });

  test('reserves nothing for a reference to nowhere', () => {
    const broken = new BtfBuilder();
    broken.add({ kind: 'ptr', type: 99 });
    const b = new BtfBuilder();
    expect(() => b.addFrom(Btf.parse(broken.bytes(), { name: 'broken' }), 99)).toThrow(
      /broken: there is no BTF type 99/,
    );
    expect(b.nextId).toBe(1);
  });
});
