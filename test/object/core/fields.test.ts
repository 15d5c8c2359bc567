import { describe, expect, test } from 'vitest';
import {
  BPF_CORE_FIELD_BYTE_OFFSET,
  BPF_CORE_FIELD_BYTE_SIZE,
  BPF_CORE_FIELD_EXISTS,
  BPF_CORE_FIELD_LSHIFT_U64,
  BPF_CORE_FIELD_RSHIFT_U64,
  BPF_CORE_FIELD_SIGNED,
} from '../../../src/object/core/index.ts';
import { ldx, mov, poisoned, relocate } from './relocation.ts';

/** Offset of the field in the object, as the compiler wrote it, and in the kernel; undefined if it is not found there. */
type Row = readonly [what: string, local: string, kernel: string, access: string, from: number, to: number | undefined];

const found: readonly Row[] = [
  ['that moved', 'struct s { int a; };', 'struct s { long pad; int a; };', '0:0', 0, 8],
  ['that stayed', 'struct s { int a; };', 'struct s { int a; };', '0:0', 0, 0],
  [
    'of a nested struct',
    'struct s { struct { int b; } a; };',
    'struct s { long x; struct { long y; int b; } a; };',
    '0:0:0',
    0,
    16,
  ],
  ['through const and typedef', 'struct s { int a; };', 'typedef int t; struct s { int x; const t a; };', '0:0', 0, 4],
  [
    'of a struct with a flavour in the object',
    'struct s___new { int a; };',
    'struct s { int x; int a; };',
    '0:0',
    0,
    4,
  ],
  ['of a struct with a flavour in the kernel', 'struct s { int a; };', 'struct s___2 { int x; int a; };', '0:0', 0, 4],
  [
    'now in an anonymous struct',
    'struct s { int a; };',
    'struct s { long x; struct { int y; int a; }; };',
    '0:0',
    0,
    12,
  ],
  ['now in an anonymous union', 'struct s { int a; };', 'struct s { int x; union { int a; long b; }; };', '0:0', 0, 8],
  [
    'in nested anonymous ones',
    'struct s { int a; };',
    'struct s { union { struct { int x; union { int y; int a; }; }; }; };',
    '0:0',
    0,
    4,
  ],
  [
    'no longer in an anonymous struct',
    'struct s { int x; struct { int y; int a; }; };',
    'struct s { int a; };',
    '0:1:1',
    8,
    0,
  ],
  [
    'of a struct that became a union',
    'struct s { struct { int x; int b; } a; };',
    'struct s { int y; union { int b; } a; };',
    '0:0:1',
    4,
    4,
  ],
  ['in an array', 'struct s { int a[4]; };', 'struct s { int x; int a[8]; };', '0:0:2', 8, 12],
  [
    'in an array of structs',
    'struct e { int x; int b; }; struct s { struct e a[4]; };',
    'struct e { int b; }; struct s { long x; struct e a[4]; };',
    '0:0:3:1',
    28,
    20,
  ],
  ['in an array of arrays', 'struct s { u8 a[2][3]; };', 'struct s { u8 x; u8 a[4][5]; };', '0:0:1:2', 5, 8],
  [
    'in a shorter array that still has the element',
    'struct s { int a[4]; };',
    'struct s { int a[2]; };',
    '0:0:1',
    4,
    4,
  ],
  ['in what became a flexible array', 'struct s { int a[4]; };', 'struct s { long x; int a[]; };', '0:0:3', 12, 20],
  [
    'in a flexible array of the object',
    'struct s { int x; int a[]; };',
    'struct s { int x; int y; int a[8]; };',
    '0:1:7',
    32,
    36,
  ],
  ['beyond the first element of a pointer', 'struct s { int a; };', 'struct s { long x; int a; };', '2:0', 8, 40],
  ['that is a pointer to something else', 'struct s { int *a; };', 'struct s { int x; struct t *a; };', '0:0', 0, 8],
  ['that is an integer of another size and sign', 'struct s { s8 a; };', 'struct s { int x; u64 a; };', '0:0', 0, 8],
  ['that is an array of another length', 'struct s { int a[4]; };', 'struct s { int x; int a[7]; };', '0:0', 0, 4],
  ['that is an array of other elements', 'struct s { int a[4]; };', 'struct s { int x; u8 a[3]; };', '0:0', 0, 4],
  ['that is a floating-point number', 'struct s { float a; };', 'struct s { double x; double a; };', '0:0', 0, 8],
  [
    'that is an enum of the same name',
    'enum e { A }; struct s { enum e a; };',
    'enum e { A, B }; struct s { int x; enum e a; };',
    '0:0',
    0,
    4,
  ],
  [
    'that is an enum of the same name but for the flavour',
    'enum e___x { A }; struct s { enum e___x a; };',
    'enum e { A }; struct s { int x; enum e a; };',
    '0:0',
    0,
    4,
  ],
  [
    'that is an enum without a name in the kernel',
    'enum e { A }; struct s { enum e a; };',
    'struct s { int x; enum { B } a; };',
    '0:0',
    0,
    4,
  ],
  [
    'that is an enum without a name in the object',
    'struct s { enum { A } a; };',
    'enum e { A }; struct s { int x; enum e a; };',
    '0:0',
    0,
    4,
  ],
  [
    'that is an enum of 64 bits in the kernel',
    'enum e { A }; struct s { enum e a; };',
    'enum64 e { A }; struct s { int x; enum e a; };',
    '0:0',
    0,
    8,
  ],
];

const missing: readonly Row[] = [
  ['of a struct that the kernel does not have', 'struct s { int a; };', 'struct t { int a; };', '0:0', 0, undefined],
  ['of a struct that is only declared', 'struct s { int a; };', 'fwd struct s;', '0:0', 0, undefined],
  ['of a struct that is a union', 'struct s { int a; };', 'union s { int a; };', '0:0', 0, undefined],
  ['of a struct whose name begins alike', 'struct s { int a; };', 'struct s__x { int a; };', '0:0', 0, undefined],
  ['that the struct does not have', 'struct s { int a; };', 'struct s { int b; };', '0:0', 0, undefined],
  ['whose name differs by a flavour', 'struct s { int a; };', 'struct s { int a___x; };', '0:0', 0, undefined],
  [
    'in a named struct of the kernel',
    'struct s { int a; };',
    'struct s { struct { int a; } b; };',
    '0:0',
    0,
    undefined,
  ],
  ['of what became an integer', 'struct s { struct { int b; } a; };', 'struct s { int a; };', '0:0:0', 0, undefined],
  [
    'behind what became a pointer',
    'struct s { struct { int b; } a; };',
    'struct t { int b; }; struct s { struct t *a; };',
    '0:0:0',
    0,
    undefined,
  ],
  ['in an array that is too short', 'struct s { int a[4]; };', 'struct s { int a[2]; };', '0:0:2', 8, undefined],
  [
    'in an array of arrays that has no such row',
    'struct s { u8 a[3][3]; };',
    'struct s { u8 a[2][3]; };',
    '0:0:2:0',
    6,
    undefined,
  ],
  [
    'in an array of no elements that does not end its struct',
    'struct s { int a[4]; };',
    'struct s { int a[0]; int b; };',
    '0:0:0',
    0,
    undefined,
  ],
  ['in what became a single integer', 'struct s { int a[4]; };', 'struct s { int a; };', '0:0:0', 0, undefined],
  ['that is a pointer and was an integer', 'struct s { int a; };', 'struct s { int *a; };', '0:0', 0, undefined],
  ['that is an integer and was a pointer', 'struct s { int *a; };', 'struct s { int a; };', '0:0', 0, undefined],
  ['that is an array and was an integer', 'struct s { int a; };', 'struct s { int a[1]; };', '0:0', 0, undefined],
  [
    'that is a struct and was an integer',
    'struct s { int a; };',
    'struct s { struct { int b; } a; };',
    '0:0',
    0,
    undefined,
  ],
  ['that is a float and was an integer', 'struct s { int a; };', 'struct s { float a; };', '0:0', 0, undefined],
  [
    'that is an enum and was an integer',
    'struct s { int a; };',
    'enum e { A }; struct s { enum e a; };',
    '0:0',
    0,
    undefined,
  ],
  [
    'that is an enum of another name',
    'enum e { A }; struct s { enum e a; };',
    'enum f { A }; struct s { enum f a; };',
    '0:0',
    0,
    undefined,
  ],
  [
    'whose elements are another sort of type',
    'struct s { int a[2]; };',
    'struct s { int *a[2]; };',
    '0:0',
    0,
    undefined,
  ],
  [
    'that is an array of arrays and was an array',
    'struct s { u8 a[4]; };',
    'struct s { u8 a[2][2]; };',
    '0:0',
    0,
    undefined,
  ],
  [
    'that is an integer with fewer bits than its size',
    'struct s { int a; };',
    'struct s { oldbits a; };',
    '0:0',
    0,
    undefined,
  ],
];

describe('the offset of a field', () => {
  test.each(found)('%s is patched', (_, local, kernel, access, from, to) => {
    const type = local.includes('s___new') ? 'struct s___new' : 'struct s';
    const { insns, outcome } = relocate({
      local,
      kernel,
      type,
      access,
      kind: BPF_CORE_FIELD_BYTE_OFFSET,
      insns: mov(from),
    });
    expect(insns).toEqual(mov(to ?? -1));
    expect(outcome).toMatchObject({ result: 'resolved', message: undefined });
    expect(outcome.candidates).toHaveLength(1);
  });

  test.each(missing)('%s poisons the instruction', (_, local, kernel, access, from) => {
    const { insns, outcome } = relocate({
      local,
      kernel,
      type: 'struct s',
      access,
      kind: BPF_CORE_FIELD_BYTE_OFFSET,
      insns: mov(from),
    });
    expect(insns).toEqual(poisoned);
    expect(outcome.result).toBe('poisoned');
    expect(outcome.message).toMatch(/^\S.*\S$/);
  });
});

describe('whether a field exists', () => {
  test.each(found)('is 1 for one %s', (_, local, kernel, access) => {
    const type = local.includes('s___new') ? 'struct s___new' : 'struct s';
    const { insns, outcome } = relocate({ local, kernel, type, access, kind: BPF_CORE_FIELD_EXISTS, insns: mov(1) });
    expect(insns).toEqual(mov(1));
    expect(outcome.result).toBe('resolved');
  });

  test.each(missing)('is 0 for one %s', (_, local, kernel, access) => {
    const { insns, outcome } = relocate({
      local,
      kernel,
      type: 'struct s',
      access,
      kind: BPF_CORE_FIELD_EXISTS,
      insns: mov(1),
    });
    expect(insns).toEqual(mov(0));
    expect(outcome.result).toBe('absent');
  });
});

describe('the size of a field', () => {
  test.each([
    ['an integer', 'struct s { int a; };', 'struct s { u64 a; };', '0:0', 4, 8],
    ['a whole array', 'struct s { int a[4]; };', 'struct s { u16 a[16]; };', '0:0', 16, 32],
    ['an element', 'struct s { int a[4]; };', 'struct s { u16 a[16]; };', '0:0:3', 4, 2],
    ['a struct', 'struct s { struct { int b; } a; };', 'struct s { struct { int b; int c; } a; };', '0:0', 4, 8],
    ['a pointer', 'struct s { void *a; };', 'struct s { int x; void *a; };', '0:0', 8, 8],
    ['an element of what a pointer points to', 'struct s { int a; };', 'struct s { int a; long b; };', '0', 4, 16],
  ])('of %s is patched', (_, local, kernel, access, from, to) => {
    const { insns } = relocate({
      local,
      kernel,
      type: 'struct s',
      access,
      kind: BPF_CORE_FIELD_BYTE_SIZE,
      insns: mov(from),
    });
    expect(insns).toEqual(mov(to));
  });
});

describe('the sign of a field', () => {
  test.each([
    ['a signed integer', 'u32', 's32', 0, 1],
    ['an unsigned integer', 's32', 'u32', 1, 0],
    ['a pointer', 'void *', 'int *', 0, 0],
    ['a bool', 's8', 'bool', 1, 0],
  ])('of %s is patched', (_, from, to, before, after) => {
    const { insns } = relocate({
      local: `struct s { ${from} a; };`,
      kernel: `struct s { ${to} a; };`,
      type: 'struct s',
      access: '0:0',
      kind: BPF_CORE_FIELD_SIGNED,
      insns: mov(before),
    });
    expect(insns).toEqual(mov(after));
  });

  test('of an enum is that of its values', () => {
    const { insns } = relocate({
      local: 'enum e { A }; struct s { enum e a; };',
      kernel: 'enum e { A = -1 }; struct s { enum e a; };',
      type: 'struct s',
      access: '0:0',
      kind: BPF_CORE_FIELD_SIGNED,
      insns: mov(0),
    });
    expect(insns).toEqual(mov(1));
  });
});

/** What the four numbers of a bit field are: offset and size of the load, shift up, shift down. */
describe('a bit field', () => {
  test.each([
    ['at the beginning', 'u32 a : 3;', [0, 4, 61, 61]],
    ['behind others', 'u32 x : 5; u32 a : 3;', [0, 4, 56, 61]],
    ['in the next integer', 'u32 x : 30; u32 a : 3;', [4, 4, 61, 61]],
    ['of bytes', 'u8 x : 4; u8 a : 4;', [0, 1, 56, 60]],
    ['in a later byte', 'u64 pad; u8 x; u8 a : 2;', [9, 1, 62, 62]],
    ['that crosses a boundary of its type', 'u8 x[3]; u32 y : 4; u32 a : 28 @ 3;', [0, 8, 12, 36]],
    ['that became an integer', 'u16 x; u16 a;', [2, 2, 48, 48]],
  ] as const)('%s is read by one load and two shifts', (_, members, numbers) => {
    const kinds = [
      BPF_CORE_FIELD_BYTE_OFFSET,
      BPF_CORE_FIELD_BYTE_SIZE,
      BPF_CORE_FIELD_LSHIFT_U64,
      BPF_CORE_FIELD_RSHIFT_U64,
    ];
    const patched = kinds.map((kind, index) => {
      // Of the object's four numbers only the second shift is certain.
      const insns = mov(index === 3 ? 57 : 1234);
      const local = 'struct s { u32 x : 3; u32 a : 7; };';
      return relocate({ local, kernel: `struct s { ${members} };`, type: 'struct s', access: '0:1', kind, insns })
        .insns;
    });
    expect(patched).toEqual(numbers.map(mov));
  });

  test('is signed as its type is', () => {
    const local = 'struct s { u32 a : 7; };';
    const kernel = 'struct s { int a : 9; };';
    const { insns } = relocate({
      local,
      kernel,
      type: 'struct s',
      access: '0:0',
      kind: BPF_CORE_FIELD_SIGNED,
      insns: mov(0),
    });
    expect(insns).toEqual(mov(1));
  });

  test('that no load of 64 bits holds is an error', () => {
    const local = 'struct s { u64 x : 4; u64 a : 60; };';
    const kernel = 'struct s { u64 x : 8; u64 a : 60 @ 1; };';
    const kind = BPF_CORE_FIELD_BYTE_OFFSET;
    expect(() => relocate({ local, kernel, type: 'struct s', access: '0:1', kind, insns: mov(0) })).toThrow(
      "program 'prog': CO-RE relocation byte_off of struct s.a at instruction 0: bit field cannot be read with one load",
    );
  });
});

describe('shifts and signs', () => {
  test.each([BPF_CORE_FIELD_SIGNED, BPF_CORE_FIELD_LSHIFT_U64, BPF_CORE_FIELD_RSHIFT_U64])(
    'cannot be asked of an element of an array (kind %d)',
    (kind) => {
      const declarations = 'struct s { int a[4]; };';
      const run = () =>
        relocate({ local: declarations, kernel: declarations, type: 'struct s', access: '0:0:1', kind, insns: mov(0) });
      expect(run).toThrow(/cannot be asked of an array's element/);
    },
  );
});

test('a load of a field takes the offset into its own place', () => {
  const { insns } = relocate({
    local: 'struct s { int a; };',
    kernel: 'struct s { long x; int a; };',
    type: 'struct s',
    access: '0:0',
    kind: BPF_CORE_FIELD_BYTE_OFFSET,
    insns: ldx(4, 0),
  });
  expect(insns).toEqual(ldx(4, 8));
});

test('tells which members a relocation names, by the structs that have them', () => {
  const local = 'struct p { int x; int a; }; struct s___old { int y; struct p p; struct { int b; }; };';
  const kernel = 'struct p { int a; }; struct s { struct p p; int b; };';
  const membersOf = (access: string, offset: number) => {
    const asked = { local, kernel, type: 'struct s___old', access, kind: BPF_CORE_FIELD_BYTE_OFFSET };
    return relocate({ ...asked, insns: mov(offset) }).outcome.members;
  };
  expect(membersOf('0:1:1', 8)).toEqual(['s.p', 'p.a']);
  // Linux keeps nearly all of mm_struct in a struct without a name.
  expect(membersOf('0:2:0', 12)).toEqual(['s.b']);
  // Where a struct within the struct begins, all of it may be read.
  expect(membersOf('0:1', 4)).toEqual(['s.p', 'p']);
});
