/**
 * The small functions between JavaScript and programs. JavaScript gives and gets i32s; 64-bit values go through cells
 * in linear memory (plan.ts).
 */
import { CodeWriter } from './code-writer.ts';
import { ModuleWriter } from './module-writer.ts';
import { I32, I64, OP } from './opcodes.ts';
import { ARGUMENT_BLOCK, KERNEL_BASE_HIGH, RESULT_HIGH, TAIL_CALL_COUNT } from './plan.ts';

const ARGUMENTS = 5;

/** (offset of the context) -> low word of r0, upper word at RESULT_HIGH. Tail calls are counted anew. */
export function addEntry(module: ModuleWriter, main: number, makesTailCalls: boolean): number {
  const code = new CodeWriter(128);
  const context = 0;
  const made = 1;
  const result = 2;
  if (makesTailCalls) {
    code.i32Const(0);
    code.access(OP['i32.load'], TAIL_CALL_COUNT);
    code.localSet(made);
    code.i32Const(0);
    code.i32Const(0);
    code.access(OP['i32.store'], TAIL_CALL_COUNT);
  }
  code.localGet(context);
  code.op(OP['i64.extend_i32_u']);
  code.i64Const(0, KERNEL_BASE_HIGH);
  code.op(OP['i64.or']);
  code.i64ConstOf(0);
  code.localGet(context);
  code.op(OP.select);
  code.call(main);
  code.localSet(result);
  if (makesTailCalls) {
    code.i32Const(0);
    code.localGet(made);
    code.access(OP['i32.store'], TAIL_CALL_COUNT);
  }
  returnWords(code, result);
  return module.add({ name: 'entry', type: module.type([I32], [I32]), locals: [I32, I64], code: code.written });
}

/** (both words of the cookie) -> low word of what the exception callback returns, upper word at RESULT_HIGH. */
export function addException(module: ModuleWriter, callback: number): number {
  const code = new CodeWriter(64);
  const result = 2;
  code.localGet(0);
  code.op(OP['i64.extend_i32_u']);
  code.localGet(1);
  code.op(OP['i64.extend_i32_u']);
  code.i64ConstOf(32);
  code.op(OP['i64.shl']);
  code.op(OP['i64.or']);
  for (let unused = 1; unused < ARGUMENTS; unused++) code.i64ConstOf(0);
  code.call(callback);
  code.localSet(result);
  returnWords(code, result);
  return module.add({ name: 'exception', type: module.type([I32, I32], [I32]), locals: [I64], code: code.written });
}

/** () -> the stack pointer: cheaper than asking the global from JavaScript. */
export function addStackReader(module: ModuleWriter, stackPointer: number): number {
  const code = new CodeWriter(16);
  code.globalGet(stackPointer);
  code.op(OP.end);
  return module.add({ name: 'stack', type: module.type([], [I32]), locals: [], code: code.written });
}

/** A module whose `invoke` calls (index in the function table) with the arguments in ARGUMENT_BLOCK. */
export function invokeModule(): Uint8Array {
  const module = new ModuleWriter();
  module.importMemory('m');
  module.importTable('t');
  const type = module.type([I64, I64, I64, I64, I64], [I64]);
  const code = new CodeWriter(64);
  const result = 1;
  for (let argument = 0; argument < ARGUMENTS; argument++) {
    code.i32Const(0);
    code.access(OP['i64.load'], ARGUMENT_BLOCK + argument * 8);
  }
  code.localGet(0);
  code.op(OP.call_indirect);
  code.u32(type);
  code.u32(0);
  code.localSet(result);
  returnWords(code, result);
  module.export(
    'invoke',
    module.add({ name: 'invoke', type: module.type([I32], [I32]), locals: [I64], code: code.written }),
  );
  return module.finish('invoke', [], 0).bytes;
}

function returnWords(code: CodeWriter, result: number): void {
  code.i32Const(0);
  code.localGet(result);
  code.i64ConstOf(32);
  code.op(OP['i64.shr_u']);
  code.op(OP['i32.wrap_i64']);
  code.access(OP['i32.store'], RESULT_HIGH);
  code.localGet(result);
  code.op(OP['i32.wrap_i64']);
  code.op(OP.end);
}
