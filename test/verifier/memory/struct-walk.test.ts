import { describe, expect, test } from 'vitest';
import { Btf, BtfBuilder, type NewType, type TypeId } from '../../../src/btf/index.ts';
import { structIdsMatch, type WalkReporter, walkStruct } from '../../../src/verifier/memory/struct-walk.ts';
import { type MessageCode, type MessageFacts, messages } from '../../../src/verifier/messages/index.ts';
import { MEM_PERCPU, MEM_RCU, MEM_USER, PTR_UNTRUSTED } from '../../../src/verifier/register-types.ts';

const builder = new BtfBuilder();
type Field = readonly [name: string, type: TypeId, offset: number, bits?: number];

const composite = (kind: 'struct' | 'union', name: string, size: number, fields: readonly Field[]): TypeId =>
  builder.add({
    kind,
    name,
    size,
    members: fields.map(([field, type, offset, bits = 0]) => ({
      name: field,
      type,
      bitOffset: bits === 0 ? offset * 8 : offset,
      bitFieldSize: bits,
    })),
  });
const add = (type: NewType): TypeId => builder.add(type);
const pointer = (type: TypeId): TypeId => add({ kind: 'ptr', name: '', type });
const tagged = (name: string, type: TypeId): TypeId => pointer(add({ kind: 'type_tag', name, type }));
const int = (size: number): TypeId =>
  add({
    kind: 'int',
    name: `u${size * 8}`,
    size,
    signed: false,
    char: false,
    bool: false,
    bits: size * 8,
    bitOffset: 0,
  });
const array = (elementType: TypeId, length: number): TypeId =>
  add({ kind: 'array', name: '', elementType, indexType: u32, length });

const u8 = int(1);
const u32 = int(4);
const u64 = int(8);
const leaf = composite('struct', 'leaf', 16, [
  ['next', pointer(u64), 0],
  ['count', u32, 8],
]);
const leafName = add({ kind: 'typedef', name: 'leaf_t', type: leaf });
const constLeaf = add({ kind: 'const', name: '', type: leafName });
const choice = composite('union', 'choice', 8, [
  ['object', pointer(leaf), 0],
  ['number', u64, 0],
]);
const single = composite('union', '', 8, [['object', pointer(leaf), 0]]);
const outer = composite('struct', 'outer', 128, [
  ['first', leaf, 0],
  ['object', pointer(constLeaf), 16],
  ['user', tagged('user', leaf), 24],
  ['percpu', tagged('percpu', leaf), 32],
  ['rcu', tagged('rcu', leaf), 40],
  ['other', tagged('nothing known', leaf), 48],
  ['choice', choice, 56],
  ['', single, 64],
  ['leaves', array(constLeaf, 2), 72],
  ['bytes', array(u8, 6), 104],
  ['low', u32, 112 * 8, 5],
  ['high', u32, 112 * 8 + 5, 11],
  // A hole of two bytes.
  ['none', array(u64, 0), 120],
  ['callback', pointer(add({ kind: 'func_proto', name: '', returnType: 0 as TypeId, parameters: [] })), 120],
]);
const table = composite('struct', 'table', 8, [
  ['length', u64, 0],
  ['rows', array(leaf, 0), 8],
]);
const buffer = composite('struct', 'buffer', 8, [
  ['length', u64, 0],
  ['bytes', array(u8, 0), 8],
]);
const declared = add({ kind: 'fwd', name: 'declared', target: 'struct' });
const sizeless = composite('struct', 'sizeless', 8, [['what', declared, 0]]);
const endless = builder.reserve();
builder.define(endless, {
  kind: 'struct',
  name: 'endless',
  size: 8,
  members: [{ name: 'self', type: endless, bitOffset: 0, bitFieldSize: 0 }],
});
const number = u64;
const btf = Btf.parse(builder.bytes());

/** Takes note of the last message. */
class Reporter implements WalkReporter {
  said = '';

  say<C extends MessageCode>(code: C, facts: MessageFacts<C>): string {
    this.said = (messages[code] as (facts: MessageFacts<C>) => string)(facts);
    return this.said;
  }

  unsupported(subject: string): never {
    throw new Error(subject);
  }
}

const at = (struct: TypeId, off: number, size: number) => walkStruct(new Reporter(), btf, struct, off, size);
const scalar = { kind: 'scalar' };

describe('what an access to a struct reads', () => {
  test.each([
    ['a number', outer, 8, 4, scalar],
    ['part of a number', outer, 9, 1, scalar],
    ['a number in an array', outer, 105, 1, scalar],
    ['several numbers of an array', outer, 104, 4, scalar],
    ['bit fields with the bytes that hold them', outer, 112, 4, scalar],
    ['a struct by the number at its beginning', table, 0, 8, scalar],
    [
      'a pointer to a struct, through qualifiers',
      outer,
      16,
      8,
      { kind: 'pointer', typeId: leaf, flags: 0, field: 'object' },
    ],
    ['a pointer to user memory', outer, 24, 8, { kind: 'pointer', flags: MEM_USER }],
    ['a per-CPU pointer', outer, 32, 8, { kind: 'pointer', flags: MEM_PERCPU }],
    ['a pointer that RCU protects', outer, 40, 8, { kind: 'pointer', flags: MEM_RCU }],
    ['a pointer with another tag', outer, 48, 8, { kind: 'pointer', flags: 0 }],
    ['a pointer out of a union', outer, 56, 8, { kind: 'pointer', flags: PTR_UNTRUSTED, field: 'object' }],
    ['a pointer out of a union of one member', outer, 64, 8, { kind: 'pointer', flags: 0, field: 'object' }],
    ['a pointer to a number', outer, 0, 8, { kind: 'untrusted' }],
    ['a pointer to a function', outer, 120, 8, { kind: 'untrusted' }],
    ['a member of a struct in an array', outer, 96, 4, scalar],
    ['an element of an array without a length', table, 8 + 16 * 100 + 8, 4, scalar],
    ['a pointer in an array without a length', table, 8 + 16 * 100, 8, { kind: 'untrusted' }],
    ['numbers in an array without a length', buffer, 1000, 8, scalar],
  ])('%s', (_, struct, off, size, expected) => {
    expect(at(struct, off, size)).toMatchObject(expected);
  });

  test('the same access gives the same answer again', () => {
    expect(at(outer, 16, 8)).toBe(at(outer, 16, 8));
  });
});

describe('what cannot be read of a struct', () => {
  test.each([
    ['beyond its end', outer, 128, 1, 13, 'access beyond struct outer at off 128 size 1'],
    ['across its end', outer, 124, 8, 13, 'access beyond struct outer at off 124 size 8'],
    [
      'a number and what follows',
      outer,
      8,
      8,
      13,
      'access beyond the end of member count (mend:12) in struct leaf with off 8 size 8',
    ],
    [
      'half a pointer',
      outer,
      16,
      4,
      13,
      'cannot access ptr member object with moff 16 in struct outer with off 16 size 4',
    ],
    [
      'the middle of a pointer',
      outer,
      20,
      1,
      13,
      'cannot access ptr member object with moff 16 in struct outer with off 20 size 1',
    ],
    [
      'a pointer in a union by half',
      outer,
      56,
      4,
      13,
      'cannot access ptr member object with moff 0 in struct choice with off 0 size 4',
    ],
    ['a hole', outer, 116, 2, 22, "struct outer doesn't have field at offset 116"],
    ['half a bit field', outer, 113, 1, 22, "struct outer doesn't have field at offset 113"],
    ['the padding of an element', table, 8 + 16 * 3 + 12, 4, 22, "struct leaf doesn't have field at offset 12"],
    ['a member without a size', sizeless, 0, 8, 14, "field what doesn't have size"],
    ['what is no struct', number, 0, 8, 22, "Type 'u64' is not a struct"],
  ])('%s', (_, struct, off, size, errno, message) => {
    const reporter = new Reporter();
    expect(walkStruct(reporter, btf, struct, off, size)).toBe(errno);
    expect(reporter.said).toBe(message);
  });

  test('a struct that contains itself ends the walk', () => {
    expect(() => at(endless, 0, 8)).toThrow('contains structs');
  });
});

describe('whether there is a struct of a type', () => {
  const matches = (struct: TypeId, off: number, need: TypeId, strict = false) =>
    structIdsMatch(new Reporter(), btf, struct, off, btf, need, strict);

  test.each([
    ['the struct itself', outer, 0, outer, true],
    ['the struct that it begins with', outer, 0, leaf, true],
    ['a struct in the middle of it', outer, 56, choice, true],
    ['an element of an array, which is called by another name', outer, 88, leaf, false],
    ['a struct that is elsewhere', outer, 8, leaf, false],
    ['another struct', leaf, 0, outer, false],
    ['an element of an array without a length, which is looked into', table, 8 + 16 * 5, leaf, false],
  ])('%s', (_, struct, off, need, expected) => {
    expect(matches(struct, off, need)).toBe(expected);
  });

  test('strictly only the struct itself', () => {
    expect(matches(outer, 0, outer, true)).toBe(true);
    expect(matches(outer, 0, leaf, true)).toBe(false);
  });
});
