import { describe, expect, it } from 'vitest';
import { BpfiterError } from '../../src/errors.ts';
import { type RecordInput, recordLayout } from '../../src/records/index.ts';
import { CTypes, hex } from './c-types.ts';

const types = new CTypes();
const state = types.enum('state', 4, false, { RUNNING: 0n, SLEEPING: 1n });
const limits = types.struct('limits', 8, [
  ['soft', types.u32, 0],
  ['hard', types.u32, 4],
]);
const either = types.union('', 8, [
  ['number', types.u64],
  ['pair', types.array(types.u32, 2)],
]);
types.struct('event', 56, [
  ['pid', types.i32, 0],
  ['small', types.u32, { bit: 32, bits: 3 }],
  ['signed', types.i32, { bit: 35, bits: 3 }],
  ['on', types.bool, 5],
  ['comm', types.array(types.char, 4), 8],
  ['state', state, 12],
  ['limits', types.array(limits, 2), 16],
  ['', either, 32],
  ['ratio', types.double, 40],
  ['raw', types.array(types.u8, 4), 48],
]);
const layout = recordLayout(types.btf(), 'event');

const encode = (value: RecordInput) => layout.encode(value);

describe('encoding', () => {
  it('leaves zero what is not given', () => {
    expect(encode({})).toStrictEqual(new Uint8Array(56));
    expect(encode({ pid: undefined, limits: [{ hard: 1 }] })[20]).toBe(1);
  });

  it('gives back what was decoded, if one member of each union is chosen', () => {
    const bytes = encode({
      pid: -1,
      small: 7,
      signed: -4,
      on: true,
      comm: 'init',
      state: 'SLEEPING',
      limits: [{ soft: 1, hard: 2 }, { hard: 4294967295 }],
      number: 1n << 63n,
      ratio: 0.5,
      raw: [1, 2, 3, 4],
    });
    const { pair, ...value } = layout.decode(bytes);
    expect(pair).toEqual([0, 0x80000000]);
    expect(encode(value)).toStrictEqual(bytes);
  });

  it.each<readonly [string, RecordInput, RecordInput]>([
    ['a bigint for a 32-bit integer', { pid: 5n }, { pid: 5 }],
    ['a number for a 64-bit integer', { number: 2 ** 53 - 1 }, { number: 9007199254740991n }],
    ['an enum by number', { state: 1 }, { state: 'SLEEPING' }],
    ['an enum value that has no name', { state: 9 }, { state: 9n }],
    ['0 and 1 for bool', { on: 1 }, { on: true }],
    ['bytes for a char array', { comm: hex('616200') }, { comm: 'ab' }],
    ['typed arrays', { raw: new Uint8Array([1, 2]), pair: new Uint32Array([3]) }, { raw: [1, 2], pair: [3] }],
  ])('takes %s', (_, value, same) => {
    expect(encode(value)).toStrictEqual(encode(same));
  });

  it('changes only what is given when it writes into existing bytes', () => {
    const bytes = new Uint8Array(60).fill(0xff);
    layout.encodeInto(bytes, { small: 0, comm: 'a', limits: [{ soft: 0 }] }, 4);
    const expected = new Uint8Array(60).fill(0xff);
    expected[4 + 4] = 0b11111000;
    expected.set(hex('61000000'), 4 + 8);
    expected.set(hex('00000000'), 4 + 16);
    expect(bytes).toStrictEqual(expected);
  });

  const refusals: readonly (readonly [RecordInput, string])[] = [
    [{ pid: 2 ** 31 }, 'event.pid: 2147483648 is out of range, -2147483648 to 2147483647 (32 bits)'],
    [{ small: 8 }, 'event.small: 8 is out of range, 0 to 7 (3 bits)'],
    [{ signed: -5 }, 'event.signed: -5 is out of range, -4 to 3 (3 bits)'],
    [{ pid: 1.5 }, 'event.pid: 1.5 is no integer'],
    [{ pid: Number.NaN }, 'event.pid: NaN is no integer'],
    [{ number: 2 ** 53 }, 'event.number: 9007199254740992 is not exact as a number; give a bigint'],
    [{ number: -1 }, 'event.number: -1 is out of range, 0 to 18446744073709551615 (64 bits)'],
    [{ pid: '1' }, 'event.pid: expected an integer, got "1"'],
    [{ on: 'yes' }, 'event.on: expected true or false, got "yes"'],
    [{ comm: 'hello' }, 'event.comm: has 5 bytes where there is room for 4'],
    [{ comm: 'ééé' }, 'event.comm: has 6 bytes where there is room for 4'],
    [{ comm: 5 }, 'event.comm: expected a string, got 5'],
    [{ state: 'SLEEPIN' }, `event.state: no value is called "SLEEPIN" (did you mean 'SLEEPING'?)`],
    [{ state: true }, 'event.state: expected a name or a number, got true'],
    [{ limits: [{}, { soft: -1 }] }, 'event.limits[1].soft: -1 is out of range, 0 to 4294967295 (32 bits)'],
    [{ limits: [{}, {}, {}] }, 'event.limits: has 3 elements where there is room for 2'],
    [{ limits: { soft: 1 } }, 'event.limits: expected an array, got an object'],
    [{ limits: [5] }, 'event.limits[0]: expected an object, got 5'],
    [{ limits: [[]] }, 'event.limits[0]: expected an object, got an array'],
    [{ number: 1, pair: [1] }, 'event: number and pair are alternatives of a union: give one of them'],
    [{ pidd: 1 }, "event: struct event has no field pidd (did you mean 'pid'?)"],
    [
      { toString: 1 },
      'event: struct event has no field toString; it has pid, small, signed, on, comm, state, limits, number, pair, ratio, raw',
    ],
    [{ ratio: 1n }, 'event.ratio: expected a number, got 1'],
    [7, 'event: expected an object, got 7'],
  ];
  it.each(refusals.map(([value, message]) => ({ value, message })))('refuses: $message', ({ value, message }) => {
    expect(() => encode(value)).toThrow(new BpfiterError('usage', message));
  });

  it('refuses to write where there is no room', () => {
    expect(() => layout.encodeInto(new Uint8Array(56), {}, 1)).toThrow(BpfiterError);
  });
});
