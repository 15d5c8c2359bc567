import { describe, expect, it } from 'vitest';
import { BpfiterError } from '../../src/errors.ts';
import * as isa from '../../src/isa/index.ts';
import { decode, encode, encodeAll, type Instruction, InstructionView } from '../../src/isa/index.ts';
import { fromHex, toHex } from './hex.ts';
import { kernelTexts } from './kernel-texts.ts';

describe('an instruction means what its bytes say, and the bytes what it says', () => {
  const r = (register: number) => ({ register });
  const k = (immediate: number) => ({ immediate });

  it.each<[string, Instruction]>([
    ['0f21000000000000', { kind: 'alu', width: 64, op: 'add', dst: 1, source: r(2) }],
    ['14030000f8ffffff', { kind: 'alu', width: 32, op: 'sub', dst: 3, source: k(-8) }],
    ['3701010003000000', { kind: 'alu', width: 64, op: 'sdiv', dst: 1, source: k(3) }],
    ['9c21010000000000', { kind: 'alu', width: 32, op: 'smod', dst: 1, source: r(2) }],
    ['bfa6000000000000', { kind: 'alu', width: 64, op: 'mov', dst: 6, source: r(10) }],
    ['8400000000000000', { kind: 'neg', width: 32, dst: 0 }],
    ['bf21200000000000', { kind: 'movsx', width: 64, from: 32, dst: 1, src: 2 }],
    ['bc21080000000000', { kind: 'movsx', width: 32, from: 8, dst: 1, src: 2 }],
    ['bf10010000000100', { kind: 'addr_space_cast', dst: 0, src: 1, toSpace: 1, fromSpace: 0 }],
    ['bf100100ffffffff', { kind: 'addr_space_cast', dst: 0, src: 1, toSpace: 0xffff, fromSpace: 0xffff }],
    ['d401000010000000', { kind: 'endian', order: 'le', bits: 16, dst: 1 }],
    ['dc01000040000000', { kind: 'endian', order: 'be', bits: 64, dst: 1 }],
    ['d701000020000000', { kind: 'endian', order: 'swap', bits: 32, dst: 1 }],
    ['7912f8ff00000000', { kind: 'load', size: 8, signed: false, dst: 2, base: 1, off: -8 }],
    ['8912ff7f00000000', { kind: 'load', size: 2, signed: true, dst: 2, base: 1, off: 32767 }],
    ['731a008000000000', { kind: 'store', size: 1, base: 10, off: -32768, source: r(1) }],
    ['620afcff00000080', { kind: 'store', size: 4, base: 10, off: -4, source: k(-2147483648) }],
    ['c312000000000000', { kind: 'atomic', op: 'add', size: 4, base: 2, off: 0, src: 1 }],
    ['db12000041000000', { kind: 'atomic', op: 'fetch_or', size: 8, base: 2, off: 0, src: 1 }],
    ['db120000f1000000', { kind: 'atomic', op: 'cmpxchg', size: 8, base: 2, off: 0, src: 1 }],
    ['d312010000010000', { kind: 'load_acquire', size: 1, dst: 2, base: 1, off: 1 }],
    ['cb12010010010000', { kind: 'store_release', size: 2, base: 2, off: 1, src: 1 }],
    ['c601fbff05000000', { kind: 'jump', width: 32, condition: 'slt', dst: 1, source: k(5), off: -5 }],
    ['4d21020000000000', { kind: 'jump', width: 64, condition: 'set', dst: 1, source: r(2), off: 2 }],
    ['0500fcff00000000', { kind: 'goto', off: -4 }],
    ['0600000000000100', { kind: 'gotol', off: 65536 }],
    ['e500030000000000', { kind: 'may_goto', off: 3 }],
    ['0d04000000000000', { kind: 'gotox', register: 4 }],
    ['8d04000000000000', { kind: 'callx', register: 4 }],
    ['850000007e000000', { kind: 'call', target: { kind: 'helper', id: 126 } }],
    ['85100000ffffffff', { kind: 'call', target: { kind: 'subprogram', off: -1 } }],
    ['8520020039300000', { kind: 'call', target: { kind: 'kfunc', btfId: 12345, module: 2 } }],
    ['9500000000000000', { kind: 'exit' }],
    [
      '18020000ffffffff00000000ffffffff',
      { kind: 'ld_imm64', dst: 2, source: { kind: 'value', value: 2n ** 64n - 1n } },
    ],
    ['18120000070000000000000000000000', { kind: 'ld_imm64', dst: 2, source: { kind: 'map_fd', fd: 7 } }],
    ['18220000070000000000000010000000', { kind: 'ld_imm64', dst: 2, source: { kind: 'map_value', fd: 7, off: 16 } }],
    ['18320000070000000000000009000000', { kind: 'ld_imm64', dst: 2, source: { kind: 'btf_id', id: 7, moduleFd: 9 } }],
    ['18420000070000000000000000000000', { kind: 'ld_imm64', dst: 2, source: { kind: 'func', off: 7 } }],
    ['18520000070000000000000000000000', { kind: 'ld_imm64', dst: 2, source: { kind: 'map_idx', index: 7 } }],
    [
      '18620000070000000000000010000000',
      { kind: 'ld_imm64', dst: 2, source: { kind: 'map_idx_value', index: 7, off: 16 } },
    ],
    ['280000000c000000', { kind: 'ld_abs', size: 2, imm: 12 }],
    ['40100000f4ffffff', { kind: 'ld_ind', size: 4, src: 1, imm: -12 }],
  ])('%s', (hex, instruction) => {
    expect(decode(fromHex(hex), 0)).toEqual(instruction);
    expect(toHex(encode(instruction))).toBe(hex);
  });
});

describe('bytes that are no instruction say why', () => {
  it.each([
    ['ff00000000000000', 'opcode 0xff is not defined'],
    ['9700020001000000', 'mod has off 2, which has no meaning'],
    ['bf21180000000000', 'mov has off 24, which has no meaning'],
    ['bc21200000000000', 'mov has off 32, which has no meaning'],
    ['b701080000000000', 'mov has off 8, which has no meaning'],
    ['d401000008000000', 'byte swap of 8 bits; there are only 16, 32 and 64'],
    ['df01000010000000', 'opcode 0xdf is not defined'],
    ['9912000000000000', 'opcode 0x99 is not defined'],
    ['0fb0000000000000', 'add names register 11; the last is 10'],
    ['0f20000001000000', 'add has imm 1, which should be 0'],
    ['0720000001000000', 'add has src 2, which should be 0'],
    ['7901000001000000', 'load has imm 1, which should be 0'],
    ['d301000000000000', 'atomic add of 1 bytes; there are only 4 and 8'],
    ['db01000077000000', 'atomic operation 0x77 is not defined'],
    ['db010000ffffffff', 'atomic operation 0xffffffff is not defined'],
    ['0501000000000000', 'goto has dst 1, which should be 0'],
    ['0600010000000000', 'gotol has off 1, which should be 0'],
    ['e510000000000000', 'may_goto has src 1, which should be 0'],
    ['8d00000002000000', 'callx has imm 2, which should be 0'],
    ['8530000001000000', 'call has src 3, which has no meaning'],
    ['8610000001000000', 'opcode 0x86 is not defined'],
    ['9500000001000000', 'exit has imm 1, which should be 0'],
    ['3800000000000000', 'opcode 0x38 is not defined'],
    ['1800000000000000', 'ld_imm64 lacks its second slot'],
    ['18000000000000000100000000000000', 'the second slot of ld_imm64 has code 1, which should be 0'],
    ['18700000000000000000000000000000', 'ld_imm64 has src 7, which has no meaning'],
    ['18100000030000000000000001000000', 'ld_imm64 of a map has 1 in its second slot, which should be 0'],
  ])('%s', (hex, reason) => {
    expect(decode(fromHex(hex), 0)).toEqual({ kind: 'invalid', reason });
  });

  it('and so does a slot that does not exist', () => {
    const exit = fromHex('9500000000000000');
    expect(decode(exit, 1)).toEqual({ kind: 'invalid', reason: 'there is no slot 1; the last is 0' });
    expect(decode(exit, -1)).toMatchObject({ kind: 'invalid' });
  });

  it('while a part of a slot is refused', () => {
    expect(() => decode(fromHex('95000000'), 0)).toThrow('4 bytes are no whole number of 8-byte instructions');
  });
});

/** All opcodes, with every pattern of fields that some instruction gives a meaning to, and others. */
function* everyForm(): Generator<Uint8Array> {
  const view = new InstructionView(new Uint8Array(16));
  for (let code = 0; code < 256; code++)
    for (const dst of [0, 1, 10, 11])
      for (const src of [0, 1, 2, 3, 4, 5, 6, 7, 10, 11])
        for (const off of [0, 1, 8, 16, 32, -1, -32768])
          for (const imm of [0, 1, 0x10, 0x20, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1, 0x100, 0x110, -1]) {
            view.set(0, code, dst, src, off, imm);
            yield code === isa.LD_IMM64 ? view.bytes : view.bytes.subarray(0, 8);
          }
}

describe('over all forms of all opcodes', () => {
  const ignoredByTheKernel = (view: InstructionView): boolean => view.code(0) === 0x95 && view.off(0) !== 0;

  it('each instruction that decodes gives its bytes back', () => {
    let valid = 0;
    for (const bytes of everyForm()) {
      const instruction = decode(bytes, 0);
      if (instruction.kind === 'invalid' || ignoredByTheKernel(new InstructionView(bytes))) continue;
      valid++;
      const again = encode(instruction);
      // One comparison a form, as text only where it fails: there are half a million of them.
      if (again.length !== bytes.length || again.some((byte, at) => byte !== bytes[at]))
        expect(toHex(again)).toBe(toHex(bytes));
    }
    expect(valid).toBeGreaterThan(20_000);
  });

  it('no opcode is valid that the kernel has not printed, but for those that Linux 6.18 does not have', () => {
    const printed = new Set(kernelTexts.map(([hex]) => Number.parseInt(hex.slice(0, 2), 16)));
    const valid = new Set<number>();
    for (const bytes of everyForm()) if (decode(bytes, 0).kind !== 'invalid') valid.add(bytes[0] ?? -1);
    const gotox = 0x0d;
    const callx = 0x8d;
    expect([...valid].filter((code) => !printed.has(code))).toEqual([gotox, callx]);
    expect([...printed].filter((code) => !valid.has(code))).toEqual([]);
  });
});

describe('what does not fit is not cut', () => {
  const mov = (immediate: number): Instruction => ({
    kind: 'alu',
    width: 64,
    op: 'mov',
    dst: 1,
    source: { immediate },
  });

  it.each<[string, Instruction]>([
    ['offset 32768 does not fit: it must be an integer from -32768 to 32767', { kind: 'goto', off: 32768 }],
    ['register 11 does not fit: it must be an integer from 0 to 10', { kind: 'neg', width: 64, dst: 11 }],
    ['immediate 2147483648 does not fit: it must be an integer from -2147483648 to 2147483647', mov(2 ** 31)],
    ['immediate 0.5 does not fit: it must be an integer from -2147483648 to 2147483647', mov(0.5)],
    [
      'immediate 18446744073709551616 does not fit in 64 bits',
      { kind: 'ld_imm64', dst: 0, source: { kind: 'value', value: 2n ** 64n } },
    ],
    ['movsx from 32 bits exists for 64 bits only', { kind: 'movsx', width: 32, from: 32, dst: 0, src: 0 }],
    ['a load of 8 bytes cannot be sign-extended', { kind: 'load', size: 8, signed: true, dst: 0, base: 1, off: 0 }],
    [
      'address space 65536 does not fit: it must be an integer from 0 to 65535',
      { kind: 'addr_space_cast', dst: 0, src: 0, toSpace: 65536, fromSpace: 0 },
    ],
  ])('%s', (message, instruction) => {
    expect(() => encode(instruction)).toThrow(expect.objectContaining({ code: 'usage', message }));
    expect(() => encode(instruction)).toThrow(BpfiterError);
  });

  it('but a negative 64-bit constant is its unsigned twin', () => {
    const load = (value: bigint): Instruction => ({ kind: 'ld_imm64', dst: 3, source: { kind: 'value', value } });
    expect(encode(load(-2n))).toEqual(encode(load(2n ** 64n - 2n)));
  });
});

it('a sequence is encoded one behind the other', () => {
  const bytes = encodeAll([
    { kind: 'ld_imm64', dst: 1, source: { kind: 'value', value: 0x1122334455667788n } },
    { kind: 'exit' },
  ]);
  expect(toHex(bytes)).toBe('180100008877665500000000443322119500000000000000');
});
