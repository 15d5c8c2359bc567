/**
 * Whether all that can happen from the current state was already seen from a saved one: then its path need not be
 * walked on. The saved state may know less of each register and stack slot than the current one, never more.
 * After states_equal() in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { type Frame, MAX_REGISTERS, SLOT_TYPE_WORDS, SLOT_WORDS, SLOTS_AT } from '../frame.ts';
import {
  ADD_CONST,
  BTF_ID,
  DYNPTR_FIRST,
  DYNPTR_KIND,
  FRAME,
  ID,
  IRQ_CLASS,
  ITER_BTF,
  ITER_BTF_ID,
  ITER_DEPTH,
  ITER_STATE,
  MASK,
  OFF,
  PRECISE,
  RANGE,
  REF_OBJ_ID,
  REG_WORDS,
  TYPE,
  U32MAX,
  VALUE,
} from '../register.ts';
import {
  BASE_TYPE_MASK,
  NOT_INIT,
  PTR_TO_ARENA,
  PTR_TO_BUF,
  PTR_TO_INSN,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TO_TP_BUFFER,
  SCALAR_VALUE,
  STACK_DYNPTR,
  STACK_INVALID,
  STACK_IRQ_FLAG,
  STACK_ITER,
  STACK_MISC,
  STACK_SPILL,
  STACK_ZERO,
} from '../register-types.ts';
import { rangeWithin } from '../scalar/index.ts';
import type { State } from '../state.ts';
import { frameInsn } from './call-chain.ts';
import { idsMatch, resetIdMap, scalarIdsMatch } from './id-map.ts';
import type { SavedState } from './saved-state.ts';
import { UNKNOWN_SCALAR } from './unknown-scalar.ts';

/** The saved state is settled: what it does not need to be precise may differ. */
export const NOT_EXACT = 0;
/** Nothing may differ but ids. */
export const EXACT = 1;
/** Marks of the saved state are not final: all ranges of the current one must lie within its. */
export const RANGE_WITHIN = 2;
export type Exactness = typeof NOT_EXACT | typeof EXACT | typeof RANGE_WITHIN;

/** A difference is the number of the frame, and below this the register's number, or the slot's after the registers. */
const PLACES = 128;

export function statesEqual(env: Env, old: SavedState, current: State, exact: Exactness): boolean {
  const { length } = old.frames;
  if (length !== current.frames.length) return false;
  resetIdMap();
  // What told it from one state mostly tells it from the next too.
  if (old.difference >= 0) {
    if (!placeEqual(old, current, old.difference, exact)) return false;
    resetIdMap();
  }
  if (old.inSleepable !== current.inSleepable) return false;
  if (!heldEqual(old, current)) return false;
  for (let i = 0; i < length; i++) {
    const oldFrame = old.frames[i] as Frame; // below length
    const frame = current.frames[i] as Frame;
    if (oldFrame.callsite !== frame.callsite) return false;
    const live = env.facts.liveRegisters[frameInsn(old, i)] as number; // instructions are in range
    if (oldFrame.callbackDepth > frame.callbackDepth) return false;
    const place = differentPlace(oldFrame, frame, live, exact);
    if (place >= 0) {
      old.difference = i * PLACES + place;
      return false;
    }
  }
  return true;
}

/** One register or slot alone: what differs there differs whatever ids the rest have. */
function placeEqual(old: State, current: State, difference: number, exact: Exactness): boolean {
  const a = old.frames[Math.floor(difference / PLACES)];
  const b = current.frames[Math.floor(difference / PLACES)];
  if (a === undefined || b === undefined) return true;
  const place = difference % PLACES;
  if (place >= MAX_REGISTERS) return slotsEqual(a, b, place - MAX_REGISTERS, exact);
  return registersEqual(a.words, place * REG_WORDS, b.words, place * REG_WORDS, exact);
}

/** References, locks and regions. */
function heldEqual(old: State, current: State): boolean {
  const { references } = old;
  if (
    references.length !== current.references.length ||
    old.activeLocks !== current.activeLocks ||
    old.activePreemptLocks !== current.activePreemptLocks ||
    old.activeRcuLocks !== current.activeRcuLocks ||
    !idsMatch(old.activeIrqId, current.activeIrqId) ||
    !idsMatch(old.activeLockId, current.activeLockId) ||
    old.activeLockObject !== current.activeLockObject
  )
    return false;
  for (let i = 0; i < references.length; i++) {
    const a = references[i];
    const b = current.references[i];
    if (a === undefined || b === undefined) return false;
    if (!idsMatch(a.id, b.id) || a.kind !== b.kind || a.object !== b.object) return false;
  }
  return true;
}

/** @returns the number of the register, or MAX_REGISTERS and the number of the slot, that differs; -1 if none does */
function differentPlace(old: Frame, current: Frame, live: number, exact: Exactness): number {
  for (let register = 0, bits = live; bits !== 0; register++, bits >>>= 1)
    if (
      (bits & 1) !== 0 &&
      !registersEqual(old.words, register * REG_WORDS, current.words, register * REG_WORDS, exact)
    )
      return register;
  for (let slot = 0; slot < old.slots; slot++) if (!slotsEqual(old, current, slot, exact)) return MAX_REGISTERS + slot;
  return -1;
}

function registersEqual(o: Int32Array, r: number, n: Int32Array, s: number, exact: Exactness): boolean {
  if (exact === EXACT) return sameButIds(o, r, n, s);
  const type = o[r + TYPE] as number; // records lie within their arrays
  // What was not set was not read; but where marks are not final, it may still be.
  if (type === NOT_INIT && exact === NOT_EXACT) return true;
  if (type !== n[s + TYPE]) return false;
  switch (type & BASE_TYPE_MASK) {
    case SCALAR_VALUE: {
      if (exact === NOT_EXACT && o[r + PRECISE] === 0) return true;
      const oldId = o[r + ID] as number;
      const id = n[s + ID] as number;
      if (oldId !== 0 && (oldId & ADD_CONST) !== (id & ADD_CONST)) return false;
      if ((oldId & ADD_CONST) !== 0 && o[r + OFF] !== n[s + OFF]) return false;
      return within(o, r, n, s) && scalarIdsMatch(oldId & ~ADD_CONST, id & ~ADD_CONST);
    }
    case PTR_TO_MAP_KEY:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MEM:
    case PTR_TO_BUF:
    case PTR_TO_TP_BUFFER:
      return (
        sameFixedPart(o, r, n, s) &&
        within(o, r, n, s) &&
        idsMatch(o[r + ID] as number, n[s + ID] as number) &&
        idsMatch(o[r + REF_OBJ_ID] as number, n[s + REF_OBJ_ID] as number)
      );
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET:
      return (
        rangeReaches(o[r + RANGE] as number, n[s + RANGE] as number) &&
        o[r + OFF] === n[s + OFF] &&
        idsMatch(o[r + ID] as number, n[s + ID] as number) &&
        within(o, r, n, s)
      );
    case PTR_TO_STACK:
      return sameButIds(o, r, n, s) && o[r + FRAME] === n[s + FRAME];
    case PTR_TO_ARENA:
      return true;
    case PTR_TO_INSN:
      return sameFixedPart(o, r, n, s) && within(o, r, n, s);
    default:
      return sameButIds(o, r, n, s);
  }
}

/** Negative ones do not count bytes: they say that the pointer is at the packet's end, or behind it. */
const rangeReaches = (old: number, current: number): boolean =>
  old < 0 || current < 0 ? old === current : old <= current;

/** Type, offset and what the type adds. */
function sameFixedPart(o: Int32Array, r: number, n: Int32Array, s: number): boolean {
  if (o[r + TYPE] !== n[s + TYPE] || o[r + OFF] !== n[s + OFF]) return false;
  for (let i = BTF_ID; i <= ITER_DEPTH; i++) if (o[r + i] !== n[s + i]) return false;
  return true;
}

function sameRanges(o: Int32Array, r: number, n: Int32Array, s: number): boolean {
  for (let i = VALUE; i <= U32MAX; i++) if (o[r + i] !== n[s + i]) return false;
  return true;
}

/** The same, ids mapped. */
export function sameButIds(o: Int32Array, r: number, n: Int32Array, s: number): boolean {
  return (
    sameFixedPart(o, r, n, s) &&
    sameRanges(o, r, n, s) &&
    idsMatch(o[r + ID] as number, n[s + ID] as number) &&
    idsMatch(o[r + REF_OBJ_ID] as number, n[s + REF_OBJ_ID] as number)
  );
}

/** All values of the current register are values of the old one. */
function within(o: Int32Array, r: number, n: Int32Array, s: number): boolean {
  return (
    rangeWithin(o, r, n, s) &&
    knownBitsWithin(o, r + VALUE, n, s + VALUE) &&
    knownBitsWithin(o, r + VALUE + 1, n, s + VALUE + 1)
  );
}

/** One word of the value and its mask. */
function knownBitsWithin(o: Int32Array, v: number, n: Int32Array, u: number): boolean {
  const mask = o[v + MASK - VALUE] as number;
  return ((n[u + MASK - VALUE] as number) & ~mask) === 0 && ((n[u] as number) & ~mask) === o[v];
}

function slotsEqual(old: Frame, current: Frame, slot: number, exact: Exactness): boolean {
  const at = SLOTS_AT + slot * SLOT_WORDS;
  const o = old.words;
  const n = current.words;
  const low = o[at] as number; // the slot exists in the old frame
  const high = o[at + 1] as number;
  const exists = slot < current.slots;
  // Linux 6.18 wants the same types of bytes within loops too; later kernels do not.
  if (exact !== NOT_EXACT && (!exists || low !== n[at] || high !== n[at + 1])) return false;
  if (low === 0 && high === 0) return true; // STACK_INVALID throughout: nothing depends on it
  const record = at + SLOT_TYPE_WORDS;
  for (let byte = 7; byte >= 0; byte--) {
    const type = old.slotType(slot, byte);
    // Root may read what was never written, so that bytes of which nothing is known can be anything.
    if (type === STACK_INVALID || type === STACK_MISC) continue;
    if (!exists) return false;
    if (byte === 7 && type === STACK_SPILL && o[record + TYPE] === SCALAR_VALUE) {
      if (current.slotType(slot, 7) === STACK_SPILL) {
        if (n[record + TYPE] === SCALAR_VALUE) return registersEqual(o, record, n, record, exact);
      } else if (isUnknown(current, slot)) return registersEqual(o, record, UNKNOWN_SCALAR, 0, exact);
    }
    if (type !== current.slotType(slot, byte)) return false;
    if (byte === 0 && !contentsEqual(type, o, n, record, exact)) return false;
  }
  return true;
}

/** What is recorded for a slot, whose lowest byte has that type in both. */
function contentsEqual(type: number, o: Int32Array, n: Int32Array, record: number, exact: Exactness): boolean {
  switch (type) {
    case STACK_SPILL:
      return registersEqual(o, record, n, record, exact);
    case STACK_DYNPTR:
      return (
        o[record + DYNPTR_KIND] === n[record + DYNPTR_KIND] &&
        o[record + DYNPTR_FIRST] === n[record + DYNPTR_FIRST] &&
        idsMatch(o[record + REF_OBJ_ID] as number, n[record + REF_OBJ_ID] as number)
      );
    case STACK_ITER:
      // Depth may differ: it is kept only so that a loop over an iterator is not taken for an endless one.
      return (
        o[record + ITER_BTF] === n[record + ITER_BTF] &&
        o[record + ITER_BTF_ID] === n[record + ITER_BTF_ID] &&
        o[record + ITER_STATE] === n[record + ITER_STATE] &&
        idsMatch(o[record + REF_OBJ_ID] as number, n[record + REF_OBJ_ID] as number)
      );
    case STACK_IRQ_FLAG:
      return (
        idsMatch(o[record + REF_OBJ_ID] as number, n[record + REF_OBJ_ID] as number) &&
        o[record + IRQ_CLASS] === n[record + IRQ_CLASS]
      );
    case STACK_ZERO:
      return true;
    default:
      return false;
  }
}

/** Nothing is known of any byte: reading all gives an unknown scalar. */
function isUnknown(frame: Frame, slot: number): boolean {
  for (let byte = 0; byte < 8; byte++) {
    const type = frame.slotType(slot, byte);
    if (type !== STACK_MISC && type !== STACK_INVALID) return false;
  }
  return true;
}

/** Cheaper and stricter than statesEqual(): the registers of the innermost frame are the same, ids too. */
export function mayLoop(old: State, current: State): boolean {
  if (old.frames.length !== current.frames.length) return false;
  const o = old.frame.words;
  const n = current.frame.words;
  for (let r = 0; r < SLOTS_AT; r += REG_WORDS) {
    for (let i = TYPE; i < FRAME; i++) if (o[r + i] !== n[r + i]) return false;
    if (!sameRanges(o, r, n, r)) return false;
  }
  return true;
}
