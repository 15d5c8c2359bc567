import { describe, expect, it } from 'vitest';
import { BpfiterError } from '../../src/errors.ts';
import { link, openObject } from '../../src/object/index.ts';
import { fixtureBytes } from './fixture.ts';
import { kernel } from './kernel.ts';

const FIXTURES = [
  'maps',
  'globals',
  'subprograms',
  'externs',
  'poisoned',
  'exceptions',
  'contexts',
  'arena',
  'globals_big',
];
const target = kernel({
  symbols: { schedule: 1n },
  kconfig: { CONFIG_HZ: '1', CONFIG_IPV6: 'y' },
  lacks: ['arg-ctx-tag'],
});

/** A small generator of numbers (xorshift), so that a failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Opens and links. @returns the error that is no BpfiterError, if any */
function unexpected(bytes: Uint8Array): unknown {
  try {
    link(openObject(bytes), target);
  } catch (error) {
    if (!(error instanceof BpfiterError)) return error;
    if (error.message.includes('\n')) return new Error(`more than one line: ${error.message}`);
  }
  return undefined;
}

describe('a damaged object', () => {
  it.each(FIXTURES)("made of '%s' by changing bytes gives one clear line or works", (name) => {
    const intact = fixtureBytes(name);
    const random = numbers(name.length * 7919);
    for (let round = 0; round < 150; round++) {
      const bytes = intact.slice();
      for (let change = 0; change <= random(4); change++) {
        const at = random(bytes.length);
        bytes[at] = random(2) === 0 ? random(256) : (bytes[at] ?? 0) ^ (1 << random(8));
      }
      expect(unexpected(bytes)).toBeUndefined();
    }
  });

  it.each(FIXTURES)("made of '%s' by cutting it short gives one clear line", (name) => {
    const intact = fixtureBytes(name);
    for (let length = 0; length < intact.length; length += 97)
      expect(unexpected(intact.subarray(0, length))).toBeUndefined();
  });
});
