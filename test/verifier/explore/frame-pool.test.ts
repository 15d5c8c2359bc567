import { describe, expect, it } from 'vitest';
import { FramePool } from '../../../src/verifier/explore/frame-pool.ts';
import { MAX_SLOTS, SLOT_WORDS, SLOTS_AT } from '../../../src/verifier/frame.ts';

describe('FramePool', () => {
  it.each([0, 1, 4, 5, 63, MAX_SLOTS])('gives room for %i slots', (slots) => {
    const pool = new FramePool();
    expect(pool.take(slots).words.length).toBeGreaterThanOrEqual(SLOTS_AT + slots * SLOT_WORDS);
  });

  it('gives no two frames the same memory while both are used', () => {
    const pool = new FramePool();
    const frames = Array.from({ length: 100 }, (_, i) => pool.take(i % (MAX_SLOTS + 1)));
    frames.forEach((frame, i) => {
      frame.words.fill(i);
    });
    frames.forEach((frame, i) => {
      expect(frame.words.every((word) => word === i)).toBe(true);
    });
  });

  it('uses again what was given back, for frames of that size', () => {
    const pool = new FramePool();
    const frame = pool.take(8);
    pool.give(frame);
    expect(pool.take(40)).not.toBe(frame);
    expect(pool.take(7)).toBe(frame);
  });
});
