/** Loops over numbers without calls, held against the functions that do the same. */
import { expect, test } from 'vitest';
import { numIterator } from '../../src/embedded/open-coded/num.ts';
import { InstructionView } from '../../src/isa/index.ts';
import type { CallPlan } from '../../src/jit/index.ts';
import { FakeMemory } from '../embedded/fake-memory.ts';
import { trioOf } from '../embedded/open-coded/open-coded.ts';
import { assemble } from '../verifier/assemble.ts';
import { DATA, prepare } from './run.ts';

const parts = ['new', 'next', 'destroy'] as const;

function programOf(source: string) {
  const { insns } = assemble(source, (name) => parts.findIndex((part) => name === `bpf_iter_num_${part}`));
  const view = new InstructionView(insns);
  const call = (insn: number): CallPlan => {
    const part = parts[view.imm(insn)];
    if (part === undefined) throw new Error('calls something else');
    return { kind: 'number-iterator', part };
  };
  return prepare(insns, { call });
}

/** Sums at most 9 numbers of the range at DATA, counts them, and leaves neighbours of the iterator as they are. */
const walk = programOf(`
  r6 = r1
  r1 = 7; *(u64 *)(r10 -8) = r1
  r1 = 5; *(u64 *)(r10 -24) = r1
  r1 = r10; r1 += -16
  r2 = *(u32 *)(r6 +0); r3 = *(u32 *)(r6 +4)
  call kfunc bpf_iter_num_new
  *(u64 *)(r6 +8) = r0
  r7 = 0; r8 = 0
  next:
  if r8 == 9 goto out
  r1 = r10; r1 += -16
  call kfunc bpf_iter_num_next
  if r0 == 0 goto out
  r1 = *(s32 *)(r0 +0)
  r7 += r1; r8 += 1
  goto next
  out:
  r1 = r10; r1 += -16
  call kfunc bpf_iter_num_destroy
  *(u64 *)(r6 +16) = r7
  *(u64 *)(r6 +24) = r8
  r1 = r10; r1 += -16
  call kfunc bpf_iter_num_next
  r1 = *(u64 *)(r10 -8); r0 += r1
  r1 = *(u64 *)(r10 -24); r0 += r1
  exit`);

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

test.each([
  [0, 4],
  [-3, 3],
  [5, 5],
  [6, 5],
  [0, 8388608],
  [0, 8388609],
  [INT_MAX - 2, INT_MAX],
  [INT_MAX, INT_MAX],
  [INT_MIN, INT_MIN + 3],
  [INT_MIN, INT_MAX],
  [INT_MAX, INT_MIN],
])('from %d to %d', (start, end) => {
  const memory = new FakeMemory();
  const num = trioOf(numIterator, memory);
  const it = memory.allocate(8);
  const answer = num.create(it, start, end);
  let [sum, count] = [0, 0];
  while (count < 9 && num.next(it) !== 0) {
    sum += memory.view.getInt32(it, true);
    count += 1;
  }

  const { view } = walk.machine;
  view.setInt32(DATA, start, true);
  view.setInt32(DATA + 4, end, true);
  expect(walk.run(DATA)).toBe(12n);
  expect([8, 16, 24].map((offset) => Number(view.getBigInt64(DATA + offset, true)))).toEqual([answer, sum, count]);
});

test("the iterator may be in a caller's frame", () => {
  const { run } = programOf(`
    r1 = r10; r1 += -8; r2 = 3; r3 = 6
    call kfunc bpf_iter_num_new
    r1 = r10; r1 += -8
    call sum
    r6 = r0
    r1 = r10; r1 += -8
    call kfunc bpf_iter_num_destroy
    r0 = r6
    exit
    sum:
    r6 = r1; r7 = 0
    next:
    r1 = r6
    call kfunc bpf_iter_num_next
    if r0 == 0 goto out
    r1 = *(u32 *)(r0 +0)
    r7 += r1
    goto next
    out:
    r0 = r7
    exit`);
  expect(run()).toBe(12n);
});
