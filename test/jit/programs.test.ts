/** Whole programs: loops, functions, and slots of the stack that are locals and those that are memory. */
import { expect, test } from 'vitest';
import { run } from './run.ts';

const PROGRAMS: readonly { readonly what: string; readonly program: string; readonly gives: bigint }[] = [
  { what: 'a constant', program: 'r0 = 5; exit', gives: 5n },
  {
    what: 'a loop',
    program: 'r1 = 10; r0 = 0; loop:; r0 += r1; r1 -= 1; if r1 != 0 goto loop; exit',
    gives: 55n,
  },
  {
    what: 'narrow loads of a slot',
    program: `r1 = 10; *(u64 *)(r10 -8) = r1; r2 = r10; r2 += -8; r0 = *(u32 *)(r2 +0); r3 = *(u8 *)(r10 -8); r0 += r3
              exit`,
    gives: 20n,
  },
  {
    what: "a function that reads its caller's stack",
    program: `r1 = 10; call f; r0 += 1; exit
              f:; *(u64 *)(r10 -8) = r1; r1 = r10; call g; r0 += 3; exit
              g:; r0 = *(u64 *)(r1 -8); exit`,
    gives: 14n,
  },
  {
    what: 'stores to a slot that overlap without being aligned',
    program: `*(u64 *)(r10 -8) = 0; r1 = 0x0102; r2 = 0x0304; *(u16 *)(r10 -16) = r1; *(u16 *)(r10 -15) = r2
              r0 = *(u8 *)(r10 -16); r3 = *(u16 *)(r10 -15); r0 <<= 16; r0 |= r3; exit`,
    gives: 0x2_0304n,
  },
];

test.each(PROGRAMS)('$what', ({ program, gives }) => {
  expect(run(program)).toBe(gives);
});
