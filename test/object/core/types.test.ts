import { describe, expect, test } from 'vitest';
import {
  BPF_CORE_TYPE_EXISTS,
  BPF_CORE_TYPE_ID_LOCAL,
  BPF_CORE_TYPE_ID_TARGET,
  BPF_CORE_TYPE_MATCHES,
  BPF_CORE_TYPE_SIZE,
  relocateProgram,
} from '../../../src/object/core/index.ts';
import { declare } from '../c-declarations.ts';
import { findType, ldImm64, mov, relocate, targets } from './relocation.ts';

/** Whether the kernel has the type, by the lenient rule (exists) and by the strict one (matches). */
type Row = readonly [what: string, local: string, kernel: string, type: string, exists: boolean, matches: boolean];

const rows: readonly Row[] = [
  ['the same struct', 'struct s { int a; };', 'struct s { int a; };', 'struct s', true, true],
  ['no struct of that name', 'struct s { int a; };', 'struct t { int a; };', 'struct s', false, false],
  ['a union of that name', 'struct s { int a; };', 'union s { int a; };', 'struct s', false, false],
  ['a declaration of the struct', 'struct s { int a; };', 'fwd struct s;', 'struct s', false, false],
  ['a flavour of the struct', 'struct s { int a; };', 'struct s___2 { int a; };', 'struct s', true, true],
  ['a struct with other members', 'struct s { int a; };', 'struct s { int b; };', 'struct s', true, false],
  ['a struct with more members', 'struct s { int a; };', 'struct s { int b; int a; };', 'struct s', true, true],
  ['a struct with fewer members', 'struct s { int a; int b; };', 'struct s { int a; };', 'struct s', true, false],
  [
    'a struct whose member is another sort of type',
    'struct s { int a; };',
    'struct s { int *a; };',
    'struct s',
    true,
    false,
  ],
  ['a struct whose member is of another size', 'struct s { u32 a; };', 'struct s { u16 a; };', 'struct s', true, false],
  ['a struct whose member has another sign', 'struct s { u32 a; };', 'struct s { s32 a; };', 'struct s', true, false],
  ['a struct whose member is const', 'struct s { int a; };', 'struct s { const int a; };', 'struct s', true, true],
  [
    'a struct whose member is a typedef',
    'struct s { int a; };',
    'typedef int t; struct s { t a; };',
    'struct s',
    true,
    true,
  ],
  [
    'a struct whose array has another length',
    'struct s { u8 a[2]; };',
    'struct s { u8 a[3]; };',
    'struct s',
    true,
    false,
  ],
  [
    'a struct with the same anonymous union',
    'struct s { union { int a; int b; }; };',
    'struct s { union { int b; int a; }; };',
    'struct s',
    true,
    true,
  ],
  [
    'a struct with another anonymous union',
    'struct s { union { int a; int b; }; };',
    'struct s { union { int b; int c; }; };',
    'struct s',
    true,
    false,
  ],
  [
    'a struct whose nested struct differs',
    'struct t { int x; }; struct s { struct t a; };',
    'struct t { int y; }; struct s { struct t a; };',
    'struct s',
    true,
    false,
  ],
  [
    'a struct whose nested struct differs behind a pointer',
    'struct t { int x; }; struct s { struct t *a; };',
    'struct t { int y; }; struct s { struct t *a; };',
    'struct s',
    true,
    true,
  ],
  [
    'a struct that points to another struct',
    'struct t { int x; }; struct s { struct t *a; };',
    'struct u { int x; }; struct s { struct u *a; };',
    'struct s',
    true,
    false,
  ],
  [
    'a struct that points to a union of the same name',
    'struct t { int x; }; struct s { struct t *a; };',
    'union t { int x; }; struct s { union t *a; };',
    'struct s',
    true,
    false,
  ],
  [
    'a struct that points to a declared struct',
    'struct t { int x; }; struct s { struct t *a; };',
    'struct s { struct t *a; };',
    'struct s',
    true,
    true,
  ],
  [
    'a struct that points to a declared union',
    'struct t { int x; }; struct s { struct t *a; };',
    'struct s { union t *a; };',
    'struct s',
    true,
    false,
  ],
  [
    'a struct, by a pointer to a declared one',
    'struct s { struct t *a; };',
    'struct t { int x; }; struct s { struct t *a; };',
    'struct s',
    true,
    true,
  ],
  [
    'a union, by a pointer to a declared struct',
    'struct s { struct t *a; };',
    'union t { int x; }; struct s { union t *a; };',
    'struct s',
    true,
    false,
  ],
  [
    'a struct that points to the same declared one',
    'struct s { struct t *a; };',
    'struct s { struct t *a; };',
    'struct s',
    true,
    true,
  ],
  [
    'a struct that points to a declaration of the other kind',
    'struct s { struct t *a; };',
    'struct s { union t *a; };',
    'struct s',
    true,
    false,
  ],
  [
    'a struct with the same function pointer',
    'struct s { int (*f)(int, void *); };',
    'struct s { int (*f)(int, void *); };',
    'struct s',
    true,
    true,
  ],
  [
    'a struct whose function returns another type',
    'struct s { int (*f)(int); };',
    'struct s { long (*f)(int); };',
    'struct s',
    true,
    false,
  ],
  [
    'a struct whose function has another parameter',
    'struct s { int (*f)(int); };',
    'struct s { int (*f)(int *); };',
    'struct s',
    true,
    false,
  ],
  [
    'a struct whose function has more parameters',
    'struct s { int (*f)(int); };',
    'struct s { int (*f)(int, int); };',
    'struct s',
    true,
    false,
  ],
  ['a struct with a float', 'struct s { float a; };', 'struct s { float a; };', 'struct s', true, false],
  [
    'a struct that points to itself',
    'struct s { struct s *a; };',
    'struct s { int x; struct s *a; };',
    'struct s',
    true,
    true,
  ],
  ['the same union', 'union s { int a; };', 'union s { int a; };', 'union s', true, true],
  ['the same enum', 'enum e { A, B };', 'enum e { A, B };', 'enum e', true, true],
  ['an enum with other numbers', 'enum e { A, B };', 'enum e { A = 7, B = 9 };', 'enum e', true, true],
  ['an enum with more values', 'enum e { A };', 'enum e { B, A };', 'enum e', true, true],
  ['an enum with fewer values', 'enum e { A, B };', 'enum e { A };', 'enum e', true, false],
  ['an enum with another value', 'enum e { A, B };', 'enum e { A, C };', 'enum e', true, false],
  ['an enum whose value has a flavour', 'enum e { A };', 'enum e { A___2 };', 'enum e', true, true],
  ['an enum of 64 bits', 'enum e { A };', 'enum64 e { A };', 'enum e', true, false],
  ['the same enum of 64 bits', 'enum64 e { A };', 'enum64 e { A };', 'enum64 e', true, true],
  ['the same typedef', 'typedef int t;', 'typedef int t;', 'typedef t', true, true],
  ['a struct where the object has a typedef', 'typedef int t;', 'struct t { int a; };', 'typedef t', false, false],
  ['a typedef of an integer of another size', 'typedef u32 t;', 'typedef u8 t;', 'typedef t', true, false],
  ['a typedef of a pointer', 'typedef int t;', 'typedef int *t;', 'typedef t', false, false],
  ['a typedef of the same pointer', 'typedef int *t;', 'typedef int *t;', 'typedef t', true, true],
  ['a typedef of a pointer to another sort of type', 'typedef int *t;', 'typedef void *t;', 'typedef t', false, false],
  ['a typedef of a pointer to void', 'typedef void *t;', 'typedef void *t;', 'typedef t', true, true],
  ['a typedef of an array of another length', 'typedef int t[2];', 'typedef int t[3];', 'typedef t', true, false],
  ['a typedef of an array of other elements', 'typedef int t[2];', 'typedef int *t[2];', 'typedef t', false, false],
  [
    'a typedef of the same function',
    'typedef int t(int, char *);',
    'typedef int t(int, char *);',
    'typedef t',
    true,
    true,
  ],
  [
    'a typedef of a function with fewer parameters',
    'typedef int t(int, int);',
    'typedef int t(int);',
    'typedef t',
    false,
    false,
  ],
  [
    'a typedef of a function with another sort of parameter',
    'typedef int t(int);',
    'typedef int t(int *);',
    'typedef t',
    false,
    false,
  ],
  [
    'a typedef of a function that returns another sort of type',
    'typedef int t(int);',
    'typedef int *t(int);',
    'typedef t',
    false,
    false,
  ],
  [
    'a typedef of a function with a longer parameter',
    'typedef int t(int);',
    'typedef int t(long);',
    'typedef t',
    true,
    false,
  ],
  [
    'a typedef of a function that takes a function',
    'typedef int t(int (*f)(int));',
    'typedef int t(int (*f)(int));',
    'typedef t',
    true,
    true,
  ],
  [
    'a typedef of a function that takes another function',
    'typedef int t(int (*f)(int));',
    'typedef int t(int (*f)(int, int));',
    'typedef t',
    false,
    false,
  ],
  [
    'a typedef of another struct',
    'struct a { int x; }; typedef struct a t;',
    'struct b { int x; }; typedef struct b t;',
    'typedef t',
    true,
    false,
  ],
  [
    'a typedef of a union',
    'struct a { int x; }; typedef struct a t;',
    'union a { int x; }; typedef union a t;',
    'typedef t',
    false,
    false,
  ],
  [
    'a typedef of an anonymous struct',
    'typedef struct { int x; } t;',
    'typedef struct { int y; int x; } t;',
    'typedef t',
    true,
    true,
  ],
  ['a typedef of a tagged pointer', 'typedef int *t;', 'typedef tag(user) int *t;', 'typedef t', true, true],
  ['an integer with fewer bits than its size', 'typedef u32 t;', 'typedef oldbits t;', 'typedef t', false, false],
  ['a declared struct', 'fwd struct s;', 'fwd struct s;', 'fwd s', true, true],
  ['a declared union', 'fwd struct s;', 'fwd union s;', 'fwd s', true, false],
];

describe('bpf_core_type_exists', () => {
  test.each(rows)('with %s in the kernel', (_, local, kernel, type, exists) => {
    const { insns, outcome } = relocate({ local, kernel, type, kind: BPF_CORE_TYPE_EXISTS, insns: mov(1) });
    expect(insns).toEqual(mov(exists ? 1 : 0));
    expect(outcome.result).toBe(exists ? 'resolved' : 'absent');
  });
});

describe('bpf_core_type_matches', () => {
  test.each(rows)('with %s in the kernel', (_, local, kernel, type, _exists, matches) => {
    const { insns, outcome } = relocate({ local, kernel, type, kind: BPF_CORE_TYPE_MATCHES, insns: mov(1) });
    expect(insns).toEqual(mov(matches ? 1 : 0));
    expect(outcome.result).toBe(matches ? 'resolved' : 'absent');
  });
});

describe('bpf_core_type_size', () => {
  test.each([
    ['struct s', 'struct s { int a; };', 'struct s { int a; long b; };', 4, 16],
    ['union u', 'union u { int a; };', 'union u { int a; long b; };', 4, 8],
    ['enum e', 'enum e { A };', 'enum64 e { A };', 4, 8],
    ['typedef t', 'typedef int t[3];', 'typedef int t[5];', 12, 20],
    ['struct s', 'struct s { int a; };', 'struct t { int a; };', 4, 0],
  ])("of %s is the kernel's", (type, local, kernel, from, to) => {
    expect(relocate({ local, kernel, type, kind: BPF_CORE_TYPE_SIZE, insns: mov(from) }).insns).toEqual(mov(to));
  });

  test('of a function is an error', () => {
    const local = 'typedef int t(int);';
    expect(() =>
      relocate({ local, kernel: local, type: 'typedef t', kind: BPF_CORE_TYPE_SIZE, insns: mov(0) }),
    ).toThrow(/^program 'prog': CO-RE relocation type_size of typedef t at instruction 0: /);
  });
});

describe('type ids', () => {
  const local = 'struct x { int a; }; struct s { int a; };';
  const kernel = 'struct y { int a; }; struct z { int a; }; struct s { int a; };';

  test('of the object are those of its BTF, whatever the instruction had', () => {
    const id = findType(declare(local), 'struct s');
    const { insns, outcome } = relocate({
      local,
      kernel,
      type: 'struct s',
      kind: BPF_CORE_TYPE_ID_LOCAL,
      insns: ldImm64(0n),
    });
    expect(insns).toEqual(ldImm64(BigInt(id)));
    expect(outcome).toMatchObject({ result: 'resolved', local: 'struct s' });
  });

  test('of the kernel are those of its BTF, whatever the instruction had', () => {
    const id = findType(declare(kernel), 'struct s');
    const { insns } = relocate({ local, kernel, type: 'struct s', kind: BPF_CORE_TYPE_ID_TARGET, insns: mov(77) });
    expect(insns).toEqual(mov(id));
  });

  test('of the kernel are 0 for a type that it does not have', () => {
    const { insns, outcome } = relocate({
      local,
      kernel,
      type: 'struct x',
      kind: BPF_CORE_TYPE_ID_TARGET,
      insns: mov(77),
    });
    expect(insns).toEqual(mov(0));
    expect(outcome).toMatchObject({ result: 'absent', message: 'the kernel and its modules have no struct x' });
  });

  test('of the object need no name, those of the kernel do', () => {
    const btf = declare('typedef struct { int a; } t;');
    const typeId = btf.skipModifiersAndTypedefs(findType(btf, 'typedef t'));
    const run = (kind: number) =>
      relocateProgram(mov(0), { name: 'prog' }, [{ insn: 0, typeId, access: '0', kind }], btf, targets(kernel));
    expect(run(BPF_CORE_TYPE_ID_LOCAL)[0]).toMatchObject({ result: 'resolved', local: 'struct (anonymous)' });
    expect(() => run(BPF_CORE_TYPE_ID_TARGET)).toThrow(/types without a name cannot be looked for/);
  });
});

describe('types nested beyond all measure', () => {
  const nest = (levels: number) => `typedef int ${'*'.repeat(levels)}t;`;

  test('are compared to a depth of 31 pointers', () => {
    const run = (levels: number) =>
      relocate({
        local: nest(levels),
        kernel: nest(levels),
        type: 'typedef t',
        kind: BPF_CORE_TYPE_EXISTS,
        insns: mov(1),
      });
    expect(run(31).insns).toEqual(mov(1));
    expect(() => run(32)).toThrow(/is nested too deeply to be compared/);
  });

  test('do not take time without end', () => {
    const levels = Array.from({ length: 25 }, (_, level) =>
      level === 0 ? 'struct s0 { int a; };' : `struct s${level} { struct s${level - 1} a; struct s${level - 1} b; };`,
    );
    const text = levels.join(' ');
    expect(() =>
      relocate({ local: text, kernel: text, type: 'struct s24', kind: BPF_CORE_TYPE_MATCHES, insns: mov(1) }),
    ).toThrow(/is nested too deeply to be compared/);
  });
});
