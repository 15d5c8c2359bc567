/** Comparing, copying and hashing bytes. */

export function same(a: u32, b: u32, size: u32): bool {
  let i: u32 = 0;
  for (; i + 8 <= size; i += 8) {
    if (load<u64>(a + i) !== load<u64>(b + i)) return false;
  }
  for (; i < size; i++) {
    if (load<u8>(a + i) !== load<u8>(b + i)) return false;
  }
  return true;
}

/** As C's: the sign of the first difference, here the difference itself. */
export function memcmp(a: u32, b: u32, size: u32): i32 {
  for (let i: u32 = 0; i < size; i++) {
    const difference = <i32>load<u8>(a + i) - <i32>load<u8>(b + i);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function memcpy(to: u32, from: u32, size: u32): void {
  memory.copy(to, from, size);
}

/** For keys and values: a loop for the small, which memory.copy is slow for. */
export function copy(to: u32, from: u32, size: u32): void {
  if (size > 64) {
    memory.copy(to, from, size);
    return;
  }
  let i: u32 = 0;
  for (; i + 8 <= size; i += 8) store<u64>(to + i, load<u64>(from + i));
  for (; i < size; i++) store<u8>(to + i, load<u8>(from + i));
}

/** The lowest bit of each byte. */
export const LOW_BITS: u64 = ((<u64>0x01010101) << 32) | 0x01010101;
const HIGH_BITS: u64 = LOW_BITS << 7;

/** The first zero from there on, or `end` if there is none before it. */
export function endOfText(start: u32, end: u32): u32 {
  return find(0, start, end);
}

/** The first byte of that value from there on, or `end` if there is none before it. */
export function find(byte: u64, start: u32, end: u32): u32 {
  const wanted = LOW_BITS * byte;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const eight = load<u64>(at) ^ wanted;
    // The lowest of these bits is that of the first byte that is zero; higher ones may be wrong.
    const zeros = (eight - LOW_BITS) & ~eight & HIGH_BITS;
    if (zeros !== 0) return at + <u32>(ctz(zeros) >> 3);
  }
  while (at < end && load<u8>(at) !== byte) at++;
  return at;
}

const GOLDEN: u32 = 0xdeadbeef;

/**
 * Bob Jenkins's lookup3 (hashlittle), which is in the public domain and is what Linux hashes keys with: so maps with
 * BPF_F_ZERO_SEED are walked in Linux's order.
 */
export function jhash(key: u32, size: u32, seed: u32): u32 {
  let a = GOLDEN + size + seed;
  let b = a;
  let c = a;
  let at = key;
  let left = size;
  while (left > 12) {
    a += load<u32>(at);
    b += load<u32>(at, 4);
    c += load<u32>(at, 8);
    a -= c;
    a ^= rotl(c, 4);
    c += b;
    b -= a;
    b ^= rotl(a, 6);
    a += c;
    c -= b;
    c ^= rotl(b, 8);
    b += a;
    a -= c;
    a ^= rotl(c, 16);
    c += b;
    b -= a;
    b ^= rotl(a, 19);
    a += c;
    c -= b;
    c ^= rotl(b, 4);
    b += a;
    at += 12;
    left -= 12;
  }
  if (left === 0) return c;
  a += tail(at, left);
  if (left > 4) b += tail(at + 4, left - 4);
  if (left > 8) c += tail(at + 8, left - 8);
  return finish(a, b, c);
}

/** The first four bytes or what there is of them, as a little-endian number. */
function tail(at: u32, left: u32): u32 {
  if (left >= 4) return load<u32>(at);
  let word: u32 = load<u8>(at);
  if (left > 1) word |= (<u32>load<u8>(at, 1)) << 8;
  if (left > 2) word |= (<u32>load<u8>(at, 2)) << 16;
  return word;
}

function finish(a: u32, b: u32, c: u32): u32 {
  c ^= b;
  c -= rotl(b, 14);
  a ^= c;
  a -= rotl(c, 11);
  b ^= a;
  b -= rotl(a, 25);
  c ^= b;
  c -= rotl(b, 16);
  a ^= c;
  a -= rotl(c, 4);
  b ^= a;
  b -= rotl(a, 14);
  c ^= b;
  c -= rotl(b, 24);
  return c;
}

export function jhash4(key: u32, seed: u32): u32 {
  const start = GOLDEN + 4 + seed;
  return finish(start + load<u32>(key), start, start);
}

export function jhash8(key: u32, seed: u32): u32 {
  const start = GOLDEN + 8 + seed;
  return finish(start + load<u32>(key), start + load<u32>(key, 4), start);
}
