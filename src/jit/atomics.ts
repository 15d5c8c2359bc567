/**
 * Atomic operations. The memory belongs to one thread and nothing interrupts a program, so that plain loads and stores
 * are atomic. Facts: RFC 9669 section 5.3; load-acquire and store-release: the kernel's verifier.
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
import { emitLoad, emitStore, placeOf, pushLoaded, storeTo } from './memory.ts';
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
  if (imm === BPF_LOAD_ACQ) {
    emitLoad(f, insn);
    return;
  }
  if (imm === BPF_STORE_REL) {
    emitStore(f, insn);
    return;
  }
  const src = insns.src(insn);
  const size = accessBytes(insns.code(insn));
  const place = placeOf(f, insn, insns.dst(insn));
  const old = f.scratch('i64 old');
  pushLoaded(f, place, size);
  code.localSet(old);
  storeTo(f, place, size, () => {
    if (imm === BPF_XCHG) f.get(src);
    else if (imm === BPF_CMPXCHG) {
      f.get(src);
      code.localGet(old);
      code.localGet(old);
      f.get(0);
      if (size === 4) {
        code.op(OP['i32.wrap_i64']);
        code.op(OP['i64.extend_i32_u']);
      }
      code.op(OP['i64.eq']);
      code.op(OP.select);
    } else {
      const operation = OPERATION.get(imm & ~BPF_FETCH);
      if (operation === undefined) throw new RangeError(`instruction ${insn} is atomic operation ${imm}`);
      code.localGet(old);
      f.get(src);
      code.op(operation);
    }
  });
  if (imm !== BPF_CMPXCHG && (imm & BPF_FETCH) === 0) return;
  code.localGet(old);
  f.set(imm === BPF_CMPXCHG ? 0 : src, size === 4);
}
