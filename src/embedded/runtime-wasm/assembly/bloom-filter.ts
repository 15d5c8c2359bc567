/** Bloom filters: EXTRA bits of MASK + 1 are set for each value, by as many hashes of it. */
import { BASE, EXTRA, MASK, SEED, VALUE_SIZE } from '../map-header.ts';
import { jhash } from './bytes.ts';
import { EINVAL, ENOENT } from './errno.ts';
import { get } from './header.ts';

function bit(map: u32, value: u32, index: u32): u32 {
  return jhash(value, get(map, VALUE_SIZE), get(map, SEED) + index) & get(map, MASK);
}

export function bloom_filter_push(map: u32, value: u32, flags: u32, upper: u32): i32 {
  if ((flags | upper) !== 0) return EINVAL;
  const base = get(map, BASE);
  for (let i: u32 = 0; i < get(map, EXTRA); i++) {
    const at = bit(map, value, i);
    store<u8>(base + (at >> 3), load<u8>(base + (at >> 3)) | ((<u8>1) << (<u8>at & 7)));
  }
  return 0;
}

/** @returns 0 if the value may have been put in, ENOENT if it was not */
export function bloom_filter_peek(map: u32, value: u32): i32 {
  const base = get(map, BASE);
  for (let i: u32 = 0; i < get(map, EXTRA); i++) {
    const at = bit(map, value, i);
    if ((load<u8>(base + (at >> 3)) & (1 << (at & 7))) === 0) return ENOENT;
  }
  return 0;
}
