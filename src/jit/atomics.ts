/**
 * Atomic operations. The memory belongs to one thread and nothing interrupts a program, so that plain loads and stores
 * are atomic. Beyond an arena none of them is done, and none changes a register.
 * Facts: RFC 9669 section 5.3; load-acquire and store-release: the kernel's verifier; arenas: what Linux 6.18 does on x86.
 */
import {
  BPF_ADD,
  BPF_AND,
  BPF_CMPXCHG,
  BPF_FETCH,
  BPF_LOAD_ACQ,
  BPF_OR,
  BPF_STORE_REL,
  BPF_XCHG,
  BPF_XOR,
} from '../isa/index.ts';
import type { FunctionCode } from './function-code.ts';
import { emitStore, ifAccessible, type Place, placeOf, pushLoaded, storeTo } from './memory.ts';
import { OP } from './opcodes.ts';
import { accessBytes } from './stack-slots.ts';

const OPERATION: ReadonlyMap<number, number> = new Map([
  [BPF_ADD, OP['i64.add']],
  [BPF_OR, OP['i64.or']],
  [BPF_AND, OP['i64.and']],
  [BPF_XOR, OP['i64.xor']],
]);

export function emitAtomic(f: FunctionCode, insn: number): void {
  const { code, insns } = f;
  const imm = insns.imm(insn);
  if (imm === BPF_STORE_REL) {
    emitStore(f, insn);
    return;
  }
  const size = accessBytes(insns.code(insn));
  const place = placeOf(f, insn, imm === BPF_LOAD_ACQ ? insns.src(insn) : insns.dst(insn));
  const result = resultRegister(f, insn);
  if (result === undefined) {
    ifAccessible(f, place, size, (accessible) => emitUpdate(f, insn, accessible, size));
    return;
  }
  const old = f.scratch('i64 old');
  const isInArena = place.kind === 'memory' && place.plan.kind === 'arena';
  if (isInArena) {
    f.get(result);
    code.localSet(old);
  }
  ifAccessible(f, place, size, (accessible) => {
    if (imm !== BPF_LOAD_ACQ) {
      emitUpdate(f, insn, accessible, size);
      if (isInArena && imm === BPF_CMPXCHG && size === 4) keepUpperWord(f, old);
      return;
    }
    pushLoaded(f, accessible, size);
    code.localSet(old);
  });
  code.localGet(old);
  f.set(result, size < 8 && !isInArena);
}

/** The register that is given what was in memory. */
function resultRegister({ insns }: FunctionCode, insn: number): number | undefined {
  const imm = insns.imm(insn);
  if (imm === BPF_LOAD_ACQ) return insns.dst(insn);
  if (imm === BPF_CMPXCHG) return 0;
  return (imm & BPF_FETCH) === 0 ? undefined : insns.src(insn);
}

/** Reads into the local `i64 old`, and writes. */
function emitUpdate(f: FunctionCode, insn: number, place: Place, size: number): void {
  const { code, insns } = f;
  const imm = insns.imm(insn);
  const src = insns.src(insn);
  const old = f.scratch('i64 old');
  pushLoaded(f, place, size);
  code.localSet(old);
  storeTo(f, place, size, () => {
    if (imm === BPF_XCHG) f.get(src);
    else if (imm === BPF_CMPXCHG) {
      f.get(src);
      code.localGet(old);
      pushIsExpected(f, old, size);
      code.op(OP.select);
    } else {
      const operation = OPERATION.get(imm & ~BPF_FETCH);
      if (operation === undefined) throw new RangeError(`instruction ${insn} is atomic operation ${imm}`);
      code.localGet(old);
      f.get(src);
      code.op(operation);
    }
  });
}

/** Pushes whether what was in memory is what r0 says. */
function pushIsExpected(f: FunctionCode, old: number, size: number): void {
  const { code } = f;
  code.localGet(old);
  f.get(0);
  if (size === 4) {
    code.op(OP['i32.wrap_i64']);
    code.op(OP['i64.extend_i32_u']);
  }
  code.op(OP['i64.eq']);
}

/** The verifier sees to it that exchanges of 32 bits clear the upper word of r0, except for those in arenas that succeed. */
function keepUpperWord(f: FunctionCode, old: number): void {
  const { code } = f;
  f.get(0);
  code.localGet(old);
  pushIsExpected(f, old, 4);
  code.op(OP.select);
  code.localSet(old);
}
