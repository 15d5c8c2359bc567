/**
 * Time, chance and processors of the embedded kernel: what a JavaScript engine has of them. Whoever knows more of the
 * machine (Node, a test that wants the same answer each time) gives a Machine of its own.
 */
import type { Machine } from './runtime.ts';

const NS_PER_MS = 1e6;
const WORD = 2 ** 32;

/** Writes a number of nanoseconds as [low, high] words. */
export function writeNanoseconds(nanoseconds: number, into: Uint32Array): void {
  into[0] = nanoseconds >>> 0;
  into[1] = Math.floor(nanoseconds / WORD);
}

/** @param possibleCpus how many CPUs per-CPU maps have room for; programs run on CPU 0 */
export function engineMachine(possibleCpus = 1): Machine {
  return {
    monotonic: (into) => writeNanoseconds(Math.floor(performance.now() * NS_PER_MS), into),
    bootOffset: 0n,
    random: () => Math.floor(Math.random() * WORD),
    possibleCpus,
  };
}
