import { describe, expect, it } from 'vitest';
import { LinearMemory } from '../../../src/embedded/memory/linear-memory.ts';
import { HEAP_START } from '../../../src/embedded/memory/places.ts';

const nothing = { release_fields: () => {}, lookup: () => 0, update: () => 0, remove: () => 0, wake: () => {} };

/** Numbers that are the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state;
  }
}

describe('the allocator', () => {
  it('gives zeroed memory that overlaps nothing, whatever was freed before', () => {
    const memory = new LinearMemory(nothing);
    const random = numbers(7);
    const live = new Map<number, { readonly size: number; readonly mark: number }>();
    for (let step = 0; step < 20_000; step += 1) {
      if (live.size > 300 || (live.size > 0 && random.next().value % 3 === 0)) {
        const [offset, { size, mark }] = [...live][random.next().value % live.size] ?? [0, { size: 0, mark: 0 }];
        const bytes = memory.u8.subarray(offset, offset + size);
        if (bytes.some((byte) => byte !== mark)) throw new Error(`${size} bytes at ${offset} were written over`);
        memory.free(offset);
        live.delete(offset);
        continue;
      }
      const size = 1 + (random.next().value % (step % 10 === 0 ? 40_000 : 3000));
      const offset = memory.allocate(size);
      expect(offset % (size >= 4096 ? 4096 : 8)).toBe(0);
      expect(offset).toBeGreaterThanOrEqual(HEAP_START);
      const bytes = memory.u8.subarray(offset, offset + size);
      if (bytes.some((byte) => byte !== 0)) throw new Error(`${size} bytes at ${offset} are not zero`);
      const mark = 1 + (step % 255);
      bytes.fill(mark);
      live.set(offset, { size, mark });
    }
  });

  it('uses what was freed again, large pieces joined with their neighbours', () => {
    const memory = new LinearMemory(nothing);
    const pieces = Array.from({ length: 64 }, () => memory.allocate(1 << 20));
    const size = memory.wasm.buffer.byteLength;
    for (const index of [...pieces.keys()].sort((a, b) => (a % 7) - (b % 7))) memory.free(pieces[index] ?? 0);
    expect(memory.allocate(64 << 20)).toBe(pieces[0]);
    expect(memory.wasm.buffer.byteLength).toBe(size);
  });

  it('keeps views right when the memory grows', () => {
    const memory = new LinearMemory(nothing);
    const offset = memory.allocate(8);
    memory.u32[offset / 4] = 0x01020304;
    const before = memory.u8;
    memory.allocate(32 << 20);
    expect(before.length).toBe(0);
    expect(memory.u8[offset]).toBe(4);
    expect(memory.i32[offset / 4]).toBe(0x01020304);
    expect(memory.view.getUint8(offset + 3)).toBe(1);
  });

  it('says ENOMEM when 2 GiB are used up, and has room again after', () => {
    const memory = new LinearMemory(nothing);
    const pieces: number[] = [];
    expect(() => {
      for (;;) pieces.push(memory.allocate(1 << 28));
    }).toThrow(expect.objectContaining({ code: 'refused', errno: 12 }));
    expect(pieces.length).toBe(7);
    memory.free(pieces.pop() ?? 0);
    expect(memory.allocate(1 << 28)).toBeGreaterThan(2 ** 28);
  });

  it('does not free what it did not give', () => {
    const memory = new LinearMemory(nothing);
    const large = memory.allocate(8192);
    expect(() => memory.free(large + 4096)).toThrow(RangeError);
    expect(() => memory.free(0x2000)).toThrow(RangeError);
  });
});
