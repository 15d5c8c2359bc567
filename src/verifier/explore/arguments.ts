/**
 * The arguments of a call against the prototype of the function of the program that is called.
 * After btf_check_subprog_call() in kernel/bpf/verifier.c.
 */
import { checkArgumentOffset, checkBtfArgument } from '../calls/index.ts';
import type { Env, SubprogramArgument } from '../environment.ts';
import { EFAULT, EINVAL } from '../errno.ts';
import { prepareArguments } from '../flow/index.ts';
import { processDynptr } from '../kfuncs/index.ts';
import { checkMemoryRegister } from '../memory/index.ts';
import { REG_WORDS, TYPE } from '../register.ts';
import { mayBeNull, PTR_MAYBE_NULL, PTR_TO_ARENA, PTR_TO_CTX, PTR_UNTRUSTED, SCALAR_VALUE } from '../register-types.ts';
import { Rejection } from '../rejection.ts';
import { isNull } from '../scalar/index.ts';

/** Nothing is known of what a function takes; there is no message for it. */
const NO_PROTOTYPE = new Rejection(EINVAL, '', '');

/** Linux forgets why memory does not fit, but for what it logged. */
function checkMemory(env: Env, register: number, size: number): void {
  try {
    checkMemoryRegister(env, register, size);
  } catch (error) {
    if (error instanceof Rejection) env.rejectAsSaid(EINVAL);
    throw error;
  }
}

/**
 * @returns why the arguments do not fit; undefined if they do
 * @throws Rejection with EFAULT where the kernel gives up
 */
export function argumentsRefused(env: Env, index: number): Rejection | undefined {
  const { unreliable } = env.walk;
  if (env.program.functions.length === 0 || unreliable.has(index)) return NO_PROTOTYPE;
  try {
    checkArguments(env, index);
    return undefined;
  } catch (error) {
    if (!(error instanceof Rejection) || error.errno === EFAULT) throw error;
    // The compiler may have dropped arguments of a static function: its prototype says nothing from now on.
    unreliable.add(index);
    return error;
  }
}

function checkArguments(env: Env, index: number): void {
  prepareArguments(env, index);
  const given = env.subprograms[index]?.arguments ?? [];
  for (let i = 0; i < given.length; i++) checkArgument(env, i + 1, given[i] as SubprogramArgument); // below length
}

function checkArgument(env: Env, register: number, { kind, flags, size, btfId }: SubprogramArgument): void {
  const { words } = env.frame;
  const r = register * REG_WORDS;
  const type = words[r + TYPE] as number; // the record lies within the frame
  if (kind !== 'scalar' && (flags & PTR_UNTRUSTED) !== 0) return; // read with a test at run time
  switch (kind) {
    case 'scalar':
      if (type !== SCALAR_VALUE) env.reject(EINVAL, 'argument-not-scalar', { register });
      return;
    case 'ctx':
      checkArgumentOffset(env, register);
      if (type !== PTR_TO_CTX) env.reject(EINVAL, 'argument-not-ctx', { index: register - 1 });
      return;
    case 'mem':
    case 'mem_or_null':
      checkArgumentOffset(env, register);
      checkMemory(env, register, size);
      if (kind === 'mem' && (flags & PTR_MAYBE_NULL) === 0 && mayBeNull(type))
        env.reject(EINVAL, 'argument-may-be-null', { index: register - 1 });
      return;
    case 'arena':
      if (type !== PTR_TO_ARENA && type !== SCALAR_VALUE) env.reject(EINVAL, 'argument-not-arena', { register });
      return;
    case 'dynptr':
      checkArgumentOffset(env, register);
      processDynptr(env, register, { use: 'read', kind: 0 });
      return;
    case 'btf_id':
      if (isNull(words, r) && (flags & PTR_MAYBE_NULL) !== 0) return;
      checkBtfArgument(env, register, btfId, flags);
  }
}
