import { describe, expect, test } from 'vitest';
import { BpfiterError } from '../../../src/errors.ts';
import { BPF_CORE_FIELD_BYTE_OFFSET, BPF_CORE_FIELD_EXISTS, relocateProgram } from '../../../src/object/core/index.ts';
import { declare } from '../c-declarations.ts';
import { findType, mov, relocate, targets } from './relocation.ts';

const local =
  'struct t { int x; u8 c[4]; }; struct s { long pad; struct t t; struct t a[3]; u32 f : 3; struct { int i; }; };';

const exists = (access: string, kernel: string) =>
  relocate({ local, kernel, type: 'struct s', access, kind: BPF_CORE_FIELD_EXISTS, insns: mov(1) }).outcome;

describe('a relocation is described', () => {
  test.each([
    ['0:1:0', 'struct s.t.x (0:1:0 @ offset 8)'],
    ['0:1:1:2', 'struct s.t.c[2] (0:1:1:2 @ offset 14)'],
    ['0:2:2:1', 'struct s.a[2].c (0:2:2:1 @ offset 36)'],
    ['3:0', 'struct s[3].pad (3:0 @ offset 144)'],
    ['0:3', 'struct s.f (0:3 @ offset 40)'],
    ['0:4:0', 'struct s.i (0:4:0 @ offset 44)'],
    ['0', 'struct s (0 @ offset 0)'],
  ])('%s', (access, expected) => {
    expect(exists(access, local).local).toBe(expected);
  });

  test('with bits where a field does not begin at a byte', () => {
    const declarations = 'struct s { u32 a : 3; u32 b : 3; };';
    const { outcome } = relocate({
      local: declarations,
      kernel: declarations,
      type: 'struct s',
      access: '0:1',
      kind: BPF_CORE_FIELD_EXISTS,
      insns: mov(1),
    });
    expect(outcome.local).toBe('struct s.b (0:1 @ offset 0.3)');
  });
});

describe('what the kernel lacks is named', () => {
  test.each([
    ['0:0', 'struct u { int a; };', 'the kernel and its modules have no struct s'],
    ['0:0', 'struct s { int x; };', "struct s of vmlinux has no member 'pad'"],
    ['0:1:0', 'struct t { int y; }; struct s { struct t t; };', "'t' of struct s in vmlinux has no member 'x'"],
    ['0:1:0', 'struct s { int t; };', "'t' of struct s in vmlinux is 'int', another sort of type than in the object"],
    [
      '0:1:0',
      'struct s { int *t; };',
      "'t' of struct s in vmlinux is a pointer, another sort of type than in the object",
    ],
    [
      '0:1:1',
      'struct t { int c; }; struct s { struct t t; };',
      "'t.c' of struct s in vmlinux is 'int', another sort of type than in the object",
    ],
    [
      '0:2:2:0',
      'struct t { int x; }; struct s { struct t a[2]; };',
      "'a' of struct s in vmlinux has 2 elements, and none with index 2",
    ],
    [
      '0:1:0',
      'struct s { int x; }; struct s___2 { struct { int y; } t; };',
      "'t' of struct s___2 in vmlinux has no member 'x'",
    ],
  ])('%s in %s', (access, kernel, message) => {
    expect(exists(access, kernel)).toMatchObject({ result: 'absent', message });
  });
});

describe('a relocation that contradicts the object is refused in one line', () => {
  const run = (access: string, kind = BPF_CORE_FIELD_BYTE_OFFSET) => {
    const btf = declare(local);
    const relocation = { insn: 0, typeId: findType(btf, 'struct s'), access, kind };
    return () => relocateProgram(mov(0), { name: 'prog' }, [relocation], btf, targets(local));
  };

  test.each([
    ['', "access string '' is not a list of indices"],
    [':0', "access string ':0' is not a list of indices"],
    ['0:', "access string '0:' is not a list of indices"],
    ['0:-1', "access string '0:-1' is not a list of indices"],
    ['0:x', "access string '0:x' is not a list of indices"],
    ['0:99999999999', "access string '0:99999999999' has an index too large"],
    [Array(65).fill('0').join(':'), 'access string has 65 indices, more than 64'],
    ['0:5', 'struct s has no member number 5'],
    ['0:2:3', 'array of 3 elements has no element 3'],
    ['0:0:0', 'int long has neither members nor elements'],
    ['2000000000:0', 'field lies beyond 512 MiB'],
  ])('%s', (access, message) => {
    expect(run(access)).toThrow(BpfiterError);
    expect(run(access)).toThrow(message);
    expect(run(access)).toThrow(
      /^program 'prog': CO-RE relocation byte_off of struct s \(.*\) at instruction 0: [^\n]+$/,
    );
  });

  test('for a kind that does not exist', () => {
    expect(run('0', 13)).toThrow(
      "program 'prog': CO-RE relocation kind 13 of struct s (0) at instruction 0: unknown kind 13",
    );
  });

  test('for a type that does not exist', () => {
    const relocation = { insn: 0, typeId: 4711, access: '0', kind: BPF_CORE_FIELD_BYTE_OFFSET };
    const attempt = () => relocateProgram(mov(0), { name: 'prog' }, [relocation], declare(local), targets(local));
    expect(attempt).toThrow(/^program 'prog': CO-RE relocation byte_off of type 4711 \(0\) at instruction 0: /);
  });
});
