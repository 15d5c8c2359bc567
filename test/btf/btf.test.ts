import { describe, expect, test } from 'vitest';
import {
  BTF_KIND_ENUM,
  BTF_KIND_STRUCT,
  Btf,
  BtfBuilder,
  KINDS,
  type Kind,
  kindName,
  kindNumber,
} from '../../src/btf/index.ts';
import { sample, sampleBytes } from './sample.ts';

const ids = (btf: Btf) => Array.from({ length: btf.endId }, (_, id) => id);

/** A blob from raw words, for records that the writer would not make. */
function blob(types: readonly number[], strings = '\0', header: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(strings);
  const headerLength = 24 + header.length * 4;
  const bytes = new Uint8Array(headerLength + types.length * 4 + text.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  bytes[2] = 1;
  [headerLength, 0, types.length * 4, types.length * 4, text.length, ...header].forEach((word, index) => {
    view.setUint32(4 + index * 4, word, true);
  });
  types.forEach((word, index) => {
    view.setUint32(headerLength + index * 4, word, true);
  });
  bytes.set(text, headerLength + types.length * 4);
  return bytes;
}

describe('reading a blob', () => {
  test('gives void and then the types in the order of the file', () => {
    const btf = sample();
    expect(btf.firstId).toBe(1);
    expect(btf.type(0)).toEqual({ id: 0, name: '', kind: 'void' });
    expect(btf.type(1)).toEqual({
      id: 1,
      name: 'int',
      kind: 'int',
      size: 4,
      signed: true,
      char: false,
      bool: false,
      bits: 32,
      bitOffset: 0,
    });
    expect(() => btf.type(btf.endId)).toThrow(/sample: there is no BTF type \d+: ids end at \d+/);
  });

  test('knows every kind', () => {
    const btf = sample();
    expect(new Set(ids(btf).map((id) => btf.type(id).kind))).toEqual(new Set(KINDS.map(({ name }) => name)));
  });

  test('gives the same types whichever byte order the blob has', () => {
    const little = sample();
    const big = sample({ littleEndian: false });
    expect([little.littleEndian, big.littleEndian]).toEqual([true, false]);
    expect(ids(big).map((id) => big.type(id))).toEqual(ids(little).map((id) => little.type(id)));
  });

  test('does not need its bytes to be aligned', () => {
    const bytes = sampleBytes();
    const moved = new Uint8Array(bytes.length + 1);
    moved.set(bytes, 1);
    const btf = Btf.parse(moved.subarray(1));
    expect(ids(btf).map((id) => btf.type(id))).toEqual(ids(sample()).map((id) => sample().type(id)));
  });

  test('gives the same object for the same id', () => {
    const btf = sample();
    expect(btf.type(3)).toBe(btf.type(3));
  });

  test.each([
    ['task', 'members', { name: 'queued', bitOffset: 289, bitFieldSize: 3 }],
    ['state', 'values', { name: 'STATE_DEAD', value: -1n }],
    ['flags', 'values', { name: 'FLAG_HIGH', value: 1n << 63n }],
    ['signed_flags', 'values', { name: 'FLAG_NEGATIVE', value: -2n }],
  ])('reads the entries of %s', (name, key, entry) => {
    const btf = sample();
    const type = btf.type(btf.find(name) ?? -1);
    expect(Reflect.get(type, key)).toContainEqual(expect.objectContaining(entry));
  });

  test('tells attributes from tags', () => {
    const btf = sample();
    expect(btf.type(btf.find('bpf_fastcall') ?? -1)).toMatchObject({ attribute: true, componentIndex: -1 });
    expect(btf.type(btf.find('user') ?? -1)).not.toHaveProperty('attribute');
  });

  test('decodes names that are not ASCII', () => {
    const b = new BtfBuilder();
    const id = b.add({ kind: 'decl_tag', name: 'größe→', type: 0, componentIndex: -1 });
    const btf = Btf.parse(b.bytes());
    expect(btf.nameOf(id)).toBe('größe→');
    expect(btf.find('größe→')).toBe(id);
  });

  test('offers the numbers of a record without making objects', () => {
    const btf = sample();
    const id = btf.find('task') ?? -1;
    expect(btf.kindOf(id)).toBe(BTF_KIND_STRUCT);
    expect([btf.vlenOf(id), btf.kindFlagOf(id), btf.sizeOf(id)]).toEqual([15, true, 120]);
    expect(btf.string(btf.nameOffsetOf(id))).toBe('task');
    expect(btf.nameOf(btf.referencedType(btf.find('u32') ?? -1))).toBe('unsigned int');
    expect(() => btf.rawWord(id, 1000)).toThrow(/has no word 1000/);
  });
});

describe('the header', () => {
  test('may be longer than known if the rest is zero', () => {
    expect(Btf.parse(blob([0, 2 << 24, 0], '\0', [0, 0, 0, 0])).endId).toBe(2);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['other magic', new Uint8Array(64), /does not begin with the magic number/],
    ['no bytes', new Uint8Array(0), /does not begin with the magic number/],
    ['a cut header', blob([]).subarray(0, 20), /cut short: 20 bytes/],
    ['unknown fields', blob([], '\0', [0, 0, 7]), /has fields that are not known/],
    ['another version', blob([]).with(2, 9), /version 9 is not supported/],
    ['a section beyond the end', blob([], '\0').with(20, 9), /string section .* lies beyond the end/],
    ['no string at 0', blob([], 'x\0'), /does not begin with an empty string/],
    ['an unterminated string', blob([], '\0x'), /does not end with a NUL/],
    ['an empty string section', blob([], ''), /does not end with a NUL/],
  ])('is refused with %s', (_, bytes, message) => {
    expect(() => Btf.parse(bytes, { name: 'some.o' })).toThrow(message);
    expect(() => Btf.parse(bytes, { name: 'some.o' })).toThrow(/^some\.o: BTF /);
  });
});

describe('records', () => {
  test.each<[string, readonly number[], RegExp]>([
    ['a name beyond the strings', [9, 2 << 24, 0], /type 1 has a name at 9/],
    ['a member name beyond the strings', [0, (4 << 24) | 1, 4, 9, 0, 0], /type 1 has a name at 9/],
    ['too few words for its members', [0, (4 << 24) | 2, 4, 0, 0, 0], /type 1 is cut short/],
    ['less than a head', [0, 2 << 24], /type 1 is cut short/],
    ['kind 0', [0, 2 << 24, 0, 0, 0, 0], /type 2 has kind 0/],
    ['a kind of tomorrow', [0, 20 << 24, 0], /type 1 has kind 20, which is not supported/],
  ])('are refused with %s', (_, words, message) => {
    expect(() => Btf.parse(blob(words))).toThrow(message);
  });

  test('of unknown kinds are skipped where the blob says how long they are', () => {
    // Kind 20 has 4 bytes after its head and 8 an entry; one entry.
    const words = [0, (20 << 24) | 1, 0, 11, 12, 13, 0, 2 << 24, 0];
    const layout = new Uint8Array(21 * 4);
    layout.set([4, 8], 20 * 4);
    const body = [...words, ...new Uint32Array(layout.buffer)];
    const bytes = blob(body, '\0', [words.length * 4, layout.length]);
    new DataView(bytes.buffer).setUint32(12, words.length * 4, true);
    const btf = Btf.parse(bytes);
    expect(btf.endId).toBe(3);
    expect(btf.type(2).kind).toBe('ptr');
    expect(() => btf.type(1)).toThrow(/kind 20/);
  });

  test('may refer to nowhere until they are followed', () => {
    const btf = Btf.parse(blob([0, 2 << 24, 77]));
    expect(btf.type(1)).toMatchObject({ kind: 'ptr', type: 77 });
    expect(() => btf.type(77)).toThrow(/there is no BTF type 77/);
  });
});

describe('searching', () => {
  const twins = () => {
    const b = new BtfBuilder();
    b.add({ kind: 'enum', name: 'foo', size: 4, signed: false, values: [] });
    b.add({ kind: 'struct', name: 'foo', size: 0, members: [] });
    b.add({ kind: 'struct', name: 'foo___old', size: 0, members: [] });
    b.add({ kind: 'struct', name: 'foo', size: 1, members: [] });
    b.add({ kind: 'struct', name: 'foo___old___older', size: 1, members: [] });
    b.add({ kind: 'struct', name: 'foobar', size: 0, members: [] });
    b.add({ kind: 'ptr', type: 1 });
    b.add({ kind: 'func', name: 'bar', type: 0, linkage: 'global' });
    b.add({ kind: 'func', name: 'foo', type: 0, linkage: 'global' });
    b.add({ kind: 'fwd', name: 'bar', target: 'struct' });
    return Btf.parse(b.bytes());
  };

  // The first searches look at every name, later ones use a table.
  describe.each([
    ['at first', 0],
    ['after many searches', 100],
  ])('%s', (_, searches) => {
    const btf = twins();
    for (let count = 0; count < searches; count++) btf.find('nothing');

    test.each<[string, Kind | number | undefined, number | undefined]>([
      ['foo', undefined, 1],
      ['foo', 'struct', 2],
      ['foo', BTF_KIND_ENUM, 1],
      ['foo', 'union', undefined],
      ['foo___old', undefined, 3],
      ['foob', undefined, undefined],
      ['foo', 'func', 9],
      ['bar', undefined, 8],
      ['bar', 'fwd', 10],
      ['fo', undefined, undefined],
      ['', undefined, undefined],
      ['void', undefined, 0],
      ['void', 'struct', undefined],
    ])('find %j %s', (name, kind, id) => {
      expect(btf.find(name, kind)).toBe(id);
    });

    test('finds all of a name in id order', () => {
      expect(btf.findAll('foo')).toEqual([1, 2, 4, 9]);
      expect(btf.findAll('bar')).toEqual([8, 10]);
    });

    test('finds all that are the same without their flavours', () => {
      expect(btf.findEssential('foo')).toEqual([1, 2, 3, 4]);
      expect(btf.findEssential('foo___mine')).toEqual([1, 2, 3, 4]);
      expect(btf.findEssential('foo___old___mine')).toEqual([5]);
      expect(btf.findEssential('foobar')).toEqual([6]);
    });
  });

  test('kinds have names and names have kinds', () => {
    expect(KINDS.map(({ name }) => kindNumber(name))).toEqual(KINDS.map((_, number) => number));
    expect(kindName(99)).toBe('kind 99');
  });
});

describe('split BTF', () => {
  const base = sample();
  const builder = new BtfBuilder({ base });
  const pointer = builder.add({ kind: 'ptr', type: base.find('task') ?? -1 });
  const own = builder.add({
    kind: 'struct',
    name: 'own',
    size: 8,
    members: [{ name: 'task', type: pointer, bitOffset: 0, bitFieldSize: 0 }],
  });
  const shadow = builder.add({ kind: 'typedef', name: 'u32', type: own });
  const split = Btf.parse(builder.bytes(), { base, name: 'module' });

  test('continues the ids and strings of its base', () => {
    expect(split.firstId).toBe(base.endId);
    expect(pointer).toBe(base.endId);
    expect(split.type(own)).toMatchObject({ name: 'own', members: [{ name: 'task', type: pointer }] });
  });

  test('answers for its base', () => {
    const task = base.find('task') ?? -1;
    expect(split.type(task)).toBe(base.type(task));
    expect(split.nameOf(task)).toBe('task');
    expect(split.kindOf(0)).toBe(0);
    expect(split.pointerSize).toBe(8);
  });

  test('is searched after its base', () => {
    expect(split.find('own')).toBe(own);
    expect(split.find('u32')).toBe(base.find('u32'));
    expect(split.findAll('u32')).toEqual([base.find('u32'), shadow]);
    expect(base.find('own')).toBeUndefined();
  });

  test('may use names of its base', () => {
    const words = [base.nameOffsetOf(base.find('task') ?? -1), 2 << 24, 0];
    const named = Btf.parse(blob(words, ''), { base });
    for (let count = 0; count < 100; count++) expect(named.findAll('task')).toEqual([base.find('task'), base.endId]);
  });

  test('is refused without its base', () => {
    expect(() => Btf.parse(builder.bytes())).toThrow(/split BTF needs its base/);
  });

  test('may be split again', () => {
    const b = new BtfBuilder({ base: split });
    const id = b.add({ kind: 'typedef', name: 'deeper', type: own });
    const deeper = Btf.parse(b.bytes(), { base: split });
    expect(deeper.nameOf(id)).toBe('deeper');
    expect(deeper.nameOf(own)).toBe('own');
    expect(deeper.nameOf(1)).toBe('int');
    expect(deeper.find('deeper')).toBe(id);
  });
});

describe('the size of pointers', () => {
  test.each<[string, number, 4 | 8]>([
    ['long unsigned int', 4, 4],
    ['unsigned long', 8, 8],
    ['long int', 4, 4],
    ['long long int', 4, 8],
    ['int', 4, 8],
  ])('follows from %s of %i bytes: %i', (name, size, expected) => {
    const b = new BtfBuilder();
    b.add({ kind: 'int', name, size, signed: false, char: false, bool: false, bits: size * 8, bitOffset: 0 });
    expect(Btf.parse(b.bytes()).pointerSize).toBe(expected);
  });

  test('may be given where no type tells it', () => {
    expect(Btf.parse(new BtfBuilder().bytes(), { pointerSize: 4 }).pointerSize).toBe(4);
  });
});
