/**
 * Loads from, and stores to, the context. What the profile says of the program type decides; here the answer becomes a
 * register. After check_ctx_access and its caller in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EACCES } from '../errno.ts';
import type { ContextAccess } from '../profile/types.ts';
import { BTF, BTF_ID, ID, SUBREG_DEF, TYPE } from '../register.ts';
import { baseType, mayBeNull, PTR_TO_BTF_ID, SCALAR_VALUE } from '../register-types.ts';
import { markKnownZero, markUnknown, restrictToS32 } from '../scalar/index.ts';
import { KERNEL } from './btf-pointer.ts';
import { explainArgument } from './context-arguments.ts';
import { checkPointerOffset } from './pointer-offset.ts';
import { registerType } from './register-names.ts';

/**
 * @param off constant part of the offset, the register's included
 * @param valueReg gets what is loaded, unless it is -1
 */
export function checkContextAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueReg: number,
  signExtend: boolean,
): void {
  const { frame } = env;
  checkPointerOffset(env, frame.words, frame.register(regno), regno);
  if (env.program.attachesToProgram) env.unsupported('the context of a program that is attached to another program');
  if (env.program.attachModule !== undefined) env.unsupported('the context of a program that is attached to a module');
  const access = env.rules.access(off, size, write);
  explainArgument(env, off, size, write, access);
  // A pointer has no sign to extend.
  if (access === undefined || (signExtend && access.register !== 'scalar'))
    env.reject(EACCES, 'memory/context', { off, size });
  env.furthest.context = Math.max(env.furthest.context, off + size);
  const type = registerType(access.register);
  if (type === undefined) env.unsupported(`the register type ${access.register} of the context`);
  if (baseType(type) !== PTR_TO_BTF_ID) env.facts.contextFieldSize[env.insn] = access.fieldSize ?? 0;
  if (!write && valueReg >= 0) load(env, valueReg, type, access);
}

function load(env: Env, regno: number, type: number, access: ContextAccess): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  if (type === SCALAR_VALUE) {
    markUnknown(w, r);
    if (access.range !== undefined) restrictToS32(w, r, access.range.min, access.range.max);
    return;
  }
  markKnownZero(w, r);
  w[r + TYPE] = type;
  if (mayBeNull(type)) w[r + ID] = env.newId();
  // Fields of 4 bytes may stand for pointers: those are whole whatever the load's size.
  w[r + SUBREG_DEF] = 0;
  if (baseType(type) !== PTR_TO_BTF_ID) return;
  w[r + BTF] = KERNEL;
  w[r + BTF_ID] = structOf(env, access);
}

function structOf(env: Env, { btf, btfId }: ContextAccess): number {
  const id = btfId ?? env.profile.btf.find(btf ?? '', 'struct') ?? env.profile.btf.find(btf ?? '', 'union');
  return id ?? env.unsupported(`the struct ${btf} of the context, which the kernel's BTF lacks,`);
}
