import { describe, expect, it } from 'vitest';
import { Btf } from '../../src/btf/index.ts';
import { type LinkedProgram, link } from '../../src/object/index.ts';
import { openFixture } from './fixture.ts';
import { kernel } from './kernel.ts';
import { linkOne, programText } from './program-text.ts';

/** Every subprogram of the fixture adds its own number to a counter: the numbers in the order of the instructions. */
function functionsOf(program: LinkedProgram): string[] {
  return programText(program).flatMap((line) => / \+= (10\d|20\d)$/.exec(line)?.[1] ?? []);
}

/** Slot -> slot of each call and each function address. */
function callsOf(program: LinkedProgram): number[][] {
  return programText(program).flatMap((line) => {
    const call = /^(\d+): \(85\) call pc([+-]\d+)$/.exec(line);
    return call === null ? [] : [[Number(call[1]), Number(call[1]) + Number(call[2]) + 1]];
  });
}

/** First field of each record: the slot at which a function or line begins. */
function slotsOf(info: LinkedProgram['funcInfo']): number[] {
  if (info === undefined) return [];
  const { bytes, recordSize } = info;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / recordSize }, (_, index) => view.getUint32(index * recordSize, true));
}

describe('subprograms of a linked program', () => {
  it.each([
    // Each once, in the order of its first use, with what it uses itself right behind it.
    ['first', ['102', '101']],
    ['second', ['101', '103', '102']],
    ['third', ['104', '101']],
  ])("of '%s' stand behind it as %j", (name, order) => {
    const numbers = functionsOf(linkOne(openFixture('subprograms'), name, kernel()));
    // Every subprogram adds its number twice: to the counter and to its result.
    expect([...new Set(numbers)]).toEqual(order);
  });

  it.each(['first', 'second', 'third'])("of '%s' are where its calls lead", (name) => {
    const program = linkOne(openFixture('subprograms'), name, kernel());
    const begins = slotsOf(program.funcInfo);
    const targets = callsOf(program).map(([, to]) => to);
    if (name !== 'third') expect(targets.length).toBeGreaterThan(1);
    for (const target of targets) expect(begins).toContain(target);
  });

  it('include the callback whose address is taken', () => {
    const program = linkOne(openFixture('subprograms'), 'third', kernel());
    const address = programText(program).find((line) => line.includes('r2 = '));
    expect(address).toBeDefined();
    const slot = Number(address?.split(':')[0]);
    const distance = new DataView(program.insns.buffer, program.insns.byteOffset).getInt32(slot * 8 + 4, true);
    expect(slotsOf(program.funcInfo)).toContain(slot + distance + 1);
  });

  it('include an exception callback, which only a BTF tag names', () => {
    expect(functionsOf(linkOne(openFixture('exceptions'), 'throwing', kernel()))).toContain('201');
    const old = kernel({ lacks: ['btf-decl-tag'] });
    expect(functionsOf(linkOne(openFixture('exceptions'), 'throwing', old))).toEqual([]);
  });

  it('become static in BTF if they are hidden, so that they are verified with their callers', () => {
    const object = openFixture('subprograms');
    const hidden = object.btf?.find('hidden', 'func') ?? 0;
    expect(object.btf?.type(hidden)).toMatchObject({ linkage: 'global' });
    const loaded = Btf.parse(link(object, kernel()).btf ?? new Uint8Array());
    expect(loaded.type(hidden)).toMatchObject({ name: 'hidden', linkage: 'static' });
    expect(loaded.type(loaded.find('shared', 'func') ?? 0)).toMatchObject({ linkage: 'global' });
  });
});

describe('func_info and line_info', () => {
  it('count instructions from the beginning of the program', () => {
    const program = linkOne(openFixture('subprograms'), 'second', kernel());
    const begins = slotsOf(program.funcInfo);
    expect(begins).toHaveLength(4);
    expect(begins[0]).toBe(0);
    expect(begins).toEqual([...begins].sort((a, b) => a - b));
    const lines = slotsOf(program.lineInfo);
    for (const begin of begins) expect(lines).toContain(begin);
    expect(lines.every((line) => line < program.insns.length / 8)).toBe(true);
  });

  it('tell the source line of an instruction', () => {
    const object = openFixture('subprograms');
    const program = linkOne(object, 'first', kernel());
    const [, shared = 0] = slotsOf(program.funcInfo);
    expect(object.sourceLine(program, shared)).toMatchObject({ text: expect.stringContaining('calls += 102') });
    expect(object.sourceLine(program, shared)?.file).toMatch(/subprograms\.bpf\.c$/);
  });

  it('stay away from kernels that do not know them', () => {
    const program = linkOne(openFixture('subprograms'), 'first', kernel({ lacks: ['btf-func'] }));
    expect(program.funcInfo).toBeUndefined();
    expect(program.lineInfo).toBeUndefined();
  });
});
