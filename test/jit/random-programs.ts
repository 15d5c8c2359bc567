/**
 * Programs made by chance, the same ones for the same seed: registers and a stack filled from the context, any
 * arithmetic, memory operation and forward jump on them, and everything back into the context at the end. The kernel's
 * verifier accepts them as `syscall` programs.
 */
import type { AluOperation, AtomicOperation, Instruction, JumpCondition, Operand } from '../../src/isa/index.ts';

/** r0 to r8 are for the program, r9 holds the context. */
const REGISTERS = 9;
const SLOTS = 6;
/** Bytes of context: what the registers and the slots begin with, and end with. */
export const CONTEXT_SIZE = (REGISTERS + SLOTS) * 8;

/** mulberry32 */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000) * below);
  };
}

const EDGES = [0, 1, 2, 3, 8, 31, 32, 63, 127, 128, 255, 0x7fff, 0xffff, 0x7fff_ffff, -1, -2, -128, -0x8000_0000];
const PLAIN: readonly AluOperation[] = ['add', 'sub', 'mul', 'or', 'and', 'xor', 'mov'];
const DIVISIONS: readonly AluOperation[] = ['div', 'sdiv', 'mod', 'smod'];
const SHIFTS: readonly AluOperation[] = ['lsh', 'rsh', 'arsh'];
const CONDITIONS: readonly JumpCondition[] = [
  ...(['eq', 'gt', 'ge', 'set', 'ne', 'sgt', 'sge', 'lt', 'le', 'slt', 'sle'] as const),
];
const ATOMICS: readonly AtomicOperation[] = [
  ...(['add', 'or', 'and', 'xor', 'fetch_add', 'fetch_or', 'fetch_and', 'fetch_xor', 'xchg', 'cmpxchg'] as const),
];

export function randomContext(below: (limit: number) => number): Uint8Array {
  const context = new Uint8Array(CONTEXT_SIZE);
  const view = new DataView(context.buffer);
  for (let at = 0; at < CONTEXT_SIZE; at += 8) {
    const isEdge = below(3) === 0;
    const low = isEdge ? (EDGES[below(EDGES.length)] as number) : below(0x1_0000_0000);
    view.setInt32(at, low, true);
    view.setInt32(at + 4, isEdge ? low >> 31 : below(2) * below(0x1_0000_0000), true);
  }
  return context;
}

/** @param length instructions between beginning and end, about */
export function randomProgram(below: (limit: number) => number, length: number): Instruction[] {
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T; // never empty
  const register = (): number => below(REGISTERS);
  const width = (): 32 | 64 => pick([32, 64] as const);
  const constant = (): number => (below(2) === 0 ? pick(EDGES) : below(0x1_0000_0000) | 0);
  const operand = (): Operand => (below(2) === 0 ? { register: register() } : { immediate: constant() });
  const size = (): 1 | 2 | 4 | 8 => pick([1, 2, 4, 8, 8, 8] as const);
  const place = (bytes: number): number => -SLOTS * 8 + below((SLOTS * 8) / bytes) * bytes;

  const arithmetic = (): Instruction => {
    const bits = width();
    const dst = register();
    switch (below(8)) {
      case 0: {
        const source = operand();
        // The verifier takes no constant 0.
        return {
          kind: 'alu',
          width: bits,
          op: pick(DIVISIONS),
          dst,
          source: 'immediate' in source && source.immediate === 0 ? { immediate: 3 } : source,
        };
      }
      case 1:
        return {
          kind: 'alu',
          width: bits,
          op: pick(SHIFTS),
          dst,
          source: below(2) === 0 ? { register: register() } : { immediate: below(bits - 1) },
        };
      case 2:
        return { kind: 'neg', width: bits, dst };
      case 3:
        return {
          kind: 'movsx',
          width: bits,
          from: pick(bits === 64 ? ([8, 16, 32] as const) : ([8, 16] as const)),
          dst,
          src: register(),
        };
      case 4:
        return { kind: 'endian', order: pick(['le', 'be', 'swap'] as const), bits: pick([16, 32, 64] as const), dst };
      default:
        return { kind: 'alu', width: bits, op: pick(PLAIN), dst, source: operand() };
    }
  };
  const memory = (): Instruction => {
    const bytes = size();
    const off = place(bytes);
    switch (below(6)) {
      case 0:
        return { kind: 'store', size: bytes, base: 10, off, source: operand() };
      case 1: {
        const atomicBytes = pick([4, 8] as const);
        const op = pick(ATOMICS);
        return { kind: 'atomic', op, size: atomicBytes, base: 10, off: place(atomicBytes), src: register() };
      }
      case 2:
        return { kind: 'store', size: bytes, base: 10, off, source: { register: register() } };
      default:
        return {
          kind: 'load',
          size: bytes,
          signed: bytes < 8 && below(3) === 0,
          dst: register(),
          base: 10,
          off,
        };
    }
  };

  const middle: Instruction[] = [];
  for (let count = 0; count < length; count++) {
    const left = length - count - 1;
    if (left > 0 && below(8) === 0) {
      // Any jump leads over whole instructions, as none of these has two slots.
      const off = below(Math.min(left, 12)) + 1;
      middle.push(
        below(6) === 0
          ? { kind: 'jump', width: 64, condition: 'eq', dst: 9, source: { immediate: 0 }, off }
          : { kind: 'jump', width: width(), condition: pick(CONDITIONS), dst: register(), source: operand(), off },
      );
    } else middle.push(below(3) === 0 ? memory() : arithmetic());
  }

  const load = (dst: number, off: number): Instruction => ({ kind: 'load', size: 8, signed: false, dst, base: 9, off });
  const store = (base: number, off: number, from: number): Instruction => ({
    kind: 'store',
    size: 8,
    base,
    off,
    source: { register: from },
  });
  const program: Instruction[] = [{ kind: 'alu', width: 64, op: 'mov', dst: 9, source: { register: 1 } }];
  for (let slot = 0; slot < SLOTS; slot++) program.push(load(0, (REGISTERS + slot) * 8), store(10, -(slot + 1) * 8, 0));
  for (let each = 0; each < REGISTERS; each++) program.push(load(each, each * 8));
  program.push(...middle);
  for (let each = 0; each < REGISTERS; each++) program.push(store(9, each * 8, each));
  for (let slot = 0; slot < SLOTS; slot++)
    program.push(
      { kind: 'load', size: 8, signed: false, dst: 0, base: 10, off: -(slot + 1) * 8 },
      store(9, (REGISTERS + slot) * 8, 0),
    );
  program.push({ kind: 'alu', width: 64, op: 'mov', dst: 0, source: { immediate: 0 } }, { kind: 'exit' });
  return program;
}
