import { expect, test } from 'vitest';
import { Btf, BtfBuilder, parseBtfExt, printC, printRaw, typeName } from '../../src/btf/index.ts';
import { BpfiterError } from '../../src/errors.ts';
import { sample, sampleBytes } from './sample.ts';

/** Runs the action; anything that it throws but a BpfiterError fails the test. Returns whether it went well. */
function survives(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (!(error instanceof BpfiterError)) throw error;
    expect(error.message).not.toContain('\n');
    return false;
  }
}

/** Everything that can be asked of a blob. */
function exercise(btf: Btf): void {
  for (let id = 0; id <= btf.endId; id++) {
    survives(() => btf.type(id));
    survives(() => typeName(btf, id));
    survives(() => btf.sizeOfType(id));
    survives(() => btf.alignmentOf(id));
    survives(() => btf.member(id, 'ratio'));
    survives(() => btf.skipModifiersAndTypedefs(id));
    survives(() => printC(btf, { ids: [id] }));
    survives(() => new BtfBuilder().addFrom(btf, id));
  }
  survives(() => btf.pointerSize);
  survives(() => btf.find('task', 'struct'));
  survives(() => btf.findEssential('header'));
  survives(() => printRaw(btf));
  survives(() => printC(btf));
}

/** Deterministic, so that a failure can be repeated (xorshift32). */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

test.each([true, false])('a blob cut short anywhere is refused (little-endian: %s)', (littleEndian) => {
  const bytes = sampleBytes({ littleEndian });
  for (let length = 0; length < bytes.length; length++) {
    expect(survives(() => Btf.parse(bytes.subarray(0, length)))).toBe(false);
  }
  expect(survives(() => Btf.parse(bytes))).toBe(true);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])('changed bytes never do more than make an error (%i at a time)', (changes) => {
  const original = sampleBytes();
  const next = random(0x1234567 * changes);
  let parsed = 0;
  for (let round = 0; round < 60; round++) {
    const bytes = original.slice();
    for (let change = 0; change < changes; change++) {
      const at = next(bytes.length);
      // Small numbers make other types of what is there; large ones point out of bounds.
      bytes[at] = next(3) === 0 ? next(256) : next(64);
    }
    if (survives(() => exercise(Btf.parse(bytes)))) parsed++;
  }
  expect(parsed).toBeGreaterThan(0);
});

test('references changed at random never do more than make an error', () => {
  const original = sampleBytes();
  const typeLength = new DataView(original.buffer).getUint32(12, true);
  const next = random(99);
  let parsed = 0;
  for (let round = 0; round < 150; round++) {
    const bytes = original.slice();
    const view = new DataView(bytes.buffer);
    for (let change = 0; change < 12; change++) view.setUint32(24 + next(typeLength / 4) * 4, next(60), true);
    if (survives(() => exercise(Btf.parse(bytes)))) parsed++;
  }
  expect(parsed).toBeGreaterThan(0);
});

test('changed bytes in .BTF.ext never do more than make an error', () => {
  const btf = sample();
  const words = [0x1eb9f, 32, 0, 20, 20, 28, 48, 28, 8, 5, 1, 0, 60, 16, 5, 1, 0, 5, 5, 1024, 16, 5, 1, 0, 3, 5, 0];
  const original = new Uint8Array(new Uint32Array(words).buffer);
  expect(parseBtfExt(original, btf).coreRelocations).toHaveLength(1);
  const next = random(7);
  for (let round = 0; round < 3000; round++) {
    const bytes = original.slice(0, next(4) === 0 ? next(original.length) : original.length);
    for (let change = 0; change < 2 && bytes.length > 0; change++) bytes[next(bytes.length)] = next(256);
    survives(() => parseBtfExt(bytes, btf));
  }
});
