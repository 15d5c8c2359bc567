/**
 * Memory for frames of states that are kept: arrays are carved from large chunks by how many slots they hold, and used
 * again when their state goes. A walk makes and drops a copy of the frames at every branch.
 */
import { Frame, MAX_SLOTS, SLOT_WORDS, SLOTS_AT } from '../frame.ts';

/** Slots by which sizes grow. */
const STEP = 4;
const SMALLEST_CHUNK = 1 << 14;
const LARGEST_CHUNK = 1 << 20;

export class FramePool {
  /** Index: slots / STEP. */
  readonly #free: Frame[][] = Array.from({ length: MAX_SLOTS / STEP + 1 }, () => []);
  #chunk = new Int32Array(0);
  #used = 0;
  #chunkWords = SMALLEST_CHUNK;

  /** A frame with room for so many slots, whose contents are arbitrary. */
  take(slots: number): Frame {
    const size = Math.ceil(slots / STEP);
    return this.#free[size]?.pop() ?? new Frame(this.#carve(SLOTS_AT + size * STEP * SLOT_WORDS));
  }

  /** Takes a frame back that nothing refers to any more. */
  give(frame: Frame): void {
    this.#free[Math.floor((frame.words.length - SLOTS_AT) / (STEP * SLOT_WORDS))]?.push(frame);
  }

  #carve(words: number): Int32Array {
    if (this.#used + words > this.#chunk.length) {
      this.#chunk = new Int32Array(this.#chunkWords);
      this.#used = 0;
      this.#chunkWords = Math.min(this.#chunkWords * 2, LARGEST_CHUNK);
    }
    this.#used += words;
    return this.#chunk.subarray(this.#used - words, this.#used);
  }
}
