import { describe, expect, it } from 'vitest';
import { decodeBase16, formatResult, parseConformanceArguments, runConformance } from '../../src/conformance/index.ts';
import { assemble } from '../verifier/assemble.ts';

const none = new Uint8Array();

const run = (program: Uint8Array, memory: Uint8Array = none, xdpProlog = false): string =>
  formatResult(runConformance({ program, elf: false, memory, xdpProlog }));

const runText = (source: string, memory?: Uint8Array): string => run(assemble(source).insns, memory);

describe('the conformance runner', () => {
  it('gives all 64 bits of r0', () => {
    expect(runText('r0 = -2; exit')).toBe('fffffffffffffffe');
    expect(runText('r0 = 0x123456789abcdef0 ll; exit')).toBe('123456789abcdef0');
  });

  it('points r1 at the memory and puts its size into r2', () => {
    const memory = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect(runText('r0 = *(u64 *)(r1 +0); exit', memory)).toBe('807060504030201');
    expect(runText('r0 = r2; exit', memory)).toBe('8');
  });

  it('leaves the xdp_md to programs that bring their own prologue', () => {
    const source = 'r0 = *(u32 *)(r1 +4); r1 = *(u32 *)(r1 +0); r0 -= r1; exit';
    expect(run(assemble(source).insns, new Uint8Array(20), true)).toBe('14');
  });

  it('masks shifts by immediates as the instruction set says, though Linux refuses them', () => {
    expect(run(decodeBase16('b700000001000000 6700000041000000 9500000000000000'))).toBe('2');
    expect(run(decodeBase16('b400000001000000 64000000e1ffffff 9500000000000000'))).toBe('2');
  });

  it('calls the helper that callx names where the number is set right before', () => {
    // r2 = 7 (bpf_get_prandom_u32); callx r2; r0 = 3; exit
    expect(run(decodeBase16('b702000007000000 8d02000000000000 b700000003000000 9500000000000000'))).toBe('3');
    const unknown = decodeBase16('bf12000000000000 8d02000000000000 9500000000000000');
    expect(() => run(unknown)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  it.each([
    ['a field that must be zero', '0700010001000000 9500000000000000', 'reserved'],
    ['a register that was never written', 'bf50000000000000 9500000000000000', '!read_ok'],
    ['no instruction', '', 'no instructions'],
    ['half an instruction', 'b7000000', 'ends within'],
    ['memory beyond what is given', '7910080000000000 9500000000000000', 'outside of the packet'],
  ])('refuses %s', (_, program, message) => {
    expect(() => run(decodeBase16(program), Uint8Array.of(1, 2, 3))).toThrow(message);
  });
});

describe('the arguments of the conformance runner', () => {
  it('are those of the suite’s own plugin', () => {
    const { program, memory, debug, elf } = parseConformanceArguments(['--program', '95', '0a 0b', '--debug', '--elf']);
    expect({ program, memory: [...memory], debug, elf }).toEqual({
      program: '95',
      memory: [10, 11],
      debug: true,
      elf: true,
    });
  });

  it.each([[['01', '02']], [['--fast']], [['--program']]])('%j are refused', (words) => {
    expect(() => parseConformanceArguments(words)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('are refused if they are no base16', () => {
    expect(() => parseConformanceArguments(['0x12'])).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});
