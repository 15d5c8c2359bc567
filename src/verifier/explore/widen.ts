/**
 * Widening: of a scalar that is not the same as in the round of a loop before, and that nothing needed to be precise,
 * everything is forgotten, so that the rounds converge.
 */
import type { Frame } from '../frame.ts';
import { SLOT_TYPE_WORDS, SLOT_WORDS, SLOTS_AT } from '../frame.ts';
import { PRECISE, REG_WORDS, TYPE } from '../register.ts';
import { SCALAR_VALUE, STACK_SPILL } from '../register-types.ts';
import { markUnknown } from '../scalar/index.ts';
import type { State } from '../state.ts';
import { sameButIds } from './equality.ts';
import { resetIdMap } from './id-map.ts';

export function widenImpreciseScalars(old: State, current: State): void {
  resetIdMap();
  for (let i = old.frames.length - 1; i >= 0; i--) {
    const a = old.frames[i] as Frame; // both states have these frames, as their call sites are the same
    const b = current.frames[i] as Frame;
    for (let r = 0; r < SLOTS_AT; r += REG_WORDS) widen(a.words, b.words, r);
    const slots = Math.min(a.slots, b.slots);
    for (let slot = 0; slot < slots; slot++) {
      const at = SLOTS_AT + slot * SLOT_WORDS;
      if (isSpilled(a.words, at) && isSpilled(b.words, at)) widen(a.words, b.words, at + SLOT_TYPE_WORDS);
    }
  }
}

function isSpilled(words: Int32Array, slot: number): boolean {
  return ((words[slot] as number) & 0xff) === STACK_SPILL; // the slot exists
}

function widen(old: Int32Array, current: Int32Array, r: number): void {
  if (old[r + TYPE] !== SCALAR_VALUE || current[r + TYPE] !== SCALAR_VALUE) return;
  if (old[r + PRECISE] !== 0 || current[r + PRECISE] !== 0) return;
  if (!sameButIds(old, r, current, r)) markUnknown(current, r);
}
