/**
 * What is to run later, timers and workqueues: on the event loop of the host when its time comes, or at the end of a run
 * if it came by then, as Linux serves them when it leaves the program.
 *
 * Event loops count milliseconds in 31 bits and take a longer wait for none, so long ones are waited for in parts.
 */

/** Milliseconds; more than setTimeout() can. */
const LONGEST_WAIT = 0x7fffffff;

interface LaterCall {
  /** Milliseconds of performance.now(). */
  readonly at: number;
  readonly action: () => void;
  timeout: ReturnType<typeof setTimeout> | undefined;
}

export class LaterCalls {
  readonly #calls = new Set<LaterCall>();

  /** @returns what cancels it */
  add(delayNs: number, action: () => void): () => void {
    const call: LaterCall = { at: performance.now() + delayNs / 1e6, action, timeout: undefined };
    this.#calls.add(call);
    this.#wait(call);
    return () => this.#take(call);
  }

  /** Runs what is due, in the order in which it became so; not what that starts anew, which might have no end. */
  runDue(): void {
    if (this.#calls.size === 0) return;
    const now = performance.now();
    const due = [...this.#calls].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    for (const call of due) {
      if (this.#take(call)) call.action();
    }
  }

  clear(): void {
    for (const call of this.#calls) this.#take(call);
  }

  #wait(call: LaterCall): void {
    const milliseconds = Math.max(0, Math.ceil(call.at - performance.now()));
    call.timeout = setTimeout(
      () => {
        if (milliseconds > LONGEST_WAIT) this.#wait(call);
        else if (this.#take(call)) call.action();
      },
      Math.min(milliseconds, LONGEST_WAIT),
    );
  }

  /** @returns false if it has run or was cancelled */
  #take(call: LaterCall): boolean {
    clearTimeout(call.timeout);
    return this.#calls.delete(call);
  }
}
