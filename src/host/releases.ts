/**
 * What has to be undone if a job of several steps fails half-way: released in the reverse order, once.
 */
export class Releases {
  readonly #steps: (() => void)[] = [];

  add(step: () => void): void {
    this.#steps.push(step);
  }

  /** Gives up the list without running it. */
  forget(): void {
    this.#steps.length = 0;
  }

  /** Runs every step, also after one has failed. @throws what the first failing step threw */
  release(): void {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
