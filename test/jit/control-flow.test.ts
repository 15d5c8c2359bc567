/** Flow graphs of every shape, and what is special about jumps. */
import { describe, expect, test } from 'vitest';
import { encodeAll, type Instruction } from '../../src/isa/index.ts';
import { webAssembly } from '../../src/jit/index.ts';
import { randomNumbers } from './random-programs.ts';
import { Reference } from './reference.ts';
import { inputOf, newMachine, prepare, run } from './run.ts';

const alu =
  (op: 'add' | 'mov') =>
  (dst: number, immediate: number): Instruction => ({ kind: 'alu', width: 64, op, dst, source: { immediate } });
const add = alu('add');
const set = alu('mov');
const EXIT: Instruction = { kind: 'exit' };

/** Blocks of five instructions that mix their number into r0, stop when r2 is used up, and jump anywhere. */
function randomGraph(below: (limit: number) => number, blocks: number): Uint8Array {
  const BLOCK = 7;
  const program: Instruction[] = [set(0, 1), set(2, 40)];
  for (let block = 0; block < blocks; block++) {
    const at = 2 + block * BLOCK;
    const end = 2 + blocks * BLOCK;
    const to = (): number => 2 + below(blocks) * BLOCK;
    program.push(
      { kind: 'alu', width: 64, op: 'mul', dst: 0, source: { immediate: 31 } },
      add(0, block),
      add(2, -1),
      { kind: 'jump', width: 64, condition: 'eq', dst: 2, source: { immediate: 0 }, off: end - (at + 4) },
      { kind: 'alu', width: 64, op: 'mov', dst: 3, source: { register: 0 } },
      { kind: 'jump', width: 64, condition: 'set', dst: 3, source: { immediate: 1 << below(5) }, off: to() - (at + 6) },
      // Mostly to the next block, as in compiled programs.
      { kind: 'goto', off: (below(3) === 0 ? to() : at + BLOCK) - (at + 7) },
    );
  }
  program.push(EXIT);
  return encodeAll(program);
}

test('any graph does what the reference does', () => {
  const below = randomNumbers(3);
  for (let seed = 0; seed < 300; seed++) {
    const insns = randomGraph(below, 2 + below(14));
    expect(run(insns), `graph ${seed}`).toBe(new Reference(insns, new Uint8Array(8)).run());
  }
});

test('long programs with many meeting paths do not exhaust the stack', () => {
  const program: Instruction[] = [set(0, 0)];
  for (let each = 0; each < 20_000; each++)
    program.push(
      { kind: 'jump', width: 64, condition: 'set', dst: 0, source: { immediate: 1 << (each % 7) }, off: 1 },
      add(0, 3),
      add(0, 1),
    );
  program.push(EXIT);
  const insns = encodeAll(program);
  expect(run(insns)).toBe(new Reference(insns, new Uint8Array(8)).run());
});

test('a goto with 32 bits is followed', () => {
  expect(run(encodeAll([set(0, 1), { kind: 'gotol', off: 1 }, add(0, 10), add(0, 100), EXIT]))).toBe(101n);
});

describe('dead code', () => {
  const insns = encodeAll([
    set(0, 1),
    { kind: 'jump', width: 64, condition: 'eq', dst: 0, source: { immediate: 2 }, off: 1 },
    EXIT,
    { kind: 'call', target: { kind: 'helper', id: 1 } },
    EXIT,
  ]);

  test('is left out, and nobody is asked about it', () => {
    const facts = { seen: Uint8Array.of(1, 1, 1, 0, 0), arenaArithmetic: new Uint8Array(5) };
    const { compiled, run: start } = prepare(insns, { facts });
    expect(start()).toBe(1n);
    expect(compiled.places.insns).not.toContain(4);
  });

  test('may be what follows a jump that is always taken', () => {
    const always = encodeAll([
      set(0, 1),
      { kind: 'jump', width: 64, condition: 'eq', dst: 0, source: { immediate: 1 }, off: 1 },
      { kind: 'call', target: { kind: 'helper', id: 1 } },
      EXIT,
    ]);
    const facts = { seen: Uint8Array.of(1, 1, 0, 1), arenaArithmetic: new Uint8Array(4) };
    expect(run(always, { facts })).toBe(1n);
  });

  test('may be a whole function', () => {
    const input = inputOf(encodeAll([set(0, 4), EXIT, set(0, 5), EXIT]));
    const [main] = input.subprograms;
    if (main === undefined) throw new Error('there is one');
    const changes = {
      facts: { seen: Uint8Array.of(1, 1, 0, 0), arenaArithmetic: new Uint8Array(4) },
      subprograms: [
        { ...main, end: 2 },
        { ...main, start: 2, end: 4, name: 'dead' },
      ],
    };
    expect(run(input.insns, changes)).toBe(4n);
  });
});

describe('may_goto', () => {
  const ITERATIONS = 0xffff;
  const insns = encodeAll([set(0, 0), { kind: 'may_goto', off: 2 }, add(0, 1), { kind: 'goto', off: -3 }, EXIT]);
  const withClock = (...times: readonly number[]): { result: bigint; asked: number } => {
    let asked = 0;
    const clock = (): number => times[asked++] ?? Number.POSITIVE_INFINITY;
    const { run: start } = prepare(insns, {}, { ...newMachine(), clock });
    return { result: start(), asked };
  };

  test('jumps when the time is over, which is looked at every 65,535 rounds', () => {
    expect(withClock(1000, 1249.9, 1250)).toEqual({ result: BigInt(3 * ITERATIONS), asked: 3 });
    expect(withClock(1000, 1250)).toEqual({ result: BigInt(2 * ITERATIONS), asked: 2 });
  });
});

test('what cannot be compiled is named', () => {
  expect(() => run(encodeAll([{ kind: 'gotox', register: 1 }]))).toThrow(
    'test: instruction 0 is an indirect jump (gotox)',
  );
  expect(() => run(encodeAll([{ kind: 'callx', register: 1 }, EXIT]))).toThrow(
    'test: calls of functions in registers (callx)',
  );
});

test('a program that is too long for the engine is refused by name', () => {
  // Each becomes about 40 bytes.
  const long = new Array<Instruction>(250_000).fill({ kind: 'endian', order: 'swap', bits: 64, dst: 0 });
  expect(() => prepare(encodeAll([...long, EXIT]))).toThrow(
    "program 'test' is too much for this JavaScript engine: WebAssembly.Module()",
  );
});

test('modules are valid for the engine', () => {
  const { compiled } = prepare('r0 = 0; exit');
  expect(webAssembly.validate(compiled.bytes)).toBe(true);
});
