/** Walking over the registers of a state, and what pointer types say about trust. */
import { MAX_REGISTERS } from '../frame.ts';
import { REG_WORDS } from '../register.ts';
import {
  BASE_TYPE_MASK,
  CONST_PTR_TO_MAP,
  MEM_ALLOC,
  NON_OWN_REF,
  PTR_TO_BTF_ID,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TRUSTED,
  STACK_SPILL,
} from '../register-types.ts';
import type { State } from '../state.ts';

export const SPILLED = 1 << STACK_SPILL;

const TRUSTED_FLAGS = MEM_ALLOC | PTR_TRUSTED | NON_OWN_REF;

/**
 * Calls `visit` for each register of each frame, and for each record on the stack of a slot of the kinds in `slots`
 * (a bit for each STACK_*).
 */
export function eachRegister(state: State, visit: (w: Int32Array, r: number) => void, slots: number = SPILLED): void {
  for (const frame of state.frames) {
    const { words } = frame;
    for (let register = 0; register < MAX_REGISTERS; register++) visit(words, register * REG_WORDS);
    for (let slot = 0; slot < frame.slots; slot++)
      if (((1 << frame.slotType(slot, 0)) & slots) !== 0) visit(words, frame.spilled(slot));
  }
}

/** Kernel structs behind register types that have no BTF id themselves. */
const STRUCT_OF_TYPE: ReadonlyMap<number, string> = new Map([
  [PTR_TO_SOCKET, 'sock'],
  [PTR_TO_SOCK_COMMON, 'sock_common'],
  [PTR_TO_TCP_SOCK, 'tcp_sock'],
  [CONST_PTR_TO_MAP, 'bpf_map'],
]);

/** @returns undefined for other types than sockets and maps */
export const structOfType = (type: number): string | undefined => STRUCT_OF_TYPE.get(type & BASE_TYPE_MASK);

/** The flags that make a pointer trustworthy. */
export const trustedFlags = (type: number): number => type & TRUSTED_FLAGS;

/** An object that the program allocated. */
export const isAllocated = (type: number): boolean =>
  (type & BASE_TYPE_MASK) === PTR_TO_BTF_ID && (type & MEM_ALLOC) !== 0;

export const isNonOwning = (type: number): boolean => isAllocated(type) && (type & NON_OWN_REF) !== 0;
