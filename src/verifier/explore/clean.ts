/**
 * Makes states simpler before they are compared with: what no path from them can read is forgotten, ids that link
 * nothing are dropped, and precision that was inherited is given up until a later path asks for it.
 */
import type { Env } from '../environment.ts';
import { isStackSlotLive, prepareStackQuery } from '../flow/index.ts';
import { type Frame, MAX_REGISTERS, SLOT_TYPE_WORDS, SLOT_WORDS, SLOTS_AT } from '../frame.ts';
import { ADD_CONST, ID, OFF, PRECISE, REG_WORDS, TYPE } from '../register.ts';
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

const IDS_MAX = 1024;
const ids = new Int32Array(IDS_MAX);
const counts = new Int32Array(IDS_MAX);

/** Drops the ids of scalars that no other register or slot shares. */
export function dropSingularIds(state: State): void {
  let count = 0;
  forEachScalar(state, (words, r) => {
    const id = (words[r + ID] as number) & ~ADD_CONST; // the record lies within its array
    if (id === 0) return;
    let i = 0;
    while (i < count && ids[i] !== id) i++;
    if (i === IDS_MAX) return;
    if (i === count) {
      ids[count] = id;
      counts[count] = 0;
      count += 1;
    }
    counts[i] = (counts[i] as number) + 1;
  });
  if (count === 0) return;
  forEachScalar(state, (words, r) => {
    const id = (words[r + ID] as number) & ~ADD_CONST;
    if (id === 0) return;
    let i = 0;
    while (i < count && ids[i] !== id) i++;
    if (i === count || counts[i] !== 1) return;
    words[r + ID] = 0;
    words[r + OFF] = 0;
  });
}

function forEachScalar(state: State, visit: (words: Int32Array, r: number) => void): void {
  for (const { words, slots } of state.frames) {
    for (let r = 0; r < SLOTS_AT; r += REG_WORDS) if (words[r + TYPE] === SCALAR_VALUE) visit(words, r);
    for (let slot = 0; slot < slots; slot++) {
      const at = SLOTS_AT + slot * SLOT_WORDS;
      if (((words[at] as number) & 0xff) !== STACK_SPILL) continue; // the slot exists
      if (words[at + SLOT_TYPE_WORDS + TYPE] === SCALAR_VALUE) visit(words, at + SLOT_TYPE_WORDS);
    }
  }
}
