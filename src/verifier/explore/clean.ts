/**
 * Makes states simpler before they are compared with: what no path from them can read is forgotten,
 * and precision that was inherited is given up until a later path asks for it.
 */
import type { Env } from '../environment.ts';
import { isStackSlotLive, prepareStackQuery } from '../flow/index.ts';
import { type Frame, MAX_REGISTERS, SLOT_TYPE_WORDS, SLOT_WORDS, SLOTS_AT } from '../frame.ts';
import { PRECISE, REG_WORDS, TYPE } from '../register.ts';
import { SCALAR_VALUE, STACK_SPILL } from '../register-types.ts';
import { resetRegister } from '../scalar/index.ts';
import type { State } from '../state.ts';
import { frameInsn } from './call-chain.ts';

const FRAME_POINTER = MAX_REGISTERS - 1;

/** Forgets dead registers and stack slots of a state whose paths are all walked. */
export function cleanState(env: Env, state: State): void {
  prepareStackQuery(env, state);
  state.cleaned = true;
  for (let i = 0; i < state.frames.length; i++) {
    const frame = state.frames[i] as Frame; // below length
    const live = env.facts.liveRegisters[frameInsn(state, i)] as number; // instructions are in range
    for (let register = 0; register < FRAME_POINTER; register++)
      if ((live & (1 << register)) === 0) resetRegister(frame.words, register * REG_WORDS);
    for (let slot = 0; slot < frame.slots; slot++) {
      if (isStackSlotLive(env, state, i, slot)) continue;
      const at = SLOTS_AT + slot * SLOT_WORDS;
      frame.words.fill(0, at, at + SLOT_WORDS);
    }
  }
}

/** What a state inherited as precise mattered to paths before it; those after it will say what they need. */
export function forgetPrecision(state: State): void {
  for (const frame of state.frames) {
    const { words } = frame;
    for (let r = 0; r < FRAME_POINTER * REG_WORDS; r += REG_WORDS)
      if (words[r + TYPE] === SCALAR_VALUE) words[r + PRECISE] = 0;
    for (let slot = 0; slot < frame.slots; slot++) {
      const at = SLOTS_AT + slot * SLOT_WORDS;
      if (((words[at] as number) & 0xff) !== STACK_SPILL) continue; // the slot exists
      const r = at + SLOT_TYPE_WORDS;
      if (words[r + TYPE] === SCALAR_VALUE) words[r + PRECISE] = 0;
    }
  }
}
