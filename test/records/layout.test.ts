import { describe, expect, it } from 'vitest';
import type { TypeId } from '../../src/btf/index.ts';
import { BpfiterError } from '../../src/errors.ts';
import { recordLayout } from '../../src/records/index.ts';
import { CTypes, hex } from './c-types.ts';

/** Type, the bytes of a value in little-endian, the value. Big-endian bytes are given where reversing is not enough. */
interface Example {
  readonly name: string;
  readonly type: (types: CTypes) => TypeId;
  readonly little: string;
  readonly big: string;
  readonly value: unknown;
  /** What encoding takes for those bytes, where that differs from `value`. */
  readonly input?: unknown;
}

const examples: readonly Example[] = [
  { name: 'u8', type: (t) => t.u8, little: 'ff', big: 'ff', value: 255 },
  { name: 's8', type: (t) => t.i8, little: 'ff', big: 'ff', value: -1 },
  { name: 'u16', type: (t) => t.u16, little: '34 12', big: '12 34', value: 0x1234 },
  { name: 's16', type: (t) => t.i16, little: 'fe ff', big: 'ff fe', value: -2 },
  { name: 'u32', type: (t) => t.u32, little: 'ffffffff', big: 'ffffffff', value: 0xffffffff },
  { name: 's32', type: (t) => t.i32, little: '00000080', big: '80000000', value: -0x80000000 },
  { name: 'u64', type: (t) => t.u64, little: '0100000000000080', big: '8000000000000001', value: 0x8000000000000001n },
  { name: 's64', type: (t) => t.i64, little: 'feffffffffffffff', big: 'fffffffffffffffe', value: -2n },
  {
    name: 'unsigned __int128',
    type: (t) => t.u128,
    little: '0200000000000000 ffffffffffffffff',
    big: 'ffffffffffffffff 0000000000000002',
    value: 0xffffffffffffffff0000000000000002n,
  },
  {
    name: '__int128',
    type: (t) => t.i128,
    little: '0200000000000000 ffffffffffffffff',
    big: 'ffffffffffffffff 0000000000000002',
    value: -0xfffffffffffffffen,
  },
  { name: 'bool', type: (t) => t.bool, little: '01', big: '01', value: true },
  { name: 'float', type: (t) => t.float, little: '0000c03f', big: '3fc00000', value: 1.5 },
  { name: 'double', type: (t) => t.double, little: '000000000000f8bf', big: 'bff8000000000000', value: -1.5 },
  {
    name: 'a pointer, as bigint',
    type: (t) => t.pointer(t.u32),
    little: '00000000 8088ffff',
    big: 'ffff888000000000',
    value: 0xffff888000000000n,
  },
  { name: 'a single char, as number', type: (t) => t.char, little: '41', big: '41', value: 65 },
  {
    name: 'a char array, as text up to the NUL',
    type: (t) => t.array(t.char, 8),
    little: '68c3a9 00 00000000',
    big: '68c3a9 00 00000000',
    value: 'hé',
  },
  {
    name: 'a char array without NUL',
    type: (t) => t.array(t.alias('const', t.char), 4),
    little: '61626364',
    big: '61626364',
    value: 'abcd',
  },
  {
    name: 'an array of char arrays',
    type: (t) => t.array(t.array(t.char, 2), 2),
    little: '6100 6263',
    big: '6100 6263',
    value: ['a', 'bc'],
  },
  {
    name: 'an array of u8, as numbers',
    type: (t) => t.array(t.u8, 3),
    little: '010203',
    big: '010203',
    value: [1, 2, 3],
  },
  {
    name: 'an array of arrays',
    type: (t) => t.array(t.array(t.u16, 2), 2),
    little: '0100 0200 0300 0400',
    big: '0001 0002 0003 0004',
    value: [
      [1, 2],
      [3, 4],
    ],
  },
  { name: 'an array without elements', type: (t) => t.array(t.u32, 0), little: '', big: '', value: [] },
  {
    name: 'an enum by name',
    type: (t) => t.enum('state', 4, false, { RUNNING: 0n, SLEEPING: 1n }),
    little: '01000000',
    big: '00000001',
    value: 'SLEEPING',
  },
  {
    name: 'an enum value without a name, as number',
    type: (t) => t.enum('state', 4, false, { RUNNING: 0n }),
    little: '07000000',
    big: '00000007',
    value: 7,
  },
  {
    name: 'a negative enum value',
    type: (t) => t.enum('state', 4, true, { BROKEN: -1n }),
    little: 'ffffffff',
    big: 'ffffffff',
    value: 'BROKEN',
  },
  {
    name: 'the first of several names for an enum value',
    type: (t) => t.enum('state', 4, false, { FIRST: 1n, SECOND: 1n }),
    little: '01000000',
    big: '00000001',
    value: 'FIRST',
  },
  {
    name: 'a packed enum of one byte',
    type: (t) => t.enum('small', 1, false, { OFF: 0n, ON: 200n }),
    little: 'c8',
    big: 'c8',
    value: 'ON',
  },
  {
    name: 'an enum64 by name',
    type: (t) => t.enum('mask', 8, false, { HIGH: 1n << 63n }),
    little: '0000000000000080',
    big: '8000000000000000',
    value: 'HIGH',
  },
  {
    name: 'an enum64 value without a name, as bigint',
    type: (t) => t.enum('mask', 8, true, { HIGH: 1n }),
    little: 'feffffffffffffff',
    big: 'fffffffffffffffe',
    value: -2n,
  },
  {
    name: 'typedefs and qualifiers, seen through',
    type: (t) => t.alias('typedef', t.alias('const', t.alias('volatile', t.alias('typedef', t.u16, 'a'))), 'b'),
    little: '0100',
    big: '0001',
    value: 1,
  },
  {
    name: 'a nested struct, with padding',
    type: (t) => {
      const inner = t.struct('inner', 8, [
        ['flag', t.bool, 0],
        ['count', t.u32, 4],
      ]);
      return t.struct('outer', 16, [
        ['id', t.u16, 0],
        ['inner', inner, 4],
        ['last', t.u8, 12],
      ]);
    },
    little: '0100 0000 01 000000 02000000 03 000000',
    big: '0001 0000 01 000000 00000002 03 000000',
    value: { id: 1, inner: { flag: true, count: 2 }, last: 3 },
  },
  {
    name: 'an array of structs',
    type: (t) =>
      t.array(
        t.struct('pair', 2, [
          ['a', t.u8, 0],
          ['b', t.i8, 1],
        ]),
        2,
      ),
    little: '01ff 02fe',
    big: '01ff 02fe',
    value: [
      { a: 1, b: -1 },
      { a: 2, b: -2 },
    ],
  },
  {
    name: 'all members of a union',
    type: (t) =>
      t.union('any', 4, [
        ['whole', t.u32],
        ['bytes', t.array(t.u8, 4)],
        ['half', t.u16],
      ]),
    little: '01020304',
    big: '01020304',
    value: { whole: 0x04030201, bytes: [1, 2, 3, 4], half: 0x0201 },
    input: { bytes: [1, 2, 3, 4] },
  },
  {
    name: 'fields of anonymous structs and unions, among those of the outer struct',
    type: (t) => {
      const pair = t.struct('', 4, [
        ['low', t.u16, 0],
        ['high', t.u16, 2],
      ]);
      const either = t.union('', 4, [
        ['', pair],
        ['both', t.u32],
      ]);
      return t.struct('event', 8, [
        ['first', t.u32, 0],
        ['', either, 4],
      ]);
    },
    little: '01000000 0200 0300',
    big: '00000001 0002 0003',
    value: { first: 1, low: 2, high: 3, both: 0x00030002 },
    input: { first: 1, low: 2, high: 3 },
  },
  {
    name: 'bit fields: unsigned, signed, bool, enum, and one across bytes',
    type: (t) =>
      t.struct('flags', 4, [
        ['a', t.u32, { bit: 0, bits: 3 }],
        ['b', t.i32, { bit: 3, bits: 3 }],
        ['c', t.bool, { bit: 6, bits: 1 }],
        ['', t.u32, { bit: 7, bits: 1 }],
        ['d', t.enum('level', 4, false, { LOW: 1n, HIGH: 2n }), { bit: 8, bits: 2 }],
        ['e', t.u32, { bit: 10, bits: 12 }],
      ]),
    // a=5 (101) b=-2 (110) c=1 d=HIGH (10) e=0xabc
    little: '75 f2 2a 00',
    big: 'ba aa f0 00',
    value: { a: 5, b: -2, c: true, d: 'HIGH', e: 0xabc },
  },
  {
    name: 'bit fields of a 64-bit type, as bigint',
    type: (t) =>
      t.struct('wide', 8, [
        ['tag', t.u64, { bit: 0, bits: 4 }],
        ['address', t.i64, { bit: 4, bits: 60 }],
      ]),
    little: 'e3 ff ff ff ff ff ff ff',
    big: '3f ff ff ff ff ff ff fe',
    value: { tag: 3n, address: -2n },
  },
  {
    name: 'bit fields of a packed struct, across nine bytes',
    type: (t) =>
      t.struct('packed', 9, [
        ['a', t.u8, { bit: 0, bits: 4 }],
        ['b', t.u64, { bit: 4, bits: 64 }],
      ]),
    little: '1f 32 54 76 98 ba dc fe 00',
    big: 'f0 fe dc ba 98 76 54 32 10',
    value: { a: 15, b: 0x0fedcba987654321n },
  },
  {
    name: 'bit fields as old compilers wrote them, by integers of a few bits',
    type: (t) =>
      t.struct('old', 4, [
        ['a', t.int('unsigned int', 4, false, { bits: 4 }), { bit: 0 }],
        ['b', t.int('int', 4, true, { bits: 4, bitOffset: 4 }), { bit: 0 }],
        ['c', t.u16, { bit: 16 }],
      ]),
    little: 'e5 00 0700',
    big: '5e 00 0007',
    value: { a: 5, b: -2, c: 7 },
  },
];

describe('a record layout', () => {
  describe.each([
    { order: 'little-endian', littleEndian: true },
    { order: 'big-endian', littleEndian: false },
  ])('of $order types', ({ littleEndian }) => {
    const bytesOf = (example: Example) => {
      // The union example reads one set of bytes in either order: only the numbers differ.
      return hex(littleEndian ? example.little : example.big);
    };

    it.each(examples)('decodes $name', (example) => {
      const types = new CTypes({ littleEndian });
      const id = example.type(types);
      const layout = recordLayout(types.btf(), id);
      const bytes = bytesOf(example);
      const expected =
        example.name === 'all members of a union' && !littleEndian
          ? { whole: 0x01020304, bytes: [1, 2, 3, 4], half: 0x0102 }
          : example.name.startsWith('fields of anonymous') && !littleEndian
            ? { first: 1, low: 2, high: 3, both: 0x00020003 }
            : example.value;
      expect(layout.size).toBe(bytes.length);
      expect(layout.decode(bytes)).toStrictEqual(expected);
    });

    it.each(examples)('encodes $name', (example) => {
      const types = new CTypes({ littleEndian });
      const id = example.type(types);
      const layout = recordLayout<never>(types.btf(), id);
      expect(layout.encode((example.input ?? example.value) as never)).toStrictEqual(bytesOf(example));
    });
  });

  it('decodes at an offset, and from one buffer after another', () => {
    const types = new CTypes();
    const layout = recordLayout<number>(types.btf(), types.u16);
    const first = hex('0000 0100 0200');
    const second = hex('0300').subarray(0);
    expect([layout.decode(first, 2), layout.decode(first, 4), layout.decode(second), layout.decode(first, 2)]).toEqual([
      1, 2, 3, 1,
    ]);
  });

  it('decodes from a window of a larger buffer', () => {
    const types = new CTypes();
    const layout = recordLayout<number>(types.btf(), types.u32);
    expect(layout.decode(hex('ffffffff 01000000 ffffffff').subarray(4, 8))).toBe(1);
  });

  it('turns bytes that are not UTF-8 into U+FFFD', () => {
    const types = new CTypes();
    const text = types.array(types.char, 3);
    const layout = recordLayout<string>(types.btf(), text);
    expect(layout.decode(hex('61ff62'))).toBe('a\ufffdb');
  });

  it('keeps apart strings that fall into the same slot of the table of seen ones', () => {
    const types = new CTypes();
    const short = types.array(types.char, 8);
    const layout = recordLayout<string>(types.btf(), short);
    const texts = Array.from({ length: 5000 }, (_, index) => `n${index}`);
    const bytes = texts.map((text) => layout.encode(text as never));
    for (const round of [0, 1]) {
      expect(
        bytes.map((each) => layout.decode(each)),
        `round ${round}`,
      ).toEqual(texts);
    }
  });

  it.each([
    ['not enough bytes', hex('0102'), 0],
    ['an offset too near to the end', hex('0102030405'), 2],
    ['a negative offset', hex('01020304'), -1],
    ['no offset', hex('01020304'), Number.NaN],
  ])('refuses to decode %s', (_, bytes, offset) => {
    const types = new CTypes();
    const layout = recordLayout(types.btf(), types.u32);
    expect(() => layout.decode(bytes, offset)).toThrow(BpfiterError);
  });
});

describe('finding the type of a record', () => {
  const types = new CTypes();
  const event = types.struct('event', 4, [['id', types.u32, 0]]);
  types.union('value', 8, [['number', types.u64]]);
  types.enum('state', 4, false, { ON: 1n });
  types.alias('typedef', event, 'event_t');
  types.alias('typedef', types.struct('', 2, [['x', types.u16, 0]]), 'anonymous_t');
  types.alias('typedef', types.u64, 'thing');
  types.struct('thing', 1, [['y', types.u8, 0]]);
  types.builder.add({ kind: 'fwd', name: 'later', target: 'struct' });
  types.builder.add({
    kind: 'func',
    name: 'function',
    type: types.builder.add({ kind: 'func_proto', returnType: 0, parameters: [] }),
    linkage: 'static',
  });
  const limit = types.builder.add({ kind: 'var', name: 'limit', type: types.u32, linkage: 'global' });
  const mode = types.builder.add({ kind: 'var', name: 'mode', type: types.u8, linkage: 'static' });
  types.builder.add({
    kind: 'datasec',
    name: '.rodata',
    size: 8,
    entries: [
      { type: limit, offset: 0, size: 4 },
      { type: mode, offset: 4, size: 1 },
    ],
  });
  const btf = types.btf();

  it.each([
    ['event', 'struct event', 4],
    ['struct event', 'struct event', 4],
    ['  struct   event ', 'struct event', 4],
    ['union value', 'union value', 8],
    ['enum state', 'enum state', 4],
    ['event_t', 'event_t', 4],
    ['anonymous_t', 'anonymous_t', 2],
    ['unsigned int', 'unsigned int', 4],
    ['thing', 'struct thing', 1],
    ['.rodata', '.rodata', 8],
  ])('%j means %j', (spelling, typeName, size) => {
    expect(recordLayout(btf, spelling)).toMatchObject({ typeName, size });
  });

  it('reads a data section as a struct of its variables', () => {
    expect(recordLayout(btf, '.rodata').decode(hex('01000000 02 000000'))).toEqual({ limit: 1, mode: 2 });
  });

  it.each([
    ['evnt', 'not-found', "test.bpf.o: no type 'evnt' (did you mean 'event'?)"],
    [
      'sample',
      'not-found',
      "test.bpf.o: no type 'sample' (clang leaves out types that only local variables have; declare a global 'struct sample *unused')",
    ],
    ['union event', 'not-found', undefined],
    ['', 'not-found', undefined],
    ['later', 'usage', 'test.bpf.o: later: struct later is declared in this BTF but not defined, so it has no size'],
  ])('%j fails with %s', (spelling, code, message) => {
    const failure = failureOf(() => recordLayout(btf, spelling));
    expect(failure.code).toBe(code);
    if (message !== undefined) expect(failure.message).toBe(message);
  });

  it.each(['void', 'func', 'func_proto'])('a %s has no size', (kind) => {
    const id = kind === 'void' ? 0 : (btf.find('function') ?? 0) - (kind === 'func' ? 0 : 1);
    expect(failureOf(() => recordLayout(btf, id as TypeId)).code).toBe('usage');
  });
});

describe('contradictory or hostile BTF gives one error, not a crash:', () => {
  const cases: readonly (readonly [what: string, code: string, make: (types: CTypes) => TypeId])[] = [
    ['a member beyond its struct', 'malformed', (t) => t.struct('s', 4, [['a', t.u64, 0]])],
    ['a bit field beyond its struct', 'malformed', (t) => t.struct('s', 1, [['a', t.u32, { bit: 4, bits: 5 }]])],
    [
      'a bit field with more bits than its type',
      'malformed',
      (t) => t.struct('s', 4, [['a', t.u8, { bit: 0, bits: 9 }]]),
    ],
    [
      'a bit field of a struct type',
      'malformed',
      (t) => t.struct('s', 4, [['a', t.struct('i', 1, []), { bit: 0, bits: 1 }]]),
    ],
    ['a member that begins within a byte', 'malformed', (t) => t.struct('s', 4, [['a', t.u8, { bit: 3 }]])],
    ['an enum of three bytes', 'malformed', (t) => t.enum('e', 3, false, { A: 1n })],
    ['an integer of three bytes', 'unsupported', (t) => t.int('int24', 3, false)],
    ['a float of 16 bytes', 'unsupported', (t) => t.builder.add({ kind: 'float', name: 'long double', size: 16 })],
    ['an array of two billion elements', 'unsupported', (t) => t.array(t.u8, 2 ** 31)],
    ['a string of two gigabytes', 'unsupported', (t) => t.array(t.char, 2 ** 31)],
    ['a sea of empty structs', 'unsupported', (t) => t.array(t.array(t.struct('e', 0, []), 100_000), 100_000)],
    [
      'a struct that contains itself',
      'malformed',
      (t) => {
        const id = t.builder.reserve();
        t.builder.define(id, {
          kind: 'struct',
          name: 'self',
          size: 4,
          members: [{ name: 'again', type: id, bitOffset: 0, bitFieldSize: 0 }],
        });
        return id;
      },
    ],
    [
      'a typedef of itself',
      'malformed',
      (t) => {
        const id = t.builder.reserve();
        t.builder.define(id, { kind: 'typedef', name: 'self', type: id });
        return id;
      },
    ],
    [
      'anonymous members that double at each level',
      'unsupported',
      (t) => {
        let id = t.struct('', 1, [['x', t.u8, 0]]);
        for (let level = 0; level < 40; level += 1) {
          id = t.struct('', 1, [
            ['', id, 0],
            ['', id, 0],
          ]);
        }
        return id;
      },
    ],
    [
      'structs that double at each level',
      'unsupported',
      (t) => {
        let id = t.struct('leaf', 0, []);
        for (let level = 0; level < 40; level += 1) {
          id = t.struct(`level${level}`, 0, [
            ['a', id, 0],
            ['b', id, 0],
          ]);
        }
        return id;
      },
    ],
    ['a reference to a type that does not exist', 'malformed', (t) => t.struct('s', 4, [['a', 9999 as TypeId, 0]])],
  ];

  it.each(cases)('%s', (_, code, make) => {
    const types = new CTypes();
    const id = make(types);
    expect(failureOf(() => recordLayout(types.btf(), id)).code).toBe(code);
  });
});

function failureOf(action: () => unknown): BpfiterError {
  try {
    action();
  } catch (error) {
    if (error instanceof BpfiterError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
