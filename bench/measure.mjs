/** What the parts of the benchmark measure with: engines take turns, so that a busy moment of the machine meets all of them. */

/** Why a part cannot be measured here. */
export class Skip extends Error {}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Milliseconds that the action takes. */
export async function milliseconds(action) {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

/**
 * Lets the engines take turns.
 * @param engines name -> function that does its work once and returns its cost (any unit)
 * @returns name -> median cost, of the rounds after the warm-ups
 */
export async function takeTurns(engines, { rounds = 9, warmUps = 2 } = {}) {
  const names = Object.keys(engines);
  const costs = new Map(names.map((name) => [name, []]));
  for (let round = -warmUps; round < rounds; round += 1) {
    // Another one begins each round: what runs after a heavy engine inherits its garbage.
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(turn + round + warmUps) % names.length];
      const cost = await engines[name]();
      if (round >= 0) costs.get(name).push(cost);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(costs.get(name))]));
}
