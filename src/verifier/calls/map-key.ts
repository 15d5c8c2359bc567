/**
 * Keys of arrays that are known: an element within the array is never NULL.
 * After get_constant_map_key() of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { markPreciseStackSlot } from '../explore/index.ts';
import { FRAME, MASK, OFF, TYPE, VALUE } from '../register.ts';
import { PTR_TO_STACK, SCALAR_VALUE, STACK_SPILL, STACK_ZERO } from '../register-types.ts';
import { hasKnownValue } from '../scalar/index.ts';
import { NO_KEY } from './call.ts';

const SLOT_BYTES = 8;
const TWO_32 = 0x1_0000_0000;

/**
 * @param regno pointer to the key, whose bytes may be read
 * @returns the key, NO_KEY if it is not known or cannot be an index
 */
export function constantKey(env: Env, regno: number, keySize: number): number {
  const { frame, state } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (w[r + TYPE] !== PTR_TO_STACK || !hasKnownValue(w, r)) return NO_KEY;
  const target = state.frames[w[r + FRAME] as number];
  if (target === undefined) throw new RangeError(`register refers to frame ${w[r + FRAME]}, which does not exist`);
  const off = (w[r + OFF] as number) + (w[r + VALUE] as number);
  const slot = (-off - 1) >> 3;
  const first = off & (SLOT_BYTES - 1);
  // Only bytes of the one slot count; a key that goes on into the next is not known.
  const countFrom = (type: number): number => {
    let byte = first;
    while (byte < SLOT_BYTES && target.slotType(slot, byte) === type) byte += 1;
    return byte - first;
  };
  if (countFrom(STACK_ZERO) >= keySize) return 0;
  const at = target.spilled(slot);
  const { words } = target;
  if (target.slotType(slot, 0) !== STACK_SPILL || words[at + TYPE] !== SCALAR_VALUE) return NO_KEY;
  if (countFrom(STACK_SPILL) !== keySize) return NO_KEY;
  if (words[at + MASK] !== 0 || words[at + MASK + 1] !== 0) return NO_KEY;
  markPreciseStackSlot(env, target.frameNumber, slot);
  const key = (words[at + VALUE + 1] as number) * TWO_32 + ((words[at + VALUE] as number) >>> 0); // within the record
  return key < 0 ? NO_KEY : key;
}
