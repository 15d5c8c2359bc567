/** What calls become, by their plans. */
import { describe, expect, test } from 'vitest';
import { encodeAll } from '../../src/isa/index.ts';
import {
  ARGUMENT_BLOCK,
  type CallPlan,
  compileProgram,
  instantiate,
  KERNEL_BASE_HIGH,
  makeInvoke,
  RESULT_HIGH,
  type ResultKind,
  type Signature,
  TAIL_CALL_COUNT,
} from '../../src/jit/index.ts';
import { assemble } from '../verifier/assemble.ts';
import { DATA, inputOf, newMachine, prepare, run, STACK_TOP } from './run.ts';

const CALL = 'call bpf_get_prandom_u32';
const BASE = BigInt.asUintN(64, BigInt(KERNEL_BASE_HIGH) << 32n);
const hex = (value: bigint): string => `0x${value.toString(16)}`;

function imported(signature: Signature, callee: (...words: number[]) => number): { call: () => CallPlan } {
  return { call: () => ({ kind: 'import', name: 'helper', signature, callee }) };
}

test('arguments are passed as the signature says', () => {
  const seen: (number | bigint)[][] = [];
  const signature: Signature = { parameters: ['i32', 'pair', 'i64', 'pair', 'i32'], result: 'void' };
  const result = run(
    `r1 = 0x1122334455667788 ll; r2 = -2; r3 = 0x8000000000000001 ll; r4 = 0x100000002 ll; r5 = 7; ${CALL}; exit`,
    imported(signature, (...words) => {
      seen.push(words);
      return 0;
    }),
  );
  expect(result).toBe(0n);
  expect(seen).toEqual([[0x55667788, -2, -1, -(2n ** 63n) + 1n, 2, 1, 7]]);
});

test('constants of the plan take the place of registers', () => {
  const seen: number[][] = [];
  const callee = (...words: number[]): number => {
    seen.push(words);
    return 0;
  };
  run(`r1 = 5; r2 = 6; r3 = 7; ${CALL}; exit`, {
    call: () => ({
      kind: 'import',
      name: 'helper',
      signature: { parameters: ['i32', 'i32', 'pair'], result: 's32' },
      callee,
      constants: new Map([
        [1, 0x1234],
        [3, 9],
      ]),
    }),
  });
  expect(seen).toEqual([[0x1234, 6, 9, 0]]);
});

test('results become r0 as the signature says', () => {
  const results: readonly [ResultKind, number, bigint][] = [
    ['s32', -22, BigInt.asUintN(64, -22n)],
    ['s32', 5, 5n],
    ['u32', -1, 0xffff_ffffn],
    ['pointer', 0, 0n],
    ['pointer', DATA, BASE + BigInt(DATA)],
    ['pair', -2, 0x9_ffff_fffen],
  ];
  for (const [result, value, expected] of results) {
    const machine = newMachine();
    const call = (): CallPlan => ({
      kind: 'import',
      name: 'helper',
      signature: { parameters: [], result },
      callee: () => {
        machine.view.setUint32(RESULT_HIGH, 9, true);
        return value;
      },
    });
    expect(hex(prepare(`${CALL}; exit`, { call }, machine).run()), `${result} ${value}`).toBe(hex(expected));
  }
});

test('callees that are called twice, with one signature or two, are told apart', () => {
  const add = (a: number, b = 100): number => a + b;
  const one: CallPlan = { kind: 'import', name: 'add', signature: { parameters: ['i32'], result: 's32' }, callee: add };
  const two: CallPlan = { ...one, signature: { parameters: ['i32', 'i32'], result: 's32' } };
  const text = `r1 = 1; ${CALL}; r6 = r0; r1 = 1; r2 = 2; ${CALL}; r6 += r0; r1 = 3; ${CALL}; r0 += r6; exit`;
  const { compiled, run: start } = prepare(text, { call: (insn) => (insn === 5 ? two : one) });
  expect(start()).toBe(101n + 3n + 103n);
  expect(compiled.imports).toHaveLength(2);
});

test('a stack slot whose address is passed is memory, and those below it are not', () => {
  const machine = newMachine();
  const callee = (address: number): number => {
    machine.view.setUint32(address + 4, 40, true);
    return machine.view.getUint32(address, true);
  };
  const signature: Signature = { parameters: ['i32'], result: 's32' };
  const { run: start, compiled } = prepare(
    `r1 = 1; *(u64 *)(r10 -24) = r1; *(u32 *)(r10 -8) = 2; r1 = r10; r1 += -8; ${CALL}
     r1 = *(u32 *)(r10 -4); r0 += r1; r1 = *(u64 *)(r10 -24); r0 += r1; exit`,
    imported(signature, callee),
    machine,
  );
  expect(start()).toBe(43n);
  expect(compiled.name).toBe('test');
  expect(machine.view.getUint32(STACK_TOP - 8, true)).toBe(2);
  expect(machine.view.getUint32(STACK_TOP - 24, true)).toBe(0);
});

describe('plans without a call', () => {
  test('a lookup in an array', () => {
    const plan: CallPlan = { kind: 'array-lookup', base: DATA, stride: 24, count: 3 };
    for (const [key, expected] of [
      [0, BASE + BigInt(DATA)],
      [2, BASE + BigInt(DATA + 48)],
      [3, 0n],
      [-1, 0n],
    ] as const) {
      const slot = `*(u32 *)(r10 -4) = ${key}; r2 = r10; r2 += -4; ${CALL}; exit`;
      expect(hex(run(slot, { call: () => plan })), `slot ${key}`).toBe(hex(expected));
      const machine = newMachine();
      machine.view.setInt32(DATA + 512, key, true);
      const memory = prepare(`r2 = r1; r2 += 512; ${CALL}; exit`, { call: () => plan }, machine);
      expect(hex(memory.run(DATA)), `memory ${key}`).toBe(hex(expected));
    }
  });

  test('constants, arguments, loads', () => {
    const text = `r1 = 1; r2 = -5; ${CALL}; exit`;
    expect(run(text, { call: () => ({ kind: 'constant', value: 0xffff_8880_0000_1234n }) })).toBe(
      0xffff_8880_0000_1234n,
    );
    expect(run(text, { call: () => ({ kind: 'argument', register: 2 }) })).toBe(BigInt.asUintN(64, -5n));
    const machine = newMachine();
    machine.view.setBigUint64(DATA, 0x1122_3344_8877_6655n, true);
    const load = (size: 4 | 8): CallPlan => ({ kind: 'load', address: DATA, size });
    expect(prepare(text, { call: () => load(8) }, machine).run()).toBe(0x1122_3344_8877_6655n);
    expect(prepare(text, { call: () => load(4) }, machine).run()).toBe(0x8877_6655n);
  });

  test('bpf_loop', () => {
    // The callback counts in its caller's stack, and ends the rounds where it is told.
    const text = (rounds: string, last: number): string => `
      *(u64 *)(r10 -8) = 0; r1 = ${rounds}; r2 = &each; r3 = r10; r3 += -8; r4 = 0; ${CALL}
      r1 = *(u64 *)(r10 -8); r1 <<= 32; r0 <<= 32; r0 >>= 32; r0 |= r1; exit
      each:; r3 = *(u64 *)(r2 +0); r3 += 1; *(u64 *)(r2 +0) = r3; r0 = 0
      if r1 != ${last} goto on; r0 = 1; on:; exit`;
    const loop = { call: (): CallPlan => ({ kind: 'loop', callback: 1 }) };
    expect(hex(run(text('0', 100), loop))).toBe('0x0');
    expect(hex(run(text('1', 100), loop))).toBe('0x100000001');
    expect(hex(run(text('10', 100), loop))).toBe('0xa0000000a');
    expect(hex(run(text('10', 6), loop))).toBe('0x700000007');
    expect(hex(run(text('8388609', 6), loop))).toBe('0xfffffff9');
    expect(hex(run(text('0x100000001 ll', 6), loop))).toBe('0xfffffff9');
  });
});

test('a callback is called through the table, with five arguments', () => {
  const machine = newMachine();
  const invoke = makeInvoke(machine);
  const callee = (callback: number, low: number): number => {
    for (const [index, value] of [1n, 2n, 0x3_0000_0000n, 4n, BASE + BigInt(low)].entries())
      machine.view.setBigUint64(ARGUMENT_BLOCK + index * 8, value, true);
    return invoke(callback) + machine.view.getInt32(RESULT_HIGH, true);
  };
  const { run: start, program } = prepare(
    `r1 = &back; r2 = r10; r2 += -16; *(u64 *)(r10 -16) = 1000; ${CALL}; r1 = *(u64 *)(r10 -16); r0 += r1; exit
     back:; r0 = r1; r0 += r2; r0 += r3; r0 += r4; *(u64 *)(r5 +0) = 50; *(u64 *)(r10 -8) = r0; exit`,
    imported({ parameters: ['i32', 'i32'], result: 's32' }, callee),
    machine,
  );
  expect(start()).toBe(7n + 3n + 50n);
  expect(program.functionIndex(1)).toBe(program.entryIndex + 1);
  expect(() => program.functionIndex(2)).toThrow("function 2 of 'test' is not called back");
});

test('places in the table are used again', () => {
  const machine = newMachine();
  const first = prepare('r0 = 1; exit', {}, machine).program;
  const { length } = machine.table;
  first.release();
  expect(machine.table.get(first.entryIndex)).toBeNull();
  const second = prepare('r0 = 2; exit', {}, machine).program;
  expect(second.entryIndex).toBe(first.entryIndex);
  expect(machine.table.length).toBe(length);
});

describe('tail calls', () => {
  const SLOTS = DATA + 1024;
  const plan: CallPlan = { kind: 'tail-call', slots: SLOTS, count: 4 };

  /** Calls itself from slot 0, counting in the context. */
  function counting(machine = newMachine()) {
    const prepared = prepare(
      `r2 = *(u64 *)(r1 +0); r2 += 1; *(u64 *)(r1 +0) = r2; r6 = r1; *(u64 *)(r10 -8) = r10
       r3 = *(u32 *)(r1 +8); ${CALL}; r0 = *(u64 *)(r6 +0); exit`,
      { call: () => plan },
      machine,
    );
    machine.view.setInt32(SLOTS, prepared.program.entryIndex, true);
    return prepared;
  }

  test('end after 33', () => {
    const { machine, run: start } = counting();
    machine.view.setInt32(TAIL_CALL_COUNT, 5, true);
    expect(start(DATA)).toBe(34n);
    expect(machine.view.getInt32(TAIL_CALL_COUNT, true)).toBe(5);
    expect(machine.stackPointer.value).toBe(STACK_TOP);
  });

  test('go on after it where there is no program', () => {
    const { machine, run: start } = counting();
    machine.view.setUint32(DATA + 8, 1, true);
    expect(start(DATA)).toBe(1n);
    machine.view.setUint32(DATA + 8, 4, true);
    expect(start(DATA)).toBe(2n);
    machine.view.setUint32(DATA + 8, 0xffff_ffff, true);
    expect(start(DATA)).toBe(3n);
  });

  test('go by the map that r2 points to', () => {
    const MAP = DATA + 2048;
    const byMap: CallPlan = { kind: 'tail-call-by-map', slotsAt: -8, countAt: -4 };
    const { machine, run: start } = prepare(`r2 = *(u64 *)(r1 +0); r3 = *(u32 *)(r1 +8); ${CALL}; r0 = 9; exit`, {
      call: () => byMap,
    });
    const target = prepare('r0 = 7; exit', {}, machine).program;
    for (const [map, slots] of [
      [MAP, SLOTS],
      [MAP + 64, SLOTS + 64],
    ] as const) {
      machine.view.setUint32(map - 8, slots, true);
      machine.view.setUint32(map - 4, map === MAP ? 1 : 2, true);
    }
    machine.view.setInt32(SLOTS + 4, target.entryIndex, true);
    machine.view.setInt32(SLOTS + 64 + 4, target.entryIndex, true);
    const through = (map: number, index: number): bigint => {
      machine.view.setBigUint64(DATA, (BigInt(KERNEL_BASE_HIGH >>> 0) << 32n) + BigInt(map), true);
      machine.view.setUint32(DATA + 8, index, true);
      return start(DATA);
    };
    expect(through(MAP, 1)).toBe(9n); // one slot only
    expect(through(MAP + 64, 1)).toBe(7n);
    expect(through(MAP + 64, 0)).toBe(9n);
    expect(through(MAP + 64, 2)).toBe(9n);
  });

  test('from a function return to its caller', () => {
    const { machine } = counting();
    machine.view.setUint32(DATA + 8, 1, true);
    const { run: start } = prepare(
      `call inner; r0 += 100; exit
       inner:; *(u64 *)(r10 -8) = r10; r3 = 0; ${CALL}; r0 = 77; exit`,
      { call: () => plan },
      machine,
    );
    // r1 is passed on: the context.
    expect(start(DATA)).toBe(101n);
    expect(machine.stackPointer.value).toBe(STACK_TOP);
  });
});

describe('bpf_throw', () => {
  const text = `call deep; r0 = 5; exit
    deep:; *(u64 *)(r10 -8) = r10; r1 = 0x700000003 ll; ${CALL}; exit`;
  const callback = 'handler:; r0 = r1; r0 += 1; exit';
  const throws = { call: (): CallPlan => ({ kind: 'throw' }) };

  test('ends the program with the cookie', () => {
    const { machine, run: start } = prepare(text, throws);
    expect(start()).toBe(0x7_0000_0003n);
    expect(machine.stackPointer.value).toBe(STACK_TOP);
  });

  test('runs the exception callback', () => {
    const { insns, labels } = assemble(`${text}; ${callback}`);
    const machine = newMachine();
    const start = labels.get('handler') as number; // it is there
    const plain = inputOf(insns);
    const [main, deep] = plain.subprograms;
    if (main === undefined || deep === undefined) throw new Error('two functions');
    const subprograms = [
      main,
      { ...deep, end: start },
      { ...deep, start, end: insns.length / 8, name: 'handler', isExceptionCallback: true },
    ];
    const program = instantiate(compileProgram({ ...plain, ...throws, subprograms }), machine);
    expect(program.entry(0)).toBe(4);
    expect(machine.view.getUint32(RESULT_HIGH, true)).toBe(7);
    expect(machine.stackPointer.value).toBe(STACK_TOP);
  });
});

test('a call by register passes the number and all arguments', () => {
  const machine = newMachine();
  const insns = encodeAll([
    ...[1, 2, 3, 4, 5].map(
      (dst) => ({ kind: 'ld_imm64', dst, source: { kind: 'value', value: BigInt(dst) << 33n } }) as const,
    ),
    { kind: 'alu', width: 64, op: 'mov', dst: 6, source: { immediate: 77 } },
    { kind: 'callx', register: 6 },
    { kind: 'exit' },
  ]);
  const callByRegister = (helper: number): number => {
    machine.view.setInt32(RESULT_HIGH, helper, true);
    return [0, 1, 2, 3, 4].reduce((sum, at) => sum + machine.view.getInt32(ARGUMENT_BLOCK + at * 8 + 4, true), 0);
  };
  expect(prepare(insns, { callByRegister }, machine).run()).toBe((77n << 32n) | 30n);
});

describe('packet loads', () => {
  const load = (kind: 'ld_abs' | 'ld_ind'): Uint8Array =>
    encodeAll([
      { kind: 'alu', width: 64, op: 'mov', dst: 6, source: { register: 1 } },
      { kind: 'alu', width: 64, op: 'mov', dst: 7, source: { immediate: 10 } },
      kind === 'ld_abs' ? { kind, size: 2, imm: 3 } : { kind, size: 2, imm: 3, src: 7 },
      { kind: 'alu', width: 64, op: 'add', dst: 0, source: { immediate: 1 } },
      { kind: 'exit' },
    ]);

  test('give what is there, and end the program where nothing is', () => {
    for (const [kind, offset] of [
      ['ld_abs', 3],
      ['ld_ind', 13],
    ] as const)
      for (const there of [true, false]) {
        const machine = newMachine();
        const calls: number[][] = [];
        const packetLoad = (...words: number[]): number => {
          calls.push(words);
          machine.view.setInt32(RESULT_HIGH, there ? 0 : 1, true);
          return -2;
        };
        expect(prepare(load(kind), { packetLoad }, machine).run(DATA)).toBe(there ? 0xffff_ffffn : 0n);
        expect(calls).toEqual([[DATA, offset, 2]]);
      }
  });

  test('are refused where nothing gives them', () => {
    expect(() => prepare(load('ld_abs'))).toThrow('test: loads from packets (LD_ABS, LD_IND)');
  });
});
