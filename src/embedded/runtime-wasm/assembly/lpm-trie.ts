/**
 * Longest prefix match: a binary trie in which each node stands for a prefix and its children for longer ones that
 * begin with it, by the bit behind it. Where two prefixes part and neither is there itself, an intermediate node joins
 * them; it always has both children.
 *
 * A node: its two children, whether it is intermediate, and then, as in a key, the length of its prefix in bits and
 * the bits (most significant first); the value at VALUE_AT.
 */
import { BASE, COUNT, EXTRA, KEY_SIZE, MAX_ENTRIES, TRIE_KEY, VALUE_AT, VALUE_SIZE } from '../map-header.ts';
import { copy } from './bytes.ts';
import { putElement, takeElement } from './elements.ts';
import { BPF_EXIST, BPF_NOEXIST, EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC } from './errno.ts';
import { addressOf, get, put } from './header.ts';

const CHILDREN: u32 = 0;
const INTERMEDIATE: u32 = 8;
const PREFIX_LENGTH: u32 = TRIE_KEY;
const DATA: u32 = TRIE_KEY + 4;

function isIntermediate(node: u32): bool {
  return load<u32>(node + INTERMEDIATE) !== 0;
}

function lengthOf(node: u32): u32 {
  return load<u32>(node + PREFIX_LENGTH);
}

/** Bit `at` of the data of a key (not of a node). */
function bitOf(data: u32, at: u32): u32 {
  return (load<u8>(data + (at >> 3)) >> (7 - (at & 7))) & 1;
}

/** The place of the child that keys with that bit belong to. */
function childSlot(node: u32, bit: u32): u32 {
  return node + CHILDREN + (bit << 2);
}

function childOf(node: u32, bit: u32): u32 {
  return load<u32>(childSlot(node, bit));
}

/** How many of the first bits a node and a key share. */
function sharedBits(node: u32, key: u32): u32 {
  const limit = min(lengthOf(node), load<u32>(key));
  for (let bits: u32 = 0, i: u32 = 0; bits < limit; bits += 8, i++) {
    const difference: u32 = load<u8>(node + DATA + i) ^ load<u8>(key + 4 + i);
    if (difference !== 0) return min(limit, bits + clz(difference) - 24);
  }
  return limit;
}

/** @returns the value of the longest prefix of a key, or 0 */
export function lpm_trie_lookup(map: u32, key: u32): u32 {
  const longest = get(map, EXTRA);
  if (load<u32>(key) > longest) return 0;
  let found: u32 = 0;
  for (let node = get(map, BASE); node !== 0; ) {
    const shared = sharedBits(node, key);
    if (shared === longest) {
      found = node;
      break;
    }
    const length = lengthOf(node);
    if (shared < length) break;
    if (!isIntermediate(node)) found = node;
    node = childOf(node, bitOf(key + 4, length));
  }
  return found === 0 ? 0 : found + get(map, VALUE_AT);
}

/** Counts one more. @returns 0 or a negative errno */
function addOne(map: u32, flags: u32): i32 {
  if (flags === BPF_EXIST) return ENOENT;
  const count = get(map, COUNT);
  if (count === get(map, MAX_ENTRIES)) return ENOSPC;
  put(map, COUNT, count + 1);
  return 0;
}

function makeNode(map: u32, from: u32, length: u32, intermediate: bool): u32 {
  const node = takeElement(map);
  if (node === 0) return 0;
  store<u64>(node + CHILDREN, 0);
  store<u32>(node + INTERMEDIATE, intermediate ? 1 : 0);
  copy(node + DATA, from + 4, get(map, KEY_SIZE) - 4);
  store<u32>(node + PREFIX_LENGTH, length);
  return node;
}

export function lpm_trie_update(map: u32, key: u32, value: u32, flags: u32, upper: u32): i32 {
  if (flags > BPF_EXIST || upper !== 0) return EINVAL;
  const longest = get(map, EXTRA);
  const length = load<u32>(key);
  if (length > longest) return EINVAL;

  let slot = rootSlot(map);
  let node = load<u32>(slot);
  let shared: u32 = 0;
  while (node !== 0) {
    shared = sharedBits(node, key);
    const at = lengthOf(node);
    if (at !== shared || at === length || at === longest) break;
    slot = childSlot(node, bitOf(key + 4, at));
    node = load<u32>(slot);
  }

  const replaces = node !== 0 && lengthOf(node) === shared;
  if (replaces && !isIntermediate(node)) {
    if (flags === BPF_NOEXIST) return EEXIST;
  } else {
    const error = addOne(map, flags);
    if (error !== 0) return error;
  }
  const fresh = makeNode(map, key, length, false);
  if (fresh === 0) return withoutMemory(map, replaces && !isIntermediate(node));
  copy(fresh + get(map, VALUE_AT), value, get(map, VALUE_SIZE));

  if (replaces) {
    store<u64>(fresh + CHILDREN, load<u64>(node + CHILDREN));
    putElement(map, node);
  } else if (node !== 0 && shared === length) {
    // The new prefix is one of the node's: its parent.
    store<u32>(childSlot(fresh, bitOf(node + DATA, shared)), node);
  } else if (node !== 0) {
    const parent = makeNode(map, node + PREFIX_LENGTH, shared, true);
    if (parent === 0) {
      putElement(map, fresh);
      return withoutMemory(map, false);
    }
    const bit = bitOf(key + 4, shared);
    store<u32>(childSlot(parent, bit), fresh);
    store<u32>(childSlot(parent, 1 - bit), node);
    store<u32>(slot, parent);
    return 0;
  }
  store<u32>(slot, fresh);
  return 0;
}

function withoutMemory(map: u32, counted: bool): i32 {
  if (!counted) put(map, COUNT, get(map, COUNT) - 1);
  return ENOMEM;
}

/** Where the offset of the root is: in the header. */
function rootSlot(map: u32): u32 {
  return addressOf(map, BASE);
}

export function lpm_trie_delete(map: u32, key: u32): i32 {
  const length = load<u32>(key);
  if (length > get(map, EXTRA)) return EINVAL;
  let slot = rootSlot(map);
  let parentSlot = slot;
  let parent: u32 = 0;
  let node = load<u32>(slot);
  let shared: u32 = 0;
  while (node !== 0) {
    shared = sharedBits(node, key);
    const at = lengthOf(node);
    if (at !== shared || at === length) break;
    parent = node;
    parentSlot = slot;
    slot = childSlot(node, bitOf(key + 4, at));
    node = load<u32>(slot);
  }
  if (node === 0 || lengthOf(node) !== length || shared !== length || isIntermediate(node)) return ENOENT;

  put(map, COUNT, get(map, COUNT) - 1);
  const first = childOf(node, 0);
  const second = childOf(node, 1);
  if (first !== 0 && second !== 0) {
    store<u32>(node + INTERMEDIATE, 1);
    return 0;
  }
  if (first === 0 && second === 0 && parent !== 0 && isIntermediate(parent)) {
    // The intermediate node has only the other child left, and is not needed any more.
    store<u32>(parentSlot, childOf(parent, childOf(parent, 0) === node ? 1 : 0));
    putElement(map, parent);
  } else {
    store<u32>(slot, first !== 0 ? first : second);
  }
  putElement(map, node);
  return 0;
}

/** The first of a subtree: longer prefixes come before those that they begin with. */
function firstOf(root: u32): u32 {
  let found: u32 = 0;
  for (let node = root; node !== 0; ) {
    const first = childOf(node, 0);
    if (isIntermediate(node)) {
      node = first;
    } else {
      found = node;
      node = first !== 0 ? first : childOf(node, 1);
    }
  }
  return found;
}

/** @param key 0 for none @returns the node after the one with that key, the first if there is none; 0 at the end */
export function lpm_trie_next(map: u32, key: u32): u32 {
  const root = get(map, BASE);
  if (key === 0 || load<u32>(key) > get(map, EXTRA)) return firstOf(root);
  const length = load<u32>(key);
  // What comes after the subtree that the walk is in: a node, or the first of one.
  let next: u32 = 0;
  let nextIsSubtree = false;
  let node = root;
  while (node !== 0) {
    const at = lengthOf(node);
    if (sharedBits(node, key) !== at) return firstOf(root);
    if (at === length) break;
    const bit = bitOf(key + 4, at);
    const other = childOf(node, 1);
    if (bit === 0 && other !== 0) {
      next = other;
      nextIsSubtree = true;
    } else if (!isIntermediate(node)) {
      next = node;
      nextIsSubtree = false;
    }
    node = childOf(node, bit);
  }
  if (node === 0 || isIntermediate(node)) return firstOf(root);
  return nextIsSubtree ? firstOf(next) : next;
}
