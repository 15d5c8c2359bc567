import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Btf } from '../../src/btf/index.ts';
import { readElf } from '../../src/elf/index.ts';
import { type RecordInput, recordLayout } from '../../src/records/index.ts';

/** What fixtures/values.h says. */
const values = {
  bits: {
    a: 5,
    b: -9,
    c: 0xabcdef0123n,
    d: true,
    e: 'NEGATIVE',
    f: 0x1234,
    low: 3,
    high: 12,
    tail: 5,
    w: -1234567890123n,
    z: 0x2abcn,
  },
  packed: { x: 6, y: 0x2aaaaaaabbbbbbbbn, q: 0x155, r: 0x2abcdef1, negative: -33 },
  name: 'name',
  matrix: [
    [1, -2, 3],
    [-4, 5, -6],
  ],
  level: 'NEGATIVE',
  mask: 'BIT_40',
  single: 1.25,
  twofold: -2.5e-9,
  pointer: 0xffff888012345678n,
  wide: -5n,
  unsigned_wide: (7n << 100n) | 9n,
  yes: true,
  grid: ['abcd', 'x'],
  last: -7,
} satisfies RecordInput;

/** The byte that the two nibbles make together depends on the order of bits. */
const both = { values_little: 0xc3, values_big: 0x3c };

describe.each(['values_little', 'values_big'] as const)('what clang laid out in %s.bpf.o', (name) => {
  const elf = readElf(readFileSync(new URL(`fixtures/${name}.bpf.o`, import.meta.url)));
  const bytesOf = (section: string) => elf.section(section)?.data ?? new Uint8Array(0);
  const layout = recordLayout(Btf.parse(bytesOf('.BTF')), 'struct values');

  it('is decoded to what the source says', () => {
    expect(layout.decode(bytesOf('.data'))).toStrictEqual({ ...values, bits: { ...values.bits, both: both[name] } });
  });

  it('is what the same values are encoded to', () => {
    expect(layout.encode(values)).toStrictEqual(Uint8Array.from(bytesOf('.data')));
  });
});
