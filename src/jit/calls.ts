/**
 * Calls of helpers and kfuncs by their plans, of the program's own functions, and what else leaves a function: tail
 * calls, throw, packet loads. Facts about bpf_loop and tail calls: their patches in kernel/bpf/verifier.c, and
 * emit_bpf_tail_call_indirect() in arch/x86/net/bpf_jit_comp.c (Linux 6.18).
 */
import { BPF_IND, BPF_MODE, BPF_PSEUDO_FUNC } from '../isa/index.ts';
import type { FunctionCode } from './function-code.ts';
import { frameOrSlot, loadOpcode, pushLoaded } from './memory.ts';
import { emitNumberIterator, NUMBER_ITERATOR_SIZE } from './number-iterator.ts';
import { EMPTY, OP } from './opcodes.ts';
import { ARGUMENT_BLOCK, type CallPlan, MAX_TAIL_CALLS, RESULT_HIGH, type Signature, TAIL_CALL_COUNT } from './plan.ts';
import { accessBytes, isFrameOffset, type StackUse } from './stack-slots.ts';

const BPF_MAX_LOOPS = 1 << 23;
const E2BIG = 7;
const bits = (from: number, to: number): number => ((1 << (to - from + 1)) - 1) << from;

/** Bits of the registers that a call with this plan reads. */
export function registersOfPlan(plan: CallPlan): number {
  switch (plan.kind) {
    case 'import': {
      let read = plan.signature.parameters.length === 0 ? 0 : bits(1, plan.signature.parameters.length);
      for (const register of plan.constants?.keys() ?? []) read &= ~(1 << register);
      return read;
    }
    case 'array-lookup':
      return 1 << 2;
    case 'constant':
    case 'load':
      return 0;
    case 'argument':
      return 1 << plan.register;
    case 'loop':
      return (1 << 1) | (1 << 3);
    // r0 is as it was if a tail call fails.
    case 'tail-call':
      return 1 | (1 << 1) | (1 << 3);
    case 'tail-call-by-map':
      return 1 | bits(1, 3);
    case 'number-iterator':
      return plan.part === 'new' ? bits(1, 3) : 1 << 1;
    case 'throw':
      return 1 << 1;
  }
}

/** @param callsBack whether functions of the program are called by helpers, which may be given such a pointer too */
export function stackUseOfPlan(plan: CallPlan, callsBack: boolean): StackUse {
  const read = registersOfPlan(plan) & bits(1, 5);
  switch (plan.kind) {
    case 'import':
      return callsBack ? { upwards: 0, anyhow: read, readsKey: false } : { upwards: read, anyhow: 0, readsKey: false };
    case 'array-lookup':
      return { upwards: 0, anyhow: 0, readsKey: true };
    case 'number-iterator':
      return { upwards: 0, anyhow: read & ~(1 << 1), readsKey: false, bytesAtR1: NUMBER_ITERATOR_SIZE };
    default:
      return { upwards: 0, anyhow: read, readsKey: false };
  }
}

/** A call of a helper or kfunc. */
export function emitCall(f: FunctionCode, insn: number, plan: CallPlan): void {
  const { code } = f;
  switch (plan.kind) {
    case 'import':
      pushArguments(f, plan.signature, plan.constants);
      code.call(f.program.imports.calledBy(insn));
      setResult(f, plan.signature);
      return;
    case 'array-lookup':
      lookUpInArray(f, plan);
      return;
    case 'constant':
      pushBigInt(f, plan.value);
      f.set(0);
      return;
    case 'argument':
      f.get(plan.register);
      f.set(0, f.isShort(plan.register));
      return;
    case 'load':
      code.i32Const(0);
      code.access(loadOpcode(plan.size), plan.address);
      f.set(0, plan.size === 4);
      return;
    case 'loop':
      loop(f, plan.callback);
      return;
    case 'tail-call':
    case 'tail-call-by-map':
      tailCall(f, plan);
      return;
    case 'number-iterator':
      emitNumberIterator(f, plan.part);
      return;
    case 'throw':
      f.getLow(1);
      f.getHigh(1);
      code.call(f.program.imports.throwing);
      code.op(OP.unreachable);
  }
}

function pushArguments(
  f: FunctionCode,
  signature: Signature,
  constants: ReadonlyMap<number, number> | undefined,
): void {
  for (const [index, kind] of signature.parameters.entries()) {
    const register = index + 1;
    const constant = constants?.get(register);
    if (kind === 'i64') {
      if (constant === undefined) f.get(register);
      else f.code.i64Const(constant, 0);
      continue;
    }
    if (constant === undefined) f.getLow(register);
    else f.code.i32Const(constant);
    if (kind !== 'pair') continue;
    if (constant === undefined) f.getHigh(register);
    else f.code.i32Const(0);
  }
}

function setResult(f: FunctionCode, { result }: Signature): void {
  const { code } = f;
  switch (result) {
    case 'void':
      code.i64ConstOf(0);
      f.set(0, true);
      return;
    case 's32':
      code.op(OP['i64.extend_i32_s']);
      f.set(0);
      return;
    case 'u32':
      f.setShort(0);
      return;
    case 'pointer': {
      const offset = f.scratch('i32 offset');
      code.localTee(offset);
      f.toAddress();
      code.i64ConstOf(0);
      code.localGet(offset);
      code.op(OP.select);
      f.set(0);
      return;
    }
    case 'pair':
      code.op(OP['i64.extend_i32_u']);
      code.i32Const(0);
      code.access(OP['i64.load32_u'], RESULT_HIGH);
      code.i64ConstOf(32);
      code.op(OP['i64.shl']);
      code.op(OP['i64.or']);
      f.set(0);
      return;
    case 'i64':
      f.set(0);
  }
}

export function pushBigInt(f: FunctionCode, value: bigint): void {
  f.code.i64Const(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
}

function lookUpInArray(f: FunctionCode, { base, stride, count }: CallPlan & { readonly kind: 'array-lookup' }): void {
  const { code } = f;
  const index = f.scratch('i32 index');
  const key = f.framePointers[2] as number; // r0-r10
  pushLoaded(
    f,
    isFrameOffset(key) ? frameOrSlot(f, key) : { kind: 'memory', base: 2, off: 0, plan: { kind: 'plain' } },
    4,
  );
  code.op(OP['i32.wrap_i64']);
  code.localTee(index);
  code.i32Const(stride);
  code.op(OP['i32.mul']);
  code.i32Const(base);
  code.op(OP['i32.add']);
  f.toAddress();
  code.i64ConstOf(0);
  code.localGet(index);
  code.i32Const(count);
  code.op(OP['i32.lt_u']);
  code.op(OP.select);
  f.set(0);
}

/** r0 = number of rounds; the callback ends them with anything but 0. */
function loop(f: FunctionCode, callback: number): void {
  const { code } = f;
  const round = f.scratch('i64 round');
  const rounds = f.scratch('i64 rounds');
  const context = f.scratch('i64 context');
  f.get(1);
  code.localSet(rounds);
  f.get(3);
  code.localSet(context);
  code.i64ConstOf(0);
  code.localSet(round);
  code.localGet(rounds);
  code.i64ConstOf(BPF_MAX_LOOPS);
  code.op(OP['i64.gt_u']);
  code.begin(OP.if, EMPTY);
  code.i64ConstOf(-E2BIG);
  code.localSet(round);
  code.op(OP.else);
  code.begin(OP.block, EMPTY);
  code.localGet(rounds);
  code.op(OP['i64.eqz']);
  code.branch(OP.br_if, 0);
  code.begin(OP.loop, EMPTY);
  code.localGet(round);
  code.localGet(context);
  for (let unused = 3; unused <= 5; unused++) code.i64ConstOf(0);
  code.call(f.program.functionOf(callback));
  code.localGet(round);
  code.i64ConstOf(1);
  code.op(OP['i64.add']);
  code.localSet(round);
  code.op(OP['i64.eqz']);
  code.localGet(round);
  code.localGet(rounds);
  code.op(OP['i64.lt_u']);
  code.op(OP['i32.and']);
  code.branch(OP.br_if, 0);
  code.op(OP.end);
  code.op(OP.end);
  code.op(OP.end);
  code.localGet(round);
  f.set(0);
}

/** Goes on after it if there is no such program, or there were too many. */
function tailCall(f: FunctionCode, plan: CallPlan & { readonly kind: 'tail-call' | 'tail-call-by-map' }): void {
  const { code } = f;
  /** Pushes an i32 of the map. */
  const ofMap = (distance: number): void => {
    f.getLow(2);
    code.i32Const(distance);
    code.op(OP['i32.add']);
    code.access(OP['i32.load'], 0);
  };
  const index = f.scratch('i32 index');
  const made = f.scratch('i32 tail calls');
  code.begin(OP.block, EMPTY);
  f.get(3);
  code.op(OP['i32.wrap_i64']);
  code.localTee(index);
  if (plan.kind === 'tail-call') code.i32Const(plan.count);
  else ofMap(plan.countAt);
  code.op(OP['i32.ge_u']);
  code.branch(OP.br_if, 0);
  code.i32Const(0);
  code.access(OP['i32.load'], TAIL_CALL_COUNT);
  code.localTee(made);
  code.i32Const(MAX_TAIL_CALLS);
  code.op(OP['i32.ge_u']);
  code.branch(OP.br_if, 0);
  code.localGet(index);
  code.i32Const(2);
  code.op(OP['i32.shl']);
  if (plan.kind === 'tail-call') code.access(OP['i32.load'], plan.slots);
  else {
    ofMap(plan.slotsAt);
    code.op(OP['i32.add']);
    code.access(OP['i32.load'], 0);
  }
  code.localTee(index);
  code.op(OP['i32.eqz']);
  code.branch(OP.br_if, 0);
  code.i32Const(0);
  code.localGet(made);
  code.i32Const(1);
  code.op(OP['i32.add']);
  code.access(OP['i32.store'], TAIL_CALL_COUNT);
  f.releaseFrame();
  f.get(1);
  code.localGet(index);
  code.op(OP.return_call_indirect);
  code.u32(f.program.programType);
  code.u32(0);
  code.op(OP.end);
}

/** A call of a function of the program. */
export function emitSubprogramCall(f: FunctionCode, insn: number): void {
  const { program } = f;
  const callee = program.subprogramAt(insn + 1 + f.insns.imm(insn));
  const parameters = program.parametersOf(callee);
  for (let register = 1; register <= 5; register++) if (((parameters >> register) & 1) === 1) f.get(register);
  f.code.call(program.functionOf(callee));
  f.set(0);
}

/** callx: a helper by its number in a register. */
export function emitRegisterCall(f: FunctionCode, insn: number): void {
  const { code } = f;
  for (let register = 1; register <= 5; register++) {
    code.i32Const(0);
    f.get(register);
    code.access(OP['i64.store'], ARGUMENT_BLOCK + (register - 1) * 8);
  }
  f.getLow(f.insns.dst(insn));
  code.call(f.program.imports.callByRegister);
  setResult(f, { parameters: [], result: 'pair' });
}

/** ld_imm64, of whatever it stands for. */
export function emitLdImm64(f: FunctionCode, insn: number): void {
  const { code, insns, program } = f;
  const dst = insns.dst(insn);
  switch (insns.src(insn)) {
    case 0:
      code.i64Const(insns.imm(insn), insns.imm(insn + 1));
      f.set(dst, insns.imm(insn + 1) === 0);
      return;
    case BPF_PSEUDO_FUNC:
      code.globalGet(program.imports.tableBase);
      code.i32Const(program.tableSlot(program.subprogramAt(insn + 1 + insns.imm(insn))));
      code.op(OP['i32.add']);
      f.setShort(dst);
      return;
    default:
      pushBigInt(f, program.input.constant(insn).value);
      f.set(dst);
  }
}

/** LD_ABS and LD_IND: the function returns 0 if the packet does not have the bytes. */
export function emitPacketLoad(f: FunctionCode, insn: number): void {
  const { code, insns, program } = f;
  f.getLow(6);
  code.i32Const(insns.imm(insn));
  if (BPF_MODE(insns.code(insn)) === BPF_IND) {
    f.getLow(insns.src(insn));
    code.op(OP['i32.add']);
  }
  code.i32Const(accessBytes(insns.code(insn)));
  code.call(program.imports.packetLoad);
  f.setShort(0);
  code.i32Const(0);
  code.access(OP['i32.load'], RESULT_HIGH);
  code.begin(OP.if, EMPTY);
  code.i64ConstOf(0);
  f.return();
  code.op(OP.end);
}
