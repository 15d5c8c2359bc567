/** Accesses that are no plain ones, and where stacks end. */
import { describe, expect, test } from 'vitest';
import { encodeAll, type Instruction } from '../../src/isa/index.ts';
import type { AccessPlan } from '../../src/jit/index.ts';
import { DATA, newMachine, prepare, run, STACK_LIMIT, STACK_TOP } from './run.ts';

const BASE = 0xffff_8880_0000_0000n;
const SIZE = 2 * 65_536;
const hex = (value: bigint): string => `0x${value.toString(16)}`;
const sizes = [1, 2, 4, 8] as const;

/** A load through an address in the context. */
const loadThrough = (size: 1 | 2 | 4 | 8, off: number, signed = false): Uint8Array =>
  encodeAll([
    { kind: 'load', size: 8, signed: false, dst: 2, base: 1, off: 0 },
    { kind: 'load', size, signed, dst: 0, base: 2, off },
    { kind: 'exit' },
  ]);
const storeThrough = (size: 1 | 2 | 4 | 8, off: number): Uint8Array =>
  encodeAll([
    { kind: 'load', size: 8, signed: false, dst: 2, base: 1, off: 0 },
    { kind: 'store', size, base: 2, off, source: { immediate: -1 } },
    { kind: 'alu', width: 64, op: 'mov', dst: 0, source: { immediate: 0 } },
    { kind: 'exit' },
  ]);
const second = (plan: AccessPlan) => ({
  access: (insn: number): AccessPlan => (insn === 1 ? plan : { kind: 'plain' }),
});

describe('untrusted loads', () => {
  test.each(sizes)('of %i bytes give what is in memory, and 0 elsewhere', (size) => {
    for (const off of [0, 8, -8]) {
      const { machine, run: start } = prepare(loadThrough(size, off), second({ kind: 'untrusted' }));
      new Uint8Array(machine.memory.buffer).fill(0x11, DATA + 8);
      const value = BigInt(`0x${'11'.repeat(size)}`);
      const at = (address: bigint): bigint => {
        machine.view.setBigUint64(DATA, BigInt.asUintN(64, address - BigInt(off)), true);
        return start(DATA);
      };
      expect(hex(at(BASE + BigInt(DATA + 8)))).toBe(hex(value));
      expect(hex(at(BASE + BigInt(SIZE - size)))).toBe(hex(value));
      expect(at(BASE + BigInt(SIZE - size + 1))).toBe(0n);
      expect(at(BASE + BigInt(SIZE))).toBe(0n);
      expect(at(BASE - 1n)).toBe(0n);
      expect(at(BASE + 0x1_0000_0000n + BigInt(DATA + 8))).toBe(0n);
      expect(at(BigInt(DATA + 8))).toBe(0n);
      expect(at(0n)).toBe(0n);
      expect(at(0xffff_ffff_ffff_ffffn)).toBe(0n);
    }
  });

  test('extend the sign', () => {
    const { machine, run: start } = prepare(loadThrough(2, 0, true), second({ kind: 'untrusted' }));
    machine.view.setBigUint64(DATA, BASE + BigInt(DATA + 8), true);
    machine.view.setInt16(DATA + 8, -5, true);
    expect(start(DATA)).toBe(BigInt.asUintN(64, -5n));
  });
});

describe('arenas', () => {
  const LIMIT = 8192;
  const ARENA = DATA + 4096;
  /** Of two pages. */
  const PAGES = DATA + 1024;
  const plan: AccessPlan = { kind: 'arena', base: ARENA, limit: LIMIT, start: 0, pages: PAGES };

  test.each(sizes)('loads of %i bytes give what is mapped, and 0 beyond', (size) => {
    for (const off of [0, 16, -16]) {
      const { machine, run: start } = prepare(loadThrough(size, off), second(plan));
      new Uint8Array(machine.memory.buffer).fill(0x22);
      machine.view.setUint16(PAGES, 0x0101, true);
      const value = BigInt(`0x${'22'.repeat(size)}`);
      const at = (place: number, high = 0): bigint => {
        machine.view.setInt32(DATA, place - off, true);
        machine.view.setInt32(DATA + 4, high, true);
        return start(DATA);
      };
      const first = Math.max(off, 0);
      expect(hex(at(first))).toBe(hex(value));
      expect(hex(at(first, 0x7f00))).toBe(hex(value));
      expect(hex(at(LIMIT - size))).toBe(hex(value));
      expect(at(LIMIT - size + 1)).toBe(0n);
      // What an instruction adds does not lead from the end of 4 GiB to the beginning.
      expect(at(first - 1)).toBe(0n);
      expect(at(-2048)).toBe(0n);
    }
  });

  test.each([
    [0x3000, 16],
    [0x3000, -16],
    // From one end of 4 GiB to the other.
    [0x1_0000_0000 - LIMIT, 16],
    [0x10, -0x20],
  ])('begin where their start says, at %i with accesses %i off', (start, off) => {
    const { machine, run: load } = prepare(loadThrough(8, off), second({ ...plan, start }));
    new Uint8Array(machine.memory.buffer).fill(0x22);
    machine.view.setUint16(PAGES, 0x0101, true);
    const at = (place: number): bigint => {
      machine.view.setBigUint64(DATA, BigInt.asUintN(32, BigInt(start + place - off)), true);
      return load(DATA);
    };
    const isAtEnd = start + LIMIT - 8 - off > 0xffff_ffff;
    expect(hex(at(0))).toBe(start - off < 0 ? '0x0' : hex(0x2222_2222_2222_2222n));
    expect(hex(at(LIMIT - 8))).toBe(isAtEnd ? '0x0' : hex(0x2222_2222_2222_2222n));
    expect(at(LIMIT - 7)).toBe(0n);
    expect(at(-1)).toBe(0n);
  });

  test.each(sizes)('pages that are not allocated have nothing: %i bytes', (size) => {
    const { machine, run: load } = prepare(loadThrough(size, 0), second(plan));
    const { run: store } = prepare(storeThrough(size, 0), second(plan), machine);
    const memory = new Uint8Array(machine.memory.buffer);
    memory.fill(0x22, ARENA, ARENA + LIMIT);
    const filled = BigInt(`0x${'22'.repeat(size)}`);
    const at = (place: number, pages: readonly number[]): [bigint, boolean] => {
      memory.set(pages, PAGES);
      machine.view.setUint32(DATA, place, true);
      const loaded = load(DATA);
      store(DATA);
      const isStored = memory[ARENA + place] === 0xff;
      memory.fill(0x22, ARENA, ARENA + LIMIT);
      return [loaded, isStored];
    };
    expect(at(0, [1, 0])).toEqual([filled, true]);
    expect(at(0, [0, 1])).toEqual([0n, false]);
    expect(at(4096 - size, [1, 0])).toEqual([filled, true]);
    expect(at(4096, [1, 0])).toEqual([0n, false]);
    if (size === 1) return;
    expect(at(4095, [1, 0])).toEqual([0n, false]);
    expect(at(4095, [0, 1])).toEqual([0n, false]);
    expect(at(4095, [1, 1])).toEqual([filled, true]);
  });

  // What Linux 6.18 gives on x86 for the same instructions.
  const value = 0x1111_2222_3333_4444n;
  const load = 'r2 = *(u64 *)(r1 +0); r0 = 0x1111222233334444 ll; r3 = 5';
  test.each([
    ['fetch_add', 'r0 = fetch_add(u64 r2 +0, r0)', value, 0x77n, value + 0x77n],
    ['32-bit fetch_add', 'r0 = fetch_add(u32 r2 +0, r0)', value, 0x77n, 0x3333_44bbn],
    ['xchg', 'r0 = xchg(u64 r2 +0, r0)', value, 0x77n, value],
    ['cmpxchg', 'r0 = cmpxchg(u64 r2 +0, r3)', value, 0x77n, 0x77n],
    ['load_acquire', 'r0 = load_acquire(u64 r2 +0)', value, 0x77n, 0x77n],
    ['32-bit cmpxchg', 'r0 = cmpxchg(u32 r2 +0, r3)', value, 0x77n, 0x77n],
  ])('%s beyond changes nothing', (_, operation, before, inside, stored) => {
    const { machine, run: start } = prepare(`${load}; ${operation}; exit`, {
      access: (insn) => (insn >= 4 ? plan : { kind: 'plain' }),
    });
    const bytes = new Uint8Array(machine.memory.buffer, ARENA - 16, LIMIT + 64);
    bytes.fill(0x33);
    const untouched = bytes.slice();
    machine.view.setUint16(PAGES, 0x0101, true);
    machine.view.setUint32(DATA, LIMIT, true);
    expect(hex(start(DATA))).toBe(hex(before));
    expect(bytes).toEqual(untouched);
    machine.view.setUint32(DATA, 8, true);
    machine.view.setBigUint64(ARENA + 8, inside, true);
    expect(hex(start(DATA))).toBe(hex(inside));
    expect(hex(machine.view.getBigUint64(ARENA + 8, true))).toBe(hex(stored));
  });

  test('exchanges of 32 bits that succeed leave the upper word', () => {
    const { machine, run: start } = prepare(`${load}; r0 = cmpxchg(u32 r2 +0, r3); exit`, {
      access: (insn) => (insn >= 4 ? plan : { kind: 'plain' }),
    });
    machine.view.setUint16(PAGES, 0x0101, true);
    machine.view.setUint32(DATA, 8, true);
    machine.view.setUint32(ARENA + 8, 0x3333_4444, true);
    expect(hex(start(DATA))).toBe(hex(value));
    expect(machine.view.getUint32(ARENA + 8, true)).toBe(5);
  });

  test.each(sizes)('stores of %i bytes beyond are lost', (size) => {
    const { machine, run: start } = prepare(storeThrough(size, 8), second(plan));
    machine.view.setUint16(PAGES, 0x0101, true);
    const at = (place: number): void => {
      machine.view.setInt32(DATA, place - 8, true);
      start(DATA);
    };
    at(LIMIT - size);
    at(LIMIT - size + 1);
    at(LIMIT);
    at(-8);
    const bytes = [...new Uint8Array(machine.memory.buffer, ARENA - 16, LIMIT + 64)];
    expect(bytes.flatMap((byte, index) => (byte === 0 ? [] : [index - 16]))).toEqual(
      Array.from({ length: size }, (_, index) => LIMIT - size + index),
    );
  });

  test('pointers are cast to user space and back', () => {
    const cast = (imm: number): Uint8Array => {
      const bytes = encodeAll([
        { kind: 'load', size: 8, signed: false, dst: 2, base: 1, off: 0 },
        {
          kind: 'addr_space_cast',
          dst: 0,
          src: 2,
          ...(imm === 1 ? { toSpace: 0, fromSpace: 1 } : { toSpace: 1, fromSpace: 0 }),
        },
        { kind: 'exit' },
      ]);
      expect(new DataView(bytes.buffer).getInt32(12, true)).toBe(imm);
      return bytes;
    };
    const through = (imm: number, value: bigint): bigint => {
      const { machine, run: start } = prepare(cast(imm), { arenaUserHigh: 0x7abc });
      machine.view.setBigUint64(DATA, value, true);
      return start(DATA);
    };
    expect(hex(through(1, 0x7abc_0000_1000n))).toBe('0x1000');
    expect(hex(through(1 << 16, 0x1000n))).toBe(hex(0x7abc_0000_1000n));
    expect(through(1 << 16, 0n)).toBe(0n);
    expect(() => prepare(cast(1 << 16))).toThrow('test: a pointer into an arena without an arena');
  });

  test('arithmetic on their pointers is done in 32 bits', () => {
    const insns = encodeAll([
      { kind: 'ld_imm64', dst: 0, source: { kind: 'value', value: 0x7abc_ffff_ffffn } },
      { kind: 'alu', width: 64, op: 'add', dst: 0, source: { immediate: 2 } },
      { kind: 'exit' },
    ]);
    const arenaArithmetic = Uint8Array.of(0, 0, 1, 0);
    expect(run(insns, { facts: { seen: new Uint8Array(4).fill(1), arenaArithmetic } })).toBe(1n);
  });
});

test('32-bit fields with an offset give an address', () => {
  const insns = encodeAll([{ kind: 'load', size: 4, signed: false, dst: 0, base: 1, off: 4 }, { kind: 'exit' }]);
  const { machine, run: start } = prepare(insns, { access: () => ({ kind: 'pointer32' }) });
  machine.view.setUint32(DATA + 4, 0x9000_0000, true);
  expect(hex(start(DATA))).toBe(hex(BASE + 0x9000_0000n));
  machine.view.setUint32(DATA + 4, 0, true);
  expect(start(DATA)).toBe(0n);
});

describe('stacks', () => {
  /** Uses all 512 bytes, and calls the next function while the count in r1 lasts. */
  const recursion = `
    r1 = 300; call deeper; exit
    deeper:; *(u64 *)(r10 -512) = r1; *(u64 *)(r10 -8) = r10; r1 -= 1; if r1 == 0 goto end; call deeper; end:; r0 = 0; exit`;

  test('do not grow out of their region', () => {
    const { machine, run: start } = prepare(recursion);
    new Uint8Array(machine.memory.buffer).fill(0x33, 0, STACK_LIMIT);
    expect(() => start()).toThrow("program 'test', instruction 3: the stack is used up");
    expect(new Uint8Array(machine.memory.buffer, 0x1040, STACK_LIMIT - 0x1040).every((byte) => byte === 0x33)).toBe(
      true,
    );
    expect(machine.stackPointer.value).toBe(STACK_TOP);
  });

  test('are given back', () => {
    const { machine, run: start } = prepare(recursion.replace('300', '30'));
    expect(start()).toBe(0n);
    expect(machine.stackPointer.value).toBe(STACK_TOP);
  });

  test('variable places in them are memory', () => {
    const insns: readonly Instruction[] = [
      { kind: 'load', size: 8, signed: false, dst: 2, base: 1, off: 0 },
      { kind: 'store', size: 8, base: 10, off: -16, source: { immediate: 5 } },
      { kind: 'store', size: 8, base: 10, off: -8, source: { immediate: 6 } },
      { kind: 'alu', width: 64, op: 'mov', dst: 3, source: { register: 10 } },
      { kind: 'alu', width: 64, op: 'add', dst: 3, source: { register: 2 } },
      { kind: 'load', size: 8, signed: false, dst: 0, base: 3, off: 0 },
      { kind: 'exit' },
    ];
    const { machine, run: start } = prepare(encodeAll(insns));
    machine.view.setBigInt64(DATA, -16n, true);
    expect(start(DATA)).toBe(5n);
    machine.view.setBigInt64(DATA, -8n, true);
    expect(start(DATA)).toBe(6n);
  });

  test('pointers that paths bring from different places are followed in memory', () => {
    const text = `
      *(u64 *)(r10 -16) = 5; *(u64 *)(r10 -8) = 6; r2 = *(u64 *)(r1 +0); r3 = r10; r3 += -16
      if r2 == 0 goto there; r3 = r10; r3 += -8; there:; r0 = *(u64 *)(r3 +0); exit`;
    const { machine, run: start } = prepare(text);
    expect(start(DATA)).toBe(5n);
    machine.view.setBigInt64(DATA, 1n, true);
    expect(start(DATA)).toBe(6n);
  });
});

test('an error of the engine names program and instruction', () => {
  const machine = newMachine();
  const { run: start } = prepare('r0 = 0; r2 = r1; r2 += 0x7000000; r0 = *(u64 *)(r2 +8); exit', {}, machine);
  expect(() => start(DATA)).toThrow("program 'test', instruction 3: memory access out of bounds");
});

test('what a callee throws comes through as it is', () => {
  const error = new Error('mine');
  const { machine, run: start } = prepare('*(u64 *)(r10 -8) = r10; call bpf_get_prandom_u32; exit', {
    call: () => ({
      kind: 'import',
      name: 'helper',
      signature: { parameters: [], result: 's32' },
      callee: () => {
        throw error;
      },
    }),
  });
  expect(() => start()).toThrow(error);
  expect(machine.stackPointer.value).toBe(STACK_TOP);
});
