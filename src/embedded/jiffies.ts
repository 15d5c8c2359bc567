/** The clock of the embedded kernel that ticks: 1000 times a second, as its configuration says (CONFIG_HZ). */
import type { Machine } from './runtime.ts';

export const HZ = 1000;
const NS_PER_TICK = 1e9 / HZ;
const WORD = 0x1_0000_0000;
/** As in Linux, so that what cannot stand the overflow of 32 bits fails soon: five minutes after the start. */
const INITIAL_JIFFIES = WORD - 300 * HZ;

const words = new Uint32Array(2);

export function jiffies(machine: Machine): number {
  machine.monotonic(words);
  const [low = 0, high = 0] = words;
  return INITIAL_JIFFIES + Math.floor((high * WORD + low) / NS_PER_TICK);
}
