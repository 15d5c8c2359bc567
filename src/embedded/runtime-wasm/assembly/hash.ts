/**
 * Hash tables: buckets that are lists of elements, newest first, as many buckets as Linux has and hashed as there.
 * LRU: the elements are also in one list by age; a full map gives up the oldest that no program has looked up since
 * it was last passed over. (Linux keeps several such lists, for its processors; which element goes is undefined.)
 *
 * An element: next in its bucket, hash, two words for the list by age, the key, the value at VALUE_AT (of per-CPU maps
 * a value for each processor). Memory of elements stays the map's until the map goes, so a pointer to a value that was
 * deleted stays a pointer to a value; a free element keeps its `next`, so that walks over it go on.
 */
import { CURRENT_CPU } from '../../memory/places.ts';
import {
  BASE,
  COUNT,
  CPUS,
  ELEMENT_HASH,
  ELEMENT_KEY,
  ELEMENT_NEWER,
  ELEMENT_NEXT,
  ELEMENT_OLDER,
  HEAD,
  KEY_SIZE,
  KIND,
  LOCK,
  MASK,
  MAX_ENTRIES,
  SEED,
  STRIDE,
  TAIL,
  VALUE_AT,
  VALUE_SIZE,
} from '../map-header.ts';
import { copy, jhash, jhash4, jhash8, same } from './bytes.ts';
import { putElement, takeElement } from './elements.ts';
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST, E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM } from './errno.ts';
import { get, put } from './header.ts';
import { copyValue, releaseFields, zeroFields } from './values.ts';

const LRU_HASH: u32 = 9;
const LRU_PERCPU_HASH: u32 = 10;
const PERCPU_HASH: u32 = 5;

function isLru(map: u32): bool {
  const kind = get(map, KIND);
  return kind === LRU_HASH || kind === LRU_PERCPU_HASH;
}

function isPerCpu(map: u32): bool {
  const kind = get(map, KIND);
  return kind === PERCPU_HASH || kind === LRU_PERCPU_HASH;
}

function hashOf(map: u32, key: u32): u32 {
  const size = get(map, KEY_SIZE);
  if (size === 4) return jhash4(key, get(map, SEED));
  if (size === 8) return jhash8(key, get(map, SEED));
  return jhash(key, size, get(map, SEED));
}

function bucketOf(map: u32, hash: u32): u32 {
  return get(map, BASE) + ((hash & get(map, MASK)) << 2);
}

function findIn(element: u32, hash: u32, key: u32, size: u32): u32 {
  while (element !== 0) {
    if (load<u32>(element, ELEMENT_HASH) === hash && same(element + ELEMENT_KEY, key, size)) return element;
    element = load<u32>(element, ELEMENT_NEXT);
  }
  return 0;
}

/** @returns the element with that key, or 0 */
export function hash_find(map: u32, key: u32): u32 {
  const size = get(map, KEY_SIZE);
  if (size === 4) return find4(map, key);
  if (size === 8) return find8(map, key);
  const hash = jhash(key, size, get(map, SEED));
  return findIn(load<u32>(bucketOf(map, hash)), hash, key, size);
}

function find4(map: u32, key: u32): u32 {
  const wanted = load<u32>(key);
  let element = load<u32>(bucketOf(map, jhash4(key, get(map, SEED))));
  while (element !== 0 && load<u32>(element, ELEMENT_KEY) !== wanted) element = load<u32>(element, ELEMENT_NEXT);
  return element;
}

function find8(map: u32, key: u32): u32 {
  const wanted = load<u64>(key);
  let element = load<u32>(bucketOf(map, jhash8(key, get(map, SEED))));
  while (element !== 0 && load<u64>(element, ELEMENT_KEY) !== wanted) element = load<u32>(element, ELEMENT_NEXT);
  return element;
}

// As programs look up. One for each size of keys, so that a call whose map is constant has no test to make.

export function hash_lookup_4(map: u32, key: u32): u32 {
  const element = find4(map, key);
  return element === 0 ? 0 : element + get(map, VALUE_AT);
}

export function hash_lookup_8(map: u32, key: u32): u32 {
  const element = find8(map, key);
  return element === 0 ? 0 : element + get(map, VALUE_AT);
}

export function hash_lookup_16(map: u32, key: u32): u32 {
  const first = load<u64>(key);
  const second = load<u64>(key, 8);
  let element = load<u32>(bucketOf(map, jhash(key, 16, get(map, SEED))));
  while (element !== 0) {
    if (load<u64>(element, ELEMENT_KEY) === first && load<u64>(element, ELEMENT_KEY + 8) === second) {
      return element + get(map, VALUE_AT);
    }
    element = load<u32>(element, ELEMENT_NEXT);
  }
  return 0;
}

export function hash_lookup(map: u32, key: u32): u32 {
  const element = hash_find(map, key);
  return element === 0 ? 0 : element + get(map, VALUE_AT);
}

export function lru_hash_lookup(map: u32, key: u32): u32 {
  const element = hash_find(map, key);
  if (element === 0) return 0;
  touch(element);
  return element + get(map, VALUE_AT);
}

export function percpu_hash_lookup(map: u32, key: u32): u32 {
  return percpu_hash_lookup_on(map, key, load<u32>(CURRENT_CPU));
}

export function percpu_hash_lookup_on(map: u32, key: u32, cpu: u32): u32 {
  if (cpu >= get(map, CPUS)) return 0;
  const element = hash_find(map, key);
  if (element === 0) return 0;
  if (isLru(map)) touch(element);
  return element + get(map, VALUE_AT) + cpu * get(map, STRIDE);
}

/** The value is the offset of a map. */
export function hash_of_maps_lookup(map: u32, key: u32): u32 {
  const element = hash_find(map, key);
  return element === 0 ? 0 : load<u32>(element + get(map, VALUE_AT));
}

// The list by age.

function touch(element: u32): void {
  const newer = load<u32>(element, ELEMENT_NEWER);
  if ((newer & 1) === 0) store<u32>(element, newer | 1, ELEMENT_NEWER);
}

function listNewest(map: u32, element: u32): void {
  const head = get(map, HEAD);
  store<u32>(element, head, ELEMENT_OLDER);
  store<u32>(element, 0, ELEMENT_NEWER);
  if (head !== 0) store<u32>(head, element | (load<u32>(head, ELEMENT_NEWER) & 1), ELEMENT_NEWER);
  else put(map, TAIL, element);
  put(map, HEAD, element);
}

function unlist(map: u32, element: u32): void {
  const older = load<u32>(element, ELEMENT_OLDER);
  const newer = load<u32>(element, ELEMENT_NEWER) & ~1;
  if (older !== 0) store<u32>(older, newer | (load<u32>(older, ELEMENT_NEWER) & 1), ELEMENT_NEWER);
  else put(map, TAIL, newer);
  if (newer !== 0) store<u32>(newer, older, ELEMENT_OLDER);
  else put(map, HEAD, older);
}

function evict(map: u32): void {
  let element = get(map, TAIL);
  while ((load<u32>(element, ELEMENT_NEWER) & 1) !== 0) {
    unlist(map, element);
    listNewest(map, element);
    element = get(map, TAIL);
  }
  unlink(map, element);
}

/** Where the pointer to that element is. */
function linkTo(map: u32, element: u32): u32 {
  let link = bucketOf(map, load<u32>(element, ELEMENT_HASH));
  while (load<u32>(link) !== element) link = load<u32>(link) + ELEMENT_NEXT;
  return link;
}

function unlink(map: u32, element: u32): void {
  store<u32>(linkTo(map, element), load<u32>(element, ELEMENT_NEXT));
  if (isLru(map)) unlist(map, element);
  releaseValues(map, element);
  putElement(map, element);
  put(map, COUNT, get(map, COUNT) - 1);
}

function releaseValues(map: u32, element: u32): void {
  let value = element + get(map, VALUE_AT);
  if (!isPerCpu(map)) {
    releaseFields(map, value);
    return;
  }
  for (let cpu = get(map, CPUS); cpu > 0; cpu--) {
    releaseFields(map, value);
    value += get(map, STRIDE);
  }
}

/** Puts an element with that key first in its bucket. @returns it, or 0 without memory */
function addElement(map: u32, key: u32, hash: u32): u32 {
  const element = takeElement(map);
  if (element === 0) return 0;
  const bucket = bucketOf(map, hash);
  store<u32>(element, hash, ELEMENT_HASH);
  copy(element + ELEMENT_KEY, key, get(map, KEY_SIZE));
  store<u32>(element, load<u32>(bucket), ELEMENT_NEXT);
  store<u32>(bucket, element);
  if (isLru(map)) listNewest(map, element);
  put(map, COUNT, get(map, COUNT) + 1);
  return element;
}

/** Makes room for one more. @returns 0 or a negative errno */
function makeRoom(map: u32): i32 {
  if (get(map, COUNT) < get(map, MAX_ENTRIES)) return 0;
  if (!isLru(map)) return E2BIG;
  evict(map);
  return 0;
}

export function hash_update(map: u32, key: u32, value: u32, flags: u32, upper: u32): i32 {
  if (upper !== 0) return EINVAL;
  if ((flags & BPF_F_LOCK) !== 0 && (isLru(map) || get(map, LOCK) === 0)) return EINVAL;
  const how = flags & ~BPF_F_LOCK;
  if (how > BPF_EXIST) return EINVAL;
  const hash = hashOf(map, key);
  const old = findIn(load<u32>(bucketOf(map, hash)), hash, key, get(map, KEY_SIZE));
  if (old !== 0) {
    if (how === BPF_NOEXIST) return EEXIST;
    if ((flags & BPF_F_LOCK) !== 0) {
      copyValue(map, old + get(map, VALUE_AT), value);
      return 0;
    }
  } else {
    if (how === BPF_EXIST) return ENOENT;
    const error = makeRoom(map);
    if (error !== 0) return error;
  }
  // An element that is there is replaced, not written over: who looked it up keeps the old value.
  const element = addElement(map, key, hash);
  if (element === 0) return ENOMEM;
  const place = element + get(map, VALUE_AT);
  copyValue(map, place, value);
  zeroFields(map, place);
  if (old !== 0) unlink(map, old);
  return 0;
}

/**
 * For per-CPU maps: the element with that key, made with zeroed values if there is none.
 * @returns the offset of the first CPU's value, or a negative errno
 */
export function hash_place(map: u32, key: u32, flags: u32): u32 {
  if (flags > BPF_EXIST) return EINVAL;
  const hash = hashOf(map, key);
  const old = findIn(load<u32>(bucketOf(map, hash)), hash, key, get(map, KEY_SIZE));
  if (old !== 0) return flags === BPF_NOEXIST ? EEXIST : old + get(map, VALUE_AT);
  if (flags === BPF_EXIST) return ENOENT;
  const error = makeRoom(map);
  if (error !== 0) return error;
  const element = addElement(map, key, hash);
  if (element === 0) return ENOMEM;
  const value = element + get(map, VALUE_AT);
  memory.fill(value, 0, get(map, STRIDE) * get(map, CPUS));
  return value;
}

export function percpu_hash_update(map: u32, key: u32, value: u32, flags: u32, upper: u32): i32 {
  if (upper !== 0) return EINVAL;
  const place = hash_place(map, key, flags);
  if (place >= 0xfffff000) return place;
  const mine = place + load<u32>(CURRENT_CPU) * get(map, STRIDE);
  releaseFields(map, mine);
  copyValue(map, mine, value);
  return 0;
}

export function hash_delete(map: u32, key: u32): i32 {
  const element = hash_find(map, key);
  if (element === 0) return ENOENT;
  unlink(map, element);
  return 0;
}

// Storage of kernel objects (tasks, sockets, inodes, cgroups): a hash whose keys are offsets of the objects.

const STORAGE_GET_F_CREATE: u32 = 1;

function findOwner(map: u32, owner: u32): u32 {
  let element = load<u32>(bucketOf(map, owner >> 3));
  while (element !== 0 && load<u32>(element, ELEMENT_KEY) !== owner) element = load<u32>(element, ELEMENT_NEXT);
  return element;
}

/** @returns the value of that object, or 0 */
export function storage_find(map: u32, owner: u32): u32 {
  const element = findOwner(map, owner);
  return element === 0 ? 0 : element + get(map, VALUE_AT);
}

/** As bpf_*_storage_get(). @param value what a new one is to be, 0 for zeros @returns the object's value, or 0 */
export function storage_get(map: u32, owner: u32, value: u32, flags: u32, upper: u32): u32 {
  if (owner === 0 || flags > STORAGE_GET_F_CREATE || upper !== 0) return 0;
  const found = storage_find(map, owner);
  return found !== 0 || flags === 0 ? found : storage_add(map, owner, value);
}

/** @returns the new value, or 0 without memory */
export function storage_add(map: u32, owner: u32, value: u32): u32 {
  const element = takeElement(map);
  if (element === 0) return 0;
  const bucket = bucketOf(map, owner >> 3);
  store<u32>(element, owner >> 3, ELEMENT_HASH);
  store<u32>(element, owner, ELEMENT_KEY);
  store<u32>(element, load<u32>(bucket), ELEMENT_NEXT);
  store<u32>(bucket, element);
  put(map, COUNT, get(map, COUNT) + 1);
  const place = element + get(map, VALUE_AT);
  if (value === 0) memory.fill(place, 0, get(map, VALUE_SIZE));
  else copyValue(map, place, value);
  zeroFields(map, place);
  return place;
}

/** As bpf_*_storage_delete(). */
export function storage_delete(map: u32, owner: u32): i32 {
  if (owner === 0) return EINVAL;
  const element = findOwner(map, owner);
  if (element === 0) return ENOENT;
  unlink(map, element);
  return 0;
}

/** @returns the first element from that bucket on, or 0 */
export function hash_first(map: u32, bucket: u32): u32 {
  const base = get(map, BASE);
  const mask = get(map, MASK);
  for (; bucket <= mask; bucket++) {
    const element = load<u32>(base + (bucket << 2));
    if (element !== 0) return element;
  }
  return 0;
}

/** @returns the element after that one, or 0 */
export function hash_next(map: u32, element: u32): u32 {
  const next = load<u32>(element, ELEMENT_NEXT);
  if (next !== 0) return next;
  const bucket = load<u32>(element, ELEMENT_HASH) & get(map, MASK);
  return hash_first(map, bucket + 1);
}
