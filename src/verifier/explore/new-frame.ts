/** Frames at the start of a function: nothing in the registers but the frame pointer, an empty stack. */
import type { Env } from '../environment.ts';
import { type Frame, MAX_REGISTERS, MAX_SLOTS, SLOTS_AT } from '../frame.ts';
import { FRAME, REG_WORDS, TYPE } from '../register.ts';
import { PTR_TO_STACK } from '../register-types.ts';
import { markKnownZero, resetRegister } from '../scalar/index.ts';

const FRAME_POINTER = (MAX_REGISTERS - 1) * REG_WORDS;
const REGISTERS_SCRATCHED = (1 << MAX_REGISTERS) - 1;

const initial = new Int32Array(SLOTS_AT);
let isInitialReady = false;

/** @param callsite instruction that called, -1 for a function verified on its own */
export function newFrame(env: Env, callsite: number, frameNumber: number, subprogram: number): Frame {
  if (!isInitialReady) {
    for (let r = 0; r < SLOTS_AT; r += REG_WORDS) {
      resetRegister(initial, r);
    }
    markKnownZero(initial, FRAME_POINTER);
    initial[FRAME_POINTER + TYPE] = PTR_TO_STACK;
    isInitialReady = true;
  }
  const frame = env.walk.takeFrame(MAX_SLOTS);
  frame.words.set(initial);
  frame.words[FRAME_POINTER + FRAME] = frameNumber;
  frame.slots = 0;
  frame.callsite = callsite;
  frame.frameNumber = frameNumber;
  frame.subprogram = subprogram;
  frame.asyncEntryCount = 0;
  frame.callbackReturnRange = undefined;
  frame.inCallback = false;
  frame.inAsyncCallback = false;
  frame.inExceptionCallback = false;
  frame.callbackDepth = 0;
  scratchAll(env);
  return frame;
}

/** All registers and slots are to be printed again. */
export function scratchAll(env: Env): void {
  env.scratchedRegisters = REGISTERS_SCRATCHED;
  env.scratchedSlotsLow = -1;
  env.scratchedSlotsHigh = -1;
}
