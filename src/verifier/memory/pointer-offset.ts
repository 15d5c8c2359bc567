/**
 * Pointers that may only be used as they were given: without an offset, or without one that varies.
 * After __check_ptr_off_reg of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EACCES } from '../errno.ts';
import { tnumText, typeName } from '../log/index.ts';
import { OFF, TYPE, VALUE } from '../register.ts';
import { isUnmoved } from './numbers.ts';

/**
 * @param w,r the pointer
 * @param regno its number, for messages
 * @param fixedAllowed whether it may have a constant offset
 */
export function checkPointerOffset(
  env: Env,
  w: Int32Array,
  r: number,
  regno: number,
  fixedAllowed: boolean = false,
): void {
  const off = w[r + OFF] as number; // every register has these words
  const type = w[r + TYPE] as number;
  if (off < 0) env.reject(EACCES, 'memory/pointer-negative', { reg: regno, type: typeName(type), off });
  if (!fixedAllowed && off !== 0)
    env.reject(EACCES, 'memory/pointer-modified', { reg: regno, type: typeName(type), off });
  if (!isUnmoved(w, r))
    env.reject(EACCES, 'memory/pointer-variable', { type: typeName(type), tnum: tnumText(w, r + VALUE) });
}
