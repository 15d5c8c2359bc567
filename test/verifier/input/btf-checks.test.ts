import { closeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Btf, BtfBuilder, type NewType, typeId } from '../../../src/btf/index.ts';
import { loadBtf } from '../../../src/host/btf-load.ts';
import { whyRefused } from '../../../src/verifier/input/btf-checks.ts';
import { describeOnHost } from '../../host/permitted.ts';

const INT: NewType = {
  kind: 'int',
  name: 'int',
  size: 4,
  signed: true,
  char: false,
  bool: false,
  bits: 32,
  bitOffset: 0,
};
const VOID = typeId(0);
/** Of INT, which all begin with. */
const one = typeId(1);
const two = typeId(2);

const struct = (size: number, ...members: readonly (readonly [string, number, number])[]): NewType => ({
  kind: 'struct',
  name: 's',
  size,
  members: members.map(([name, type, bitOffset]) => ({ name, type: typeId(type), bitOffset, bitFieldSize: 0 })),
});
const variable: NewType = { kind: 'var', name: 'v', type: one, linkage: 'global' };
const section = (size: number, ...entries: readonly (readonly [number, number])[]): NewType => ({
  kind: 'datasec',
  name: '.data',
  size,
  entries: entries.map(([offset, length]) => ({ type: two, offset, size: length })),
});
const prototype = (returnType: number, ...parameters: readonly (readonly [string, number])[]): NewType => ({
  kind: 'func_proto',
  name: '',
  returnType: typeId(returnType),
  parameters: parameters.map(([name, type]) => ({ name, type: typeId(type) })),
});

const deep = (depth: number): readonly NewType[] =>
  Array.from({ length: depth }, (_, i) => struct(4, ['a', i === depth - 1 ? 1 : i + 3, 0]));

const taken: Readonly<Record<string, readonly NewType[]>> = {
  'a struct with members': [struct(8, ['a', 1, 0], ['b', 1, 32])],
  'a struct that ends with an array of none': [
    { kind: 'array', name: '', elementType: one, indexType: one, length: 0 },
    struct(4, ['a', 1, 0], ['b', 2, 32]),
  ],
  'a variable in its section': [variable, section(8, [4, 4])],
  'a function': [prototype(1, ['a', 1]), { kind: 'func', name: 'f', type: two, linkage: 'global' }],
  'a function of nothing': [prototype(0), { kind: 'func', name: 'f', type: two, linkage: 'static' }],
  'a prototype that takes more': [prototype(1, ['', 1], ['', 0])],
  'a pointer to void': [{ kind: 'ptr', name: '', type: VOID }],
  'structs nested as deep as is followed': deep(32),
  'structs that point to each other': [{ kind: 'ptr', name: '', type: typeId(3) }, struct(8, ['a', 2, 0])],
  'a tag of an argument': [
    prototype(1, ['a', 1]),
    { kind: 'func', name: 'f', type: two, linkage: 'global' },
    { kind: 'decl_tag', name: 'arg:ctx', type: typeId(3), componentIndex: 0 },
  ],
};

const refused: Readonly<Record<string, readonly NewType[]>> = {
  'a member beyond its struct': [struct(4, ['a', 1, 40])],
  'members in disorder': [struct(8, ['a', 1, 32], ['b', 1, 0])],
  'a member without a type': [struct(8, ['a', 0, 0])],
  'a member of a type that is not there': [struct(8, ['a', 99, 0])],
  'a struct that contains itself': [struct(8, ['a', 2, 0])],
  'structs nested too deep': deep(33),
  'typedefs of each other': [
    { kind: 'typedef', name: 'a', type: typeId(3) },
    { kind: 'typedef', name: 'b', type: two },
  ],
  'pointers to themselves': [{ kind: 'ptr', name: '', type: two }],
  'a name that is none': [{ ...INT, kind: 'typedef', name: 'a-b', type: one }],
  'a typedef without a name': [{ kind: 'typedef', name: '', type: one }],
  'a pointer with a name': [{ kind: 'ptr', name: 'p', type: one }],
  'a tag without a text': [{ kind: 'type_tag', name: '', type: one }],
  'an integer larger than its bytes': [{ ...INT, kind: 'int', bits: 40 } as NewType],
  'an integer of two encodings': [{ ...INT, kind: 'int', char: true } as NewType],
  'a floating-point number of three bytes': [{ kind: 'float', name: 'f', size: 3 }],
  'an enumeration of three bytes': [{ kind: 'enum', name: 'e', size: 3, signed: false, values: [] }],
  'an array of nothing': [{ kind: 'array', name: '', elementType: VOID, indexType: one, length: 1 }],
  'a variable of nothing': [{ kind: 'var', name: 'v', type: VOID, linkage: 'global' }],
  'a variable that is elsewhere': [{ kind: 'var', name: 'v', type: one, linkage: 'extern' }],
  'a variable beyond its section': [variable, section(4, [4, 4])],
  'a variable that ends beyond its section': [variable, section(6, [4, 4])],
  'variables that overlap': [variable, section(8, [0, 4], [2, 4])],
  'a variable with less room than it needs': [variable, section(8, [0, 2])],
  'a section of nothing': [section(0)],
  'a function that is elsewhere': [prototype(1), { kind: 'func', name: 'f', type: two, linkage: 'extern' }],
  'a function that is none': [{ kind: 'func', name: 'f', type: one, linkage: 'static' }],
  'an argument without a name': [prototype(1, ['', 1]), { kind: 'func', name: 'f', type: two, linkage: 'static' }],
  'an argument of nothing': [prototype(1, ['a', 0])],
  'a prototype that returns a function': [
    prototype(1),
    { kind: 'func', name: 'f', type: two, linkage: 'static' },
    prototype(3),
  ],
  'a tag of an argument that is not there': [
    prototype(1, ['a', 1]),
    { kind: 'func', name: 'f', type: two, linkage: 'global' },
    { kind: 'decl_tag', name: 'arg:ctx', type: typeId(3), componentIndex: 1 },
  ],
  'a tag of an integer': [{ kind: 'decl_tag', name: 'x', type: one, componentIndex: -1 }],
};

function bytesOf(types: readonly NewType[]): Uint8Array {
  const builder = new BtfBuilder();
  for (const type of [INT, ...types]) builder.add(type);
  return builder.bytes();
}

describe('BTF', () => {
  it.each(Object.entries(taken))('may have %s', (_, types) => {
    expect(whyRefused(Btf.parse(bytesOf(types)))).toBeUndefined();
  });

  it.each(Object.entries(refused))('may not have %s', (_, types) => {
    expect(whyRefused(Btf.parse(bytesOf(types)))).toMatch(/^BTF type \d+: ./);
  });
});

describeOnHost('the running kernel', () => {
  const takes = (types: readonly NewType[]): boolean => {
    const { result } = loadBtf(bytesOf(types));
    if (result >= 0) closeSync(result);
    return result >= 0;
  };

  it.each(Object.entries(taken))('takes BTF with %s', (_, types) => {
    expect(takes(types)).toBe(true);
  });

  it.each(Object.entries(refused))('takes no BTF with %s', (_, types) => {
    expect(takes(types)).toBe(false);
  });
});
