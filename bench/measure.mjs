/** What the parts of the benchmark measure with: engines take turns, so that a busy moment of the machine meets all of them. */

/** Why a part cannot be measured here. */
export class Skip extends Error {}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const lowest = (values) => Math.min(...values);

/** Milliseconds that the action takes. */
export async function milliseconds(action) {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

/** Another order each round: no engine always follows the same other one. */
function shuffled(names) {
  return names
    .map((name) => ({ name, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ name }) => name);
}

/** Milliseconds. */
const SETTLE = 30;

/**
 * Lets the engines take turns.
 * @param engines name -> function that does its work once and returns its cost (any unit)
 * @param options choose: which of an engine's costs counts; `lowest` where turns are so short that some are not disturbed
 * @returns name -> that cost, of the rounds after the warm-ups
 */
export async function takeTurns(engines, { rounds = 15, warmUps = 2, choose = median } = {}) {
  const names = Object.keys(engines);
  const costs = new Map(names.map((name) => [name, []]));
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const name of shuffled(names)) {
      // What an engine leaves behind (garbage, threads that wind down) is not to be the next one's cost.
      await new Promise((resolve) => setTimeout(resolve, SETTLE));
      const cost = await engines[name]();
      if (round >= 0) costs.get(name).push(cost);
    }
  }
  return Object.fromEntries(names.map((name) => [name, choose(costs.get(name))]));
}
