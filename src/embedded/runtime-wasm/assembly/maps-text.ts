/**
 * Lines of /proc/PID/maps, `START-END rwxp OFFSET MAJOR:MINOR INODE   PATH`, as there are tens of thousands of them in
 * one process. Facts: fs/proc/task_mmu.c of Linux 6.18.
 */
import {
  MAPS_DEVICE,
  MAPS_END,
  MAPS_INODE,
  MAPS_LINE_END,
  MAPS_OFFSET,
  MAPS_PATH,
  MAPS_PERMISSIONS,
  MAPS_SIZE,
  MAPS_START,
} from '../maps-line.ts';

const SPACE: u32 = 0x20;
const NEWLINE: u32 = 0x0a;
const ZERO: u32 = 0x30;

const line = <u32>memory.data(MAPS_SIZE);
/** Behind the number that was read last. */
let behind: u32 = 0;

/** Where maps_line() leaves what it reads. */
export function maps_line_at(): u32 {
  return line;
}

/** Reads the line that begins there. @param end of the text @returns where the next one begins */
export function maps_line(at: u32, end: u32): u32 {
  store<u64>(line, hexadecimal(at, end), MAPS_START);
  store<u64>(line, hexadecimal(behind + 1, end), MAPS_END);
  const permissions = behind + 1;
  store<u32>(line, permissions, MAPS_PERMISSIONS);
  store<u64>(line, hexadecimal(permissions + 5, end), MAPS_OFFSET);
  let next = behind + 1;
  store<u32>(line, next, MAPS_DEVICE);
  next = behindWord(next, end) + 1;
  // Without a file the number is a single 0.
  const word = behindWord(next, end);
  store<u32>(line, load<u8>(next) === ZERO && word === next + 1 ? 0 : 1, MAPS_INODE);
  next = word;
  while (next < end && load<u8>(next) === SPACE) next++;
  store<u32>(line, next, MAPS_PATH);
  while (next < end && load<u8>(next) !== NEWLINE) next++;
  store<u32>(line, next, MAPS_LINE_END);
  return next + 1;
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
