/**
 * Comparisons of packet pointers with the packet's end: what lies between the start and a pointer that is found not to
 * be beyond the end may be accessed. The same for metadata, which ends where the packet begins.
 * After find_good_pkt_pointers() and try_match_pkt_pointers() of kernel/bpf/verifier.c (Linux 6.18).
 */
import { BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT } from '../../isa/index.ts';
import { MAX_REGISTERS } from '../frame.ts';
import { ID, OFF, RANGE, REG_WORDS, TYPE, UMAX, VALUE } from '../register.ts';
import { PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_PACKET_META, STACK_SPILL } from '../register-types.ts';
import type { State } from '../state.ts';
import { uword, word } from './int64.ts';
import { AT_PACKET_END, BEYOND_PACKET_END, flipped } from './predict.ts';
import { tnumEqualsConst } from './tnum.ts';

const MAX_PACKET_OFFSET = 0xffff;

/**
 * Learns from a comparison of two registers of the current frame.
 * @param stay state where the jump is not taken
 * @param jump state where it is
 */
export function learnPacketRange(op: number, dst: number, src: number, stay: State, jump: State): void {
  const w = stay.frame.words;
  const d = dst * REG_WORDS;
  const s = src * REG_WORDS;
  if (endsAt(w, d, s)) learn(op, dst, stay, jump);
  else if (endsAt(w, s, d)) learn(flipped(op), src, stay, jump);
}

/** Whether e is where what p points into ends. */
function endsAt(w: Int32Array, p: number, e: number): boolean {
  if (w[p + TYPE] === PTR_TO_PACKET) return w[e + TYPE] === PTR_TO_PACKET_END;
  return w[p + TYPE] === PTR_TO_PACKET_META && isPacketStart(w, e);
}

const isPacketStart = (w: Int32Array, r: number): boolean =>
  w[r + TYPE] === PTR_TO_PACKET && w[r + ID] === 0 && w[r + OFF] === 0 && tnumEqualsConst(w, r + VALUE, 0, 0);

/** `pointer op end` */
function learn(op: number, pointer: number, stay: State, jump: State): void {
  switch (op) {
    case BPF_JGT:
      markReachable(stay, pointer, false);
      markEnd(jump, pointer, true);
      break;
    case BPF_JGE:
      markReachable(stay, pointer, true);
      markEnd(jump, pointer, false);
      break;
    case BPF_JLT:
      markReachable(jump, pointer, true);
      markEnd(stay, pointer, false);
      break;
    case BPF_JLE:
      markReachable(jump, pointer, false);
      markEnd(stay, pointer, true);
      break;
  }
}

/** The pointer is at the end or, if `beyond`, at least a byte behind it. */
function markEnd(state: State, register: number, beyond: boolean): void {
  const { words } = state.frame;
  const r = register * REG_WORDS;
  if (words[r + TYPE] === PTR_TO_PACKET) words[r + RANGE] = beyond ? BEYOND_PACKET_END : AT_PACKET_END;
}

/** The pointer is not behind the end or, if `strictly`, before it: all of its id may reach so far. */
function markReachable(state: State, register: number, strictly: boolean): void {
  const { words } = state.frame;
  const p = register * REG_WORDS;
  const offset = word(words, p + OFF);
  if (offset < 0 || (offset === 0 && strictly)) return;
  // What is farther might have wrapped around.
  if (words[p + UMAX + 1] !== 0 || uword(words, p + UMAX) + offset > MAX_PACKET_OFFSET) return;
  const range = strictly ? offset + 1 : offset;
  const type = word(words, p + TYPE);
  const id = word(words, p + ID);
  for (const frame of state.frames) {
    for (let register = 0; register < MAX_REGISTERS; register++)
      raiseRange(frame.words, register * REG_WORDS, type, id, range);
    for (let slot = 0; slot < frame.slots; slot++)
      if (frame.slotType(slot, 0) === STACK_SPILL) raiseRange(frame.words, frame.spilled(slot), type, id, range);
  }
}

function raiseRange(w: Int32Array, r: number, type: number, id: number, range: number): void {
  if (w[r + TYPE] === type && w[r + ID] === id && word(w, r + RANGE) < range) w[r + RANGE] = range;
}
