/**
 * Lines of /proc/PID/maps, `START-END rwxp OFFSET MAJOR:MINOR INODE   PATH`, as there are tens of thousands of them in
 * one process, and what stands in them as a struct vm_area_struct. Facts: fs/proc/task_mmu.c, include/linux/mm.h of
 * Linux 6.18.
 */

import {
  MAPS_DEVICE,
  MAPS_END,
  MAPS_INODE,
  MAPS_LINE_END,
  MAPS_OFFSET,
  MAPS_PATH,
  MAPS_PERMISSIONS,
  MAPS_SAME,
  MAPS_SIZE,
  MAPS_START,
} from '../maps-line.ts';
import { MEMORY_HIGH } from './addresses.ts';
import { find, same } from './bytes.ts';

const SPACE: u32 = 0x20;
const NEWLINE: u32 = 0x0a;
const ZERO: u32 = 0x30;
const BRACKET: u64 = 0x5b;
/** The first four letters of `[heap]`, and those from the fourth on with the end of the line. */
const HEAP: u32 = 0x6165685b;
const HEAP_END: u32 = 0x0a5d7061;
const HEAP_LENGTH: u32 = 7;
const LETTER_I: u8 = 0x69;
const LETTER_S: u32 = 0x73;
const LETTER_U: u32 = 0x75;
const LETTER_V: u32 = 0x76;

const VM_READ: u64 = 1;
const VM_WRITE: u64 = 2;
const VM_EXEC: u64 = 4;
const VM_SHARED: u64 = 8;
const VM_MAYSHARE: u64 = 0x80;
const PAGE_SHIFT: u64 = 12;

const line = <u32>memory.data(MAPS_SIZE);
/** Behind the number that was read last. */
let behind: u32 = 0;
/** Where the device, the path and the end of the line before are; 0 if there is none. */
let lastDevice: u32 = 0;
let lastPath: u32 = 0;
let lastEnd: u32 = 0;

// Where the fields of a vm_area_struct lie in it.
let startAt: u32 = 0;
let endAt: u32 = 0;
let mmAt: u32 = 0;
let flagsAt: u32 = 0;
let pageAt: u32 = 0;

/** Where maps_line() leaves what it reads. */
export function maps_line_at(): u32 {
  return line;
}

export function maps_fields(start: u32, end: u32, mm: u32, flags: u32, page: u32): void {
  startAt = start;
  endAt = end;
  mmAt = mm;
  flagsAt = flags;
  pageAt = page;
}

/** Before the first line of a text: the one before it may be overwritten. */
export function maps_begin(): void {
  lastDevice = 0;
}

/** Reads the line that begins there. @param end of the text @returns where the next one begins */
export function maps_line(at: u32, end: u32): u32 {
  store<u64>(line, hexadecimal(at, end), MAPS_START);
  store<u64>(line, hexadecimal(behind + 1, end), MAPS_END);
  const permissions = behind + 1;
  store<u32>(line, permissions, MAPS_PERMISSIONS);
  store<u64>(line, hexadecimal(permissions + 5, end), MAPS_OFFSET);
  const device = behind + 1;
  store<u32>(line, device, MAPS_DEVICE);
  const length = lastEnd - lastDevice;
  const again = lastDevice !== 0 && device + length < end && same(lastDevice, device, length + 1);
  store<u32>(line, again, MAPS_SAME);
  if (again) {
    lastPath += device - lastDevice;
    lastEnd = device + length;
  } else readPath(device, end);
  lastDevice = device;
  store<u32>(line, lastPath, MAPS_PATH);
  store<u32>(line, lastEnd, MAPS_LINE_END);
  return lastEnd + 1;
}

/** Of a line that is not as the one before. */
function readPath(device: u32, end: u32): void {
  let next = behindWord(device, end) + 1;
  // Without a file the number is a single 0.
  const word = behindWord(next, end);
  store<u32>(line, load<u8>(next) === ZERO && word === next + 1 ? 0 : 1, MAPS_INODE);
  next = word;
  while (next < end && load<u8>(next) === SPACE) next++;
  lastPath = next;
  while (next < end && load<u8>(next) !== NEWLINE) next++;
  lastEnd = next;
}

/** Writes what stands in the line that was read last. @param mm offset of the struct mm_struct, or 0 */
export function maps_area(area: u32, mm: u32): void {
  store<u64>(area + startAt, load<u64>(line, MAPS_START));
  store<u64>(area + endAt, load<u64>(line, MAPS_END));
  store<u64>(area + mmAt, mm === 0 ? 0 : ((<u64>MEMORY_HIGH) << 32) | mm);
  store<u64>(area + flagsAt, flagsOf(load<u32>(line, MAPS_PERMISSIONS)));
  store<u64>(area + pageAt, firstPage() >> PAGE_SHIFT);
}

/** An area without a file has the number that its first page would have in memory, but for those of the kernel's own. */
function firstPage(): u64 {
  if (load<u32>(line, MAPS_INODE) !== 0) return load<u64>(line, MAPS_OFFSET);
  const path = load<u32>(line, MAPS_PATH);
  return path !== load<u32>(line, MAPS_LINE_END) && isSpecial(path) ? 0 : load<u64>(line, MAPS_START);
}

/** `[vdso]`, `[vvar]` and others with a v, `[uprobes]`, `[sigpage]`; processes name theirs `[anon:NAME]`. */
function isSpecial(path: u32): bool {
  if (load<u8>(path) !== <u8>BRACKET) return false;
  const letter: u32 = load<u8>(path, 1);
  return letter === LETTER_V || letter === LETTER_U || (letter === LETTER_S && load<u8>(path, 2) === LETTER_I);
}

function flagsOf(at: u32): u64 {
  let flags: u64 = 0;
  if (load<u8>(at) === 0x72) flags |= VM_READ;
  if (load<u8>(at, 1) === 0x77) flags |= VM_WRITE;
  if (load<u8>(at, 2) === 0x78) flags |= VM_EXEC;
  if (load<u8>(at, 3) !== 0x73) return flags;
  // Of a shared mapping of a file that is open for reading only, Linux takes VM_SHARED away; such are not writable.
  return flags | VM_MAYSHARE | ((flags & VM_WRITE) !== 0 ? VM_SHARED : 0);
}

/** Where the last area of the heap ends; 0 without one. */
export function maps_heap_end(start: u32, end: u32): f64 {
  let heapEnd: f64 = 0;
  for (let at = find(BRACKET, start, end); at < end; at = find(BRACKET, at + 1, end)) {
    if (at + HEAP_LENGTH > end || load<u32>(at) !== HEAP || load<u32>(at + 3) !== HEAP_END) continue;
    if (load<u8>(at - 1) !== SPACE) continue;
    let first = at;
    while (first > start && load<u8>(first - 1) !== NEWLINE) first--;
    hexadecimal(first, end);
    heapEnd = <f64>hexadecimal(behind + 1, end);
  }
  return heapEnd;
}

function behindWord(at: u32, end: u32): u32 {
  let next = at;
  while (next < end && load<u8>(next) > SPACE) next++;
  return next;
}

function hexadecimal(at: u32, end: u32): u64 {
  let value: u64 = 0;
  let next = at;
  for (; next < end; next++) {
    const byte: u32 = load<u8>(next);
    let digit = byte - ZERO;
    if (digit > 9) {
      digit = (byte | 0x20) - 0x57;
      if (digit < 10 || digit > 15) break;
    }
    value = (value << 4) | digit;
  }
  behind = next;
  return value;
}
