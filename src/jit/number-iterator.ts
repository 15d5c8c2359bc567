/**
 * bpf_iter_num_{new,next,destroy} without a call: loops of C programs (bpf_for, bpf_repeat) are made of them.
 *
 * The iterator is 8 bytes of some function's stack: the number handed out last (s32), and the end (s32); both are 0 when
 * nothing is left. What these functions do otherwise: embedded/open-coded/num.ts. Source: kernel/bpf/bpf_iter.c of Linux 6.18.
 */
import type { FunctionCode } from './function-code.ts';
import { EMPTY, OP } from './opcodes.ts';
import type { NumberIteratorPart } from './plan.ts';
import { isFrameOffset } from './stack-slots.ts';

const E2BIG = 7;
const EINVAL = 22;
const MAX_LOOPS = 8 * 1024 * 1024;

/** Bytes of the iterator. */
export const NUMBER_ITERATOR_SIZE = 8;
const END = 4;

export function emitNumberIterator(f: FunctionCode, part: NumberIteratorPart): void {
  if (part === 'new') create(f);
  else if (part === 'next') next(f);
  else destroy(f);
}

/** Pushes what the iterator's address is counted from. @returns the static offset from there */
function pushIterator(f: FunctionCode): number {
  const distance = f.framePointers[1] as number; // r0-r10
  if (f.hasFrame && isFrameOffset(distance)) return f.frameBase(distance);
  f.getLow(1);
  return 0;
}

function create(f: FunctionCode): void {
  const { code } = f;
  const start = f.scratch('i32 start');
  const end = f.scratch('i32 end');
  const error = f.scratch('i32 error');
  const offset = pushIterator(f);
  f.getLow(3);
  code.localSet(end);
  f.getLow(2);
  code.localSet(start);

  code.i32Const(0);
  code.i32Const(-E2BIG);
  code.localGet(end);
  code.localGet(start);
  code.op(OP['i32.sub']);
  code.i32Const(MAX_LOOPS);
  // Not less than 0 where it counts; it may be beyond 2^31.
  code.op(OP['i32.le_u']);
  code.op(OP.select);
  code.i32Const(-EINVAL);
  code.localGet(start);
  code.localGet(end);
  code.op(OP['i32.le_s']);
  code.op(OP.select);
  code.localSet(error);

  code.i64ConstOf(0);
  code.localGet(end);
  code.op(OP['i64.extend_i32_u']);
  code.i64ConstOf(32);
  code.op(OP['i64.shl']);
  code.localGet(start);
  code.i32Const(1);
  code.op(OP['i32.sub']);
  code.op(OP['i64.extend_i32_u']);
  code.op(OP['i64.or']);
  code.localGet(error);
  code.op(OP.select);
  code.access(OP['i64.store'], offset);
  code.localGet(error);
  code.op(OP['i64.extend_i32_s']);
  f.set(0);
}

function next(f: FunctionCode): void {
  const { code } = f;
  const current = f.scratch('i32 current');
  const item = f.scratch('i64 item');
  code.access(OP['i32.load'], pushIterator(f));
  code.i32Const(1);
  code.op(OP['i32.add']);
  code.localTee(current);
  code.access(OP['i32.load'], pushIterator(f) + END);
  code.op(OP['i32.lt_s']);
  code.begin(OP.if, EMPTY);
  const offset = pushIterator(f);
  code.localGet(current);
  code.access(OP['i32.store'], offset);
  f.getLow(1);
  f.toAddress();
  code.localSet(item);
  code.op(OP.else);
  clear(f);
  code.i64ConstOf(0);
  code.localSet(item);
  code.op(OP.end);
  code.localGet(item);
  f.set(0);
}

function destroy(f: FunctionCode): void {
  clear(f);
  f.code.i64ConstOf(0);
  f.set(0, true);
}

function clear(f: FunctionCode): void {
  const offset = pushIterator(f);
  f.code.i64ConstOf(0);
  f.code.access(OP['i64.store'], offset);
}
