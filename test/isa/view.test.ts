import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readElf } from '../../src/elf/index.ts';
import { InstructionView, LD_IMM64, slotCount, swapByteOrder } from '../../src/isa/index.ts';
import { fromHex, toHex } from './hex.ts';

describe('a view of instructions', () => {
  it('reads the fields of each slot', () => {
    const view = new InstructionView(fromHex('07a1feff80ffffff18250100887766550000000044332211'));
    expect(view.length).toBe(3);
    expect([view.code(0), view.dst(0), view.src(0), view.off(0), view.imm(0)]).toEqual([0x07, 1, 10, -2, -128]);
    expect([view.code(1), view.dst(1), view.src(1), view.off(1), view.imm(1)]).toEqual([0x18, 5, 2, 1, 0x55667788]);
    expect(view.imm64(1)).toBe(0x1122334455667788n);
    expect([view.isLdImm64(0), view.isLdImm64(1)]).toEqual([false, true]);
    expect([view.slots(0), view.slots(1)]).toEqual([1, 2]);
  });

  it('writes each field without touching the others', () => {
    const view = new InstructionView(new Uint8Array(24));
    view.set(0, 0xb7, 1, 2, -3, -4);
    expect(toHex(view.bytes.subarray(0, 8))).toBe('b721fdfffcffffff');
    view.setDst(0, 9);
    view.setSrc(0, 8);
    view.setOff(0, 0x7fff);
    view.setImm(0, 1);
    view.setCode(0, 0xbf);
    expect(toHex(view.bytes.subarray(0, 8))).toBe('bf89ff7f01000000');
    view.setCode(1, LD_IMM64);
    view.setImm64(1, 0xffff888000000010n);
    expect(view.imm64(1)).toBe(0xffff888000000010n);
    expect(toHex(view.bytes.subarray(8))).toBe('1800000010000000000000008088ffff');
    view.setImm64(1, -1n);
    expect(view.imm64(1)).toBe(2n ** 64n - 1n);
  });

  it('looks at the bytes themselves, wherever they stand in their buffer', () => {
    const buffer = new Uint8Array(20);
    const view = new InstructionView(buffer.subarray(3, 19));
    view.setImm(1, 0x01020304);
    expect(toHex(buffer.subarray(15, 19))).toBe('04030201');
  });

  it('refuses a part of a slot', () => {
    expect(() => new InstructionView(new Uint8Array(12))).toThrow(
      '12 bytes are no whole number of 8-byte instructions',
    );
  });
});

it('only ld_imm64 takes two slots', () => {
  for (let code = 0; code < 256; code++) expect(slotCount(code)).toBe(code === 0x18 ? 2 : 1);
});

describe('big-endian instructions', () => {
  it('become little-endian ones, registers included, and back', () => {
    const big = fromHex('181200001122334400000000aabbccdd7961fff800000000');
    const little = swapByteOrder(big);
    expect(toHex(little)).toBe('182100004433221100000000ddccbbaa7916f8ff00000000');
    expect(swapByteOrder(little)).toEqual(big);
    expect(toHex(big.subarray(0, 8))).toBe('1812000011223344');
  });

  it('must be whole slots', () => {
    expect(() => swapByteOrder(new Uint8Array(7))).toThrow('7 bytes are no whole number of 8-byte instructions');
  });

  it.skipIf(spawnSync('clang-22', ['--version']).status !== 0)(
    'of clang are those that it makes for little-endian machines (skipped where clang-22 is not installed)',
    () => {
      const directory = mkdtempSync(join(tmpdir(), 'bpfiter-isa-'));
      const source =
        'long counter; __attribute__((section("p"))) long f(long *a, short b)' +
        '{ __sync_fetch_and_add(&counter, b); for (int i = 0; i < b; i++) a[i] = a[i + 3] * 77 - i; return counter; }';
      const compile = (target: string): Uint8Array => {
        const path = join(directory, `${target}.o`);
        execFileSync('clang-22', ['-O2', `--target=${target}`, '-c', '-x', 'c', '-', '-o', path], { input: source });
        return readElf(readFileSync(path)).section('p')?.data ?? new Uint8Array(0);
      };
      try {
        const little = compile('bpfel');
        expect(little.length).toBeGreaterThan(100);
        expect(toHex(swapByteOrder(compile('bpfeb')))).toBe(toHex(little));
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  );
});
