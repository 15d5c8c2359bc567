import { describe, expect, it } from 'vitest';
import { part } from '../../../src/embedded/model/declarations.ts';
import { Model, model } from '../../../src/embedded/model/index.ts';
import { describeMembers, describeType } from './types.ts';

const modelOf = (text: string) => new Model([part('Test', 'Of a test.', `typedef unsigned int u32; ${text}`)]);

describe('layout', () => {
  it.each([
    ['members at their alignment', 'struct s { char a; long b; char c; };', { a: 0, b: 8, c: 16 }, 24],
    ['arrays at that of their elements', 'struct s { char a[3]; u32 b[2]; };', { a: 0, b: 4 }, 12],
    ['members of a union at its beginning', 'union s { char a; long b; };', { a: 0, b: 0 }, 8],
    ['pointers in 8 bytes', 'struct s { char a; void (*f)(int); struct other *o; };', { f: 8, o: 16 }, 24],
    [
      'members of unnamed unions among those around',
      'struct s { u32 a; union { u32 b; long c; }; };',
      { b: 8, c: 8 },
      16,
    ],
    ['members of members by path', 'struct t { char x; u32 y; }; struct s { char a; struct t t; };', { 't.y': 8 }, 12],
    [
      'members of typedefs by path',
      'typedef struct { int counter; } atomic_t; struct s { u32 a; atomic_t b; };',
      { 'b.counter': 4 },
      8,
    ],
    ['bit fields side by side', 'struct s { u32 a : 3; u32 b : 5; u32 c; };', { a: 0, b: 0, c: 4 }, 8],
    ['a bit field that would reach over its unit in the next', 'struct s { u32 a : 30; u32 b : 5; };', { b: 4 }, 8],
    ['members where they ask to be', 'struct s { u32 a; u32 b __aligned(8); };', { a: 0, b: 8 }, 16],
    ['nothing in an empty struct', 'struct s {};', {}, 0],
  ])('puts %s', (_, text, fields, size) => {
    const layout = modelOf(text).layoutOf('s');
    for (const [path, offset] of Object.entries(fields))
      expect([path, layout.field(path).offset]).toEqual([path, offset]);
    expect(layout.size).toBe(size);
  });

  it('says which field a struct lacks', () => {
    const layout = modelOf('struct s { u32 a; };').layoutOf('s');
    expect(layout.has('b')).toBe(false);
    expect(() => layout.field('b')).toThrow("struct s of the model has no 'b'");
    expect(() => model.layoutOf('nonsense')).toThrow('the model has no struct nonsense');
  });
});

describe('BTF of a model', () => {
  it('is what a compiler would write', () => {
    const { btf } = modelOf(
      'struct s { const char *name; u32 a : 3; u32 b : 5; struct { int x; }; struct far *far; enum e e; }; enum e { A, B = 7 }; int f(struct s *it, u32 n__sz, ...);',
    );
    const id = btf.find('s', 'struct') ?? 0;
    expect(describeMembers(btf, id)).toBe(
      [
        'struct of 32 {',
        '0/0 *const char name',
        '64/3 u32 a',
        '67/5 u32 b',
        '96/0 struct of 4 {',
        '0/0 int x',
        '} ',
        '128/0 *struct far far',
        '192/0 enum e e',
        '}',
      ].join('\n'),
    );
    expect(btf.type(btf.find('far', 'fwd') ?? 0)).toMatchObject({ kind: 'fwd', target: 'struct' });
    expect(describeType(btf, btf.find('f', 'func') ?? 0)).toBe('int (*struct s it, u32 n__sz, void )');
  });

  it('has every type that is used by value', () => {
    expect(() => modelOf('struct s { struct t t; };').btf).toThrow('struct t is declared and not defined');
    expect(() => modelOf('struct s { nonsense t; };').btf).toThrow("no type is called 'nonsense'");
    expect(() => modelOf('struct s { u32 a; }; struct s { u32 b; };').btf).toThrow('struct s is declared twice');
  });
});
