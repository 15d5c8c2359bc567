/**
 * Scalars that share an id are copies of one value, or lie at a known distance from it (ADD_CONST): what a comparison
 * tells of one of them holds for the others.
 * After collect_linked_regs() and sync_linked_regs() of kernel/bpf/verifier.c (Linux 6.18).
 */
import type { Env } from '../environment.ts';
import { frameInsn } from '../explore/index.ts';
import { type Frame, MAX_REGISTERS } from '../frame.ts';
import {
  LINKED_REGS_MAX,
  linkedFrame,
  linkedIndex,
  linkedIsRegister,
  linkedRegister,
  linkedSlot,
} from '../jump-history.ts';
import { ADD_CONST, ADD_CONST32, copyRegister, ID, OFF, REG_WORDS, SUBREG_DEF, TYPE } from '../register.ts';
import { SCALAR_VALUE, STACK_SPILL } from '../register-types.ts';
import type { State } from '../state.ts';
import { addScalar } from './arithmetic.ts';
import { syncBounds } from './bounds.ts';
import { word } from './int64.ts';
import { forgetId } from './moves.ts';
import { zeroExtend32 } from './narrow.ts';
import { setKnownValue } from './values.ts';

/** Registers and slots of a state, as records of the jump history. */
export class LinkedRegisters {
  readonly records = new Int32Array(LINKED_REGS_MAX);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  /** Adds the live registers and the slots of an id; where there are too many, the rest are no longer tied to them. */
  collect(env: Env, id: number): void {
    const { state } = env;
    const base = id & ~ADD_CONST;
    for (let i = state.current; i >= 0; i--) {
      const frame = state.frames[i] as Frame; // in range
      const live = env.facts.liveRegisters[frameInsn(state, i)] as number; // instructions are in range
      for (let register = 0; register < MAX_REGISTERS - 1; register++)
        if ((live & (1 << register)) !== 0)
          this.#add(frame.words, register * REG_WORDS, base, linkedRegister(i, register));
      for (let slot = 0; slot < frame.slots; slot++)
        if (frame.slotType(slot, 0) === STACK_SPILL)
          this.#add(frame.words, frame.spilled(slot), base, linkedSlot(i, slot));
    }
  }

  #add(w: Int32Array, r: number, base: number, record: number): void {
    if (w[r + TYPE] !== SCALAR_VALUE || (word(w, r + ID) & ~ADD_CONST) !== base) return;
    if (this.count < LINKED_REGS_MAX) {
      this.records[this.count] = record;
      this.count += 1;
    } else forgetId(w, r);
  }

  /** Carries what is known of a scalar of the state to the others of its id. */
  sync(state: State, w: Int32Array, known: number): void {
    const id = word(w, known + ID);
    for (let i = 0; i < this.count; i++) {
      const record = word(this.records, i);
      const frame = state.frames[linkedFrame(record)] as Frame; // copies of a state have its frames
      const index = linkedIndex(record);
      const v = frame.words;
      const r = linkedIsRegister(record) ? index * REG_WORDS : frame.spilled(index);
      const other = word(v, r + ID);
      if (v[r + TYPE] !== SCALAR_VALUE || (v === w && r === known) || ((other ^ id) & ~ADD_CONST) !== 0) continue;
      // One moved by 32-bit arithmetic and one by 64-bit are at no fixed distance.
      if (((other ^ id) & ADD_CONST) === ADD_CONST) continue;
      follow(v, r, w, known);
    }
  }
}

const distance = new Int32Array(REG_WORDS);

/** v[r] becomes w[known] plus the distance between them. */
function follow(v: Int32Array, r: number, w: Int32Array, known: number): void {
  const id = word(v, r + ID);
  const off = word(v, r + OFF);
  const subregDef = word(v, r + SUBREG_DEF);
  const knownId = word(w, known + ID);
  const delta = off - word(w, known + OFF);
  copyRegister(v, r, w, known);
  v[r + SUBREG_DEF] = subregDef;
  if (((id | knownId) & ADD_CONST) === 0 || delta === 0) return;
  v[r + OFF] = off;
  v[r + ID] = id;
  setKnownValue(distance, 0, delta | 0, Math.floor(delta / 0x1_0000_0000));
  addScalar(v, r, distance, 0);
  if (((id | knownId) & ADD_CONST32) !== 0) zeroExtend32(v, r);
  syncBounds(v, r);
}
