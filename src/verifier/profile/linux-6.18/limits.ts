/**
 * How much of what a program may have, and the answer to one more.
 *
 * Measured on Linux 6.18.44 by scripts/measure-profile.mjs, with programs that have just as much and the next number
 * that there is. An empty message: the program is refused before there is a log.
 */
import type { LimitRow } from '../profile.ts';

export const limits: readonly LimitRow[] = [
  {
    name: 'stack',
    what: 'bytes of stack of a function',
    most: 512,
    errno: 'EACCES',
    message: 'invalid write to stack R10 off=-513 size=1',
  },
  {
    name: 'combinedStack',
    what: 'bytes of stack of functions that call each other, where they share one (each rounded up to 16)',
    most: 512,
    errno: 'EACCES',
    message: 'combined stack size of 2 calls is 528. Too large',
  },
  {
    name: 'frames',
    what: 'functions that are being executed',
    most: 8,
    errno: 'E2BIG',
    message: 'the call stack of 9 frames is too deep',
  },
  {
    name: 'subprograms',
    what: 'functions besides the main one',
    most: 255,
    errno: 'E2BIG',
    message: 'too many subprograms',
  },
  {
    name: 'maps',
    what: 'maps that a program refers to',
    most: 64,
    errno: 'E2BIG',
    message: 'The total number of maps per program has reached the limit of 64',
  },
  {
    name: 'globalArguments',
    what: 'arguments of a global function',
    most: 5,
    errno: 'EINVAL',
    message: "Caller passes invalid args into func#1 ('callee')",
  },
  { name: 'instructions', what: 'instructions of a program', most: 1000000, errno: 'E2BIG', message: '' },
  {
    name: 'processed',
    what: 'instructions that are gone through, however often',
    most: 1000000,
    errno: 'E2BIG',
    message: 'BPF program is too large. Processed 1000001 insn',
  },
  {
    name: 'pendingJumps',
    what: 'branches that are still to be gone through',
    most: 8192,
    errno: 'EFAULT',
    message: 'The sequence of 8193 jumps is too complex.',
  },
];
