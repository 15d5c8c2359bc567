/**
 * bpf_iter_bits: the numbers of the bits that are set in an array of 64-bit words, ascending. Its state, in the stack of
 * a program:
 *
 *   0 the word itself, or the offset of a copy of the words   8 nr_bits   12 bit handed out last
 */
import { read_error } from './addresses.ts';
import { allocate, free } from './allocator.ts';
import { E2BIG, EFAULT, EINVAL, ENOMEM } from './errno.ts';

const NR_BITS = 8;
const BIT = 12;
const WORD_BITS: u32 = 64;
const MAX_WORDS: u32 = 511;

/** The words are copied, through a pointer (low, high) that nobody has checked. */
export function bits_new(it: u32, low: u32, high: u32, words: u32): i32 {
  store<u64>(it, 0);
  store<u32>(it, 0, NR_BITS);
  store<i32>(it, -1, BIT);
  if ((low | high) === 0 || words === 0) return EINVAL;
  if (words > MAX_WORDS) return E2BIG;
  const error = read_error(low, high, words << 3);
  if (words === 1) {
    if (error !== 0) return EFAULT;
    store<u64>(it, load<u64>(low));
  } else {
    if (error !== 0) return error;
    const copy = allocate(words << 3);
    if (copy === 0) return ENOMEM;
    memory.copy(copy, low, words << 3);
    store<u32>(it, copy);
  }
  store<u32>(it, words * WORD_BITS, NR_BITS);
  return 0;
}

/** @returns offset of the number, 0 if no further bit is set */
export function bits_next(it: u32): u32 {
  const bits = load<u32>(it, NR_BITS);
  const first = <u32>(load<i32>(it, BIT) + 1);
  let found = bits;
  if (first < bits) {
    const words = bits === WORD_BITS ? it : load<u32>(it);
    let at = words + ((first >> 6) << 3);
    const end = words + (bits >> 3);
    let word = (load<u64>(at) >> (first & 63)) << (first & 63);
    while (word === 0) {
      at += 8;
      if (at === end) break;
      word = load<u64>(at);
    }
    if (word !== 0) found = ((at - words) << 3) + <u32>ctz(word);
  }
  // Behind the last bit, so that the end stays the end.
  store<u32>(it, found, BIT);
  return found < bits ? it + BIT : 0;
}

export function bits_destroy(it: u32): void {
  if (load<u32>(it, NR_BITS) > WORD_BITS) free(load<u32>(it));
}
