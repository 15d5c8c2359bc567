/**
 * Kfunc arguments that are memory: as large as their type, or as the argument after them says. A kfunc may read and
 * write them, whatever its prototype says.
 * After check_mem_reg() and check_kfunc_mem_size_reg() in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EFAULT, EINVAL } from '../errno.ts';
import { checkKfuncMemorySize, checkMemoryRegister } from '../memory/index.ts';
import { VALUE } from '../register.ts';
import { Rejection } from '../rejection.ts';
import { hasKnownValue, isNull } from '../scalar/index.ts';
import type { KfuncCall } from './call-facts.ts';
import type { KfuncParameter } from './prototype.ts';

/** Memory of the size of the parameter's type. */
export function checkMemory(env: Env, call: KfuncCall, regno: number, parameter: KfuncParameter): void {
  const size = sizeOf(call, parameter);
  if (size === undefined)
    env.reject(EINVAL, 'kfunc/size-unknown', {
      arg: regno - 1,
      kind: parameter.pointeeKind,
      type: parameter.pointeeName,
    });
  checkMemoryRegister(env, regno, size);
}

/** Memory whose size is the next argument. */
export function checkSizedMemory(env: Env, call: KfuncCall, regno: number): void {
  const { frame } = env;
  const [buffer, size] = call.kfunc.parameters.slice(regno - 1, regno + 1);
  if (!isNull(frame.words, frame.register(regno)) || buffer?.optional !== true) {
    try {
      checkKfuncMemorySize(env, regno + 1);
    } catch (error) {
      if (error instanceof Rejection) env.reject(error.errno, 'kfunc/memory-pair', { arg: regno - 1 });
      throw error;
    }
  }
  if (size?.sizeOf === 'constant_size') noteConstant(env, call, regno + 1);
}

/** The value of an argument that must be known. */
export function noteConstant(env: Env, call: KfuncCall, regno: number): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (call.hasConstant) env.reject(EFAULT, 'verifier-bug', { what: 'only one constant argument permitted' });
  if (!hasKnownValue(w, r)) env.reject(EINVAL, 'kfunc/not-known-constant', { reg: regno });
  call.hasConstant = true;
  call.constantLo = w[r + VALUE] as number; // every register has a value
  call.constantHi = w[r + VALUE + 1] as number;
}

/** Bytes behind a pointer; undefined if its type has no size. */
function sizeOf({ kfunc: { btf } }: KfuncCall, { pointee }: KfuncParameter): number | undefined {
  const { kind } = btf.type(pointee);
  return kind === 'void' || kind === 'func_proto' || kind === 'fwd' ? undefined : btf.sizeOfType(pointee);
}
