import { describe, expect, it } from 'vitest';
import type { Env } from '../../../src/verifier/environment.ts';
import { EXACT, type Exactness, NOT_EXACT, RANGE_WITHIN, statesEqual } from '../../../src/verifier/explore/equality.ts';
import { SavedState } from '../../../src/verifier/explore/saved-state.ts';
import { Frame } from '../../../src/verifier/frame.ts';
import { ADD_CONST32, FRAME, ID, MAP, OFF, PRECISE, RANGE, TYPE, UMAX, VALUE } from '../../../src/verifier/register.ts';
import {
  PTR_MAYBE_NULL,
  PTR_TO_MAP_VALUE,
  PTR_TO_PACKET,
  PTR_TO_STACK,
  STACK_INVALID,
  STACK_MISC,
  STACK_SPILL,
  STACK_ZERO,
} from '../../../src/verifier/register-types.ts';
import {
  markConst32,
  markKnownZero,
  markUnknown,
  resetRegister,
  syncBounds,
} from '../../../src/verifier/scalar/index.ts';
import type { State } from '../../../src/verifier/state.ts';

const LIVE = 0b111;

/** As much of an environment as a comparison reads: r0 to r2 are alive everywhere. */
const env = { facts: { liveRegisters: new Uint16Array(1).fill(LIVE) } } as unknown as Env;

type Prepare = (frame: Frame, state: State) => void;

function stateOf(prepare: Prepare): SavedState {
  const state = new SavedState();
  const frame = new Frame();
  for (let register = 0; register < 11; register++) resetRegister(frame.words, frame.register(register));
  state.frames.push(frame);
  prepare(frame, state);
  return state;
}

const known = (value: number, { precise = false, id = 0, register = 0 } = {}): Prepare => {
  return ({ words }) => {
    const r = register * 28;
    markConst32(words, r, value);
    words[r + PRECISE] = precise ? 1 : 0;
    words[r + ID] = id;
  };
};

const atMost = (max: number, { precise = false, id = 0, register = 0, off = 0 } = {}): Prepare => {
  return ({ words }) => {
    const r = register * 28;
    markUnknown(words, r);
    words[r + UMAX] = max;
    words[r + UMAX + 1] = 0;
    syncBounds(words, r);
    words[r + PRECISE] = precise ? 1 : 0;
    words[r + ID] = id;
    words[r + OFF] = off;
  };
};

const pointer = (type: number, fields: readonly (readonly [number, number])[] = [], register = 0): Prepare => {
  return ({ words }) => {
    const r = register * 28;
    markKnownZero(words, r);
    words[r + TYPE] = type;
    for (const [field, value] of fields) words[r + field] = value;
  };
};

const slot = (types: readonly number[], spilled: Prepare = () => {}): Prepare => {
  return (frame, state) => {
    frame.growTo(1);
    const scratch = new Frame();
    resetRegister(scratch.words, 0);
    spilled(scratch, state);
    frame.words.set(scratch.words.subarray(0, 28), frame.spilled(0));
    types.forEach((type, byte) => {
      frame.setSlotType(0, byte, type);
    });
  };
};

const all = (type: number): number[] => new Array(8).fill(type);
const spill = (spilled: Prepare): Prepare => slot(all(STACK_SPILL), spilled);
const held = (fields: Partial<Pick<State, 'activeLocks' | 'references' | 'inSleepable'>>): Prepare => {
  return (_, state) => {
    Object.assign(state, fields);
  };
};
const calledBack = (times: number): Prepare => {
  return (frame) => {
    frame.callbackDepth = times;
  };
};
const both = (...parts: readonly Prepare[]): Prepare => {
  return (frame, state) => {
    for (const part of parts) part(frame, state);
  };
};
const nothing: Prepare = () => {};
const dead: Prepare = known(5, { precise: true, register: 7 });

const cases: readonly (readonly [string, Prepare, Prepare, Exactness, boolean])[] = [
  ['a register that the saved path did not have may hold anything', nothing, known(1), NOT_EXACT, true],
  ['a register that the saved path had must be there', known(1), nothing, NOT_EXACT, false],
  ['imprecise scalars may differ', known(1), known(2), NOT_EXACT, true],
  ['precise scalars may not', known(1, { precise: true }), known(2), NOT_EXACT, false],
  ['precision of the current path does not matter', known(1), known(2, { precise: true }), NOT_EXACT, true],
  ['precise scalars may know more', atMost(9, { precise: true }), atMost(5), NOT_EXACT, true],
  ['precise scalars may not know less', atMost(5, { precise: true }), atMost(9), NOT_EXACT, false],
  ['in a loop even imprecise scalars may not know less', atMost(5), atMost(9), RANGE_WITHIN, false],
  ['in a loop imprecise scalars may know more', atMost(9), known(3), RANGE_WITHIN, true],
  ['an endless loop has the same scalars', atMost(9), known(3), EXACT, false],
  ['an endless loop may have other ids', atMost(9, { id: 1 }), atMost(9, { id: 5 }), EXACT, true],
  ['a dead register may differ', dead, known(6, { register: 7 }), NOT_EXACT, true],
  ['a scalar is no pointer', known(0), pointer(PTR_TO_STACK), NOT_EXACT, false],
  [
    'scalars that were linked stay linked',
    both(atMost(9, { id: 1, precise: true }), atMost(9, { id: 1, precise: true, register: 1 })),
    both(atMost(9, { id: 7 }), atMost(9, { id: 8, register: 1 })),
    NOT_EXACT,
    false,
  ],
  [
    'scalars that were not linked may be',
    both(atMost(9, { precise: true }), atMost(9, { precise: true, register: 1 })),
    both(atMost(9, { id: 7 }), atMost(9, { id: 7, register: 1 })),
    NOT_EXACT,
    true,
  ],
  [
    'scalars at a distance from different ones do not come to be at a distance from one',
    both(atMost(9, { id: 1 | ADD_CONST32, off: 4, precise: true }), atMost(9, { id: 2, precise: true, register: 1 })),
    both(atMost(9, { id: 7 | ADD_CONST32, off: 4 }), atMost(9, { id: 7, register: 1 })),
    NOT_EXACT,
    false,
  ],
  [
    'a linked scalar keeps its distance',
    atMost(9, { id: 1 | ADD_CONST32, off: 4, precise: true }),
    atMost(9, { id: 1 | ADD_CONST32, off: 5 }),
    NOT_EXACT,
    false,
  ],
  [
    'a pointer stays what it is',
    pointer(PTR_TO_MAP_VALUE),
    pointer(PTR_TO_MAP_VALUE | PTR_MAYBE_NULL),
    NOT_EXACT,
    false,
  ],
  [
    'a map value stays of its map',
    pointer(PTR_TO_MAP_VALUE, [[MAP, 1]]),
    pointer(PTR_TO_MAP_VALUE, [[MAP, 2]]),
    NOT_EXACT,
    false,
  ],
  [
    'a stack pointer stays in its frame',
    pointer(PTR_TO_STACK, [[FRAME, 0]]),
    pointer(PTR_TO_STACK, [[FRAME, 1]]),
    NOT_EXACT,
    false,
  ],
  [
    'a packet may be longer',
    pointer(PTR_TO_PACKET, [[RANGE, 14]]),
    pointer(PTR_TO_PACKET, [[RANGE, 34]]),
    NOT_EXACT,
    true,
  ],
  [
    'a packet may not be shorter',
    pointer(PTR_TO_PACKET, [[RANGE, 34]]),
    pointer(PTR_TO_PACKET, [[RANGE, 14]]),
    NOT_EXACT,
    false,
  ],
  ['a pointer keeps its variable offset', pointer(PTR_TO_STACK, [[VALUE, 8]]), pointer(PTR_TO_STACK), NOT_EXACT, false],
  ['stack that was not written may be', slot(all(STACK_INVALID)), slot(all(STACK_ZERO)), NOT_EXACT, true],
  ['stack of which nothing was known may not be there', slot(all(STACK_MISC)), nothing, NOT_EXACT, true],
  ['stack that was zero must be', slot(all(STACK_ZERO)), slot(all(STACK_MISC)), NOT_EXACT, false],
  ['stack that was zero must be there', slot(all(STACK_ZERO)), nothing, NOT_EXACT, false],
  ['an endless loop has the same stack', slot(all(STACK_INVALID)), slot(all(STACK_ZERO)), EXACT, false],
  ['an imprecise spilled scalar may differ', spill(known(1)), spill(known(2)), NOT_EXACT, true],
  ['a precise spilled scalar may not', spill(known(1, { precise: true })), spill(known(2)), NOT_EXACT, false],
  ['an imprecise spilled scalar may become unknown bytes', spill(known(1)), slot(all(STACK_MISC)), NOT_EXACT, true],
  ['a precise one may not', spill(atMost(9, { precise: true })), slot(all(STACK_MISC)), NOT_EXACT, false],
  [
    'a spilled pointer may not become unknown bytes',
    spill(pointer(PTR_TO_STACK)),
    slot(all(STACK_MISC)),
    NOT_EXACT,
    false,
  ],
  [
    'half a spill stays half a spill',
    slot([...new Array(4).fill(STACK_SPILL), ...new Array(4).fill(STACK_MISC)], known(1)),
    slot([...new Array(4).fill(STACK_SPILL), ...new Array(4).fill(STACK_ZERO)], known(2)),
    NOT_EXACT,
    true,
  ],
  ['locks held are the same', nothing, held({ activeLocks: 1 }), NOT_EXACT, false],
  [
    'references held are as many',
    nothing,
    held({ references: [{ kind: 'ptr', id: 1, insn: 0, object: 0 }] }),
    NOT_EXACT,
    false,
  ],
  ['a callback called more often covers none called less', calledBack(1), nothing, NOT_EXACT, false],
  ['code that may sleep differs', nothing, held({ inSleepable: true }), NOT_EXACT, false],
];

describe('A saved state and the current one', () => {
  it.each(cases)('%s', (_, old, current, exactness, expected) => {
    const saved = stateOf(old);
    expect(statesEqual(env, saved, stateOf(current), exactness)).toBe(expected);
    // What it has learnt from that comparison changes no later one.
    expect(statesEqual(env, saved, stateOf(current), exactness)).toBe(expected);
    expect(statesEqual(env, saved, stateOf(old), exactness)).toBe(true);
  });
});
