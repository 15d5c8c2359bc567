import { describe, expect, test } from 'vitest';
import { BPF_CORE_ENUMVAL_EXISTS, BPF_CORE_ENUMVAL_VALUE } from '../../../src/object/core/index.ts';
import { concat, ldImm64, mov, poisoned, relocate } from './relocation.ts';

const local = 'enum e { A, B = 2, C = 5 };';

describe('the value of an enum', () => {
  test.each([
    ['that changed', local, 'enum e { A, C, B };', 'enum e', '1', 2n, 2n],
    ['of a flavour of the enum', local, 'enum e___2 { B = 9 };', 'enum e', '1', 2n, 9n],
    ['with a flavour itself', 'enum e { A___old = 1 };', 'enum e { A = 4 };', 'enum e', '0', 1n, 4n],
    ['that is negative', local, 'enum e { B = -7 };', 'enum e', '1', 2n, -7n],
    [
      'of an enum that has 64 bits now',
      local,
      'enum64 e { B = 81985529216486895 };',
      'enum e',
      '1',
      2n,
      81985529216486895n,
    ],
    [
      'of an enum that had 64 bits',
      'enum64 e { B = 81985529216486895 };',
      'enum e { B = 3 };',
      'enum64 e',
      '0',
      81985529216486895n,
      3n,
    ],
    [
      'of 64 bits, negative',
      'enum64 e { B = -2 };',
      'enum64 e { B = -81985529216486895 };',
      'enum64 e',
      '0',
      -2n,
      -81985529216486895n,
    ],
    ['behind a typedef', 'typedef enum { A = 1 } t;', 'typedef enum { A = 6 } t;', 'typedef t', '0', 1n, 6n],
  ])('%s is patched', (_, object, kernel, type, access, from, to) => {
    const insns = ldImm64(from);
    const patched = relocate({ local: object, kernel, type, access, kind: BPF_CORE_ENUMVAL_VALUE, insns });
    expect(patched.insns).toEqual(ldImm64(to));
    expect(patched.outcome.result).toBe('resolved');
  });

  test('is extended by its sign from 32 bits, even in an enum without negative values', () => {
    const object = 'enum e { A = 4294967295 };';
    const { insns } = relocate({
      local: object,
      kernel: object,
      type: 'enum e',
      access: '0',
      kind: BPF_CORE_ENUMVAL_VALUE,
      insns: ldImm64(-1n),
    });
    expect(insns).toEqual(ldImm64(-1n));
  });

  test.each([
    ['that the enum does not have', 'enum e { A };', "enum e of vmlinux has no value 'B'"],
    ['of an enum that the kernel does not have', 'enum f { B };', 'the kernel and its modules have no enum e'],
    ['of what is a struct', 'struct e { int B; };', 'the kernel and its modules have no enum e'],
  ])('%s poisons both slots of the load', (_, kernel, message) => {
    const { insns, outcome } = relocate({
      local,
      kernel,
      type: 'enum e',
      access: '1',
      kind: BPF_CORE_ENUMVAL_VALUE,
      insns: ldImm64(2n),
    });
    expect(insns).toEqual(concat(poisoned, poisoned));
    expect(outcome).toMatchObject({ result: 'poisoned', message, local: 'enum e::B = 2' });
  });

  test('that became a typedef of something else is not found', () => {
    const { outcome } = relocate({
      local: 'typedef enum { A } t;',
      kernel: 'typedef int t;',
      type: 'typedef t',
      access: '0',
      kind: BPF_CORE_ENUMVAL_VALUE,
      insns: ldImm64(0n),
    });
    expect(outcome.message).toBe('typedef t of vmlinux is not an enum');
  });
});

describe('whether an enum has a value', () => {
  test.each([
    ['1 for one that it has', 'enum e { X, B };', 1],
    ['0 for one that it does not have', 'enum e { X };', 0],
    ['0 for an enum that the kernel does not have', 'enum f { B };', 0],
  ])('is %s', (_, kernel, expected) => {
    const { insns } = relocate({
      local,
      kernel,
      type: 'enum e',
      access: '1',
      kind: BPF_CORE_ENUMVAL_EXISTS,
      insns: mov(1),
    });
    expect(insns).toEqual(mov(expected));
  });
});

test.each([
  ['a struct', 'struct e { int a; };', 'struct e', '0', 'struct e is not an enum'],
  ['a value that it does not have', local, 'enum e', '3', 'enum e has no value number 3'],
  ['a value of a value', local, 'enum e', '0:1', 'enum e has no value number 0:1'],
])('an object that asks for %s is refused', (_, object, type, access, message) => {
  expect(() =>
    relocate({ local: object, kernel: local, type, access, kind: BPF_CORE_ENUMVAL_VALUE, insns: mov(0) }),
  ).toThrow(message);
});
