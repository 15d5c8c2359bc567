import { expect, test } from 'vitest';
import { FakeRuntime, pairOf, pointerPair } from './fake-runtime.ts';

const E2BIG = -7;
const ENOENT = -2;
const EACCES = -13;
const EFAULT = -14;
const ERANGE = -34;

type Argument = string | number;

/** Strings are placed in memory and passed as addresses, numbers as they are. */
function call(name: string, ...given: readonly Argument[]): number {
  const runtime = new FakeRuntime();
  const words = given.flatMap((value) => (typeof value === 'string' ? pointerPair(runtime.place(value)) : [value]));
  return runtime.function(name)(...words);
}

test.each<[name: string, given: Argument[], result: number]>([
  ['bpf_strcmp', ['abc', 'abc'], 0],
  ['bpf_strcmp', ['abc', 'abd'], -1],
  ['bpf_strcmp', ['abc', 'ab'], 1],
  ['bpf_strcmp', ['é', 'e'], 1],
  ['bpf_strcasecmp', ['HeLLo', 'hEllO'], 0],
  ['bpf_strcasecmp', ['a', 'B'], -1],
  ['bpf_strchr', ['hello', 0x6c], 2],
  ['bpf_strchr', ['hello', 0], 5],
  ['bpf_strchr', ['hello', 0x78], ENOENT],
  ['bpf_strnchr', ['hello', 3, 0, 0x6c], 2],
  ['bpf_strnchr', ['hello', 2, 0, 0x6c], ENOENT],
  ['bpf_strchrnul', ['hello', 0x78], 5],
  ['bpf_strrchr', ['hello', 0x6c], 3],
  ['bpf_strrchr', ['hello', 0], 5],
  ['bpf_strrchr', ['hello', 0x78], ENOENT],
  ['bpf_strlen', ['hello'], 5],
  ['bpf_strnlen', ['hello', 3, 0], 3],
  ['bpf_strnlen', ['hello', 9, 0], 5],
  ['bpf_strspn', ['hello', 'leh'], 4],
  ['bpf_strcspn', ['hello', 'lo'], 2],
  ['bpf_strcspn', ['hello', 'x'], 5],
  ['bpf_strstr', ['hello', 'll'], 2],
  ['bpf_strstr', ['hello', ''], 0],
  ['bpf_strstr', ['hello', 'lol'], ENOENT],
  ['bpf_strnstr', ['hello', 'lo', 5, 0], 3],
  ['bpf_strnstr', ['hello', 'lo', 4, 0], ENOENT],
  ['bpf_strlen', ['x'.repeat(65536)], E2BIG],
  ['bpf_strchr', ['x'.repeat(65536), 0x79], E2BIG],
  ['bpf_strlen', [0, 0], ERANGE],
  ['bpf_strlen', [0x1000, 0x7fff], ERANGE],
  ['bpf_strlen', [...pairOf(0xffff_ffff_8000_0000n)], EFAULT],
  ['bpf_strcmp', [0, 0, 'x'], ERANGE],
])('%s of %j is %d', (name, given, result) => {
  expect(call(name, ...given)).toBe(result);
});

const layouts = { cpumask: { bits: 0 }, bpf_cpumask: { cpumask: 0, usage: 8 } };

test('masks have the CPUs that are possible', () => {
  const runtime = new FakeRuntime(layouts);
  const mask = (name: string, ...words: number[]): number => runtime.function(`bpf_cpumask_${name}`)(...words);
  const one = mask('create');
  const two = mask('create');
  const sum = mask('create');
  expect(mask('empty', one)).toBe(1);
  expect(mask('first', one)).toBe(4);
  mask('set_cpu', 2, one);
  mask('set_cpu', 4, one);
  expect(runtime.memory.u8[one]).toBe(4);
  expect([mask('test_cpu', 2, one), mask('test_cpu', 3, one), mask('test_cpu', 64, one)]).toEqual([1, 0, 0]);
  expect([mask('test_and_set_cpu', 2, one), mask('test_and_set_cpu', 3, two)]).toEqual([1, 0]);
  expect([mask('and', sum, one, two), mask('empty', sum)]).toEqual([0, 1]);
  mask('or', sum, one, two);
  expect([mask('weight', sum), mask('first', sum), mask('first_zero', sum)]).toEqual([2, 2, 0]);
  expect([mask('subset', one, sum), mask('subset', sum, one), mask('intersects', one, two)]).toEqual([1, 0, 0]);
  expect([mask('any_distribute', sum), mask('any_distribute', sum), mask('any_distribute', sum)]).toEqual([2, 3, 2]);
  expect(mask('any_and_distribute', one, two)).toBe(4);
  mask('xor', sum, sum, one);
  expect([mask('equal', sum, two), mask('test_and_clear_cpu', 3, sum), mask('equal', sum, two)]).toEqual([1, 1, 0]);
  mask('setall', sum);
  expect([mask('full', sum), runtime.memory.u8[sum]]).toEqual([1, 0xf]);
  mask('copy', sum, one);
  mask('clear', one);
  expect([mask('first', sum), mask('empty', one)]).toEqual([2, 1]);
});

test('a mask is freed with its last reference', () => {
  const runtime = new FakeRuntime(layouts);
  const mask: number = runtime.function('bpf_cpumask_create')();
  expect(runtime.function('bpf_cpumask_acquire')(mask)).toBe(mask);
  runtime.function('bpf_cpumask_release')(mask);
  expect(runtime.memory.freed).toEqual([]);
  runtime.function('bpf_cpumask_release')(mask);
  expect(runtime.memory.freed).toEqual([mask]);
});

test('a mask is filled from memory that has a word for each 64 CPUs', () => {
  const runtime = new FakeRuntime(layouts);
  const mask: number = runtime.function('bpf_cpumask_create')();
  const populate = runtime.function('bpf_cpumask_populate');
  const from = runtime.words(0b101n);
  expect(populate(mask, from, 4)).toBe(EACCES);
  expect(populate(mask, from, 8)).toBe(0);
  expect(runtime.function('bpf_cpumask_weight')(mask)).toBe(2);
});
