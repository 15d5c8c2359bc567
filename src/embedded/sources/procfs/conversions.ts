/**
 * How texts of /proc become fields. Numbers in columns are read first, for some fields follow from several of them.
 * Facts: fs/proc/array.c (states, priorities), include/linux/sched.h and kernel/sched of Linux 6.18.
 */
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import { put64, putNumber, putWords } from '../write-memory.ts';
import { hexDigit, type NumberReader, SPACE, skipWord } from './bytes.ts';
import type { Pick } from './fill-plan.ts';

/** Columns of `stat` that conversions look at beside their own. */
export const STATE = 3;
export const PPID = 4;
export const PGRP = 5;
export const SESSION = 6;
export const TTY = 7;
export const FLAGS = 9;
export const NICE = 19;
export const NUM_THREADS = 20;
export const START_TIME = 22;
export const VSIZE = 23;
export const RT_PRIORITY = 40;
export const POLICY = 41;
export const START_OF_ARGUMENTS = 48;
export const START_OF_ENVIRONMENT = 50;

const TICK_NS = 10_000_000;
const PAGE_KB = 4;
const SCHED_FIFO = 1;
const SCHED_RR = 2;
const SCHED_DEADLINE = 6;
const DEFAULT_PRIO = 120;
const MAX_RT_PRIO = 100;
export const PF_KTHREAD = 0x200000;
const COMM_SIZE = 16;

/** Letter of a state -> bits of __state. What is stopped may always be killed (TASK_STOPPED). */
const STATES: ReadonlyMap<number, number> = new Map(
  Object.entries({ R: 0, S: 1, D: 2, T: 0x104, t: 8, X: 0x80, Z: 0x80, P: 0x40, I: 0x402 }).map(([letter, bits]) => [
    letter.charCodeAt(0),
    bits,
  ]),
);
const EXIT_DEAD = 0x10;
const EXIT_ZOMBIE = 0x20;
export const LETTER_Z = 0x5a;
export const LETTER_X = 0x58;

/** A field out of the columns of `stat`. @param columns by number; the state as its letter */
export function putColumn(memory: KernelMemory, host: number, pick: Pick, columns: Float64Array): void {
  const at = host + pick.offset;
  const value = columns[pick.index] as number;
  switch (pick.conversion) {
    case 'number':
      putNumber(memory, at, pick.size, value);
      break;
    case 'ticks':
      putTicks(memory, at, value);
      break;
    case 'state':
      putNumber(memory, at, pick.size, STATES.get(value) ?? 0);
      break;
    case 'exit-state':
      putNumber(memory, at, pick.size, value === LETTER_Z ? EXIT_ZOMBIE : value === LETTER_X ? EXIT_DEAD : 0);
      break;
    case 'prio':
      putNumber(memory, at, pick.size, value + MAX_RT_PRIO);
      break;
    case 'static-prio':
      putNumber(memory, at, pick.size, value + DEFAULT_PRIO);
      break;
    case 'normal-prio':
      putNumber(memory, at, pick.size, normalPrio(columns));
      break;
    default:
      throw new RangeError(`stat has no ${pick.conversion}`);
  }
}

function normalPrio(columns: Float64Array): number {
  const policy = columns[POLICY] as number;
  if (policy === SCHED_DEADLINE) return -1;
  if (policy === SCHED_FIFO || policy === SCHED_RR) return MAX_RT_PRIO - 1 - (columns[RT_PRIORITY] as number);
  return DEFAULT_PRIO + (columns[NICE] as number);
}

/** Ticks of 10 ms as nanoseconds: a product that may need more bits than a double has. */
function putTicks(memory: KernelMemory, at: number, ticks: number): void {
  const upper = Math.floor(ticks / 65536) * TICK_NS;
  const lower = (ticks % 65536) * TICK_NS;
  const low = (upper % 65536) * 65536 + lower;
  putWords(memory, at, low % 4294967296, Math.floor(upper / 65536) + Math.floor(low / 4294967296));
}

/**
 * The name of a thread. /proc shows what a kernel worker works on behind its name, which the task does not have.
 * @param from behind the parenthesis @param to the closing one
 */
export function putComm(memory: KernelMemory, at: number, bytes: Uint8Array, from: number, to: number, flags: number) {
  const { u8 } = memory;
  const end = Math.min(to, from + COMM_SIZE - 1);
  const worker = (flags & PF_KTHREAD) !== 0 && isWorker(bytes, from, to);
  let length = 0;
  for (let i = from; i < end; i++) {
    const byte = bytes[i] as number;
    if (worker && (byte === 0x2d || byte === 0x2b)) break;
    u8[at + length++] = byte;
  }
  for (; length < COMM_SIZE; length++) u8[at + length] = 0;
}

const WORKER = [...'kworker/'].map((letter) => letter.charCodeAt(0));
const RESCUER = 0x52;

const isWorker = (bytes: Uint8Array, from: number, to: number): boolean =>
  to - from > WORKER.length &&
  WORKER.every((byte, index) => bytes[from + index] === byte) &&
  bytes[from + WORKER.length] !== RESCUER;

/** A field out of a line of words: the value that the pick counts to. @returns whether the line has it */
export function putValue(
  memory: KernelMemory,
  host: number,
  pick: Pick,
  bytes: Uint8Array,
  from: number,
  end: number,
  reader: NumberReader,
): boolean {
  reader.at = from;
  for (let skip = 0; skip < pick.index; skip++) {
    while (reader.at < end && (bytes[reader.at] as number) <= SPACE) reader.at++;
    reader.at = skipWord(bytes, reader.at, end);
  }
  const at = host + pick.offset;
  switch (pick.conversion) {
    case 'hex':
      if (!reader.hexadecimal(bytes, end)) return false;
      putWords(memory, at, reader.low, reader.high);
      return true;
    case 'octal':
      if (!reader.octal(bytes, end)) return false;
      putNumber(memory, at, pick.size, reader.number);
      return true;
    case 'mask':
      putMask(memory, at, pick.size, bytes, reader.at, end);
      return true;
    case 'bit-count':
      putNumber(memory, at, pick.size, countBits(bytes, reader.at, end));
      return true;
    default: {
      if (!reader.decimal(bytes, end)) return false;
      if (pick.conversion === 'pages') put64(memory, at, reader.number / PAGE_KB);
      else if (pick.conversion === 'bytes') put64(memory, at, reader.number * 1024);
      else if (pick.size === 8) putWords(memory, at, reader.low, reader.high);
      else putNumber(memory, at, pick.size, reader.number);
      return true;
    }
  }
}

/** `f,ffffffff`: hexadecimal words, the highest first. */
function putMask({ u8 }: KernelMemory, at: number, size: number, bytes: Uint8Array, from: number, end: number): void {
  let nibble = 0;
  u8.fill(0, at, at + size);
  for (let i = end - 1; i >= from && nibble < size * 2; i--) {
    const digit = hexDigit(bytes[i] as number);
    if (digit < 0) continue;
    u8[at + (nibble >> 1)] = (u8[at + (nibble >> 1)] as number) | (digit << ((nibble & 1) * 4));
    nibble++;
  }
}

function countBits(bytes: Uint8Array, from: number, end: number): number {
  let count = 0;
  for (let i = from; i < end; i++) {
    for (let digit = Math.max(0, hexDigit(bytes[i] as number)); digit !== 0; digit &= digit - 1) count++;
  }
  return count;
}
