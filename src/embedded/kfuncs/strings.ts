/**
 * Kfuncs on strings. They take any address: -ERANGE of one that is not the kernel's, -EFAULT where nothing can be
 * read, -E2BIG of a string that is longer than any they look at.
 *
 * Facts: kernel/bpf/helpers.c of Linux 6.18, as measured (test/embedded/helpers). Characters are unsigned
 * there.
 */

import { toLower } from '../../ctype.ts';
import { KERNEL_BASE_HIGH } from '../../jit/index.ts';
import { type FunctionDefinition, signature } from '../helpers/definition.ts';
import { E2BIG, EFAULT, ENOENT, ERANGE } from '../helpers/errno.ts';
import { mayBeKernel } from '../helpers/probe-read.ts';
import { FIRST_OFFSET, toNumber } from '../helpers/words.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';

/** Bytes that are looked at, with the end (XATTR_SIZE_MAX). */
const LONGEST = 65536;
const UNREADABLE = -1;

/** A string at an address, as its two words. */
class Text {
  readonly #u8: Uint8Array;
  /** Beyond memory if the address is none of this kernel. */
  readonly #start: number;
  readonly mayBeKernel: boolean;

  constructor(memory: KernelMemory, low: number, high: number) {
    const { u8 } = memory;
    this.#u8 = u8;
    const start = low >>> 0;
    this.#start = high === KERNEL_BASE_HIGH && start >= FIRST_OFFSET ? start : u8.length;
    this.mayBeKernel = mayBeKernel(memory, low, high);
  }

  /** A byte, or UNREADABLE. */
  at(index: number): number {
    return this.#u8[this.#start + index] ?? UNREADABLE;
  }
}

const clamp = (low: number, high: number): number => Math.min(toNumber(low, high), LONGEST);

function compare(one: Text, other: Text, fold: (byte: number) => number): number {
  if (!one.mayBeKernel || !other.mayBeKernel) return ERANGE;
  for (let i = 0; i < LONGEST; i++) {
    const a = one.at(i);
    const b = other.at(i);
    if (a === UNREADABLE || b === UNREADABLE) return EFAULT;
    if (a !== b && fold(a) !== fold(b)) return fold(a) < fold(b) ? -1 : 1;
    if (a === 0) return 0;
  }
  return E2BIG;
}

/** First place of a byte among the first `count`, which the end may be as well. */
function findByte(text: Text, wanted: number, count: number): number {
  if (!text.mayBeKernel) return ERANGE;
  for (let i = 0; i < count; i++) {
    const byte = text.at(i);
    if (byte === UNREADABLE) return EFAULT;
    if (byte === wanted) return i;
    if (byte === 0) return ENOENT;
  }
  return count === LONGEST ? E2BIG : ENOENT;
}

function findByteOrEnd(text: Text, wanted: number): number {
  if (!text.mayBeKernel) return ERANGE;
  for (let i = 0; i < LONGEST; i++) {
    const byte = text.at(i);
    if (byte === UNREADABLE) return EFAULT;
    if (byte === wanted || byte === 0) return i;
  }
  return E2BIG;
}

/** @param wanted an int: one that no character equals is nowhere */
function findLastByte(text: Text, wanted: number): number {
  if (!text.mayBeKernel) return ERANGE;
  let last = ENOENT;
  for (let i = 0; i < LONGEST; i++) {
    const byte = text.at(i);
    if (byte === UNREADABLE) return EFAULT;
    if (byte === wanted) last = i;
    if (byte === 0) return last;
  }
  return E2BIG;
}

function length(text: Text, count: number): number {
  if (!text.mayBeKernel) return ERANGE;
  for (let i = 0; i < count; i++) {
    const byte = text.at(i);
    if (byte === UNREADABLE) return EFAULT;
    if (byte === 0) return i;
  }
  return count === LONGEST ? E2BIG : count;
}

/** Bytes before the first one that is in the set, or that is not. */
function span(text: Text, set: Text, endsInSet: boolean): number {
  if (!text.mayBeKernel || !set.mayBeKernel) return ERANGE;
  for (let i = 0; i < LONGEST; i++) {
    const byte = text.at(i);
    if (byte === UNREADABLE) return EFAULT;
    if (byte === 0) return i;
    const place = findByte(set, byte, LONGEST);
    if (place < 0 && place !== ENOENT) return place;
    if (place >= 0 === endsInSet) return i;
  }
  return E2BIG;
}

/** @param count how many bytes of the text may belong to what is found */
function findText(text: Text, wanted: Text, count: number): number {
  if (!text.mayBeKernel || !wanted.mayBeKernel) return ERANGE;
  for (let i = 0; i < LONGEST; i++) {
    let j = 0;
    for (; i + j <= count && j < LONGEST; j++) {
      const right = wanted.at(j);
      if (right === UNREADABLE) return EFAULT;
      if (right === 0) return i;
      if (i + j === count) break;
      const left = text.at(i + j);
      if (left === UNREADABLE) return EFAULT;
      if (left === 0) return ENOENT;
      if (left !== right) break;
    }
    if (j === LONGEST) return E2BIG;
    if (i + j === count) return ENOENT;
  }
  return E2BIG;
}

/** A kfunc of one string and a word. */
const ofText = (name: string, find: (text: Text, word: number) => number): FunctionDefinition => ({
  name,
  signature: signature('q i -> s'),
  make:
    ({ memory }) =>
    (low: number, high: number, word: number) =>
      find(new Text(memory, low, high), word),
});

/** A kfunc of two strings. */
const ofTexts = (name: string, find: (one: Text, other: Text) => number): FunctionDefinition => ({
  name,
  signature: signature('q q -> s'),
  make:
    ({ memory }) =>
    (low: number, high: number, otherLow: number, otherHigh: number) =>
      find(new Text(memory, low, high), new Text(memory, otherLow, otherHigh)),
});

export const stringKfuncs: readonly FunctionDefinition[] = [
  ofTexts('bpf_strcmp', (one, other) => compare(one, other, (byte) => byte)),
  ofTexts('bpf_strcasecmp', (one, other) => compare(one, other, toLower)),
  ofText('bpf_strchr', (text, character) => findByte(text, character & 0xff, LONGEST)),
  ofText('bpf_strchrnul', (text, character) => findByteOrEnd(text, character & 0xff)),
  ofText('bpf_strrchr', findLastByte),
  {
    name: 'bpf_strlen',
    signature: signature('q -> s'),
    make:
      ({ memory }) =>
      (low: number, high: number) =>
        length(new Text(memory, low, high), LONGEST),
  },
  ofTexts('bpf_strspn', (text, set) => span(text, set, false)),
  ofTexts('bpf_strcspn', (text, set) => span(text, set, true)),
  ofTexts('bpf_strstr', (text, wanted) => findText(text, wanted, LONGEST)),
  {
    name: 'bpf_strnchr',
    signature: signature('q q i -> s'),
    make:
      ({ memory }) =>
      (low: number, high: number, count: number, countHigh: number, character: number) =>
        findByte(new Text(memory, low, high), character & 0xff, clamp(count, countHigh)),
  },
  {
    name: 'bpf_strnlen',
    signature: signature('q q -> s'),
    make:
      ({ memory }) =>
      (low: number, high: number, count: number, countHigh: number) =>
        length(new Text(memory, low, high), clamp(count, countHigh)),
  },
  {
    name: 'bpf_strnstr',
    signature: signature('q q q -> s'),
    make:
      ({ memory }) =>
      (low: number, high: number, otherLow: number, otherHigh: number, count: number, countHigh: number) =>
        findText(new Text(memory, low, high), new Text(memory, otherLow, otherHigh), toNumber(count, countHigh)),
  },
];
