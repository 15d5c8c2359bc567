/** The machine that this process runs on, as the embedded kernel wants to know it: its clocks, chance and processors. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { countCpus, POSSIBLE_CPUS } from '../cpu-list.ts';
import { type Machine, writeNanoseconds } from '../embedded/index.ts';

const NS_PER_SECOND = 1e9;
const WORD = 2 ** 32;

export function nodeMachine(): Machine {
  return {
    monotonic: (into) => {
      // CLOCK_MONOTONIC. Exact up to 2^53 nanoseconds, which are 104 days; later to the next even one.
      const [seconds, nanoseconds] = process.hrtime();
      writeNanoseconds(seconds * NS_PER_SECOND + nanoseconds, into);
    },
    bootOffset: bootOffset(),
    random: () => Math.floor(Math.random() * WORD),
    possibleCpus: possibleCpus(),
  };
}

/** The time that the machine was suspended, to a hundredth of a second; 0 where it is not told. */
function bootOffset(): bigint {
  const text = read('/proc/uptime');
  if (text === undefined) return 0n;
  const sinceBoot = BigInt(Math.round(Number.parseFloat(text) * 100)) * 10_000_000n;
  const offset = sinceBoot - process.hrtime.bigint();
  // Within what both clocks' readings and the rounding differ by, it was never suspended.
  return offset < 100_000_000n ? 0n : offset;
}

function possibleCpus(): number {
  const list = read(POSSIBLE_CPUS);
  return list === undefined ? availableParallelism() : countCpus(list.trim());
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Not Linux, or hidden.
    return undefined;
  }
}
