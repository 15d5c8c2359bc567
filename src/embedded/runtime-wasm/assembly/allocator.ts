/**
 * The allocator of linear memory. Up to half a page, sizes are rounded to 14 classes (two to each power of two), each
 * with a list of free pieces; pieces come from slabs of four pages. Beyond, whole pages: runs of free pages are kept by
 * power of two, split on use and joined again with free neighbours. All that is given out is zero.
 *
 * A word for each page of 4 KiB says what it is: bits 0-7 the kind, bits 8-31 the length of the run that begins (or,
 * for the last page of a free run, ends) here. A free run holds the pages of the next and the previous in its list in
 * its first two words.
 */
import {
  FREE_LISTS,
  FREE_RUNS,
  HEAP_END,
  HEAP_START,
  LAST_PAGE,
  PAGE_TABLE,
  RUN_LISTS,
  SIZE_CLASSES,
} from '../../memory/places.ts';

const PAGE_SHIFT: u32 = 12;
const LARGEST_CLASS: u32 = 2048;
const SLAB_PAGES: u32 = 4;

// Kinds of pages: 1..SIZE_CLASSES are slabs of that class.
const FREE_RUN: u32 = 0xfd;
const LARGE: u32 = 0xfe;

function pageWord(page: u32): u32 {
  return load<u32>(PAGE_TABLE + (page << 2));
}

function setPageWord(page: u32, kind: u32, length: u32): void {
  store<u32>(PAGE_TABLE + (page << 2), kind | (length << 8));
}

function classOf(size: u32): u32 {
  if (size <= 64) return (size + 15) / 16 - 1;
  const last = size - 1;
  const power: u32 = 31 - clz(last);
  return 4 + ((power - 6) << 1) + ((last >> (power - 1)) & 1);
}

function classSize(index: u32): u32 {
  if (index < 4) return (index + 1) << 4;
  const power = 6 + ((index - 4) >> 1);
  return (index & 1) === 0 ? (<u32>3) << (power - 1) : (<u32>2) << power;
}

function runList(length: u32): u32 {
  return FREE_RUNS + ((31 - clz(length)) << 2);
}

function putRun(page: u32, length: u32): void {
  const list = runList(length);
  const first = load<u32>(list);
  const at = page << PAGE_SHIFT;
  store<u32>(at, first);
  store<u32>(at, 0, 4);
  if (first !== 0) store<u32>(first << PAGE_SHIFT, page, 4);
  store<u32>(list, page);
  setPageWord(page + length - 1, FREE_RUN, length);
  setPageWord(page, FREE_RUN, length);
}

function takeRun(page: u32, length: u32): void {
  const at = page << PAGE_SHIFT;
  const next = load<u32>(at);
  const previous = load<u32>(at, 4);
  if (next !== 0) store<u32>(next << PAGE_SHIFT, previous, 4);
  if (previous !== 0) store<u32>(previous << PAGE_SHIFT, next);
  else store<u32>(runList(length), next);
  setPageWord(page + length - 1, 0, 0);
  setPageWord(page, 0, 0);
}

/** @returns a page number, or 0 */
function freeRun(length: u32): u32 {
  let list = runList(length);
  for (let page = load<u32>(list); page !== 0; page = load<u32>(page << PAGE_SHIFT)) {
    if (pageWord(page) >> 8 >= length) return page;
  }
  for (list += 4; list < <u32>FREE_RUNS + RUN_LISTS * 4; list += 4) {
    const page = load<u32>(list);
    if (page !== 0) return page;
  }
  return 0;
}

/** Makes the heap that much longer. @returns the first new page, or 0 */
function extend(length: u32): u32 {
  let end = load<u32>(HEAP_END);
  if (end === 0) end = HEAP_START >> PAGE_SHIFT;
  if (length > <u32>LAST_PAGE - end) return 0;
  // In pages of 64 KiB. More at once than is needed, as each growth makes JavaScript renew its views.
  const have = <u32>memory.size();
  const need = (end + length + 15) >> 4;
  if (need > have) {
    let wanted = need + (have >> 3);
    if (wanted > 0x10000) wanted = 0x10000;
    if (memory.grow(wanted - have) < 0 && memory.grow(need - have) < 0) return 0;
  }
  store<u32>(HEAP_END, end + length);
  return end;
}

/** @returns offset of zeroed pages, or 0 */
function allocatePages(length: u32, kind: u32): u32 {
  let page = freeRun(length);
  if (page !== 0) {
    const found = pageWord(page) >> 8;
    takeRun(page, found);
    if (found > length) putRun(page + length, found - length);
    memory.fill(page << PAGE_SHIFT, 0, length << PAGE_SHIFT);
  } else {
    page = extend(length);
    if (page === 0) return 0;
  }
  setPageWord(page, kind, length);
  return page << PAGE_SHIFT;
}

function freePages(start: u32, length: u32): void {
  let page = start;
  let joined = length;
  setPageWord(page, 0, 0);
  const after = pageWord(page + length);
  if ((after & 0xff) === FREE_RUN) {
    takeRun(page + length, after >> 8);
    joined += after >> 8;
  }
  const before = pageWord(page - 1);
  if ((before & 0xff) === FREE_RUN) {
    page -= before >> 8;
    takeRun(page, before >> 8);
    joined += before >> 8;
  }
  putRun(page, joined);
}

function refill(index: u32): bool {
  const slab = allocatePages(SLAB_PAGES, index + 1);
  if (slab === 0) return false;
  for (let i: u32 = 1; i < SLAB_PAGES; i++) setPageWord((slab >> PAGE_SHIFT) + i, index + 1, 0);
  const size = classSize(index);
  const list = FREE_LISTS + (index << 2);
  for (let piece = slab + ((SLAB_PAGES << PAGE_SHIFT) / size) * size; piece > slab; ) {
    piece -= size;
    store<u32>(piece, load<u32>(list));
    store<u32>(list, piece);
  }
  return true;
}

/** @returns offset of that many zeroed bytes, aligned to 16 (to 4096 from there on), or 0 if there is no room */
export function allocate(size: u32): u32 {
  if (size === 0) size = 1;
  if (size > LARGEST_CLASS) {
    if (size > 0xfffff000) return 0;
    return allocatePages((size + 4095) >> PAGE_SHIFT, LARGE);
  }
  const index = classOf(size);
  const list = FREE_LISTS + (index << 2);
  if (load<u32>(list) === 0 && !refill(index)) return 0;
  const piece = load<u32>(list);
  store<u32>(list, load<u32>(piece));
  memory.fill(piece, 0, classSize(index));
  return piece;
}

/** @returns whether anything was there to free */
export function free(offset: u32): bool {
  if (offset < <u32>HEAP_START) return false;
  const page = offset >> PAGE_SHIFT;
  const word = pageWord(page);
  const kind = word & 0xff;
  if (kind === LARGE) {
    if ((offset & 4095) !== 0) return false;
    freePages(page, word >> 8);
    return true;
  }
  if (kind === 0 || kind > <u32>SIZE_CLASSES) return false;
  const list = FREE_LISTS + ((kind - 1) << 2);
  store<u32>(offset, load<u32>(list));
  store<u32>(list, offset);
  return true;
}

/** Bytes that may be used at an offset that allocate() gave; 0 for others. */
export function usableSize(offset: u32): u32 {
  const word = pageWord(offset >> PAGE_SHIFT);
  const kind = word & 0xff;
  if (kind === LARGE) return (word >> 8) << PAGE_SHIFT;
  return kind === 0 || kind > <u32>SIZE_CLASSES ? 0 : classSize(kind - 1);
}

/** Bytes in pages that are not free; goes over them, so that it costs nothing to whoever does not ask. */
export function bytesInUse(): u32 {
  const end = load<u32>(HEAP_END);
  let pages: u32 = 0;
  for (let page: u32 = HEAP_START >> PAGE_SHIFT; page < end; ) {
    const word = pageWord(page);
    const length = max<u32>(1, word >> 8);
    if ((word & 0xff) !== FREE_RUN) pages += length;
    page += length;
  }
  return pages << PAGE_SHIFT;
}
