import { expect, test } from 'vitest';
import { Btf, BtfBuilder, type NewType, relocateBase } from '../../src/btf/index.ts';
import { sample } from './sample.ts';

const kernel = sample();
const struct = (name: string, size: number): NewType => ({ kind: 'struct', name, size, members: [] });

function blob(types: readonly NewType[], base?: Btf, name = 'module'): Btf {
  const b = new BtfBuilder({ base });
  for (const type of types) b.add(type);
  return Btf.parse(b.bytes(), { base, name });
}

const distilled = blob(
  [
    { kind: 'int', name: 'unsigned int', size: 4, signed: false, char: false, bool: false, bits: 32, bitOffset: 0 },
    struct('task', 120),
    struct('node', 16),
    { kind: 'enum', name: 'flags', size: 8, signed: false, values: [] },
    { kind: 'fwd', name: 'hidden', target: 'struct' },
    { kind: 'float', name: 'double', size: 8 },
  ],
  undefined,
  'distilled',
);

test('references to a distilled base become references to the kernel', () => {
  const own = distilled.endId;
  const split = blob(
    [
      { kind: 'ptr', type: 2 },
      {
        kind: 'struct',
        name: 'mine',
        size: 24,
        members: [
          { name: 'task', type: own, bitOffset: 0, bitFieldSize: 0 },
          { name: 'node', type: 3, bitOffset: 64, bitFieldSize: 0 },
        ],
      },
      { kind: 'typedef', name: 'flags_t', type: 4 },
      { kind: 'ptr', type: 5 },
      { kind: 'typedef', name: 'u32', type: 1 },
    ],
    distilled,
  );
  const moved = relocateBase(split, kernel);
  expect(moved.base).toBe(kernel);
  expect(moved.firstId).toBe(kernel.endId);
  expect(moved.referencedType(kernel.endId)).toBe(kernel.find('task'));
  expect(moved.type(moved.find('mine') ?? -1)).toMatchObject({
    members: [
      { name: 'task', type: kernel.endId },
      { name: 'node', type: kernel.find('node') },
    ],
  });
  expect(moved.referencedType(moved.find('flags_t') ?? -1)).toBe(kernel.find('flags'));
  expect(moved.referencedType(kernel.endId + 3)).toBe(kernel.find('hidden'));
  expect(moved.referencedType(kernel.endId + 4)).toBe(kernel.find('unsigned int'));
});

const member = (type: number): NewType => ({
  kind: 'struct',
  name: 'mine',
  size: 99,
  members: [{ name: 'm', type, bitOffset: 0, bitFieldSize: 0 }],
});

test.each<[string, NewType, Btf, RegExp]>([
  [
    'a type that the kernel lacks',
    struct('nothing', 8),
    kernel,
    /struct nothing .* has no counterpart in the BTF of sample/,
  ],
  ['an integer of another size', { kind: 'float', name: 'double', size: 4 }, kernel, /double .* has no counterpart/],
  ['a struct contained by value whose size differs', struct('task', 100), kernel, /struct task .* has no counterpart/],
  ['a kind that no distilled base has', { kind: 'ptr', type: 0 }, kernel, /anonymous type .* has no counterpart/],
  [
    'two of the same name and size',
    struct('twin', 8),
    blob([struct('twin', 8), struct('twin', 8)]),
    /could be any of the types 1, 2 of module/,
  ],
])('%s is refused', (_, type, target, message) => {
  const base = blob([type]);
  expect(() => relocateBase(blob([member(1)], base), target)).toThrow(message);
});

test('a struct that is only pointed at may have another size', () => {
  const base = blob([struct('task', 1)]);
  const moved = relocateBase(blob([{ kind: 'ptr', type: 1 }], base), kernel);
  expect(moved.referencedType(kernel.endId)).toBe(kernel.find('task'));
});

test('the size tells structs of one name apart', () => {
  const twins = blob([struct('twin', 8), struct('twin', 16)]);
  const moved = relocateBase(blob([{ kind: 'ptr', type: 1 }], blob([struct('twin', 16)])), twins);
  expect(moved.referencedType(twins.endId)).toBe(2);
});

test('there must be a base to move away from', () => {
  expect(() => relocateBase(kernel, kernel)).toThrow(/without a base/);
});
