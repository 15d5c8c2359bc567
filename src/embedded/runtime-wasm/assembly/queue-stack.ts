/** Queues and stacks: a ring with one place more than it may hold values; HEAD is where the next is put, TAIL the oldest. */
import { BASE, HEAD, KIND, MAX_ENTRIES, TAIL, VALUE_SIZE } from '../map-header.ts';
import { copy } from './bytes.ts';
import { BPF_EXIST, BPF_NOEXIST, E2BIG, EINVAL, ENOENT } from './errno.ts';
import { get, put } from './header.ts';

const STACK: u32 = 23;

function after(map: u32, index: u32): u32 {
  return index === get(map, MAX_ENTRIES) ? 0 : index + 1;
}

function before(map: u32, index: u32): u32 {
  return index === 0 ? get(map, MAX_ENTRIES) : index - 1;
}

function place(map: u32, index: u32): u32 {
  return get(map, BASE) + index * get(map, VALUE_SIZE);
}

export function queue_stack_push(map: u32, value: u32, flags: u32, upper: u32): i32 {
  if ((flags & BPF_NOEXIST) !== 0 || flags > BPF_EXIST || upper !== 0) return EINVAL;
  const head = get(map, HEAD);
  const next = after(map, head);
  if (next === get(map, TAIL)) {
    if (flags !== BPF_EXIST) return E2BIG;
    put(map, TAIL, after(map, next));
  }
  copy(place(map, head), value, get(map, VALUE_SIZE));
  put(map, HEAD, next);
  return 0;
}

/** The value that is next, which then is gone if `take`; zeros if there is none. */
function read(map: u32, into: u32, take: bool): i32 {
  const head = get(map, HEAD);
  const tail = get(map, TAIL);
  const size = get(map, VALUE_SIZE);
  if (head === tail) {
    memory.fill(into, 0, size);
    return ENOENT;
  }
  const isStack = get(map, KIND) === STACK;
  const newest = before(map, head);
  copy(into, place(map, isStack ? newest : tail), size);
  if (take) {
    if (isStack) put(map, HEAD, newest);
    else put(map, TAIL, after(map, tail));
  }
  return 0;
}

export function queue_stack_pop(map: u32, into: u32): i32 {
  return read(map, into, true);
}

export function queue_stack_peek(map: u32, into: u32): i32 {
  return read(map, into, false);
}
