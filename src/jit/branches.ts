/**
 * The conditions of jumps, may_goto included. Facts: RFC 9669 section 4.3; bpf_check_timed_may_goto() in
 * kernel/bpf/core.c and the patch of may_goto in kernel/bpf/verifier.c (Linux 6.18 on x86-64).
 */
import {
  BPF_CLASS,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JMP,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
  BPF_OP,
  BPF_SRC,
  BPF_X,
} from '../isa/index.ts';
import { source } from './arithmetic.ts';
import { isMayGoto } from './flow-graph.ts';
import { type FunctionCode, MAY_GOTO_ITERATIONS } from './function-code.ts';
import { EMPTY, I32, OP } from './opcodes.ts';

/** Comparisons of 64 bits, of 32 bits, and the condition that is true when they are not. */
const COMPARE: ReadonlyMap<number, readonly [number, number, number]> = new Map([
  [BPF_JEQ, [OP['i64.eq'], OP['i32.eq'], BPF_JNE]],
  [BPF_JNE, [OP['i64.ne'], OP['i32.ne'], BPF_JEQ]],
  [BPF_JGT, [OP['i64.gt_u'], OP['i32.gt_u'], BPF_JLE]],
  [BPF_JGE, [OP['i64.ge_u'], OP['i32.ge_u'], BPF_JLT]],
  [BPF_JLT, [OP['i64.lt_u'], OP['i32.lt_u'], BPF_JGE]],
  [BPF_JLE, [OP['i64.le_u'], OP['i32.le_u'], BPF_JGT]],
  [BPF_JSGT, [OP['i64.gt_s'], OP['i32.gt_s'], BPF_JSLE]],
  [BPF_JSGE, [OP['i64.ge_s'], OP['i32.ge_s'], BPF_JSLT]],
  [BPF_JSLT, [OP['i64.lt_s'], OP['i32.lt_s'], BPF_JSGE]],
  [BPF_JSLE, [OP['i64.le_s'], OP['i32.le_s'], BPF_JSGT]],
]);

/** Milliseconds that a loop over may_goto has. */
const MAY_GOTO_TIME = 250;

/** Pushes an i32: whether the jump is taken, or is not. */
export function emitCondition(f: FunctionCode, insn: number, negated: boolean): void {
  const { code, insns } = f;
  const opcode = insns.code(insn);
  if (isMayGoto(opcode)) {
    emitMayGoto(f);
    if (negated) code.op(OP['i32.eqz']);
    return;
  }
  const is64 = BPF_CLASS(opcode) === BPF_JMP;
  const operation = BPF_OP(opcode);
  f.get(insns.dst(insn));
  if (!is64) code.op(OP['i32.wrap_i64']);
  if (operation === BPF_JSET) {
    source(f, insn, is64);
    code.op(is64 ? OP['i64.and'] : OP['i32.and']);
    if (is64) {
      code.op(OP['i64.eqz']);
      if (!negated) code.op(OP['i32.eqz']);
    } else if (negated) code.op(OP['i32.eqz']);
    return;
  }
  const entry = COMPARE.get(operation);
  if (entry === undefined) throw new RangeError(`instruction ${insn} has opcode ${opcode}`);
  const [, , opposite] = entry;
  const wanted = negated ? opposite : operation;
  const [compare64, compare32] = COMPARE.get(wanted) ?? entry;
  if (wanted === BPF_JEQ && BPF_SRC(opcode) !== BPF_X && insns.imm(insn) === 0) {
    code.op(is64 ? OP['i64.eqz'] : OP['i32.eqz']);
    return;
  }
  source(f, insn, is64);
  code.op(is64 ? compare64 : compare32);
}

/**
 * Jumps when no iterations are left. When they run out, the clock is looked at: the first time it is only noted, later
 * there are new iterations as long as there is time.
 */
function emitMayGoto(f: FunctionCode): void {
  const { code, iterations, loopStart } = f;
  const now = f.scratch('f64 now');
  code.localGet(iterations);
  code.op(OP['i32.eqz']);
  code.begin(OP.if, I32);
  code.i32Const(1);
  code.op(OP.else);
  code.localGet(iterations);
  code.i32Const(1);
  code.op(OP['i32.sub']);
  code.localTee(iterations);
  code.op(OP['i32.eqz']);
  code.begin(OP.if, EMPTY);
  code.call(f.program.imports.clock);
  code.localSet(now);
  code.localGet(loopStart);
  code.f64Const(0);
  code.op(OP['f64.eq']);
  code.begin(OP.if, EMPTY);
  code.localGet(now);
  code.localSet(loopStart);
  code.op(OP.end);
  code.i32Const(MAY_GOTO_ITERATIONS);
  code.i32Const(0);
  code.localGet(now);
  code.localGet(loopStart);
  code.op(OP['f64.sub']);
  code.f64Const(MAY_GOTO_TIME);
  code.op(OP['f64.lt']);
  code.op(OP.select);
  code.localSet(iterations);
  code.op(OP.end);
  code.i32Const(0);
  code.op(OP.end);
}
