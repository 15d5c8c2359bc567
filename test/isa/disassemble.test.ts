import { describe, expect, it } from 'vitest';
import { decode, disassemble, encode, InstructionView } from '../../src/isa/index.ts';
import { fromHex, toHex } from './hex.ts';
import { kernelTexts } from './kernel-texts.ts';

describe('what the kernel printed, for the same bytes', () => {
  it.each(kernelTexts)('%s is %s', (hex, text) => {
    expect(disassemble(fromHex(hex), 0)).toBe(text);
  });
});

describe('what the kernel printed comes back from its decoded form, byte for byte', () => {
  // Printed by the kernel, then refused: an undefined atomic operation, sign extension of a whole w register, an
  // encoding of its own.
  const refused = new Set(['db1af8ff77000000', 'bc21200000000000', 'bf10ffff00000000']);

  it.each(kernelTexts.filter(([hex]) => !refused.has(hex)))('%s, %s', (hex) => {
    const instruction = decode(fromHex(hex), 0);
    if (instruction.kind === 'invalid') throw new Error(instruction.reason);
    expect(toHex(encode(instruction))).toBe(hex);
  });

  it.each([...refused])('except %s, which is invalid', (hex) => {
    expect(kernelTexts.map(([printed]) => printed)).toContain(hex);
    expect(decode(fromHex(hex), 0).kind).toBe('invalid');
  });
});

describe('what Linux 6.18 does not load', () => {
  it.each([
    ['0d03000000000000', '(0d) gotox r3'],
    ['8d02000000000000', '(8d) callx r2'],
    ['8520000039300000', '(85) call kernel-function#12345'],
    ['18210000050000000000000010000000', '(18) r1 = 0x1000000005'],
    // Cut off, undefined, or the kernel's own.
    ['1801000000000000', 'BUG_ld_18'],
    ['6001000000000000', 'BUG_ld_60'],
    ['9901000000000000', 'BUG_ldx_99'],
    ['c200000000000000', 'BUG_st_c2'],
    ['e701000000000000', 'BUG_e7'],
    ['f501000000000000', 'BUG_f5'],
  ])('%s is %s', (hex, text) => {
    expect(disassemble(fromHex(hex), 0)).toBe(text);
  });
});

describe('names that the caller knows', () => {
  it('replace those of helpers', () => {
    const call = fromHex('850000007e000000');
    expect(disassemble(call, 0, { helperName: (id) => `helper_${id}` })).toBe('(85) call helper_126#126');
    expect(disassemble(call, 0, { helperName: () => undefined })).toBe('(85) call bpf_seq_printf#126');
  });

  it('stand for kfuncs, by BTF id and module', () => {
    const call = fromHex('8520030039300000');
    const kfuncName = (btfId: number, module: number) => `kfunc_${btfId}_of_${module}`;
    expect(disassemble(call, 0, { kfuncName })).toBe('(85) call kfunc_12345_of_3#12345');
  });

  it('stand for subprograms, by the slot at which they begin', () => {
    const code = fromHex('b700000000000000851000000100000095000000000000009500000000000000');
    expect(disassemble(code, 1, { subprogramName: (slot) => `sub_at_${slot}` })).toBe('(85) call sub_at_3');
  });

  it('stand for the maps that ld_imm64 refers to', () => {
    const load = fromHex('18210000050000000000000010000000');
    const immediate = ({ src, imm, upper }: { src: number; imm: number; upper: number }) =>
      `map[${src} ${imm}]+${upper}`;
    expect(disassemble(load, 0, { immediate })).toBe('(18) r1 = map[2 5]+16');
  });
});

it('an instruction is found at its slot, in bytes or in a view', () => {
  const code = fromHex('bf16000000000000b7000000000000009500000000000000');
  expect(disassemble(code, 1)).toBe('(b7) r0 = 0');
  expect(disassemble(new InstructionView(code), 2)).toBe('(95) exit');
  expect(() => disassemble(code, 3)).toThrow(RangeError);
});
