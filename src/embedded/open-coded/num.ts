/**
 * bpf_iter_num: the numbers of a range, [start, end). What bpf_for() and bpf_repeat() of C programs are made of.
 *
 *   0 current (s32)   4 end (s32)
 *
 * The number handed out is the iterator's own first word, so `current` is one less than the next. Both are 0 when
 * nothing is left. Source: kernel/bpf/bpf_iter.c of Linux 6.18; facts/iterators.md 3.3.
 */
import type { CallPlan, NumberIteratorPart } from '../../jit/index.ts';
import { type FunctionDefinition, signature } from '../helpers/definition.ts';

const E2BIG = 7;
const EINVAL = 22;

/** Compiled code does without the calls. */
const inline = (part: NumberIteratorPart) => (): CallPlan => ({ kind: 'number-iterator', part });

/** The longest range (BPF_MAX_LOOPS). */
const MAX_LOOPS = 8 * 1024 * 1024;

export const numIterator: readonly FunctionDefinition[] = [
  {
    name: 'bpf_iter_num_new',
    plan: inline('new'),
    signature: signature('p i i -> s'),
    make:
      ({ memory }) =>
      (it: number, start: number, end: number) => {
        const { i32 } = memory;
        const at = it >>> 2;
        const error = start > end ? -EINVAL : end - start > MAX_LOOPS ? -E2BIG : 0;
        i32[at] = error === 0 ? start - 1 : 0;
        i32[at + 1] = error === 0 ? end : 0;
        return error;
      },
  },
  {
    name: 'bpf_iter_num_next',
    plan: inline('next'),
    signature: signature('p -> p'),
    make:
      ({ memory }) =>
      (it: number) => {
        const { i32 } = memory;
        const at = it >>> 2;
        // It wraps for a range that begins at the least number.
        const current = ((i32[at] ?? 0) + 1) | 0;
        if (current < (i32[at + 1] ?? 0)) {
          i32[at] = current;
          return it;
        }
        i32[at] = 0;
        i32[at + 1] = 0;
        return 0;
      },
  },
  {
    name: 'bpf_iter_num_destroy',
    plan: inline('destroy'),
    signature: signature('p -> v'),
    make:
      ({ memory }) =>
      (it: number) => {
        const { i32 } = memory;
        i32[it >>> 2] = 0;
        i32[(it >>> 2) + 1] = 0;
      },
  },
];
