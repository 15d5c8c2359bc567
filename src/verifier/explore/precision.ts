/**
 * Precision: which scalars' values mattered. A scalar starts as imprecise, and imprecise ones are equal to each other
 * whatever their values, so that states can be. When a decision depends on a value, the walk goes back over the path,
 * instruction by instruction, through the saved states that it passed, and marks there what the value came from.
 *
 * Marks of the current state do not matter: only saved states are compared by theirs.
 * After mark_chain_precision() in kernel/bpf/verifier.c.
 */

import { BPF_CLASS, BPF_JMP, BPF_JMP32 } from '../../isa/index.ts';
import type { Env } from '../environment.ts';
import { EFAULT } from '../errno.ts';
import { type Frame, MAX_REGISTERS, MAX_SLOTS, SLOT_TYPE_WORDS, SLOT_WORDS, SLOTS_AT } from '../frame.ts';
import { HISTORY_INSN, HISTORY_PREVIOUS } from '../jump-history.ts';
import { LOG_INSTRUCTIONS } from '../log/log.ts';
import { PRECISE, REG_WORDS, TYPE } from '../register.ts';
import { SCALAR_VALUE, STACK_SPILL } from '../register-types.ts';
import type { State } from '../state.ts';
import { backtrackInsn } from './backtrack.ts';
import { wanted } from './backtrack-state.ts';
import { logFallback, logParent, logRound, logStep } from './precision-log.ts';
import type { SavedState } from './saved-state.ts';

const FRAME_POINTER = MAX_REGISTERS - 1;
const ARGUMENTS = 0b11_1110;

/** A decision depends on the value of a scalar of the current frame. */
export function markPrecise(env: Env, register: number): void {
  const { state } = env;
  wanted.frame = state.current;
  wanted.set(register);
  track(env, state);
}

/** A decision depends on the value of a scalar spilled in a slot. */
export function markPreciseStackSlot(env: Env, frame: number, slot: number): void {
  const { state } = env;
  wanted.frame = state.current;
  wanted.setSlot(frame, slot);
  track(env, state);
}

/**
 * What a saved state needs to be precise, a state that equals it needs too.
 * @returns whether anything was not yet marked
 */
export function propagatePrecision(env: Env, from: State, to: State): boolean {
  const verbose = (env.log.level & LOG_INSTRUCTIONS) !== 0;
  for (let i = from.frames.length - 1; i >= 0; i--) {
    const { words, slots } = from.frames[i] as Frame; // in range
    let names = '';
    for (let register = 0; register < FRAME_POINTER; register++) {
      const r = register * REG_WORDS;
      if (words[r + TYPE] !== SCALAR_VALUE || words[r + PRECISE] === 0) continue;
      wanted.setIn(i, register);
      if (verbose) names += `${names === '' ? '' : ','}r${register}`;
    }
    for (let slot = 0; slot < slots; slot++) {
      if (!isSpilled(words, slot)) continue;
      const r = SLOTS_AT + slot * SLOT_WORDS + SLOT_TYPE_WORDS;
      if (words[r + TYPE] !== SCALAR_VALUE || words[r + PRECISE] === 0) continue;
      wanted.setSlot(i, slot);
      if (verbose) names += `${names === '' ? '' : ','}fp${-(slot + 1) * 8}`;
    }
    if (names !== '') env.log.write(`frame ${i}: propagating ${names}\n`);
  }
  wanted.frame = to.current;
  return track(env, to);
}

/** Makes everything precise in the saved states that a path passed: used where it cannot be told what is needed. */
export function forceAllPrecise(env: Env, state: State): void {
  const verbose = (env.log.level & LOG_INSTRUCTIONS) !== 0;
  if (verbose) logFallback(env, state);
  for (let saved = state.parent; saved !== undefined; saved = saved.parent) {
    for (let i = 0; i < saved.frames.length; i++) {
      const { words, slots } = saved.frames[i] as Frame; // in range
      for (let register = 0; register < FRAME_POINTER; register++) {
        const r = register * REG_WORDS;
        if (words[r + TYPE] !== SCALAR_VALUE || words[r + PRECISE] !== 0) continue;
        words[r + PRECISE] = 1;
        if (verbose) env.log.write(`force_precise: frame${i}: forcing r${register} to be precise\n`);
      }
      for (let slot = 0; slot < slots; slot++) {
        if (!isSpilled(words, slot)) continue;
        const r = SLOTS_AT + slot * SLOT_WORDS + SLOT_TYPE_WORDS;
        if (words[r + TYPE] !== SCALAR_VALUE || words[r + PRECISE] !== 0) continue;
        words[r + PRECISE] = 1;
        if (verbose) env.log.write(`force_precise: frame${i}: forcing fp${-(slot + 1) * 8} to be precise\n`);
      }
    }
  }
}

function isSpilled(words: Int32Array, slot: number): boolean {
  return ((words[SLOTS_AT + slot * SLOT_WORDS] as number) & 0xff) === STACK_SPILL; // the slot exists
}

/** Goes back from the current instruction of a state for what is wanted. @returns whether a mark was new */
function track(env: Env, start: State): boolean {
  if (wanted.isEmpty) return false;
  const verbose = (env.log.level & LOG_INSTRUCTIONS) !== 0;
  let changed = false;
  let state = start;
  let last = start.insn;
  let next = -1;
  // The instruction that asked is not stepped over.
  let skip = true;
  for (;;) {
    const { jumpHistory } = state;
    let entries = jumpHistory.length;
    if (verbose) logRound(env, last, state.firstInsn, next);
    if (last < 0) return markArguments(env, state);
    for (let insn = last; ; ) {
      const recorded = entries > 0 ? jumpHistory.get(entries - 1, HISTORY_INSN) : -1;
      if (skip) skip = false;
      else if (verbose || recorded === insn || !isUnrelated(env.insns.code(insn), env.insns.dst(insn))) {
        const entry = recorded === insn ? entries - 1 : -1;
        if (verbose && env.insns.code(insn) !== 0) logStep(env, insn);
        if (!backtrackInsn(env, insn, next, jumpHistory, entry)) {
          forceAllPrecise(env, start);
          wanted.clear();
          return changed;
        }
        if (wanted.isEmpty) return changed;
      }
      next = insn;
      if (insn === state.firstInsn && (entries === 0 || (entries === 1 && recorded === insn))) break;
      if (recorded === insn) {
        entries -= 1;
        insn = jumpHistory.get(entries, HISTORY_PREVIOUS);
      } else insn -= 1;
      if (insn < 0 || insn >= env.count) env.reject(EFAULT, 'verifier-bug', { what: `backtracking idx ${insn}` });
    }
    const saved = state.parent;
    if (saved === undefined) break;
    if (markSaved(env, saved, verbose)) changed = true;
    if (wanted.isEmpty) return changed;
    next = state.firstInsn;
    last = saved.lastInsn;
    state = saved;
  }
  // Something was lost on the way, e.g. a stack access through another register than the frame pointer.
  forceAllPrecise(env, start);
  wanted.clear();
  return changed;
}

/** Whether an instruction that no history tells of has to do with nothing that is wanted. */
function isUnrelated(code: number, dst: number): boolean {
  const kind = BPF_CLASS(code);
  return kind !== BPF_JMP && kind !== BPF_JMP32 && !wanted.has(dst);
}

/** Marks in a saved state what is wanted there, and no longer looks for what was marked already. */
function markSaved(env: Env, saved: SavedState, verbose: boolean): boolean {
  let changed = false;
  for (let i = wanted.frame; i >= 0; i--) {
    const { words, slots } = saved.frames[i] as Frame; // backtracking never goes beyond the frames
    for (let bits = wanted.registers[i] as number; bits !== 0; bits &= bits - 1) {
      const register = 31 - Math.clz32(bits & -bits);
      const r = register * REG_WORDS;
      if (words[r + TYPE] !== SCALAR_VALUE || words[r + PRECISE] !== 0) wanted.clearIn(i, register);
      else {
        words[r + PRECISE] = 1;
        changed = true;
      }
    }
    for (let slot = 0; slot < MAX_SLOTS; slot++) {
      if (slot === 0 && wanted.slotsLow[i] === 0) slot = 32;
      if (slot === 32 && wanted.slotsHigh[i] === 0) break;
      if (!wanted.hasSlot(i, slot)) continue;
      if (slot >= slots) env.reject(EFAULT, 'verifier-bug', { what: `stack slot ${slot}, total slots ${slots}` });
      const r = SLOTS_AT + slot * SLOT_WORDS + SLOT_TYPE_WORDS;
      if (!isSpilled(words, slot) || words[r + TYPE] !== SCALAR_VALUE || words[r + PRECISE] !== 0)
        wanted.clearSlot(i, slot);
      else {
        words[r + PRECISE] = 1;
        changed = true;
      }
    }
    if (verbose) logParent(env, saved, i);
  }
  return changed;
}

/** Backtracking reached the start of a function verified on its own: its arguments are what was looked for. */
function markArguments(env: Env, state: State): boolean {
  const frame = state.frames[0] as Frame; // there is one
  const mask = wanted.mask;
  if (
    state.frames.length !== 1 ||
    frame.subprogram === 0 ||
    frame.callsite !== -1 ||
    wanted.hasSlots ||
    (mask & ~ARGUMENTS) !== 0
  )
    env.reject(EFAULT, 'verifier-bug', {
      what: `backtracking func entry subprog ${frame.subprogram} reg_mask ${(mask >>> 0).toString(16)}`,
    });
  let changed = false;
  for (let register = 1; register <= 5; register++) {
    if (!wanted.has(register)) continue;
    wanted.clearRegister(register);
    const r = register * REG_WORDS;
    if (frame.words[r + TYPE] !== SCALAR_VALUE) continue;
    frame.words[r + PRECISE] = 1;
    changed = true;
  }
  return changed;
}
