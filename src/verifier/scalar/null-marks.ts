/**
 * Comparisons of pointers with NULL: in one branch the pointer is 0, in the other it is good, and so are all its copies.
 * After mark_ptr_or_null_regs() of kernel/bpf/verifier.c (Linux 6.18).
 */
import type { Env } from '../environment.ts';
import { MAX_REGISTERS } from '../frame.ts';
import { forgetReference, mayPointToLock } from '../kfuncs/index.ts';
import { markNotNull } from '../memory/index.ts';
import { ID, OFF, REF_OBJ_ID, REG_WORDS, SMAX, SMIN, TYPE, VALUE } from '../register.ts';
import {
  baseType,
  MEM_ALLOC,
  MEM_RCU,
  mayBeNull,
  NON_OWN_REF,
  PTR_TO_BTF_ID,
  SCALAR_VALUE,
  STACK_SPILL,
} from '../register-types.ts';
import type { State } from '../state.ts';
import { isZero64, word } from './int64.ts';
import { tnumEqualsConst } from './tnum.ts';

/** A register of the current frame of a state, and all its copies, were found to be NULL or not. */
export function markNull(env: Env, state: State, register: number, isNull: boolean): void {
  const { words } = state.frame;
  const r = register * REG_WORDS;
  const id = word(words, r + ID);
  const reference = word(words, r + REF_OBJ_ID);
  // Nothing was acquired.
  if (isNull && reference !== 0 && reference === id) forgetReference(state, id);
  for (const frame of state.frames) {
    for (let register = 0; register < MAX_REGISTERS; register++)
      markOne(env, frame.words, register * REG_WORDS, id, isNull);
    for (let slot = 0; slot < frame.slots; slot++)
      if (frame.slotType(slot, 0) === STACK_SPILL) markOne(env, frame.words, frame.spilled(slot), id, isNull);
  }
}

function markOne(env: Env, w: Int32Array, r: number, id: number, isNull: boolean): void {
  const type = word(w, r + TYPE);
  if (!mayBeNull(type) || w[r + ID] !== id || (id === 0 && (type & MEM_RCU) === 0)) return;
  // No arithmetic is allowed before the test, so that there is no offset; nodes of lists and trees have a fixed one.
  if (!isZero64(w, r + SMIN) || !isZero64(w, r + SMAX) || !tnumEqualsConst(w, r + VALUE, 0, 0)) return;
  const isObject = baseType(type) === PTR_TO_BTF_ID && (type & (MEM_ALLOC | NON_OWN_REF)) !== 0;
  if (!isObject && w[r + OFF] !== 0) return;
  if (isNull) {
    w[r + TYPE] = SCALAR_VALUE;
    w[r + ID] = 0;
    w[r + REF_OBJ_ID] = 0;
    return;
  }
  markNotNull(env, w, r);
  // Locks are told apart by the ids of the pointers.
  if (!mayPointToLock(env, w, r)) w[r + ID] = 0;
}
