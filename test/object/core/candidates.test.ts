import { describe, expect, test } from 'vitest';
import {
  BPF_CORE_ENUMVAL_VALUE,
  BPF_CORE_FIELD_BYTE_OFFSET,
  BPF_CORE_FIELD_EXISTS,
  BPF_CORE_TYPE_EXISTS,
  BPF_CORE_TYPE_ID_TARGET,
  BPF_CORE_TYPE_SIZE,
  CoreTargets,
  relocateProgram,
} from '../../../src/object/core/index.ts';
import { declare } from '../c-declarations.ts';
import { concat, findType, mov, poisoned, relocate, targets } from './relocation.ts';

const local = 'struct s { int a; int b; };';

describe('of several candidates', () => {
  test('those that agree give one answer', () => {
    const kernel = 'struct s { long x; int a; }; struct s___2 { int x; int y; int a; int z; };';
    const { insns, outcome } = relocate({
      local,
      kernel,
      type: 'struct s',
      access: '0:0',
      kind: BPF_CORE_FIELD_BYTE_OFFSET,
      insns: mov(0),
    });
    expect(insns).toEqual(mov(8));
    expect(outcome.candidates.map(({ btf, id }) => btf.nameOf(id))).toEqual(['s', 's___2']);
  });

  test('those that do not fit do not count', () => {
    const kernel = 'struct s { int *a; }; struct s___2 { int x; int a; }; struct s___3 { int b; };';
    const { insns, outcome } = relocate({
      local,
      kernel,
      type: 'struct s',
      access: '0:0',
      kind: BPF_CORE_FIELD_BYTE_OFFSET,
      insns: mov(0),
    });
    expect(insns).toEqual(mov(4));
    expect(outcome.candidates.map(({ btf, id }) => btf.nameOf(id))).toEqual(['s___2']);
  });

  test.each([
    ['offsets', BPF_CORE_FIELD_BYTE_OFFSET, '0:0', 0],
    ['offsets even where only existence is asked for', BPF_CORE_FIELD_EXISTS, '0:0', 1],
    ['sizes', BPF_CORE_TYPE_SIZE, '0', 8],
    ['ids', BPF_CORE_TYPE_ID_TARGET, '0', 0],
  ])('different %s are an error that names both', (_, kind, access, from) => {
    const kernel = 'struct s { int a; }; struct s___2 { long x; int a; };';
    expect(() => relocate({ local, kernel, type: 'struct s', access, kind, insns: mov(from) })).toThrow(
      /^program 'prog': CO-RE relocation \w+ of struct s(\.a)? at instruction 0: the kernel has two answers: .*struct s\b.* of vmlinux\], .*struct s___2/,
    );
  });

  test('different values of an enum are an error', () => {
    const run = () =>
      relocate({
        local: 'enum e { A };',
        kernel: 'enum e { A = 1 }; enum e___2 { A = 2 };',
        type: 'enum e',
        access: '0',
        kind: BPF_CORE_ENUMVAL_VALUE,
        insns: mov(0),
      });
    expect(run).toThrow(/the kernel has two answers: 1 for enum e::A = 1 .*, 2 for enum e___2::A = 2/);
  });

  test('one that did not fit, while another did, is no candidate for later relocations of that type', () => {
    const btf = declare(local);
    const typeId = findType(btf, 'struct s');
    const shared = targets('struct s { int a; }; struct s___2 { int x; int b; };');
    const ask = (access: string, from: number, through: CoreTargets) => {
      const insns = mov(from);
      relocateProgram(
        insns,
        { name: 'prog' },
        [{ insn: 0, typeId, access, kind: BPF_CORE_FIELD_BYTE_OFFSET }],
        btf,
        through,
      );
      return insns;
    };
    expect(ask('0:1', 4, targets('struct s { int a; }; struct s___2 { int x; int b; };'))).toEqual(mov(4));
    expect(ask('0:0', 0, shared)).toEqual(mov(0));
    expect(ask('0:1', 4, shared)).toEqual(poisoned);
  });
});

describe('modules', () => {
  test('are asked for what the kernel proper does not have', () => {
    const { insns, outcome } = relocate({
      local,
      kernel: 'struct t { int a; };',
      modules: { other: 'struct u { int a; };', ext4: 'struct s { long x; int a; };' },
      type: 'struct s',
      access: '0:0',
      kind: BPF_CORE_FIELD_BYTE_OFFSET,
      insns: mov(0),
    });
    expect(insns).toEqual(mov(8));
    expect(outcome.candidates.map(({ btf }) => btf.name)).toEqual(['ext4']);
  });

  test('are not asked for what the kernel proper has, even if it does not fit', () => {
    const { outcome } = relocate({
      local,
      kernel: 'struct s { int c; };',
      modules: { ext4: 'struct s { long x; int a; };' },
      type: 'struct s',
      access: '0:0',
      kind: BPF_CORE_FIELD_BYTE_OFFSET,
      insns: mov(0),
    });
    expect(outcome).toMatchObject({ result: 'poisoned', message: "struct s of vmlinux has no member 'a'" });
  });

  test('give their own ids, which follow those of the kernel', () => {
    const kernel = 'struct t { int a; };';
    const { insns, outcome } = relocate({
      local,
      kernel,
      modules: { ext4: 'struct s { struct t *a; };' },
      type: 'struct s',
      kind: BPF_CORE_TYPE_ID_TARGET,
      insns: mov(0),
    });
    const [candidate] = outcome.candidates;
    expect(candidate?.id).toBeGreaterThanOrEqual(declare(kernel).endId);
    expect(insns).toEqual(mov(candidate?.id ?? 0));
  });

  test('are read only when they are needed, and once', () => {
    const btf = declare(local);
    const typeId = findType(btf, 'struct s');
    let reads = 0;
    const core = new CoreTargets(declare('struct t { int a; };'), () => {
      reads++;
      return [];
    });
    const relocation = { insn: 0, typeId, access: '0', kind: BPF_CORE_TYPE_EXISTS };
    const ask = () => relocateProgram(mov(1), { name: 'prog' }, [relocation], btf, core);
    expect(reads).toBe(0);
    ask();
    ask();
    expect(reads).toBe(1);
  });
});

test('relocations of one program are applied each to its own instruction', () => {
  const btf = declare(local);
  const typeId = findType(btf, 'struct s');
  const insns = concat(mov(0), mov(9), mov(4), mov(1));
  const outcomes = relocateProgram(
    insns,
    { name: 'prog' },
    [
      { insn: 0, typeId, access: '0:0', kind: BPF_CORE_FIELD_BYTE_OFFSET },
      { insn: 2, typeId, access: '0:1', kind: BPF_CORE_FIELD_BYTE_OFFSET },
      { insn: 3, typeId, access: '0:1', kind: BPF_CORE_FIELD_EXISTS },
    ],
    btf,
    targets('struct s { long x; int a; };'),
  );
  expect(insns).toEqual(concat(mov(8), mov(9), poisoned, mov(0)));
  expect(outcomes.map(({ insn, result }) => [insn, result])).toEqual([
    [0, 'resolved'],
    [2, 'poisoned'],
    [3, 'absent'],
  ]);
});

test('a kernel without BTF is an error', () => {
  const btf = declare(local);
  const relocation = { insn: 0, typeId: findType(btf, 'struct s'), access: '0', kind: BPF_CORE_TYPE_EXISTS };
  const core = new CoreTargets(undefined, () => []);
  expect(() => relocateProgram(mov(1), { name: 'prog' }, [relocation], btf, core)).toThrow(/this kernel has no BTF$/);
});
