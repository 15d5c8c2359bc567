/**
 * Memory for states: arrays are carved from large chunks, those of frames by how many slots they hold, and used again
 * when their state goes. A walk makes and drops a copy of the frames at every branch.
 *
 * One walk after another has the same memory: most programs are verified in less time than it takes to get it anew.
 */
import { Frame, MAX_SLOTS, SLOT_WORDS, SLOTS_AT } from '../frame.ts';

/** Slots by which sizes grow. */
const STEP = 4;
const SMALLEST_CHUNK = 1 << 14;
const LARGEST_CHUNK = 1 << 20;
/** Words of frames that are kept for the next walk. */
const KEPT_WORDS = 1 << 22;

/** Arrays carved from chunks, one after the other, until all are given up together. */
class Chunks {
  #current = new Int32Array(0);
  #used = 0;
  #size = SMALLEST_CHUNK;

  carve(words: number): Int32Array {
    if (this.#used + words > this.#current.length) {
      this.#current = new Int32Array(Math.max(this.#size, words));
      this.#used = 0;
      this.#size = Math.min(this.#size * 2, LARGEST_CHUNK);
    }
    this.#used += words;
    return this.#current.subarray(this.#used - words, this.#used);
  }

  /** All that was carved is carved again. */
  reset(): void {
    this.#used = 0;
  }
}

const sizeOf = (slots: number): number => Math.ceil(slots / STEP);
const wordsOf = (size: number): number => SLOTS_AT + size * STEP * SLOT_WORDS;

export class FramePool {
  /** By sizeOf(). */
  readonly #free: Frame[][] = Array.from({ length: sizeOf(MAX_SLOTS) + 1 }, () => []);
  /** Those that this walk has or had, each once: the rest need not be looked at when it ends. */
  readonly #lent: Frame[] = [];
  /** Words of all frames that there are. */
  #words = 0;
  readonly #frames = new Chunks();
  readonly #histories = new Chunks();

  /** A frame with room for so many slots, whose contents are arbitrary. */
  take(slots: number): Frame {
    const size = sizeOf(slots);
    const frame = this.#free[size]?.pop() ?? this.#make(wordsOf(size));
    frame.isFree = false;
    if (!frame.wasLent) {
      frame.wasLent = true;
      this.#lent.push(frame);
    }
    return frame;
  }

  /** Takes a frame back that nothing refers to any more. */
  give(frame: Frame): void {
    frame.isFree = true;
    this.#free[Math.floor((frame.words.length - SLOTS_AT) / (STEP * SLOT_WORDS))]?.push(frame);
  }

  /** An array for the jump history of a saved state; its contents are arbitrary. */
  takeHistory(words: number): Int32Array {
    return this.#histories.carve(words);
  }

  /** Takes everything back. */
  reset(): void {
    const isTooMuch = this.#words > KEPT_WORDS;
    if (isTooMuch) {
      this.#words = 0;
      for (const free of this.#free) free.length = 0;
    }
    for (const frame of this.#lent) {
      frame.wasLent = false;
      frame.callbackReturnRange = undefined;
      if (!isTooMuch) {
        if (!frame.isFree) this.give(frame);
      } else if (this.#words < KEPT_WORDS) {
        this.#words += frame.words.length;
        this.give(frame);
      }
    }
    this.#lent.length = 0;
    this.#histories.reset();
  }

  #make(words: number): Frame {
    this.#words += words;
    return new Frame(this.#frames.carve(words));
  }
}

/** That of the walk before, if it has ended. */
let idle: FramePool | undefined;

export function borrowFrames(): FramePool {
  const pool = idle ?? new FramePool();
  idle = undefined;
  return pool;
}

/** @param pool whose frames nothing refers to any more */
export function returnFrames(pool: FramePool): void {
  pool.reset();
  idle = pool;
}
