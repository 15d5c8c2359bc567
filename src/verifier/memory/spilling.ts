/**
 * Spilled registers: which types can be spilled, and moving records between registers and slots.
 * After save_register_state and is_spillable_regtype of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import type { Frame } from '../frame.ts';
import { ADD_CONST, copyRegister, ID, OFF, TYPE } from '../register.ts';
import {
  baseType,
  CONST_PTR_TO_DYNPTR,
  NOT_INIT,
  PTR_TO_INSN,
  PTR_TO_TP_BUFFER,
  SCALAR_VALUE,
  STACK_SPILL,
} from '../register-types.ts';
import { hasKnownValue } from '../scalar/index.ts';
import { markByteMisc, SLOT_BYTES } from './stack-slots.ts';

/** Pointers that keep what is known of them when they are spilled. */
export function isSpillablePointer(type: number): boolean {
  switch (baseType(type)) {
    case NOT_INIT:
    case SCALAR_VALUE:
    case PTR_TO_TP_BUFFER:
    case CONST_PTR_TO_DYNPTR:
    case PTR_TO_INSN:
      return false;
    default:
      return true;
  }
}

/** Gives a scalar an id, so that its copy is linked to it: what is learnt of one holds for the other. */
export function linkScalar(env: Env, w: Int32Array, r: number): void {
  if (w[r + TYPE] !== SCALAR_VALUE) return;
  const id = w[r + ID] as number;
  if ((id & ADD_CONST) !== 0) {
    // It is already linked with a distance; distances do not add up.
    w[r + ID] = 0;
    w[r + OFF] = 0;
  }
  if (w[r + ID] === 0 && !hasKnownValue(w, r)) w[r + ID] = env.newId();
}

/** Spills a record into the low bytes of a slot. */
export function saveRegister(frame: Frame, slot: number, w: Int32Array, r: number, size: number): void {
  copyRegister(frame.words, frame.spilled(slot), w, r);
  for (let byte = 0; byte < size; byte++) frame.setSlotType(slot, byte, STACK_SPILL);
  for (let byte = size; byte < SLOT_BYTES; byte++) markByteMisc(frame, slot, byte);
}
